#include "drivers/qemu/command/machine.h"

#include <fmt/format.h>

#include "drivers/qemu/command/devices.h"

namespace virtue::qemu {

using model::Domain;

namespace {

void option(std::string& text, const char* name, xml::Switch value) {
    if (value != xml::Switch::absent) text += fmt::format(",{}={}", name, xml::to_name(value));
}

std::string features_of_machine(Builder& builder, const Domain& domain) {
    const model::Features& features = domain.features;
    std::string text;
    if (builder.shape.is_x86()) {
        option(text, "vmport", features.vmport);
        option(text, "smm", features.smm);
    }
    if (!features.ioapic.empty()) {
        text += fmt::format(",kernel_irqchip={}", features.ioapic == "qemu" ? "split" : "on");
    }
    for (const model::KeywrapCipher& cipher : domain.keywrap) {
        if (!builder.shape.is_s390())
            refuse_config(fmt::format("{}-key-wrap is not available with this QEMU binary", cipher.name));
        text += fmt::format(",{}-key-wrap={}", cipher.name, xml::to_name(cipher.state));
    }
    // Version 2 is what the emulator of 32 bits has by itself.
    const bool usual = features.gic_version == model::GicVersion::v2 && builder.qemu().arch != "aarch64";
    if (features.gic && features.gic_version != model::GicVersion::absent && !usual) {
        text += fmt::format(",gic-version={}", xml::to_name(features.gic_version));
    }
    if (domain.iommu && domain.iommu->model == model::IommuModel::smmuv3) text += ",iommu=smmuv3";
    if (builder.shape.is_pseries()) {
        if (!features.hpt_resizing.empty()) text += ",resize-hpt=" + features.hpt_resizing;
        if (features.hpt_maxpagesize)
            text += fmt::format(",cap-hpt-max-page-size={}k", features.hpt_maxpagesize->count);
        option(text, "cap-htm", features.htm);
        option(text, "cap-nested-hv", features.nested_hv);
        option(text, "cap-ccf-assist", features.ccf_assist);
        if (!features.cfpc.empty()) text += ",cap-cfpc=" + features.cfpc;
        if (!features.sbbc.empty()) text += ",cap-sbbc=" + features.sbbc;
        if (!features.ibs.empty()) text += ",cap-ibs=" + features.ibs;
    }
    return text;
}

// What the first boot device's loader is told; this QEMU takes it of the machine only.
std::string boot_parameter(const Domain& domain) {
    for (const model::Disk& disk : domain.disks) {
        if (disk.info.boot_order == 1 && !disk.info.loadparm.empty()) return disk.info.loadparm;
    }
    for (const model::Interface& interface : domain.interfaces) {
        if (interface.info.boot_order == 1 && !interface.info.loadparm.empty()) return interface.info.loadparm;
    }
    return {};
}

bool has_pflash(const Domain& domain) {
    return domain.os.loader && domain.os.loader->type == model::LoaderType::pflash;
}

}  // namespace

bool has_numa(const Domain& domain) {
    return domain.cpu && !domain.cpu->numa.cells.empty();
}

void add_machine(Builder& builder, const Domain& domain) {
    std::string text = builder.shape.machine + ",usb=off" + features_of_machine(builder, domain);
    const bool dump =
        domain.dump_core == xml::Switch::absent ? builder.context.dump_guest_core : domain.dump_core == xml::Switch::on;
    text += fmt::format(",dump-guest-core={}", on_off_word(dump));
    if (domain.memory_backing.nosharepages) text += ",mem-merge=off";
    for (const model::MemoryDevice& memory : domain.memory_devices) {
        if (memory.model != model::MemoryModel::nvdimm) continue;
        text += ",nvdimm=on";
        break;
    }
    if (domain.cpu) {
        bool hmat = !domain.cpu->numa.interconnects.empty();
        for (const model::NumaCell& cell : domain.cpu->numa.cells) hmat = hmat || !cell.caches.empty();
        if (hmat) text += ",hmat=on";
    }
    const MachineType* machine = builder.qemu().find_machine(builder.shape.machine);
    if (!has_numa(domain) && machine != nullptr && !machine->default_ram.empty()) {
        text += ",memory-backend=" + machine->default_ram;
    }
    if (has_pflash(domain)) {
        text += ",pflash0=libvirt-pflash0-format";
        if (domain.os.nvram) text += ",pflash1=libvirt-pflash1-format";
    }
    if (builder.shape.is_s390()) {
        const std::string parameter = boot_parameter(domain);
        if (!parameter.empty()) text += ",loadparm=" + parameter;
    }
    if (domain.os.useserial == xml::YesNo::yes) text += ",graphics=off";
    builder.add("-machine", text);
    std::string accelerator = builder.context.use_kvm ? "kvm" : "tcg";
    if (domain.features.tcg_tb_cache && !builder.context.use_kvm) {
        accelerator += fmt::format(",tb-size={}", domain.features.tcg_tb_cache->count / 1024);
    }
    if (builder.context.use_kvm && domain.features.kvm && domain.features.kvm->dirty_ring == xml::Switch::on) {
        accelerator += fmt::format(",dirty-ring-size={}", domain.features.kvm->dirty_ring_size);
    }
    builder.add("-accel", accelerator);
    if (domain.features.smm_on() && domain.features.smm_tseg) {
        builder.add("-global", fmt::format("mch.extended-tseg-mbytes={}", domain.features.smm_tseg->count / 1024));
    }
}

void add_pflash(Builder& builder, const Domain& domain) {
    if (!has_pflash(domain)) return;
    const model::Loader& loader = *domain.os.loader;
    builder.add_json("-blockdev", Json::object({{"driver", "file"},
                                                {"filename", loader.path},
                                                {"node-name", "libvirt-pflash0-storage"},
                                                {"auto-read-only", true},
                                                {"discard", "unmap"}}));
    builder.add_json("-blockdev", Json::object({{"node-name", "libvirt-pflash0-format"},
                                                {"read-only", loader.readonly == xml::YesNo::yes},
                                                {"driver", "raw"},
                                                {"file", "libvirt-pflash0-storage"}}));
    if (!domain.os.nvram) return;
    const model::StorageSource& source = domain.os.nvram->source;
    Json storage = storage_protocol(source);
    if (source.type == model::StorageType::network && source.auth) {
        add_secret(builder, variables_secret);
        const char* key = source.protocol == model::StorageProtocol::rbd ? "key-secret" : "password-secret";
        storage.set(key, variables_secret);
    }
    storage.set("node-name", "libvirt-pflash1-storage");
    storage.set("auto-read-only", true);
    storage.set("discard", "unmap");
    builder.add_json("-blockdev", storage);
    const bool qcow2 = source.format == model::StorageFormat::qcow2;
    builder.add_json("-blockdev", Json::object({{"node-name", "libvirt-pflash1-format"},
                                                {"read-only", false},
                                                {"driver", qcow2 ? "qcow2" : "raw"},
                                                {"file", "libvirt-pflash1-storage"}}));
}

void add_smp(Builder& builder, const Domain& domain) {
    // Processors that can be unplugged are plugged in by the driver before the guest runs.
    uint32_t online = domain.vcpus.online();
    for (const model::VcpuEntry& vcpu : domain.vcpus.each) {
        if (vcpu.enabled == xml::YesNo::yes && vcpu.hotpluggable == xml::YesNo::yes) online--;
    }
    std::string text = std::to_string(online);
    if (online != domain.vcpus.maximum) text += fmt::format(",maxcpus={}", domain.vcpus.maximum);
    if (domain.cpu && domain.cpu->topology) {
        const model::CpuTopology& topology = *domain.cpu->topology;
        text += fmt::format(",sockets={}", topology.sockets);
        text += fmt::format(",dies={},cores={},threads={}", topology.dies, topology.cores, topology.threads);
    } else {
        text += fmt::format(",sockets={},cores=1,threads=1", domain.vcpus.maximum);
    }
    builder.add("-smp", text);
}

void add_iothreads(Builder& builder, const Domain& domain) {
    for (const model::IoThread& thread : domain.iothread_ids) {
        Json json = Json::object({{"qom-type", "iothread"}, {"id", fmt::format("iothread{}", thread.id)}});
        if (thread.pool_min) json.set("thread-pool-min", *thread.pool_min);
        if (thread.pool_max) json.set("thread-pool-max", *thread.pool_max);
        builder.add_json("-object", json);
    }
    if (domain.default_iothread_min || domain.default_iothread_max) {
        Json json = Json::object({{"qom-type", "main-loop"}, {"id", "main-loop"}});
        if (domain.default_iothread_min) json.set("thread-pool-min", *domain.default_iothread_min);
        if (domain.default_iothread_max) json.set("thread-pool-max", *domain.default_iothread_max);
        builder.add_json("-object", json);
    }
}

void add_monitor(Builder& builder) {
    LaunchPlan& plan = builder.plan;
    if (builder.context.monitor) {
        const int number = builder.pass(std::move(builder.context.monitor));
        builder.add("-chardev", fmt::format("socket,id=charmonitor,fd={},server=on,wait=off", number));
    } else {
        builder.add("-chardev",
                    fmt::format("socket,id=charmonitor,path={},server=on,wait=off", escape_commas(plan.monitor_path)));
    }
    builder.add("-mon", "chardev=charmonitor,id=monitor,mode=control");
}

namespace {

std::string rtc_base(const model::Clock& clock) {
    using model::ClockOffset;
    if (clock.offset == ClockOffset::localtime || clock.offset == ClockOffset::timezone) return "localtime";
    if (clock.offset == ClockOffset::utc) return "utc";
    time_t at = static_cast<time_t>(clock.start);
    if (clock.offset == ClockOffset::variable) at = time(nullptr) + clock.adjustment;
    tm parts{};
    const bool local = clock.offset == ClockOffset::variable && clock.basis == model::ClockBasis::localtime;
    if (local) {
        localtime_r(&at, &parts);
    } else {
        gmtime_r(&at, &parts);
    }
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                       parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace

void add_clock(Builder& builder, const Domain& domain) {
    using model::TickPolicy;
    using model::TimerName;
    std::string text = "base=" + rtc_base(domain.clock);
    for (const model::Timer& timer : domain.clock.timers) {
        if (timer.name != TimerName::rtc) continue;
        if (timer.track == model::TimerTrack::wall) text += ",clock=host";
        if (timer.track == model::TimerTrack::guest) text += ",clock=vm";
        if (timer.track == model::TimerTrack::realtime) text += ",clock=rt";
        if (timer.tickpolicy == TickPolicy::catchup) text += ",driftfix=slew";
    }
    builder.add("-rtc", text);
    for (const model::Timer& timer : domain.clock.timers) {
        if (builder.shape.is_x86() && timer.name == TimerName::pit && timer.tickpolicy == TickPolicy::delay) {
            builder.add("-global", "kvm-pit.lost_tick_policy=delay");
        }
        if (timer.name == TimerName::pit && timer.tickpolicy == TickPolicy::discard) {
            builder.add("-global", "kvm-pit.lost_tick_policy=discard");
        }
        if (timer.name == TimerName::hpet && timer.present == xml::YesNo::no && builder.shape.is_x86()) {
            builder.add("-no-hpet");
        }
    }
}

void add_power(Builder& builder, const Domain& domain) {
    // Else the monitor tells it.
    if (!builder.context.allow_reboot && !builder.qemu().has_command("set-action")) builder.add("-no-reboot");
    builder.add("-no-shutdown");
    const std::string& arch = builder.qemu().arch;
    const bool has_acpi = arch == "x86_64" || arch == "i686" || arch == "aarch64";
    if (!domain.features.acpi && has_acpi) builder.add("-no-acpi");
    const char* chip = builder.shape.is_q35() ? "ICH9-LPC" : "PIIX4_PM";
    auto sleep_state = [&](const char* name, xml::YesNo wanted) {
        if (wanted == xml::YesNo::absent) return;
        builder.add("-global", fmt::format("{}.{}={}", chip, name, wanted == xml::YesNo::no ? 1 : 0));
    };
    sleep_state("disable_s3", domain.suspend_to_mem);
    sleep_state("disable_s4", domain.suspend_to_disk);
}

void add_boot(Builder& builder, const Domain& domain) {
    const model::Os& os = domain.os;
    std::string text;
    auto part = [&text](const std::string& word) { text += text.empty() ? word : "," + word; };
    if (os.bootmenu != xml::YesNo::absent) part(fmt::format("menu={}", on_off_word(os.bootmenu == xml::YesNo::yes)));
    if (os.reboot_timeout) part(fmt::format("reboot-timeout={}", *os.reboot_timeout));
    if (os.bootmenu_timeout && os.bootmenu == xml::YesNo::yes)
        part(fmt::format("splash-time={}", *os.bootmenu_timeout));
    part("strict=on");
    builder.add("-boot", text);
    for (const model::Controller& controller : domain.controllers) {
        const bool root = controller.type == model::ControllerType::pci && controller.index == 0;
        if (!root || controller.pci.hotplug == xml::Switch::absent || !builder.shape.is_i440fx()) continue;
        builder.add("-global", fmt::format("PIIX4_PM.acpi-root-pci-hotplug={}", xml::to_name(controller.pci.hotplug)));
    }
    if (!os.kernel.empty()) builder.add("-kernel", os.kernel);
    if (!os.initrd.empty()) builder.add("-initrd", os.initrd);
    if (!os.cmdline.empty()) builder.add("-append", os.cmdline);
    if (!os.dtb.empty()) builder.add("-dtb", os.dtb);
    if (!os.slic_table.empty())
        builder.add("-acpitable", fmt::format("sig=SLIC,file={}", escape_commas(os.slic_table)));
}

namespace {

std::string smbios_block(int type, const model::SysinfoBlock& block,
                         std::initializer_list<std::pair<const char*, const char*>> names) {
    std::string text = fmt::format("type={}", type);
    for (const auto& [entry, word] : names) {
        const std::string* value = block.find(entry);
        if (value != nullptr) text += fmt::format(",{}={}", word, escape_commas(*value));
    }
    return text;
}

}  // namespace

void add_firmware_words(Builder& builder, const Domain& domain) {
    for (const model::Sysinfo& info : domain.sysinfo)
        for (const model::SysinfoEntry& entry : info.fwcfg)
            builder.add("-fw_cfg",
                        entry.file.empty()
                            ? fmt::format("name={},string={}", escape_commas(entry.name), escape_commas(entry.value))
                            : fmt::format("name={},file={}", escape_commas(entry.name), escape_commas(entry.file)));
}

void add_smbios(Builder& builder, const Domain& domain) {
    if (domain.os.smbios != model::SmbiosMode::sysinfo) return;
    for (const model::Sysinfo& info : domain.sysinfo) {
        if (info.type != "smbios") continue;
        if (!info.bios.entries.empty()) {
            builder.add(
                "-smbios",
                smbios_block(0, info.bios,
                             {{"vendor", "vendor"}, {"version", "version"}, {"date", "date"}, {"release", "release"}}));
        }
        if (!info.system.entries.empty()) {
            builder.add("-smbios", smbios_block(1, info.system,
                                                {{"manufacturer", "manufacturer"},
                                                 {"product", "product"},
                                                 {"version", "version"},
                                                 {"serial", "serial"},
                                                 {"uuid", "uuid"},
                                                 {"sku", "sku"},
                                                 {"family", "family"}}));
        }
        for (const model::SysinfoBlock& board : info.baseboards) {
            builder.add("-smbios", smbios_block(2, board,
                                                {{"manufacturer", "manufacturer"},
                                                 {"product", "product"},
                                                 {"version", "version"},
                                                 {"serial", "serial"},
                                                 {"asset", "asset"},
                                                 {"location", "location"}}));
        }
        if (!info.chassis.entries.empty()) {
            builder.add("-smbios", smbios_block(3, info.chassis,
                                                {{"manufacturer", "manufacturer"},
                                                 {"version", "version"},
                                                 {"serial", "serial"},
                                                 {"asset", "asset"},
                                                 {"sku", "sku"}}));
        }
        if (!info.oem_strings.empty()) {
            std::string text = "type=11";
            for (const std::string& word : info.oem_strings) text += fmt::format(",value={}", escape_commas(word));
            builder.add("-smbios", text);
        }
    }
}

}  // namespace virtue::qemu
