// What holds for the devices of every domain, whoever runs it: codes of libvirt's part for domains.
#include <algorithm>

#include "model/domain/complete/machine.h"
#include "model/domain/complete/refuse.h"
#include "model/domain/complete/steps.h"
#include "model/network/host_address.h"

namespace virtue::model {

namespace {

void check_video(const Video& v) {
    const VideoAcceleration& a = v.acceleration;
    if (v.has_acceleration && a.accel2d == xml::YesNo::absent && a.accel3d == xml::YesNo::absent &&
        a.rendernode.empty())
        contradiction("missing values for acceleration");
    if (!a.rendernode.empty() && v.backend != VideoBackend::vhostuser)
        contradiction("unsupported rendernode accel attribute without 'vhost-user'");
    if (v.backend == VideoBackend::vhostuser && v.model != VideoModel::virtio && v.model != VideoModel::none)
        contradiction("'vhostuser' driver is only supported with 'virtio' device");
    const bool single = v.model == VideoModel::cirrus || v.model == VideoModel::vmvga || v.model == VideoModel::bochs ||
                        v.model == VideoModel::ramfb || v.model == VideoModel::vga;
    if (single && v.heads > 1) unsupported("video type '{}' doesn't support multiple 'heads'", xml::to_name(v.model));
    if (v.model != VideoModel::virtio) refuse_virtio_options(v.virtio);
    if (v.has_resolution && (v.x == 0 || v.y == 0)) contradiction("video resolution values must be greater than 0");
}

// The parts that QEMU's part for domains knows nothing of, in any order of devices.
void check_iommu(const Domain& d) {
    if (!d.iommu) return;
    const Iommu& i = *d.iommu;
    const bool more = i.intremap != xml::Switch::absent || i.caching_mode != xml::Switch::absent ||
                      i.eim != xml::Switch::absent || i.iotlb != xml::Switch::absent || i.aw_bits != 0;
    if (i.model != IommuModel::intel && more)
        refuse(ErrorCode::xml_error, "iommu model '{}' doesn't support additional attributes", xml::to_name(i.model));
    if (i.model != IommuModel::virtio && !i.info.address.is(AddressType::none))
        refuse(ErrorCode::xml_error, "iommu model '{}' can't have address", xml::to_name(i.model));
    // That the machine has no such device is told first, by who runs it.
    const bool elsewhere = arch_is_x86(d) && !is_q35(d);
    if (i.intremap == xml::Switch::on && d.features.ioapic != "qemu" && !elsewhere)
        contradiction("IOMMU interrupt remapping requires split I/O APIC (ioapic driver='qemu')");
}

void check_bios(const Domain& d) {
    for (const Sysinfo& s : d.sysinfo) {
        const std::string* date = s.bios.find("date");
        if (date == nullptr) continue;
        unsigned month = 0, day = 0, year = 0;
        char more = 0;
        const bool three = sscanf(date->c_str(), "%u/%u/%u%c", &month, &day, &year, &more) == 3;
        if (!three || month < 1 || month > 12 || day < 1 || day > 31)
            refuse(ErrorCode::xml_detail, "Invalid BIOS 'date' format");
    }
}

void check_inputs(const Domain& d) {
    for (const Input& i : d.inputs) {
        if (i.bus != InputBus::virtio) refuse_virtio_options(i.virtio);
        if (i.bus != InputBus::virtio && i.model == VirtioModel::virtio)
            contradiction("only bus 'virtio' is supported for input model 'virtio'");
    }
}

void check_audio_stream(const AudioStream& s) {
    const bool settings = s.frequency != 0 || s.channels != 0 || !s.format.empty();
    if (s.fixed_settings == xml::YesNo::yes && s.mixing_engine != xml::YesNo::yes)
        contradiction("fixed audio settings requires mixing engine");
    if (settings && s.fixed_settings != xml::YesNo::yes)
        contradiction("audio settings specified without fixed settings flag");
}

void check_audio(const Domain& d) {
    for (size_t i = 0; i < d.audios.size(); i++) {
        check_audio_stream(d.audios[i].input);
        check_audio_stream(d.audios[i].output);
        for (size_t j = 0; j < i; j++)
            if (d.audios[i].id == d.audios[j].id)
                refuse(ErrorCode::xml_error, "audio ID {} is used multiple times", d.audios[i].id);
    }
    const auto known = [&](const std::optional<uint32_t>& id) {
        if (id && std::none_of(d.audios.begin(), d.audios.end(), [&](const Audio& a) { return a.id == *id; }))
            refuse(ErrorCode::xml_error, "no audio device with ID {}", *id);
    };
    for (const Sound& s : d.sounds) known(s.audio_id);
    for (const Graphics& g : d.graphics)
        if (g.type == GraphicsType::vnc) known(g.audio_id);
}

void check_tpms(const Domain& d) {
    const auto proxies =
        std::count_if(d.tpms.begin(), d.tpms.end(), [](const Tpm& t) { return t.model == TpmModel::spapr_proxy; });
    const auto real = static_cast<std::ptrdiff_t>(d.tpms.size()) - proxies;
    if (d.tpms.size() > 2)
        refuse(ErrorCode::xml_error,
               "a maximum of two TPM devices is supported, one of which must be a TPM proxy device");
    if (real > 1) unsupported("only a single TPM non-proxy device is supported");
    if (proxies > 1) unsupported("only a single TPM Proxy device is supported");
}

void check_panics(const Domain& d) {
    for (size_t i = 0; i < d.panics.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (d.panics[i].model == d.panics[j].model)
                refuse(ErrorCode::xml_error, "Multiple panic devices with model '{}'", xml::to_name(d.panics[i].model));
}

void check_disk_words(const Disk& disk) {
    const DiskDriver& v = disk.driver;
    if (disk.bus != DiskBus::virtio) {
        if (v.queues != 0) contradiction("queues attribute in disk driver element is only supported by virtio-blk");
        if (v.ioeventfd != xml::Switch::absent) contradiction("disk ioeventfd mode supported only for virtio bus");
        if (v.event_idx != xml::Switch::absent) contradiction("disk event_idx mode supported only for virtio bus");
    }
    const bool removable = disk.device == DiskDevice::cdrom || disk.device == DiskDevice::floppy;
    if (disk.tray == DiskTray::open && !removable) contradiction("tray is only valid for cdrom and floppy");
    const StartupPolicy policy = disk.source.startup_policy;
    if (policy != StartupPolicy::absent && disk.source.type == StorageType::network)
        refuse(ErrorCode::xml_error, "disk startupPolicy '{}' is not allowed for disk of 'network' type",
               xml::to_name(policy));
    if (policy == StartupPolicy::requisite && !removable)
        refuse(ErrorCode::xml_error, "disk startupPolicy 'requisite' is allowed only for cdrom or floppy");
    if (disk.source.type == StorageType::vhostuser) {
        if (disk.bus != DiskBus::virtio) contradiction("vhostuser disk supports only virtio bus");
        if (v.cache != DiskCache::absent) contradiction("cache is not supported with vhostuser disk");
    }
}

void check_disk_address(const Disk& disk) {
    const Address& a = disk.info.address;
    if (a.is(AddressType::none) || a.is(AddressType::unassigned)) return;
    const bool drive =
        disk.bus == DiskBus::ide || disk.bus == DiskBus::scsi || disk.bus == DiskBus::sata || disk.bus == DiskBus::fdc;
    const bool fits = drive                         ? a.is(AddressType::drive)
                      : disk.bus == DiskBus::usb    ? a.is(AddressType::usb)
                      : disk.bus == DiskBus::virtio ? a.is(AddressType::pci) || a.is(AddressType::ccw) ||
                                                          a.is(AddressType::virtio_mmio) || a.is(AddressType::s390)
                                                    : true;
    if (!fits)
        contradiction("Invalid address type '{}' for the disk '{}' with the bus type '{}'", xml::to_name(a.type),
                      disk.target, xml::to_name(disk.bus));
}

void check_disk(const Disk& disk) {
    check_disk_words(disk);
    check_disk_address(disk);
    if (disk.device == DiskDevice::lun) return;
    for (const StorageSource* s = &disk.source; s != nullptr; s = s->backing.empty() ? nullptr : &s->backing[0])
        if (s->reservations) contradiction("<reservations/> allowed only for lun devices");
    if (disk.sgio != Sgio::absent) contradiction("sgio can be used only with device='lun'");
    if (disk.removable != xml::Switch::absent && disk.bus != DiskBus::usb)
        refuse(ErrorCode::xml_error, "removable is only valid for usb disks");
}

void check_numa(const Domain& d) {
    const std::vector<NumaCell>& cells = d.cpu->numa.cells;
    for (size_t i = 0; i < cells.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (cells[i].cpus.intersects(cells[j].cpus))
                contradiction("NUMA cells {} and {} have overlapping vCPU ids", i, j);
    for (const NumaInterconnect& link : d.cpu->numa.interconnects) {
        if (link.initiator >= cells.size())
            refuse(ErrorCode::xml_error, "'initiator' refers to a non-existent NUMA node");
        if (link.target >= cells.size()) refuse(ErrorCode::xml_error, "'target' refers to a non-existent NUMA node");
    }
}

void check_nvdimm(const Domain& d, const MemoryDevice& m) {
    constexpr uint64_t least_label = 128;  // KiB
    if (m.label_size.count != 0 && m.label_size.count < least_label)
        refuse(ErrorCode::xml_error, "nvdimm label must be at least {}KiB", least_label);
    if (arch_is_ppc64(d) && m.label_size.count == 0) contradiction("label size is required for NVDIMM device");
    if (!arch_is_ppc64(d) && m.uuid) contradiction("UUID is not supported for NVDIMM device");
}

void check_memory(const Domain& d, const MemoryDevice& m) {
    if (m.model == MemoryModel::nvdimm) check_nvdimm(d, m);
    if (m.model == MemoryModel::virtio_pmem && m.node != -1) contradiction("virtio-pmem does not support NUMA nodes");
    if (m.model != MemoryModel::virtio_mem) return;
    if (m.requested.count > m.size.count)
        refuse(ErrorCode::xml_detail, "requested size must be smaller than or equal to @size ({}KiB)", m.size.count);
    constexpr uint64_t least = 2048;  // KiB: a transparent huge page
    if (m.block.count != 0 && m.block.count < least)
        refuse(ErrorCode::xml_detail, "block size too small, must be at least {}KiB", least);
    if (m.block.count != 0 && m.requested.count % m.block.count != 0)
        refuse(ErrorCode::xml_detail, "requested size must be an integer multiple of block size");
}

void check_thread_pool(const std::optional<int>& least, const std::optional<int>& most) {
    if (most && *most == 0) contradiction("thread_pool_max must be a positive integer");
    if (least && most && *least > *most) contradiction("thread_pool_min must be smaller or equal to thread_pool_max");
    if (least && !most) contradiction("thread_pool_max must be specified with thread_pool_min");
}

void refuse_spicevmc(const ChardevSource& source) {
    if (source.type == ChardevType::spicevmc) contradiction("spicevmc device type only supports virtio");
}

void check_unassigned(const Domain& d) {
    size_t all = 0, hostdevs = 0;
    each_info(d, [&](const DeviceInfo& info) { all += info.address.is(AddressType::unassigned); });
    for (const Hostdev& h : d.hostdevs) hostdevs += h.info.address.is(AddressType::unassigned);
    if (all != hostdevs) contradiction("address of type 'unassigned' is supported only for hostdevs");
}

}  // namespace

void check_definition(const Domain& d) {
    check_unassigned(d);
    for (const Video& v : d.videos) check_video(v);
    if (std::count_if(d.videos.begin(), d.videos.end(), [](const Video& v) { return v.primary; }) > 1)
        contradiction("Only one primary video device is supported");
    for (const Graphics& g : d.graphics)
        if (g.type == GraphicsType::dbus && g.p2p == xml::YesNo::yes && !g.dbus_address.empty())
            refuse(ErrorCode::xml_error, "D-Bus p2p with an address is not supported");
    check_audio(d);
    check_iommu(d);
    check_bios(d);
    check_inputs(d);
    for (const Disk& disk : d.disks) check_disk(disk);
    if (d.cpu) check_numa(d);
    for (const Input& i : d.inputs)
        if (i.bus == InputBus::ps2 && i.type != InputType::mouse && i.type != InputType::keyboard)
            refuse(ErrorCode::internal_error, "ps2 bus does not support {} input device", xml::to_name(i.type));
    for (const Input& i : d.inputs)
        if (i.type == InputType::passthrough && i.bus != InputBus::virtio)
            contradiction("only bus 'virtio' is supported for 'passthrough' input devices");
    check_cards(d);
    for (const Serial& s : d.serials) {
        refuse_spicevmc(s.source);
        if (s.target == SerialTarget::isa_debug && !arch_is_x86(d))
            contradiction("isa-debug serial type only valid on x86 architecture");
    }
    for (const Parallel& p : d.parallels) refuse_spicevmc(p.source);
    for (const Channel& c : d.channels)
        if (c.target != ChannelTarget::virtio) refuse_spicevmc(c.source);
    for (const Input& i : d.inputs)
        if (i.bus == InputBus::xen && d.type != DomainType::xen)
            refuse(ErrorCode::internal_error, "unsupported input bus xen");
    for (size_t i = 1; i < d.consoles.size(); i++)
        if (d.consoles[i].target == ConsoleTarget::serial) contradiction("Only the first console can be a serial port");
    for (const Serial& s : d.serials)
        if (s.source.type == ChardevType::unix_socket && s.source.path.empty())
            refuse(ErrorCode::internal_error, "Missing source path attribute for char device");
    for (const Smartcard& s : d.smartcards)
        if (!s.info.address.is(AddressType::none) && !s.info.address.is(AddressType::ccid))
            contradiction("Controllers must use the 'ccid' address type");
    for (const Filesystem& f : d.filesystems)
        if (f.info.boot_order != 0 && f.driver_type != "virtiofs")
            contradiction("boot order is only supported for virtiofs");
    for (const MemoryDevice& m : d.memory_devices) check_memory(d, m);
    for (const Channel& c : d.channels) {
        if (c.target != ChannelTarget::guestfwd) continue;
        const auto address = HostAddress::parse(c.guest_address);
        if (!address)
            throw Error(ErrorCode::system_error, ErrorDomain::none,
                        fmt::format("Cannot parse socket address '{}': Name or service not known", c.guest_address));
        if (!address->is_ipv4()) contradiction("guestfwd channel only supports IPv4 addresses");
    }
    for (const Tpm& t : d.tpms)
        if (!t.pcr_banks.empty() && t.version != TpmVersion::v2_0)
            refuse(ErrorCode::xml_error, "<active_pcr_banks/> requires TPM version '2.0'");
    each_info(d, [&](const DeviceInfo& info) {
        if (info.address.is(AddressType::ccw) && !arch_is_s390(d))
            unsupported("cannot use CCW address type for device '{}' using machine type '{}'",
                        info.alias.empty() ? "<null>" : info.alias, d.os.machine);
    });
    check_tpms(d);
    check_panics(d);
    for (const IoThread& t : d.iothread_ids) check_thread_pool(t.pool_min, t.pool_max);
    check_thread_pool(d.default_iothread_min, d.default_iothread_max);
    if (d.uid_map.empty() != d.gid_map.empty()) contradiction("uid and gid should be mapped both");
    for (const MemoryDevice& m : d.memory_devices)
        if (m.model == MemoryModel::virtio_mem && (m.block.count == 0 || (m.block.count & (m.block.count - 1)) != 0))
            refuse(ErrorCode::xml_detail, "block size must be a power of two");
}

}  // namespace virtue::model
