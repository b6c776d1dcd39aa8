// <disk>: a block device of the guest. Value types.
#pragma once
#include "base/big_value.h"
#include "model/domain/storage_source.h"

namespace virtue::model {

enum class DiskDevice : uint8_t { disk, cdrom, floppy, lun };
VIRTUE_XML_NAMES(DiskDevice, "disk", "cdrom", "floppy", "lun")

enum class DiskBus : uint8_t { none, ide, fdc, scsi, virtio, xen, usb, uml, sata, sd };
VIRTUE_XML_NAMES(DiskBus, "", "ide", "fdc", "scsi", "virtio", "xen", "usb", "uml", "sata", "sd")

enum class DiskCache : uint8_t { absent, none, writethrough, writeback, directsync, unsafe };
VIRTUE_XML_NAMES(DiskCache, "~default", "none", "writethrough", "writeback", "directsync", "unsafe")

enum class DiskErrorPolicy : uint8_t { absent, stop, report, ignore, enospace };
VIRTUE_XML_NAMES(DiskErrorPolicy, "~default", "stop", "report", "ignore", "enospace")

enum class DiskIo : uint8_t { absent, native, threads, io_uring };
VIRTUE_XML_NAMES(DiskIo, "~default", "native", "threads", "io_uring")

enum class DiskDiscard : uint8_t { absent, unmap, ignore };
VIRTUE_XML_NAMES(DiskDiscard, "~default", "unmap", "ignore")

enum class DiskDetectZeroes : uint8_t { absent, off, on, unmap };
VIRTUE_XML_NAMES(DiskDetectZeroes, "~default", "off", "on", "unmap")

enum class DiskModel : uint8_t { absent, virtio, virtio_transitional, virtio_non_transitional };
VIRTUE_XML_NAMES(DiskModel, "", "virtio", "virtio-transitional", "virtio-non-transitional")

enum class DiskTray : uint8_t { closed, open };
VIRTUE_XML_NAMES(DiskTray, "closed", "open")

enum class SnapshotLocation : uint8_t { absent, no, internal, external, manual };
VIRTUE_XML_NAMES(SnapshotLocation, "~default", "no", "internal", "external", "manual")

enum class Sgio : uint8_t { absent, filtered, unfiltered };
VIRTUE_XML_NAMES(Sgio, "", "filtered", "unfiltered")

struct DiskDriver {
    std::string name;
    DiskCache cache = DiskCache::absent;
    DiskErrorPolicy error_policy = DiskErrorPolicy::absent;
    DiskErrorPolicy rerror_policy = DiskErrorPolicy::absent;
    DiskIo io = DiskIo::absent;
    xml::Switch ioeventfd = xml::Switch::absent;
    xml::Switch event_idx = xml::Switch::absent;
    xml::Switch copy_on_read = xml::Switch::absent;
    DiskDiscard discard = DiskDiscard::absent;
    uint32_t iothread = 0;
    DiskDetectZeroes detect_zeroes = DiskDetectZeroes::absent;
    uint32_t queues = 0;
    uint32_t queue_size = 0;
    VirtioOptions virtio;
    bool operator==(const DiskDriver&) const = default;
};

struct DiskGeometry {
    uint32_t cylinders = 0;
    uint32_t heads = 0;
    uint32_t sectors = 0;
    std::string translation;
    bool operator==(const DiskGeometry&) const = default;
};

/// Limits of a disk: bytes and operations a second, 0 for none.
struct DiskIoTune {
    uint64_t total_bytes_sec = 0, read_bytes_sec = 0, write_bytes_sec = 0;
    uint64_t total_iops_sec = 0, read_iops_sec = 0, write_iops_sec = 0;
    uint64_t total_bytes_sec_max = 0, read_bytes_sec_max = 0, write_bytes_sec_max = 0;
    uint64_t total_iops_sec_max = 0, read_iops_sec_max = 0, write_iops_sec_max = 0;
    uint64_t size_iops_sec = 0;
    std::string group_name;
    uint64_t total_bytes_sec_max_length = 0, read_bytes_sec_max_length = 0, write_bytes_sec_max_length = 0;
    uint64_t total_iops_sec_max_length = 0, read_iops_sec_max_length = 0, write_iops_sec_max_length = 0;
    bool operator==(const DiskIoTune&) const = default;
};
void map(xml::Mapper& m, DiskIoTune& tune);

/// A copy or commit job that writes elsewhere; running guests only.
struct DiskMirror {
    StorageSource source;
    std::string job;    ///< copy, commit, active-commit
    std::string ready;  ///< yes, abort, pivot
    bool operator==(const DiskMirror&) const = default;
};

struct Disk {
    VIRTUE_BIG_VALUE(Disk);
    static constexpr const char* element = "disk";

    DiskDevice device = DiskDevice::disk;
    DiskModel model = DiskModel::absent;
    xml::YesNo rawio = xml::YesNo::absent;
    Sgio sgio = Sgio::absent;
    SnapshotLocation snapshot = SnapshotLocation::absent;
    DiskDriver driver;
    StorageSource source;
    bool auth_beside_source = false;        ///< <auth> stood in <disk>, as in old documents
    bool encryption_beside_source = false;  ///< the same of <encryption>
    std::optional<DiskMirror> mirror;
    std::optional<DiskGeometry> geometry;
    uint32_t logical_block_size = 0;
    uint32_t physical_block_size = 0;
    std::string target;  ///< "vda"
    DiskBus bus = DiskBus::none;
    DiskTray tray = DiskTray::closed;
    xml::Switch removable = xml::Switch::absent;
    uint32_t rotation_rate = 0;
    DiskIoTune iotune;
    bool readonly = false;
    bool shareable = false;
    bool transient = false;
    xml::YesNo transient_share_backing = xml::YesNo::absent;
    std::string serial;
    std::string wwn;
    std::string vendor;
    std::string product;
    DeviceInfo info;
    bool operator==(const Disk&) const = default;
};
void map(xml::Mapper& m, Disk& disk);

/// The number in the letters of a disk's name: "vda" 0, "sdab" 27; nothing for another form. libvirt:
/// virDiskNameToIndex.
std::optional<unsigned> disk_name_index(std::string_view name);
/// "sd" and 27 give "sdab".
std::string disk_name(std::string_view prefix, unsigned index);
/// "vd", "hd", "sd", "fd" …
std::string_view disk_prefix(DiskBus bus);

}  // namespace virtue::model
