#include <algorithm>
#include <array>

#include "model/domain/complete/machine.h"
#include "model/domain/complete/refuse.h"
#include "model/domain/complete/steps.h"

namespace virtue::model {

void check_arch(const Domain& d) {
    static constexpr std::array<std::string_view, 30> known{
        "alpha", "armv6l", "armv7b",     "armv7l",       "aarch64", "cris",   "i686",    "ia64",
        "lm32",  "m68k",   "microblaze", "microblazeel", "mips",    "mipsel", "mips64",  "mips64el",
        "or32",  "parisc", "ppc",        "ppc64",        "ppc64le", "ppcemb", "riscv32", "riscv64",
        "s390",  "s390x",  "sh4",        "sh4eb",        "sparc",   "sparc64"};
    static constexpr std::array<std::string_view, 5> more{"unicore32", "x86_64", "xtensa", "xtensaeb", "parisc64"};
    if (d.os.arch.empty() || std::find(known.begin(), known.end(), d.os.arch) != known.end() ||
        std::find(more.begin(), more.end(), d.os.arch) != more.end())
        return;
    contradiction("Unknown architecture {}", d.os.arch);
}

namespace {

void check_features(const Domain& d) {
    const Features& f = d.features;
    const auto only = [&](bool given, bool fits, const char* name) {
        if (given && !fits)
            unsupported("The '{}' feature is not supported for architecture '{}' or machine type '{}'", name, d.os.arch,
                        d.os.machine);
    };
    only(f.gic, is_arm_virt(d), "gic");
    only(f.hpt, is_pseries(d), "hpt");
    only(f.htm != State::absent, is_pseries(d), "htm");
    only(f.nested_hv != State::absent, is_pseries(d), "nested-hv");
    only(f.ccf_assist != State::absent, is_pseries(d), "ccf-assist");
    only(!f.cfpc.empty(), is_pseries(d), "cfpc");
    only(!f.sbbc.empty(), is_pseries(d), "sbbc");
    only(!f.ibs.empty(), is_pseries(d), "ibs");
    only(f.smm == State::on, is_q35(d), "smm");
    only(f.vmport != State::absent, arch_is_x86(d), "vmport");
    only(f.hyperv.has_value(), arch_is_x86(d) || arch_is_arm(d), "hyperv");
    if (f.smm_tseg && f.smm_tseg->count % 1024 != 0) unsupported("SMM TSEG size must be divisible by 1 MiB");
}

bool has_uefi(const Domain& d) {
    return d.os.firmware == OsFirmware::efi || (d.os.loader && d.os.loader->type == LoaderType::pflash);
}

void check_firmware(const Domain& d) {
    if (is_arm_virt(d) && d.os.arch == "aarch64" && d.features.acpi && !has_uefi(d))
        unsupported("ACPI requires UEFI on this architecture");
    if (arch_is_x86(d) && has_uefi(d) && !d.features.acpi) unsupported("UEFI requires ACPI on this architecture");
    if (d.os.firmware == OsFirmware::absent) return;
    if (d.os.firmware == OsFirmware::bios && d.os.nvram)
        refuse(ErrorCode::xml_detail, "firmware type 'bios' does not support nvram");
}

void check_loader(const Domain& d) {
    const bool automatic = d.os.firmware != OsFirmware::absent;
    const auto chosen = [&](bool said, const char* what) {
        if (automatic && said)
            refuse(ErrorCode::xml_detail, "{} cannot be specified when firmware autoselection is enabled", what);
    };
    if (d.os.loader) {
        chosen(d.os.loader->readonly != xml::YesNo::absent, "loader attribute 'readonly'");
        chosen(d.os.loader->type != LoaderType::absent || !d.os.loader->path.empty(), "loader attribute 'type'");
        chosen(d.os.loader->secure == xml::YesNo::no, "loader attribute 'secure'");
    }
    chosen(d.os.nvram && !d.os.nvram->template_path.empty(), "nvram attribute 'template'");
    if (!d.os.loader) return;
    const Loader& l = *d.os.loader;
    if (l.stateless == xml::YesNo::yes && d.os.nvram) {
        if (!d.os.nvram->template_path.empty())
            refuse(ErrorCode::xml_detail, "NVRAM template is not permitted when loader is stateless");
        refuse(ErrorCode::xml_detail, "NVRAM is not permitted when loader is stateless");
    }
    if (!automatic && d.os.nvram && l.type != LoaderType::pflash)
        refuse(ErrorCode::xml_detail, "Only pflash loader type permits NVRAM");
    if (!automatic && l.stateless == xml::YesNo::no && l.type != LoaderType::pflash)
        refuse(ErrorCode::xml_detail, "Only pflash loader type permits NVRAM");
    if (d.os.firmware == OsFirmware::bios && l.stateless == xml::YesNo::no)
        refuse(ErrorCode::xml_detail, "Only EFI firmware permits NVRAM");
}

void check_cpu(const Domain& d) {
    if (!d.cpu) return;
    const Cpu& cpu = *d.cpu;
    uint64_t product = cpu.topology ? uint64_t{cpu.topology->sockets} * cpu.topology->dies * cpu.topology->cores *
                                          cpu.topology->threads
                                    : 0;
    if (product != 0 && product != d.vcpus.maximum)
        unsupported("CPU topology doesn't match maximum vcpu count: {} of {}", product, d.vcpus.maximum);
    if (cpu.mode == CpuMode::maximum && arch_is_riscv(d)) unsupported("maximum CPU is not supported by QEMU binary");
    if (cpu.cache) {
        if (cpu.cache->mode == CpuCacheMode::emulate && cpu.cache->level != 3)
            unsupported("CPU cache mode 'emulate' can only be used with level='3'");
        if (cpu.cache->mode == CpuCacheMode::passthrough && cpu.mode != CpuMode::host_passthrough &&
            cpu.mode != CpuMode::maximum)
            unsupported("CPU cache mode 'passthrough' can only be used with 'host-passthrough' / 'maximum' CPUs");
    }
    if (cpu.address_bits) {
        if (cpu.address_bits->mode == "emulate" && !cpu.address_bits->bits)
            unsupported("if using CPU maximum physical address mode='emulate', bits= must be specified too");
        if (cpu.address_bits->mode == "passthrough" && cpu.address_bits->bits)
            unsupported(
                "CPU maximum physical address bits number specification cannot be used with mode='passthrough'");
    }
    if (!arch_is_arm(d)) return;
    const auto disabled = [&](std::string_view name) {
        return std::any_of(cpu.features.begin(), cpu.features.end(), [&](const CpuFeature& f) {
            return f.name == name && f.policy == CpuFeaturePolicy::disable;
        });
    };
    const bool lengths = std::any_of(cpu.features.begin(), cpu.features.end(), [](const CpuFeature& f) {
        return f.name.size() > 3 && f.name.starts_with("sve") && f.policy == CpuFeaturePolicy::require;
    });
    if (disabled("sve") && lengths) unsupported("SVE disabled, but SVE vector lengths provided");
}

void check_vcpus(const Domain& d) {
    const uint32_t threads = d.cpu && d.cpu->topology ? d.cpu->topology->threads : 1;
    if (is_pseries(d) && threads > 1 && d.vcpus.maximum != d.vcpus.online() && d.vcpus.online() % threads != 0)
        unsupported("vCPUs count must be a multiple of the vCPU hotplug granularity ({})", threads);
    for (const VcpuEntry& v : d.vcpus.each)
        if (v.id >= d.vcpus.maximum)
            refuse(ErrorCode::xml_error, "vcpu id '{}' is out of range of maximum vcpu count", v.id);
    const auto ordered =
        std::count_if(d.vcpus.each.begin(), d.vcpus.each.end(), [](const VcpuEntry& v) { return v.order != 0; });
    const auto online = std::count_if(d.vcpus.each.begin(), d.vcpus.each.end(),
                                      [](const VcpuEntry& v) { return v.enabled == xml::YesNo::yes; });
    if (!d.vcpus.each.empty() && ordered != 0 && ordered != online)
        unsupported("all vcpus must have either set or unset order");
    const bool has_first =
        std::any_of(d.vcpus.each.begin(), d.vcpus.each.end(), [](const VcpuEntry& v) { return v.id == 0; });
    if (!d.vcpus.each.empty() && !has_first) unsupported("vcpu 0 can't be offline");
    for (const VcpuEntry& v : d.vcpus.each) {
        if (v.id == 0 && v.enabled == xml::YesNo::no) unsupported("vcpu 0 can't be offline");
        if (v.enabled == xml::YesNo::no && v.hotpluggable == xml::YesNo::no)
            contradiction("vcpu '{}' is both offline and not hotpluggable", v.id);
    }
    if (arch_is_x86(d) && d.vcpus.maximum > 255 && is_q35(d)) {
        if (!d.iommu || d.iommu->eim != xml::Switch::on)
            unsupported("more than 255 vCPUs require extended interrupt mode enabled on the iommu device");
    }
    if (is_i440fx(d) && d.vcpus.maximum > 255)
        unsupported("Maximum CPUs greater than specified machine type limit 255");
}

void check_numa(const Domain& d) {
    const size_t cells = d.cpu ? d.cpu->numa.cells.size() : 0;
    size_t cpus = 0;
    if (d.cpu)
        for (const NumaCell& cell : d.cpu->numa.cells) cpus += cell.cpus.count();
    if (cpus > d.vcpus.maximum) refuse(ErrorCode::internal_error, "Number of CPUs in <numa> exceeds the <vcpu> count");
    if (d.cpu)
        for (const NumaCell& cell : d.cpu->numa.cells)
            if (cell.cpus.last().value_or(0) >= d.vcpus.maximum)
                refuse(ErrorCode::internal_error, "CPU IDs in <numa> exceed the <vcpu> count");
    for (const MemNode& node : d.numatune.cells) {
        if (cells == 0) refuse(ErrorCode::xml_error, "Element 'memnode' is invalid without any guest NUMA cells");
        const bool restrictive = d.numatune.has_memory && d.numatune.mode == NumatuneMode::restrictive;
        if (restrictive && node.mode != NumatuneMode::restrictive)
            refuse(ErrorCode::xml_error,
                   "'restrictive' mode is required in memnode element when mode is 'restrictive' in memory element");
    }
}

void check_hugepages(const Domain& d) {
    const size_t cells = d.cpu ? d.cpu->numa.cells.size() : 0;
    const HugePage* master = nullptr;
    for (const HugePage& page : d.memory_backing.pages) {
        if (auto last = page.nodes.last(); last && *last >= std::max<size_t>(cells, 1))
            refuse(ErrorCode::xml_detail, "hugepages: node {} not found",
                   page.nodes.next(static_cast<unsigned>(std::max<size_t>(cells, 1))).value_or(*last));
        if (!page.nodes.empty()) continue;
        if (master != nullptr)
            refuse(ErrorCode::xml_detail, "two master hugepages detected: {} and {}", master->size.count,
                   page.size.count);
        master = &page;
    }
}

void check_memory_devices(const Domain& d) {
    if (d.memory_devices.empty() && !d.max_memory) return;
    if (!d.memory_devices.empty() && !d.max_memory)
        unsupported("cannot use/hotplug a memory device when domain 'maxMemory' is not defined");
    const size_t modules = d.memory_devices.size();
    for (const MemoryDevice& m : d.memory_devices)
        if (m.info.address.is(AddressType::dimm) && d.max_memory && m.info.address.dimm.slot >= d.max_memory->slots)
            unsupported("memory device slot '{}' exceeds slots count '{}'", m.info.address.dimm.slot,
                        d.max_memory->slots);
    for (const MemoryDevice& m : d.memory_devices)
        if (m.node == -1 && d.cpu && !d.cpu->numa.cells.empty() && m.model != MemoryModel::virtio_pmem &&
            m.model != MemoryModel::sgx_epc)
            unsupported("target NUMA node needs to be specified for memory device");
    const size_t cells = d.cpu ? d.cpu->numa.cells.size() : 0;
    for (const MemoryDevice& m : d.memory_devices)
        if (cells != 0 && m.node >= static_cast<int>(cells))
            refuse(ErrorCode::xml_detail,
                   "can't add memory backend for guest node '{}' as the guest has only '{}' NUMA nodes configured",
                   m.node, cells);
    if (d.max_memory && modules > d.max_memory->slots)
        unsupported("memory device count '{}' exceeds slots count '{}'", modules, d.max_memory->slots);
    if (d.max_memory && !is_pseries(d) && (!d.cpu || d.cpu->numa.cells.empty()))
        unsupported("At least one numa node has to be configured when enabling memory hotplug");
}

void check_cache_tunes(const Domain& d) {
    const CpuTune& t = d.cputune;
    for (size_t i = 0; i < t.cache_tunes.size(); i++) {
        const CacheTune& a = t.cache_tunes[i];
        for (const CacheMonitor& monitor : a.monitors) {
            if (monitor.vcpus.empty() || monitor.vcpus == a.vcpus) continue;
            for (auto vcpu = monitor.vcpus.next(); vcpu; vcpu = monitor.vcpus.next(*vcpu + 1))
                if (!a.vcpus.test(*vcpu)) refuse(ErrorCode::invalid_arg, "Monitor vcpus conflicts with allocation");
            for (const CacheMonitor& other : a.monitors)
                if (&other != &monitor && other.vcpus.intersects(monitor.vcpus) && !(other.vcpus == a.vcpus))
                    refuse(ErrorCode::invalid_arg, "Monitor vcpus conflicts with allocation");
        }
        for (size_t j = 0; j < a.caches.size(); j++)
            for (size_t k = 0; k < j; k++)
                if (a.caches[j].level == a.caches[k].level && a.caches[j].id == a.caches[k].id &&
                    (a.caches[j].type == a.caches[k].type || a.caches[j].type == "both" || a.caches[k].type == "both"))
                    throw Error(ErrorCode::xml_error, ErrorDomain::resctrl,
                                fmt::format("Colliding cache allocations for cache level '{}' id '{}', type '{}'",
                                            a.caches[j].level, a.caches[j].id, a.caches[j].type));
    }
    if (!d.is_kvm() && (!t.cache_tunes.empty() || !t.memory_tunes.empty()))
        unsupported("cachetune is only supported for KVM domains");
}

void check_sysinfo(const Domain& d) {
    for (const Sysinfo& s : d.sysinfo) {
        for (const SysinfoEntry& e : s.fwcfg) {
            if (e.value.empty() && e.file.empty())
                refuse(ErrorCode::xml_error, "Firmware entry must have either value or 'file' attribute");
            if (!e.name.starts_with("opt/")) unsupported("Invalid firmware name");
            if (e.name.starts_with("opt/ovmf/") || e.name.starts_with("opt/org.qemu/"))
                unsupported("That firmware name is reserved");
        }
        const std::string* uuid = s.system.find("uuid");
        if (uuid == nullptr) continue;
        const auto given = Uuid::parse(*uuid);
        if (!given) refuse(ErrorCode::xml_detail, "malformed <sysinfo> uuid element");
        if (d.uuid && *given != *d.uuid) refuse(ErrorCode::xml_detail, "UUID mismatch between <uuid> and <sysinfo>");
    }
}

void check_timers(const Domain& d) {
    for (const Timer& t : d.clock.timers) {
        const bool paravirtual = t.name == TimerName::kvmclock || t.name == TimerName::hypervclock;
        if (paravirtual && t.tickpolicy != TickPolicy::absent)
            contradiction("timer {} doesn't support setting of timer tickpolicy", xml::to_name(t.name));
        const bool x86_only = t.name == TimerName::hpet || t.name == TimerName::tsc || t.name == TimerName::kvmclock ||
                              t.name == TimerName::hypervclock;
        // What no other machine has may well be spoken of, as long as it is not asked for.
        const bool unwanted = t.name == TimerName::hpet && t.present != xml::YesNo::yes;
        const bool arm_only = t.name == TimerName::armvtimer;
        if ((x86_only && !unwanted && !arch_is_x86(d)) || (arm_only && !is_arm_virt(d)))
            unsupported("Configuring the '{}' timer is not supported for virtType={} arch={} machine={} guests",
                        xml::to_name(t.name), xml::to_name(d.type), d.os.arch, d.os.machine);
    }
}

}  // namespace

void check_machine(const Domain& d) {
    if (d.on_reboot == LifecycleAction::preserve || d.on_poweroff == LifecycleAction::preserve)
        unsupported("qemu driver doesn't support the 'preserve' action for 'on_reboot'/'on_poweroff'");
    check_features(d);
    check_firmware(d);
    check_loader(d);
    check_cpu(d);
    check_vcpus(d);
    check_numa(d);
    check_hugepages(d);
    check_memory_devices(d);
    check_cache_tunes(d);
    check_sysinfo(d);
    check_timers(d);
    const bool sleeps = !(arch_is_s390(d) || arch_is_arm(d) || arch_is_riscv(d));
    if (d.suspend_to_mem != xml::YesNo::absent && !sleeps) unsupported("setting ACPI S3 not supported");
    if (d.suspend_to_disk != xml::YesNo::absent && !sleeps) unsupported("setting ACPI S4 not supported");
    if (d.launch_security && d.launch_security->type == LaunchSecurityType::sev)
        unsupported("SEV launch security is not supported with this QEMU binary");
    if (d.launch_security && d.launch_security->type == LaunchSecurityType::s390_pv)
        unsupported("S390 PV launch security is not supported with this QEMU binary");
}

namespace {

void check_shmem(const Shmem& s) {
    if (s.model == ShmemModel::ivshmem) unsupported("ivshmem device is not supported with this QEMU binary");
    const bool doorbell = s.model == ShmemModel::ivshmem_doorbell;
    if (doorbell != s.has_server)
        unsupported("shmem model '{}' is supported only with server option {}", xml::to_name(s.model),
                    doorbell ? "enabled" : "disabled");
    if (doorbell && s.size != 0) unsupported("shmem model '{}' does not support size setting", xml::to_name(s.model));
}

void check_watchdog(const Domain& d, const Watchdog& w) {
    if (w.model == WatchdogModel::ib700 && !w.info.address.is(AddressType::none))
        unsupported("ib700 model of watchdog does not support configuring the address");
    if (w.model == WatchdogModel::diag288 && !arch_is_s390(d))
        unsupported("diag288 model of watchdog is allowed for s390 and s390x only");
}

void check_input(const Input& i) {
    if (i.type == InputType::mouse || i.type == InputType::keyboard || i.type == InputType::tablet)
        if (i.model == VirtioModel::virtio_transitional || i.model == VirtioModel::virtio_non_transitional)
            unsupported("virtio (non-)transitional models are not supported for input type={}", xml::to_name(i.type));
}

}  // namespace

void check_small_devices(const Domain& d, const Platform& platform) {
    each_info(d, [&](const DeviceInfo& info) {
        const ZpciAddress& z = info.address.pci.zpci;
        if ((z.uid || z.fid) && !arch_is_s390(d)) unsupported("This QEMU binary doesn't support zPCI");
        if (info.address.is(AddressType::none) || info.address.is(AddressType::pci)) return;
        if (info.acpi_index != 0) unsupported("ACPI index is only supported for PCI devices");
        const bool tuned =
            info.rom_enabled != xml::YesNo::absent || info.rom_bar != xml::Switch::absent || info.rom_file.has_value();
        if (tuned) unsupported("ROM tuning is only supported for PCI devices");
    });
    for (const Input& i : d.inputs)
        if (i.bus == InputBus::ps2 && !arch_is_x86(d)) unsupported("ps2 is not supported by this QEMU binary");
    for (const Input& i : d.inputs) check_input(i);
    for (const Watchdog& w : d.watchdogs) check_watchdog(d, w);
    if (d.memballoon && d.memballoon->model == MemballoonModel::xen)
        unsupported("Memory balloon device type 'xen' is not supported by this version of qemu");
    for (const Filesystem& f : d.filesystems)
        if (f.type != FilesystemType::mount) unsupported("only supports mount filesystem type");
    for (const Filesystem& f : d.filesystems)
        if (!(f.fmode.empty() && f.dmode.empty()) && f.access != FilesystemAccess::mapped)
            unsupported("fmode and dmode must be used with accessmode=mapped");
    for (const Panic& p : d.panics) {
        if (p.model == PanicModel::isa && !arch_is_x86(d))
            unsupported("the QEMU binary does not support the ISA panic device");
        if (p.model == PanicModel::pseries && !is_pseries(d))
            unsupported("only pSeries guests support panic device of model 'pseries'");
        if (p.model == PanicModel::s390 && !arch_is_s390(d))
            unsupported("only S390 guests support panic device of model 's390'");
        if (p.model == PanicModel::isa && !p.info.address.is(AddressType::none) && !p.info.address.is(AddressType::isa))
            unsupported("panic is supported only with ISA address type");
        if (p.model != PanicModel::isa && !p.info.address.is(AddressType::none))
            unsupported("setting the panic device address is not supported for model '{}'", xml::to_name(p.model));
    }
    for (const Tpm& t : d.tpms) {
        if (t.backend == TpmBackend::emulator && t.version == TpmVersion::v1_2 && arch_is_arm(d))
            unsupported("TPM 1.2 is not supported on ARM");
        if (t.backend == TpmBackend::emulator && t.version == TpmVersion::v1_2 && t.model != TpmModel::tis)
            unsupported("Unsupported interface '{}' for TPM 1.2", xml::to_name(t.model));
        const bool spapr = t.model == TpmModel::spapr || t.model == TpmModel::spapr_proxy;
        if (spapr != is_pseries(d) || !platform.has_device(d, xml::to_name(t.model)) || arch_is_s390(d))
            unsupported("The QEMU executable {} does not support TPM model {}", d.emulator, xml::to_name(t.model));
    }
    for (const Shmem& s : d.shmems) check_shmem(s);
    if (d.iommu) {
        const bool virtio = d.iommu->model == IommuModel::virtio;
        if (d.iommu->model == IommuModel::intel && !is_q35(d))
            unsupported("IOMMU device: 'intel' is only supported with Q35 machines");
        if (d.iommu->model == IommuModel::smmuv3 && !is_arm_virt(d))
            unsupported("IOMMU device: 'smmuv3' is only supported with ARM Virt machines");
        if (virtio && !is_q35(d) && !is_arm_virt(d))
            unsupported("IOMMU device: 'virtio' is only supported with Q35 and ARM Virt machines");
        if (virtio && !d.iommu->info.address.is(AddressType::pci) && !d.iommu->info.address.is(AddressType::none))
            unsupported("IOMMU device: 'virtio' needs a PCI address");
    }
    const bool shared = d.memory_backing.access == BackingAccess::shared ||
                        (d.cpu && !d.cpu->numa.cells.empty() &&
                         std::all_of(d.cpu->numa.cells.begin(), d.cpu->numa.cells.end(),
                                     [](const NumaCell& c) { return c.access == MemoryAccess::shared; }));
    for (const Disk& disk : d.disks)
        if (disk.source.type == StorageType::vhostuser && !shared) unsupported("'vhostuser' requires shared memory");
    if (d.nvram && !arch_is_ppc64(d)) unsupported("nvram device is only supported for PPC64");
    for (const Filesystem& f : d.filesystems)
        if (f.driver_type == "virtiofs" && !shared) unsupported("'virtiofs' requires shared memory");
}

}  // namespace virtue::model
