#include "model/domain/complete/machine.h"
#include "model/domain/complete/refuse.h"
#include "model/domain/complete/steps.h"

namespace virtue::model {

namespace {

void check_nfs_host(const StorageSource& s) {
    if (s.hosts.size() != 1) unsupported("'nfs' protocol requires the usage of exactly one host");
    if (s.hosts[0].transport != HostTransport::tcp) unsupported("'nfs' host must use TCP protocol");
    if (!s.hosts[0].port.empty()) unsupported("port cannot be specified in 'nfs' protocol host");
}

void check_lun(const Disk& disk) {
    if (disk.device != DiskDevice::lun) {
        if (disk.rawio == xml::YesNo::yes)
            contradiction("rawio is only supported for disks of device='lun', '{}' is another", disk.target);
        return;
    }
    if (disk.source.type == StorageType::network && disk.source.protocol != StorageProtocol::iscsi)
        contradiction("disk device='lun' is not supported for protocol='{}'", xml::to_name(disk.source.protocol));
    if (disk.source.type != StorageType::block && disk.source.type != StorageType::volume &&
        disk.source.type != StorageType::network)
        contradiction("disk device='lun' is only valid for block type disk source");
    if (disk.source.format != StorageFormat::raw && disk.source.type != StorageType::volume)
        contradiction("disk device 'lun' must use 'raw' format");
    if (disk.source.encryption) contradiction("disk device='lun' does not support encryption");
}

void check_encryption(const Disk& disk) {
    for (const StorageSource* s = &disk.source; s != nullptr; s = s->backing.empty() ? nullptr : &s->backing[0]) {
        if (!s->encryption) continue;
        const StorageEncryption& e = *s->encryption;
        if (e.format == EncryptionFormat::absent || e.format == EncryptionFormat::qcow)
            unsupported("old qcow/qcow2 encryption is not supported: use LUKS for disk '{}'", disk.target);
        const bool rbd = s->type == StorageType::network && s->protocol == StorageProtocol::rbd;
        if (e.engine == EncryptionEngine::librbd && !rbd)
            unsupported("librbd encryption is supported only with RBD backed disks");
        if (e.cipher) contradiction("supplying <cipher> for domain disk definition is unnecessary");
        if (e.engine != EncryptionEngine::librbd && s->format != StorageFormat::raw &&
            s->format != StorageFormat::qcow2 && s->format != StorageFormat::absent)
            unsupported("encryption is supported only with 'raw' and 'qcow2' image format");
    }
}

void check_source(const Disk& disk) {
    const StorageSource& s = disk.source;
    if (s.auth) {
        const std::string_view wanted = s.protocol == StorageProtocol::rbd     ? "ceph"
                                        : s.protocol == StorageProtocol::iscsi ? "iscsi"
                                                                               : "";
        if (s.type == StorageType::network && !wanted.empty() && s.auth->secret.type != wanted)
            contradiction("invalid secret type '{}': '{}' is what {} takes", s.auth->secret.type, wanted,
                          xml::to_name(s.protocol));
    }
    if (s.auth && s.type == StorageType::network && s.protocol == StorageProtocol::nbd)
        contradiction("authentication is not supported for protocol 'nbd'");
    // What a volume of a pool is, the pool knows.
    if (s.format == StorageFormat::fat && s.type != StorageType::dir && s.type != StorageType::volume && !s.empty())
        unsupported("storage format 'fat' is supported only with 'dir' storage type");
    if (s.type == StorageType::dir && s.format != StorageFormat::fat)
        unsupported("storage type 'dir' requires use of storage format 'fat'");
    if (s.type == StorageType::dir && !disk.readonly)
        unsupported("virtual FAT storage can't be accessed in read-write mode");
    if (s.format == StorageFormat::dir && s.type != StorageType::dir)
        unsupported("'directory' storage format is not directly supported by QEMU, use 'dir' disk type instead");
    if (s.protocol == StorageProtocol::tftp && s.type == StorageType::network)
        unsupported("'tftp' protocol is not supported with this QEMU binary");
    if (s.type == StorageType::network && s.protocol == StorageProtocol::nfs) check_nfs_host(s);
    if (disk.shareable && s.format != StorageFormat::raw && s.format != StorageFormat::absent)
        unsupported("shared access for disk '{}' requires use of supported storage format", disk.target);
    if (s.metadata_cache_max && s.format != StorageFormat::qcow2)
        unsupported("metadata cache max size control is supported only with qcow2 images");
    const bool fixed = disk.readonly || disk.device == DiskDevice::cdrom;
    if (disk.driver.copy_on_read == xml::Switch::on && fixed)
        unsupported("copy_on_read is not compatible with read-only disk '{}'", disk.target);
    if (disk.transient && fixed) unsupported("transient disk '{}' must not be read-only", disk.target);
    if (disk.transient_share_backing == xml::YesNo::yes && disk.bus != DiskBus::virtio && disk.bus != DiskBus::scsi &&
        disk.bus != DiskBus::usb)
        unsupported("disk bus '{}' doesn't support transiend disk backing image sharing", xml::to_name(disk.bus));
    if (disk.transient && s.type != StorageType::file)
        unsupported("transient disk supported only with 'file' type ({})", disk.target);
    if (disk.transient && disk.device != DiskDevice::disk)
        unsupported("transient disk supported only with 'disk' device ({})", disk.target);
}

void check_not_virtio(const Disk& disk) {
    refuse_virtio_options(disk.driver.virtio);
    if (disk.model == DiskModel::virtio_transitional || disk.model == DiskModel::virtio_non_transitional)
        contradiction("disk model '{}' not supported for bus '{}'", xml::to_name(disk.model), xml::to_name(disk.bus));
}

void check_disk_driver(const Domain& d, const Disk& disk) {
    const DiskDriver& v = disk.driver;
    if (!v.name.empty() && v.name != "qemu")
        unsupported("unsupported driver name '{}' for disk '{}'", v.name, disk.target);
    if (v.io == DiskIo::native && v.cache != DiskCache::directsync && v.cache != DiskCache::none &&
        v.cache != DiskCache::absent)
        unsupported("io='native' needs either no disk cache or directsync cache mode");
    if (v.iothread != 0 && std::none_of(d.iothread_ids.begin(), d.iothread_ids.end(),
                                        [&](const IoThread& t) { return t.id == v.iothread; }))
        unsupported("Disk iothread '{}' not defined in iothreadid", v.iothread);
    if (v.iothread != 0 && disk.bus != DiskBus::virtio)
        unsupported("IOThreads not available for bus {} target {}", xml::to_name(disk.bus), disk.target);
    DiskIoTune limits = disk.iotune;
    limits.group_name.clear();
    if (!disk.iotune.group_name.empty() && limits == DiskIoTune{})
        unsupported("group_name can be configured only together with settings");
    if (!disk.wwn.empty() && disk.bus != DiskBus::ide && disk.bus != DiskBus::scsi)
        unsupported("Only ide and scsi disk support wwn");
    const bool spins = disk.bus == DiskBus::ide || disk.bus == DiskBus::scsi || disk.bus == DiskBus::sata;
    if (disk.rotation_rate != 0 && !spins)
        throw Error(ErrorCode::internal_error, ErrorDomain::qemu, "rotation rate is only valid for SCSI/IDE/SATA bus");
    if (!(disk.vendor.empty() && disk.product.empty()) && disk.bus != DiskBus::scsi)
        unsupported("Only scsi disk supports vendor and product");
    if (disk.bus != DiskBus::virtio) check_not_virtio(disk);
    const bool removable = disk.device == DiskDevice::cdrom || disk.device == DiskDevice::floppy;
    if (v.copy_on_read == xml::Switch::on && removable)
        unsupported("copy_on_read is not supported with removable disk '{}'", disk.target);
    if (disk.readonly && !removable && (disk.bus == DiskBus::ide || disk.bus == DiskBus::sata))
        unsupported("readonly {} disks are not supported", xml::to_name(disk.bus));
    if (disk.rotation_rate != 0 && disk.device != DiskDevice::disk)
        throw Error(ErrorCode::internal_error, ErrorDomain::qemu, "rotation rate is only valid for disk device");
    if (disk.geometry && !disk.geometry->translation.empty() && disk.bus != DiskBus::ide)
        unsupported("CHS translation mode can only be set for 'ide' bus not '{}'", xml::to_name(disk.bus));
}

// Buses of one controller, one bus and no targets.
void check_drive_address(const Disk& disk) {
    const DriveAddress& drive = disk.info.address.drive;
    const auto fault = [](const char* sentence) {
        throw Error(ErrorCode::internal_error, ErrorDomain::qemu, sentence);
    };
    if (disk.bus == DiskBus::ide && drive.controller != 0) fault("Only 1 IDE controller is supported");
    if (disk.bus == DiskBus::ide && drive.target != 0) unsupported("target must be 0 for ide controller");
    if (disk.bus == DiskBus::fdc && drive.controller != 0) fault("Only 1 fdc controller is supported");
    if (disk.bus == DiskBus::fdc && drive.bus != 0) fault("Only 1 fdc bus is supported");
    if (disk.bus == DiskBus::fdc && drive.target != 0) unsupported("target must be 0 for controller fdc");
    if (disk.bus == DiskBus::sata && drive.bus != 0) unsupported("bus must be 0 for sata controller");
    if (disk.bus == DiskBus::sata && drive.target != 0) unsupported("target must be 0 for sata controller");
}

void check_disk_bus(const Domain& d, const Disk& disk) {
    if (disk.device == DiskDevice::lun && disk.bus != DiskBus::scsi && disk.bus != DiskBus::virtio)
        unsupported("disk device='lun' is not supported for bus='{}'", xml::to_name(disk.bus));
    if (disk.device == DiskDevice::floppy && disk.bus != DiskBus::fdc)
        contradiction("Invalid bus type '{}' for floppy disk", xml::to_name(disk.bus));
    if (disk.device != DiskDevice::floppy && disk.bus == DiskBus::fdc)
        refuse(ErrorCode::internal_error, "Invalid bus type 'fdc' for disk");
    if (disk.device == DiskDevice::cdrom && disk.bus == DiskBus::virtio)
        unsupported("disk type of '{}' does not support ejectable media", disk.target);
    const Address& a = disk.info.address;
    if (!a.is(AddressType::drive)) return;
    check_drive_address(disk);
    if (disk.bus != DiskBus::scsi) return;
    if (a.drive.bus != 0)
        throw Error(ErrorCode::internal_error, ErrorDomain::qemu, "SCSI controller only supports 1 bus");
    const Controller* c = find_controller(d, ControllerType::scsi, static_cast<int>(a.drive.controller));
    if (c != nullptr && c->model == ControllerModel::lsilogic && (a.drive.target != 0 && a.drive.unit != 0))
        unsupported("target must be 0 for controller model 'lsilogic'");
    if (c != nullptr && c->model == ControllerModel::lsilogic && a.drive.target != 0)
        unsupported("target must be 0 for controller model 'lsilogic'");
}

void check_serial_number(const Disk& disk) {
    if (disk.serial.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+ ") !=
        std::string::npos)
        throw Error(ErrorCode::internal_error, ErrorDomain::qemu,
                    fmt::format("driver serial '{}' contains unsafe characters", disk.serial));
    if (!disk.serial.empty() && disk.bus == DiskBus::sd)
        throw Error(ErrorCode::internal_error, ErrorDomain::qemu, "Serial property not supported for drive bus 'sd'");
}

}  // namespace

void check_disks(const Domain& d) {
    for (const Disk& disk : d.disks) {
        check_lun(disk);
        check_encryption(disk);
        check_source(disk);
        check_disk_driver(d, disk);
        check_disk_bus(d, disk);
        check_serial_number(disk);
    }
}

}  // namespace virtue::model
