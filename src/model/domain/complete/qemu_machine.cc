#include <algorithm>

#include <fmt/format.h>

#include "model/domain/complete/machine.h"
#include "model/domain/complete/steps.h"

namespace virtue::model {

void complete_machine(Domain& d, const Platform& platform) {
    if (d.os.arch.empty()) d.os.arch = platform.default_arch();
    if (d.emulator.empty()) {
        d.emulator = platform.emulator(d.type, d.os.arch);
        if (d.emulator.empty())
            throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                        fmt::format("No emulator found for arch '{}'", d.os.arch));
    }
    if (!d.os.bootloader.empty() || !d.os.bootloader_args.empty()) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu, "bootloader is not supported by QEMU");
    }
    d.os.machine = platform.machine(d, d.os.machine);
    if (d.security_labels.size() != 1 || !d.security_labels[0].model.empty()) return;
    SecurityLabel& label = d.security_labels[0];
    label.model = label.type == SecurityLabelType::none ? "none" : platform.security_model();
    if (label.model == "none" && label.type == SecurityLabelType::dynamic) label.type = SecurityLabelType::none;
}

namespace {

void add_input(Domain& d, InputType type, InputBus bus) {
    const bool there = std::any_of(d.inputs.begin(), d.inputs.end(), [&](const Input& i) {
        // Where it is not said, they are on PS/2.
        const bool untold = i.bus == InputBus::absent && bus == InputBus::ps2;
        return i.type == type && (i.bus == bus || untold);
    });
    if (there) return;
    Input input;
    input.type = type;
    input.bus = bus;
    d.inputs.push_back(std::move(input));
}

void require_root(Domain& d, ControllerModel model) {
    if (const Controller* root = find_controller(std::as_const(d), ControllerType::pci, 0)) {
        if (root->model != model && root->model != ControllerModel::absent)
            throw Error(ErrorCode::xml_error, ErrorDomain::qemu,
                        fmt::format("The PCI controller with index='0' must be model='{}' for this machine type, but "
                                    "model='{}' was found instead",
                                    xml::to_name(model), xml::to_name(root->model)));
        return;
    }
    add_controller(d, ControllerType::pci, 0, model);
}

struct MachineDevices {
    bool usb = true;
    bool balloon = true;
    bool pci_root = false;
    bool pcie_root = false;
    bool panic = false;
    bool usb_keyboard = false;
    bool sata = false;
};

MachineDevices devices_of(const Domain& d) {
    MachineDevices have;
    if (arch_is_x86(d)) {
        have.pci_root = is_i440fx(d);
        have.pcie_root = have.sata = is_q35(d);
        if (is_microvm(d) || machine_is(d, "isapc")) have.usb = false;
    } else if (arch_is_arm(d)) {
        have.usb = have.balloon = false;
        have.pcie_root = is_arm_virt(d);
        have.pci_root = machine_is(d, "versatilepb");
    } else if (arch_is_ppc64(d) || d.os.arch == "ppc") {
        have.pci_root = true;
        have.usb_keyboard = true;
        have.panic = is_pseries(d);
    } else if (arch_is_s390(d)) {
        have.usb = false;
        have.panic = true;
        have.pci_root = true;
    } else if (arch_is_riscv(d)) {
        have.usb = false;
        have.pcie_root = is_riscv_virt(d);
    } else if (d.os.arch == "sparc" || d.os.arch == "sh4" || d.os.arch == "sh4eb") {
        have.balloon = d.os.arch != "sparc";
        have.pci_root = d.os.arch == "sh4" || d.os.arch == "sh4eb";
    } else {
        have.pci_root = d.os.arch == "alpha" || d.os.arch.starts_with("mips") || d.os.arch == "sparc64";
    }
    return have;
}

void add_default_video(Domain& d, const Platform& platform) {
    const bool seen = std::any_of(d.graphics.begin(), d.graphics.end(), [](const Graphics&) { return true; });
    if (!seen || !d.videos.empty()) return;
    Video video;
    if (arch_is_ppc64(d)) {
        video.model = VideoModel::vga;
    } else if (is_arm_virt(d) || is_riscv_virt(d) || arch_is_s390(d)) {
        video.model = VideoModel::virtio;
    } else {
        video.model = platform.has_device(d, "cirrus-vga") ? VideoModel::cirrus : VideoModel::vga;
    }
    d.videos.push_back(std::move(video));
}

void add_panic(Domain& d, bool wanted) {
    for (Panic& p : d.panics)
        if (p.model == PanicModel::absent)
            p.model = is_pseries(d) ? PanicModel::pseries : arch_is_s390(d) ? PanicModel::s390 : PanicModel::isa;
    if (!wanted || !d.panics.empty()) return;
    Panic panic;
    panic.model = arch_is_s390(d) ? PanicModel::s390 : PanicModel::pseries;
    d.panics.push_back(std::move(panic));
}

}  // namespace

void add_machine_devices(Domain& d, const Platform& platform) {
    const MachineDevices have = devices_of(d);
    const bool any_usb = std::any_of(d.controllers.begin(), d.controllers.end(),
                                     [](const Controller& c) { return c.type == ControllerType::usb && c.index <= 0; });
    if (have.usb && !any_usb) {
        // A USB controller that nobody asked for is a modern one on a modern board.
        const ControllerModel usb = is_q35(d) ? ControllerModel::qemu_xhci : ControllerModel::absent;
        add_controller(d, ControllerType::usb, 0, usb);
    }
    if (have.sata) add_controller(d, ControllerType::sata, 0);
    if (have.pci_root) require_root(d, ControllerModel::pci_root);
    if (have.pcie_root) require_root(d, ControllerModel::pcie_root);
    if (have.balloon && !d.memballoon) d.memballoon.emplace();
    if (have.usb_keyboard && !d.graphics.empty()) {
        add_input(d, InputType::keyboard, InputBus::usb);
        const bool tablet =
            std::any_of(d.inputs.begin(), d.inputs.end(), [](const Input& i) { return i.type == InputType::tablet; });
        if (!tablet) add_input(d, InputType::mouse, InputBus::usb);
    }
    if (arch_is_x86(d)) {
        add_input(d, InputType::mouse, InputBus::ps2);
        add_input(d, InputType::keyboard, InputBus::ps2);
    }
    add_default_video(d, platform);
    add_panic(d, have.panic);
    if (is_arm_virt(d) && !d.features.gic) d.features.gic = true;
    if (is_arm_virt(d) && d.features.gic_version == GicVersion::absent) d.features.gic_version = platform.gic(d);
}

namespace {

// Processors that no cell has are the first one's.
void settle_numa_cpus(CpuNuma& numa, uint32_t maximum) {
    if (numa.cells.empty()) return;
    size_t count = 0;
    for (const NumaCell& cell : numa.cells) count += cell.cpus.count();
    // More than a set can hold, no machine has: the checks say so.
    if (count >= maximum || maximum > Bitmap::limit) return;
    const auto has = [](unsigned cpu) { return [cpu](const NumaCell& cell) { return cell.cpus.test(cpu); }; };
    for (unsigned cpu = 0; cpu < maximum; cpu++) {
        if (std::none_of(numa.cells.begin() + 1, numa.cells.end(), has(cpu))) numa.cells.front().cpus.set(cpu);
    }
}

}  // namespace

void complete_cpu(Domain& d, const Platform& platform) {
    if (!d.cpu || (d.cpu->mode == CpuMode::custom && d.cpu->model.empty())) {
        const std::string model = platform.default_cpu(d);
        if (!model.empty()) {
            if (!d.cpu) d.cpu.emplace();
            Cpu& cpu = *d.cpu;
            cpu.mode = CpuMode::custom;
            cpu.mode_given = true;
            cpu.match = CpuMatch::exact;
            if (cpu.check == CpuCheck::absent) cpu.check = CpuCheck::none;
            cpu.fallback = CpuFallback::forbid;
            cpu.model = model;
        }
    }
    if (!d.cpu) return;
    Cpu& cpu = *d.cpu;
    settle_numa_cpus(cpu.numa, d.vcpus.maximum);
    // Vector lengths imply the extension itself.
    const auto named = [&](auto test) { return std::any_of(cpu.features.begin(), cpu.features.end(), test); };
    const bool lengths = named([](const CpuFeature& f) {
        return f.name.size() > 3 && f.name.starts_with("sve") && f.policy == CpuFeaturePolicy::require;
    });
    if (arch_is_arm(d) && lengths && !named([](const CpuFeature& f) { return f.name == "sve"; }))
        cpu.features.push_back({CpuFeaturePolicy::require, "sve"});
    cpu.mode_given = true;
    if (cpu.mode == CpuMode::custom && cpu.check == CpuCheck::absent && !cpu.model.empty())
        cpu.check = arch_is_x86(d) && d.is_kvm() ? CpuCheck::partial : CpuCheck::none;
    if (cpu.mode == CpuMode::host_model && cpu.check == CpuCheck::absent) cpu.check = CpuCheck::partial;
    if ((cpu.mode == CpuMode::host_passthrough || cpu.mode == CpuMode::maximum) && cpu.check == CpuCheck::absent)
        cpu.check = CpuCheck::none;
    if (cpu.mode == CpuMode::host_passthrough && arch_is_x86(d) && cpu.migratable == xml::Switch::absent)
        cpu.migratable = xml::on_off(d.os.arch == "x86_64");
}

void complete_firmware(Domain& d, const Platform& platform) {
    if (d.os.loader) {
        Loader& l = *d.os.loader;
        if (!l.path.empty() && l.type == LoaderType::absent) l.type = LoaderType::rom;
    }
    const auto feature = [&](const char* name) {
        return std::find_if(d.os.firmware_features.begin(), d.os.firmware_features.end(),
                            [&](const FirmwareFeature& f) { return f.name == name; });
    };
    // Keys are of use only where booting is secured.
    if (const auto keys = feature("enrolled-keys");
        keys != d.os.firmware_features.end() && keys->enabled && feature("secure-boot") == d.os.firmware_features.end())
        d.os.firmware_features.push_back({"secure-boot", true});
    const bool needs_nvram = d.os.loader && d.os.loader->type == LoaderType::pflash &&
                             d.os.loader->readonly == xml::YesNo::yes && d.os.loader->stateless != xml::YesNo::yes;
    if (!needs_nvram) return;
    if (!d.os.nvram) d.os.nvram.emplace();
    OsNvram& nvram = *d.os.nvram;
    if (nvram.new_style || !nvram.source.path.empty()) return;
    nvram.source.type = StorageType::file;
    nvram.source.path = fmt::format("{}/{}_VARS.fd", platform.nvram_folder(), d.name);
}

void add_default_audio(Domain& d) {
    if (!d.audios.empty()) return;
    AudioType type = AudioType::none;
    bool remote = d.graphics.empty();
    for (const Graphics& g : d.graphics) {
        // A window on the host's desktop: its sound is chosen when the guest starts.
        if (g.type == GraphicsType::sdl || g.type == GraphicsType::dbus) return;
        if (g.type == GraphicsType::spice) type = AudioType::spice;
        if (g.type == GraphicsType::spice || g.type == GraphicsType::vnc) remote = true;
    }
    if (!remote) return;
    Audio audio;
    audio.id = 1;
    audio.type = type;
    d.audios.push_back(std::move(audio));
}

}  // namespace virtue::model
