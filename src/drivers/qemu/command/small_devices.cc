#include <fmt/format.h>

#include "drivers/qemu/command/devices.h"

namespace virtue::qemu {

using model::AddressType;

namespace {

template <typename Model>
std::string_view variant(Model model) {
    return xml::to_name(model);
}

void set_virtio_address(Builder& builder, Json json, const model::DeviceInfo& info) {
    builder.set_address(json, info);
    builder.add_device(std::move(json));
}

}  // namespace

void add_input(Builder& builder, const model::Input& input) {
    using model::InputBus;
    using model::InputType;
    if (input.type == InputType::evdev) {
        Json json = Json::object({{"qom-type", "input-linux"}, {"id", input.info.alias}, {"evdev", input.evdev}});
        set_switch(json, "repeat", input.repeat);
        if (input.grab == "all") json.set("grab_all", true);
        if (!input.grab_toggle.empty()) json.set("grab-toggle", input.grab_toggle);
        builder.add_json("-object", json);
        return;
    }
    if (input.bus == InputBus::usb) {
        const char* driver = input.type == InputType::mouse    ? "usb-mouse"
                             : input.type == InputType::tablet ? "usb-tablet"
                                                               : "usb-kbd";
        Json json = Json::object({{"driver", driver}, {"id", input.info.alias}});
        builder.set_address(json, input.info);
        builder.add_device(std::move(json));
        return;
    }
    // PS/2 devices are part of the machine.
    if (input.bus != InputBus::virtio) return;
    const char* base = input.type == InputType::mouse      ? "virtio-mouse"
                       : input.type == InputType::tablet   ? "virtio-tablet"
                       : input.type == InputType::keyboard ? "virtio-keyboard"
                                                           : "virtio-input-host";
    Json json = builder.virtio_device(base, input.info, variant(input.model), &input.virtio);
    json.set("id", input.info.alias);
    if (input.type == InputType::passthrough && !input.evdev.empty()) json.set("evdev", input.evdev);
    set_virtio_address(builder, std::move(json), input.info);
}

void add_hub(Builder& builder, const model::Hub& hub) {
    set_virtio_address(builder, Json::object({{"driver", "usb-hub"}, {"id", hub.info.alias}}), hub.info);
}

void add_watchdog(Builder& builder, const model::Watchdog& watchdog) {
    set_virtio_address(builder, Json::object({{"driver", xml::to_name(watchdog.model)}, {"id", watchdog.info.alias}}),
                       watchdog.info);
}

void add_memballoon(Builder& builder, const model::Memballoon& balloon) {
    using model::MemballoonModel;
    if (balloon.model == MemballoonModel::none) return;
    if (balloon.model == MemballoonModel::xen) {
        refuse_config("Memory balloon device type 'xen' is not supported by this version of qemu");
    }
    Json json = builder.virtio_device("virtio-balloon", balloon.info, variant(balloon.model), &balloon.virtio);
    json.set("id", balloon.info.alias);
    set_switch(json, "deflate-on-oom", balloon.autodeflate);
    set_switch(json, "free-page-reporting", balloon.free_page_reporting);
    set_virtio_address(builder, std::move(json), balloon.info);
}

void add_rng(Builder& builder, const model::Rng& rng) {
    const std::string object = "obj" + rng.info.alias;
    switch (rng.backend) {
        case model::RngBackendModel::random:
            builder.add_json("-object",
                             Json::object({{"qom-type", "rng-random"}, {"id", object}, {"filename", rng.device}}));
            break;
        case model::RngBackendModel::egd: {
            const std::string chardev = "char" + rng.info.alias;
            add_chardev(builder, rng.source, chardev, rng.info.alias);
            builder.add_json("-object", Json::object({{"qom-type", "rng-egd"}, {"id", object}, {"chardev", chardev}}));
            break;
        }
        case model::RngBackendModel::builtin:
            builder.add_json("-object", Json::object({{"qom-type", "rng-builtin"}, {"id", object}}));
            break;
    }
    Json json = builder.virtio_device("virtio-rng", rng.info, variant(rng.model), &rng.virtio);
    json.set("rng", object);
    json.set("id", rng.info.alias);
    if (rng.rate && rng.rate->bytes != 0) {
        json.set("max-bytes", rng.rate->bytes);
        json.set("period", rng.rate->period.value_or(0) != 0 ? *rng.rate->period : 1000u);
    }
    set_virtio_address(builder, std::move(json), rng.info);
}

void add_panic(Builder& builder, const model::Panic& panic) {
    using model::PanicModel;
    if (panic.model == PanicModel::hyperv || panic.model == PanicModel::pseries || panic.model == PanicModel::s390)
        return;
    Json json = Json::object({{"driver", "pvpanic"}});
    if (panic.info.address.is(AddressType::isa) && panic.info.address.isa.iobase != 0) {
        json.set("ioport", panic.info.address.isa.iobase);
    }
    builder.add_device(std::move(json));
}

void add_shmem(Builder& builder, const model::Shmem& shmem) {
    Json json;
    std::string after;
    if (shmem.model == model::ShmemModel::ivshmem_plain) {
        const std::string memory = "shmmem-" + shmem.info.alias;
        builder.add_json(
            "-object",
            Json::object({{"qom-type", "memory-backend-file"},
                          {"id", memory},
                          {"mem-path", fmt::format("{}/{}", builder.context.shared_memory_folder, shmem.name)},
                          {"size", shmem.size},
                          {"share", true}}));
        json = Json::object({{"driver", "ivshmem-plain"}, {"id", shmem.info.alias}, {"memdev", memory}});
        if (!shmem.role.empty()) json.set("master", on_off_word(shmem.role == "master"));
    } else if (shmem.model == model::ShmemModel::ivshmem_doorbell) {
        const std::string path =
            shmem.server_path.empty() ? fmt::format("/var/lib/libvirt/shmem-{}-sock", shmem.name) : shmem.server_path;
        const std::string chardev = "char" + shmem.info.alias;
        // libvirt writes the device before what it stands on here; QEMU looks it up later.
        after = fmt::format("socket,id={},path={}", chardev, escape_commas(path));
        json = Json::object({{"driver", "ivshmem-doorbell"}, {"id", shmem.info.alias}, {"chardev", chardev}});
        if (shmem.vectors != 0) json.set("vectors", shmem.vectors);
        set_switch(json, "ioeventfd", shmem.ioeventfd);
    } else {
        refuse_config("shmem model 'ivshmem' is no longer supported by QEMU");
    }
    set_virtio_address(builder, std::move(json), shmem.info);
    if (!after.empty()) builder.add("-chardev", after);
}

void add_vsock(Builder& builder, const model::Vsock& vsock) {
    std::string number = "-1";
    auto opened = builder.context.device_fds.find(vsock.info.alias);
    if (opened != builder.context.device_fds.end()) number = std::to_string(builder.pass(std::move(opened->second)));
    Json json = builder.virtio_device("vhost-vsock", vsock.info, variant(vsock.model), &vsock.virtio);
    json.set("id", vsock.info.alias);
    json.set("guest-cid", vsock.cid);
    json.set("vhostfd", number);
    set_virtio_address(builder, std::move(json), vsock.info);
}

void add_iommu(Builder& builder, const model::Iommu& iommu) {
    // smmuv3 is an option of the machine.
    if (iommu.model == model::IommuModel::smmuv3) return;
    if (iommu.model == model::IommuModel::virtio) {
        Json json = Json::object({{"driver", "virtio-iommu"}, {"id", iommu.info.alias}});
        set_virtio_address(builder, std::move(json), iommu.info);
        return;
    }
    Json json = Json::object({{"driver", "intel-iommu"}, {"id", iommu.info.alias}});
    if (iommu.intremap != xml::Switch::absent) json.set("intremap", xml::to_name(iommu.intremap));
    set_switch(json, "caching-mode", iommu.caching_mode);
    if (iommu.eim != xml::Switch::absent) json.set("eim", xml::to_name(iommu.eim));
    set_switch(json, "device-iotlb", iommu.iotlb);
    if (iommu.aw_bits != 0) json.set("aw-bits", iommu.aw_bits);
    builder.add_device(std::move(json));
}

namespace {

std::string tpm_socket(Builder& builder, const model::Tpm& tpm) {
    if (tpm.backend == model::TpmBackend::external) return tpm.source.path;
    return fmt::format("{}/swtpm/{}-swtpm.sock", builder.context.paths.state,
                       short_name(builder.context.domain_id, builder.shape.name).substr(7));
}

void add_tpm_backend(Builder& builder, const model::Tpm& tpm) {
    const std::string id = "tpm-" + tpm.info.alias;
    if (tpm.backend == model::TpmBackend::passthrough) {
        std::string text = fmt::format("passthrough,id={}", id);
        auto opened = builder.context.device_fds.find(tpm.info.alias);
        if (opened != builder.context.device_fds.end()) {
            const int number = builder.pass(std::move(opened->second));
            builder.add("-add-fd", fmt::format("set={},fd={}", number, number));
            text += fmt::format(",path=/dev/fdset/{},cancel-path=/dev/fdset/{}", number, number);
        } else {
            text += fmt::format(",path={}", escape_commas(tpm.device.empty() ? "/dev/tpm0" : tpm.device));
        }
        builder.add("-tpmdev", text);
        return;
    }
    // The text alone has no emulator behind it.
    if (builder.context.domain_id < 0 && tpm.backend == model::TpmBackend::emulator) {
        builder.add("-chardev", "null,id=chrtpm");
    } else {
        builder.add("-chardev", fmt::format("socket,id=chrtpm,path={}", escape_commas(tpm_socket(builder, tpm))));
    }
    builder.add("-tpmdev", fmt::format("emulator,id={},chardev=chrtpm", id));
}

}  // namespace

void add_tpm(Builder& builder, const model::Tpm& tpm) {
    using model::TpmModel;
    if (tpm.model == TpmModel::spapr_proxy) {
        builder.add_device(
            Json::object({{"driver", "spapr-tpm-proxy"}, {"id", tpm.info.alias}, {"host-path", tpm.device}}));
        return;
    }
    add_tpm_backend(builder, tpm);
    std::string driver(xml::to_name(tpm.model));
    // The boards that have no ISA bus have it on their own.
    const bool on_board = builder.shape.is_arm() || builder.shape.is_riscv();
    if (tpm.model == TpmModel::tis && on_board) driver = "tpm-tis-device";
    Json json = Json::object({{"driver", driver}, {"tpmdev", "tpm-" + tpm.info.alias}, {"id", tpm.info.alias}});
    builder.set_address(json, tpm.info);
    builder.add_device(std::move(json));
}

void add_crypto(Builder& builder, const model::Crypto& crypto) {
    const std::string object = "obj" + crypto.info.alias;
    const char* type = crypto.backend == "lkcf" ? "cryptodev-backend-lkcf" : "cryptodev-backend-builtin";
    Json back = Json::object({{"qom-type", type}, {"id", object}});
    if (crypto.queues != 0) back.set("queues", crypto.queues);
    builder.add_json("-object", back);
    Json json = builder.virtio_device("virtio-crypto", crypto.info, crypto.model, &crypto.virtio);
    json.set("cryptodev", object);
    json.set("id", crypto.info.alias);
    set_virtio_address(builder, std::move(json), crypto.info);
}

void add_filesystem(Builder& builder, const model::Filesystem& filesystem) {
    const std::string& alias = filesystem.info.alias;
    if (filesystem.driver_type == "virtiofs") {
        const std::string path =
            filesystem.socket.empty() ? fmt::format("{}/{}-fs.sock", builder.shape.folder, alias) : filesystem.socket;
        builder.add("-chardev", fmt::format("socket,id=chr-vu-{},path={}", alias, escape_commas(path)));
        Json json = builder.virtio_device("vhost-user-fs", filesystem.info, "", &filesystem.virtio);
        json.set("id", alias);
        json.set("chardev", "chr-vu-" + alias);
        if (filesystem.queue != 0) json.set("queue-size", filesystem.queue);
        json.set("tag", filesystem.target);
        builder.set_boot_index(json, filesystem.info);
        set_virtio_address(builder, std::move(json), filesystem.info);
        return;
    }
    const bool handle = filesystem.driver_type == "handle";
    std::string text = handle ? "handle" : "local";
    if (!handle) {
        const char* model = filesystem.access == model::FilesystemAccess::mapped   ? "mapped"
                            : filesystem.access == model::FilesystemAccess::squash ? "none"
                                                                                   : "passthrough";
        text += fmt::format(",security_model={}", model);
        if (!filesystem.multidevs.empty() && filesystem.multidevs != "default")
            text += ",multidevs=" + filesystem.multidevs;
        if (!filesystem.fmode.empty()) text += ",fmode=" + filesystem.fmode;
        if (!filesystem.dmode.empty()) text += ",dmode=" + filesystem.dmode;
    }
    if (filesystem.wrpolicy == "immediate") text += ",writeout=immediate";
    text += fmt::format(",id=fsdev-{},path={}", alias, escape_commas(filesystem.source));
    if (filesystem.readonly) text += ",readonly";
    builder.add("-fsdev", text);
    Json json = builder.virtio_device("virtio-9p", filesystem.info, filesystem.model, &filesystem.virtio);
    json.set("id", alias);
    json.set("fsdev", "fsdev-" + alias);
    json.set("mount_tag", filesystem.target);
    set_virtio_address(builder, std::move(json), filesystem.info);
}

}  // namespace virtue::qemu
