#include "model/domain/disk.h"

#include <fmt/format.h>

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(Disk);

void map(xml::Mapper& m, DiskIoTune& t) {
    m.value("total_bytes_sec", t.total_bytes_sec, 0);
    m.value("read_bytes_sec", t.read_bytes_sec, 0);
    m.value("write_bytes_sec", t.write_bytes_sec, 0);
    m.value("total_iops_sec", t.total_iops_sec, 0);
    m.value("read_iops_sec", t.read_iops_sec, 0);
    m.value("write_iops_sec", t.write_iops_sec, 0);
    m.value("total_bytes_sec_max", t.total_bytes_sec_max, 0);
    m.value("read_bytes_sec_max", t.read_bytes_sec_max, 0);
    m.value("write_bytes_sec_max", t.write_bytes_sec_max, 0);
    m.value("total_iops_sec_max", t.total_iops_sec_max, 0);
    m.value("read_iops_sec_max", t.read_iops_sec_max, 0);
    m.value("write_iops_sec_max", t.write_iops_sec_max, 0);
    m.value("size_iops_sec", t.size_iops_sec, 0);
    m.value("group_name", t.group_name);
    m.value("total_bytes_sec_max_length", t.total_bytes_sec_max_length, 0);
    m.value("read_bytes_sec_max_length", t.read_bytes_sec_max_length, 0);
    m.value("write_bytes_sec_max_length", t.write_bytes_sec_max_length, 0);
    m.value("total_iops_sec_max_length", t.total_iops_sec_max_length, 0);
    m.value("read_iops_sec_max_length", t.read_iops_sec_max_length, 0);
    m.value("write_iops_sec_max_length", t.write_iops_sec_max_length, 0);
    if (m.writing()) return;
    const auto clash = [&](uint64_t total, uint64_t read, uint64_t write, const char* what) {
        if (total != 0 && (read != 0 || write != 0))
            m.fail(fmt::format("total and read/write {} cannot be set at the same time", what));
    };
    clash(t.total_bytes_sec, t.read_bytes_sec, t.write_bytes_sec, "bytes_sec");
    clash(t.total_iops_sec, t.read_iops_sec, t.write_iops_sec, "iops_sec");
    clash(t.total_bytes_sec_max, t.read_bytes_sec_max, t.write_bytes_sec_max, "bytes_sec_max");
    clash(t.total_iops_sec_max, t.read_iops_sec_max, t.write_iops_sec_max, "iops_sec_max");
}

namespace {

void map_driver(xml::Mapper& m, Disk& d) {
    m.group("driver", [&] {
        DiskDriver& v = d.driver;
        m.attribute("name", v.name);
        if (m.reading() && v.name.empty() && m.given("name"))
            m.fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "unsupported driver name ''");
        if (m.reading() && m.read_attribute<StorageFormat>("type") == "aio") {
            d.source.format = StorageFormat::raw;
        } else {
            m.attribute("type", d.source.format);
        }
        m.attribute("cache", v.cache);
        m.attribute("error_policy", v.error_policy);
        m.attribute("rerror_policy", v.rerror_policy);
        m.attribute("io", v.io);
        m.attribute("ioeventfd", v.ioeventfd);
        m.attribute("event_idx", v.event_idx);
        m.attribute("copy_on_read", v.copy_on_read);
        m.attribute("discard", v.discard);
        m.positive("iothread", v.iothread);
        m.attribute("detect_zeroes", v.detect_zeroes);
        m.attribute("queues", v.queues, 0);
        m.attribute("queue_size", v.queue_size, 0);
        map(m, v.virtio);
        m.group("metadata_cache", [&] {
            m.child("max_size", d.source.metadata_cache_max);
            if (!m.reading() || !d.source.metadata_cache_max) return;
            if (const auto bytes = xml::scale(d.source.metadata_cache_max->count, d.source.metadata_cache_max->unit))
                d.source.metadata_cache_max = SizeWithUnit{*bytes, "bytes"};
        });
        if (m.reading() && v.rerror_policy == DiskErrorPolicy::enospace)
            m.fail_value("rerror_policy", "enospace", "one of 'stop', 'report', 'ignore'");
    });
}

void map_target(xml::Mapper& m, Disk& d) {
    bool named = false;
    m.group("target", [&] {
        named = m.reading() && m.given("dev");
        m.attribute("dev", d.target);
        m.attribute("bus", d.bus);
        if (m.reading() ||
            ((d.device == DiskDevice::cdrom || d.device == DiskDevice::floppy) && d.tray == DiskTray::open))
            m.attribute("tray", d.tray);
        m.attribute("removable", d.removable);
        m.attribute("rotation_rate", d.rotation_rate, 0);
    });
    const bool hard = d.device == DiskDevice::disk || d.device == DiskDevice::lun;
    // A name without a letter is a wrong name.
    const bool judged_later = named && hard && !d.source.empty();
    if (m.reading() && d.target.empty() && !judged_later) {
        throw Error(
            ErrorCode::no_target, ErrorDomain::domain,
            d.source.path.empty() ? fmt::format("{}: disk without a target", m.element().path()) : d.source.path);
    }
}

// Old documents have <auth> and <encryption> in <disk>; new ones in its <source>. Each is written where it was found.
void map_legacy_auth(xml::Mapper& m, Disk& d) {
    if (m.reading()) {
        std::optional<StorageAuth> auth;
        m.child("auth", auth);
        if (!auth) return;
        if (d.source.auth)
            m.disagree(ErrorCode::config_unsupported, "an <auth> definition already found for disk source");
        d.source.auth = std::move(auth);
        d.auth_beside_source = true;
    } else if (d.auth_beside_source) {
        m.child("auth", d.source.auth);
    }
}

void map_legacy_encryption(xml::Mapper& m, Disk& d) {
    if (m.reading()) {
        std::optional<StorageEncryption> encryption;
        m.child("encryption", encryption);
        if (!encryption) return;
        if (d.source.encryption)
            m.disagree(ErrorCode::config_unsupported, "an <encryption> definition already found for disk source");
        d.source.encryption = std::move(encryption);
        d.encryption_beside_source = true;
    } else if (d.encryption_beside_source) {
        m.child("encryption", d.source.encryption);
    }
}

void map_main_source(xml::Mapper& m, Disk& d) {
    if (m.reading() || (!d.auth_beside_source && !d.encryption_beside_source)) {
        map_source(m, d.source);
        return;
    }
    StorageSource shown = d.source;
    if (d.auth_beside_source) shown.auth.reset();
    if (d.encryption_beside_source) shown.encryption.reset();
    map_source(m, shown);
}

void map_mirror(xml::Mapper& m, Disk& d) {
    // A job belongs to a running guest: definitions neither keep nor show it.
    if (m.reading() && m.options().inactive) static_cast<void>(m.has("mirror"));
    if (m.options().inactive || (m.writing() && !d.mirror)) return;
    m.group("mirror", [&] {
        if (m.reading()) d.mirror.emplace();
        DiskMirror& mirror = *d.mirror;
        m.attribute("type", mirror.source.type);
        // Once these two said it all; old clients look for them, <source> and <format> stand beside them.
        std::string old_file = mirror.source.path;
        StorageFormat old_format = mirror.source.format;
        if (m.reading() || (mirror.source.type == StorageType::file && mirror.job == "copy")) {
            m.attribute("file", old_file);
            m.attribute("format", old_format);
        }
        m.attribute("job", mirror.job);
        m.attribute("ready", mirror.ready);
        m.attribute_of("format", "type", mirror.source.format);
        map_source(m, mirror.source);
        map_backing(m, mirror.source);
    });
}

void map_identity(xml::Mapper& m, Disk& d) {
    m.flag("readonly", d.readonly);
    m.flag("shareable", d.shareable);
    if (m.reading() || d.transient) {
        m.group(
            "transient",
            [&] {
                d.transient = true;
                m.attribute("shareBacking", d.transient_share_backing);
            },
            true);
    }
    m.value("serial", d.serial);
    m.value("wwn", d.wwn);
    m.value("vendor", d.vendor);
    m.value("product", d.product);
}

// The bus that the name tells, where nothing else does.
DiskBus bus_of(const Disk& d) {
    if (d.device == DiskDevice::floppy) return DiskBus::fdc;
    for (DiskBus bus : {DiskBus::ide, DiskBus::scsi, DiskBus::virtio, DiskBus::xen, DiskBus::uml, DiskBus::fdc})
        if (d.target.starts_with(disk_prefix(bus))) return bus;
    return DiskBus::ide;
}

void check(xml::Mapper& m, const Disk& d) {
    const auto printable = [](const std::string& s) {
        for (char c : s)
            if (c < 0x20 || c > 0x7e) return false;
        return true;
    };
    const bool hard = d.device == DiskDevice::disk || d.device == DiskDevice::lun;
    const auto begins = [&](std::initializer_list<std::string_view> prefixes) {
        return std::any_of(prefixes.begin(), prefixes.end(),
                           [&](std::string_view p) { return d.target.starts_with(p); });
    };
    // A name that has no place on any bus is told about where places are given out, which libvirt does before.
    if (hard && d.source.empty() && disk_name_index(d.target))
        throw xml::Disagreement(ErrorCode::no_source, ErrorDomain::domain, d.target);
    if (d.device == DiskDevice::floppy && !begins({"fd"}))
        m.disagree(ErrorCode::internal_error, fmt::format("Invalid floppy device name: {}", d.target));
    if (hard && !d.source.empty() && !begins({"hd", "sd", "vd", "xvd", "ubd"}))
        m.disagree(ErrorCode::internal_error, fmt::format("Invalid harddisk device name: {}", d.target));
    if (d.vendor.size() > 8) m.fail(ErrorCode::config_unsupported, "disk vendor is more than 8 characters");
    if (d.product.size() > 16) m.fail(ErrorCode::config_unsupported, "disk product is more than 16 characters");
    if (d.vendor.size() > 8 || !printable(d.vendor)) m.fail("disk vendor must be up to 8 printable characters");
    if (d.product.size() > 16 || !printable(d.product)) m.fail("disk product must be up to 16 printable characters");
    const std::string wwn = d.wwn.starts_with("0x") ? d.wwn.substr(2) : d.wwn;
    if (!wwn.empty() && (wwn.size() != 16 || wwn.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos))
        throw Error(ErrorCode::internal_error, ErrorDomain::none, fmt::format("Malformed wwn: {}", wwn));
}

}  // namespace

void map(xml::Mapper& m, Disk& d) {
    if (m.reading()) d.source.type = StorageType::file;
    m.attribute("type", d.source.type);
    m.attribute("device", d.device);
    m.attribute("model", d.model);
    m.attribute("rawio", d.rawio);
    m.attribute("sgio", d.sgio);
    if (m.reading() || !(d.readonly && d.snapshot == SnapshotLocation::no)) m.attribute("snapshot", d.snapshot);
    if (m.reading()) {
        map_main_source(m, d);
        // Without a unit number the first is meant.
        if (d.source.protocol == StorageProtocol::iscsi && d.source.name.find('/') == std::string::npos)
            d.source.name += "/0";
        map_driver(m, d);
        map_legacy_auth(m, d);
        map_legacy_encryption(m, d);
    } else {
        map_driver(m, d);
        map_legacy_auth(m, d);
        map_main_source(m, d);
    }
    map_backing(m, d.source);
    if (m.reading() ? m.has("geometry") : d.geometry.has_value()) {
        if (m.reading()) d.geometry.emplace();
        m.group("geometry", [&] {
            m.attribute("cyls", d.geometry->cylinders);
            m.attribute("heads", d.geometry->heads);
            m.attribute("secs", d.geometry->sectors);
            m.attribute("trans", d.geometry->translation);
        });
    }
    m.group("blockio", [&] {
        m.attribute("logical_block_size", d.logical_block_size, 0);
        m.attribute("physical_block_size", d.physical_block_size, 0);
    });
    map_mirror(m, d);
    map_target(m, d);
    m.group("iotune", [&] { map(m, d.iotune); });
    map_identity(m, d);
    if (m.writing()) map_legacy_encryption(m, d);
    map_info(m, d.info, InfoParts::boot);
    if (m.reading()) {
        if (d.bus == DiskBus::none) d.bus = bus_of(d);
        check(m, d);
    }
}

std::optional<unsigned> disk_name_index(std::string_view name) {
    for (std::string_view prefix : {"fd", "hd", "vd", "sd", "xvd", "ubd"}) {
        if (!name.starts_with(prefix)) continue;
        std::string_view rest = name.substr(prefix.size());
        unsigned index = 0;
        size_t letters = 0;
        while (letters < rest.size() && rest[letters] >= 'a' && rest[letters] <= 'z') {
            if (index > 0x1000000) return std::nullopt;
            index = (letters == 0 ? 0 : (index + 1) * 26) + static_cast<unsigned>(rest[letters] - 'a');
            letters++;
        }
        if (letters == 0) return std::nullopt;
        rest.remove_prefix(letters);
        if (!rest.empty() && (rest[0] == '0' || rest.find_first_not_of("0123456789") != std::string_view::npos))
            return std::nullopt;
        return index;
    }
    return std::nullopt;
}

std::string disk_name(std::string_view prefix, unsigned index) {
    std::string letters;
    for (unsigned rest = index + 1; rest > 0; rest = (rest - 1) / 26)
        letters.insert(letters.begin(), static_cast<char>('a' + (rest - 1) % 26));
    return std::string(prefix) + letters;
}

std::string_view disk_prefix(DiskBus bus) {
    switch (bus) {
        case DiskBus::ide:
            return "hd";
        case DiskBus::fdc:
            return "fd";
        case DiskBus::virtio:
            return "vd";
        case DiskBus::xen:
            return "xvd";
        case DiskBus::uml:
            return "ubd";
        default:
            return "sd";
    }
}

}  // namespace virtue::model
