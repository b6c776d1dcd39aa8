#include <charconv>

#include <fmt/format.h>

#include "drivers/qemu/command/devices.h"

namespace virtue::qemu {

using model::ControllerModel;
using model::ControllerType;
using model::Disk;
using model::DiskBus;
using model::DiskCache;
using model::DiskDevice;

namespace {

void set_virtio_options(Json& json, const Disk& disk) {
    if (disk.driver.iothread != 0) json.set("iothread", fmt::format("iothread{}", disk.driver.iothread));
    set_switch(json, "ioeventfd", disk.driver.ioeventfd);
    set_switch(json, "event_idx", disk.driver.event_idx);
    if (disk.driver.queues != 0) json.set("num-queues", disk.driver.queues);
    if (disk.driver.queue_size != 0) json.set("queue-size", disk.driver.queue_size);
    // SCSI commands passed through by virtio-blk itself, for guests from before virtio-scsi.
    if (disk.device == DiskDevice::lun) json.set("scsi", true);
}

Json ide(const GuestShape& shape, const Disk& disk) {
    const model::DriveAddress& drive = disk.info.address.drive;
    Json json = Json::object({{"driver", disk.device == DiskDevice::cdrom ? "ide-cd" : "ide-hd"}});
    if (disk.bus == DiskBus::ide) {
        json.set("bus", fmt::format("{}.{}", shape.controller_alias(ControllerType::ide, drive.controller), drive.bus));
        json.set("unit", drive.unit);
    } else {
        json.set("bus",
                 fmt::format("{}.{}", shape.controller_alias(ControllerType::sata, drive.controller), drive.unit));
    }
    return json;
}

Json scsi(const GuestShape& shape, const Disk& disk) {
    const model::DriveAddress& drive = disk.info.address.drive;
    const char* driver = "scsi-hd";
    if (disk.device == DiskDevice::lun) driver = "scsi-block";
    if (disk.device == DiskDevice::cdrom) driver = "scsi-cd";
    Json json = Json::object({{"driver", driver}});
    const model::Controller* controller = shape.find_controller(ControllerType::scsi, drive.controller);
    const std::string bus = fmt::format("{}.0", shape.controller_alias(ControllerType::scsi, drive.controller));
    const bool flat = controller != nullptr &&
                      (controller->model == ControllerModel::lsilogic || controller->model == ControllerModel::absent);
    json.set("bus", bus);
    if (flat) {
        json.set("scsi-id", drive.unit);
    } else {
        json.set("channel", drive.bus);
        json.set("scsi-id", drive.target);
        json.set("lun", drive.unit);
    }
    if (disk.device != DiskDevice::lun) {
        const bool by_alias = disk.info.has_user_alias();
        json.set("device_id",
                 !disk.serial.empty() ? disk.serial
                 : by_alias           ? fmt::format("drive-{}", disk.info.alias)
                 : flat               ? fmt::format("drive-scsi{}-{}-{}", drive.controller, drive.bus, drive.unit)
                        : fmt::format("drive-scsi{}-{}-{}-{}", drive.controller, drive.bus, drive.target, drive.unit));
    }
    return json;
}

// {"driver":…} with the place of the disk; what all disks have follows.
Json placed(Builder& builder, const Disk& disk) {
    switch (disk.bus) {
        case DiskBus::ide:
        case DiskBus::sata:
            return ide(builder.shape, disk);
        case DiskBus::scsi:
            return scsi(builder.shape, disk);
        case DiskBus::virtio: {
            const bool vhost_user = disk.source.type == model::StorageType::vhostuser;
            Json json = builder.virtio_device(vhost_user ? "vhost-user-blk" : "virtio-blk", disk.info,
                                              xml::to_name(disk.model), &disk.driver.virtio);
            set_virtio_options(json, disk);
            builder.set_address(json, disk.info);
            return json;
        }
        case DiskBus::usb: {
            Json json = Json::object({{"driver", "usb-storage"}});
            builder.set_address(json, disk.info);
            return json;
        }
        case DiskBus::fdc:
            return Json::object({{"driver", "floppy"}, {"unit", disk.info.address.drive.unit}});
        case DiskBus::none:
        case DiskBus::xen:
        case DiskBus::uml:
        case DiskBus::sd:
            fail(ErrorCode::internal_error, ErrorDomain::qemu, "unsupported disk bus '{}' with device setup",
                 xml::to_name(disk.bus));
    }
    return {};
}

bool has_write_cache(const Disk& disk) {
    return effective_cache(disk) != DiskCache::absent && disk.bus != DiskBus::fdc && disk.device != DiskDevice::floppy;
}

void set_error_policy(Json& json, const Disk& disk) {
    using model::DiskErrorPolicy;
    const char* write = nullptr;
    const char* read = nullptr;
    auto word = [](DiskErrorPolicy policy) -> const char* {
        switch (policy) {
            case DiskErrorPolicy::absent:
                return nullptr;
            case DiskErrorPolicy::stop:
                return "stop";
            case DiskErrorPolicy::report:
                return "report";
            case DiskErrorPolicy::ignore:
                return "ignore";
            case DiskErrorPolicy::enospace:
                return "enospc";
        }
        return nullptr;
    };
    write = word(disk.driver.error_policy);
    read = word(disk.driver.rerror_policy);
    // "enospace" exists for writes only; reads then keep QEMU's default.
    if (read == nullptr && write != nullptr && disk.driver.error_policy != DiskErrorPolicy::enospace) read = write;
    if (write != nullptr) json.set("werror", write);
    if (read != nullptr) json.set("rerror", read);
}

void set_details(Json& json, Builder& builder, const Disk& disk) {
    json.set("id", disk.info.alias);
    const bool q35_floppy = disk.bus == DiskBus::fdc;
    if (!q35_floppy) builder.set_boot_index(json, disk.info);
    if (disk.logical_block_size != 0) json.set("logical_block_size", disk.logical_block_size);
    if (disk.physical_block_size != 0) json.set("physical_block_size", disk.physical_block_size);
    if (!disk.wwn.empty()) {
        uint64_t wwn = 0;
        std::string_view text = disk.wwn;
        if (text.starts_with("0x")) text.remove_prefix(2);
        std::from_chars(text.data(), text.data() + text.size(), wwn, 16);
        json.set("wwn", wwn);
    }
    if (disk.rotation_rate != 0) json.set("rotation_rate", disk.rotation_rate);
    if (!disk.vendor.empty()) json.set("vendor", disk.vendor);
    if (!disk.product.empty()) json.set("product", disk.product);
    if (disk.bus == DiskBus::usb) json.set("removable", disk.removable == xml::Switch::on);
    if (has_write_cache(disk)) {
        const DiskCache cache = effective_cache(disk);
        const bool on = cache != DiskCache::writethrough && cache != DiskCache::directsync;
        json.set("write-cache", on_off_word(on));
    }
    if (disk.geometry && disk.geometry->cylinders != 0) {
        json.set("cyls", disk.geometry->cylinders);
        json.set("heads", disk.geometry->heads);
        json.set("secs", disk.geometry->sectors);
        if (!disk.geometry->translation.empty()) json.set("bios-chs-trans", disk.geometry->translation);
    }
    if (!disk.serial.empty()) {
        // Blanks are escaped, as the same text once needed in the old syntax of options.
        std::string serial;
        for (char c : disk.serial) serial += c == ' ' ? std::string("\\ ") : std::string(1, c);
        json.set("serial", serial);
    }
    set_error_policy(json, disk);
}

}  // namespace

DiskCache effective_cache(const Disk& disk) {
    const bool shared = disk.shareable && !disk.readonly;
    return disk.driver.cache == DiskCache::absent && shared ? DiskCache::none : disk.driver.cache;
}

void add_disk(Builder& builder, const Disk& disk) {
    if (disk.bus == DiskBus::sd) {
        builder.add(
            "-drive",
            fmt::format("file={},format={},if=sd,index=0", escape_commas(disk.source.path),
                        disk.source.format == model::StorageFormat::absent ? "raw" : xml::to_name(disk.source.format)));
        return;
    }
    std::string node;
    if (disk.source.type == model::StorageType::vhostuser) {
        std::string chardev =
            fmt::format("socket,id=chr-vu-{},path={}", disk.info.alias, escape_commas(disk.source.path));
        if (disk.source.reconnect.enabled == xml::YesNo::yes)
            chardev += fmt::format(",reconnect={}", disk.source.reconnect.timeout);
        builder.add("-chardev", chardev);
    } else if (!disk.source.empty()) {
        const bool read_only = disk.readonly || disk.device == DiskDevice::cdrom;
        node = add_storage(builder, disk.source, &disk, read_only);
    }
    if (!node.empty() && disk.driver.copy_on_read == xml::Switch::on) {
        const std::string filter = fmt::format("libvirt-CoR-{}", disk.target);
        builder.add_json(
            "-blockdev",
            Json::object({{"driver", "copy-on-read"}, {"node-name", filter}, {"file", node}, {"discard", "unmap"}}));
        node = filter;
    }
    Json json = placed(builder, disk);
    if (disk.shareable && disk.bus != DiskBus::fdc) json.set("share-rw", true);
    if (!node.empty()) json.set("drive", node);
    if (disk.source.type == model::StorageType::vhostuser)
        json.set("chardev", fmt::format("chr-vu-{}", disk.info.alias));
    set_details(json, builder, disk);
    builder.add_device(std::move(json));
}

}  // namespace virtue::qemu
