#include "drivers/qemu/command/command.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "drivers/qemu/command/devices.h"
#include "drivers/qemu/command/machine.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

using model::Domain;

std::string short_name(int domain_id, const std::string& name) {
    constexpr size_t longest = 20;  // characters of the name that fit into a socket's path
    size_t bytes = 0;
    size_t characters = 0;
    while (bytes < name.size()) {
        const bool starts = (static_cast<unsigned char>(name[bytes]) & 0xc0) != 0x80;
        if (starts && characters++ == longest) break;
        bytes++;
    }
    return fmt::format("domain-{}-{}", domain_id, name.substr(0, bytes));
}

namespace {

std::string shell_word(const std::string& word) {
    constexpr std::string_view special = " \t\r\n;&|$(){}[]<>*?!#~`\"'\\=";
    constexpr std::string_view harmless = "=";
    const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [&](char c) {
        return harmless.find(c) != std::string_view::npos || special.find(c) == std::string_view::npos;
    });
    if (plain) return word;
    std::string out = "'";
    for (char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

}  // namespace

std::string LaunchPlan::to_shell_text(bool broken_lines) const {
    const char* next_line = broken_lines ? " \\\n" : " ";
    std::string text;
    for (const std::string& variable : environment) {
        const size_t equals = std::min(variable.find('='), variable.size() - 1) + 1;
        text += variable.substr(0, equals) + (equals < variable.size() ? shell_word(variable.substr(equals)) : "");
        text += next_line;
    }
    bool first = true;
    for (const std::string& argument : arguments) {
        const bool begins_line = argument.starts_with('-') && argument.size() > 1;
        if (!first) text += begins_line ? next_line : " ";
        text += shell_word(argument);
        first = false;
    }
    return broken_lines ? text + "\n" : text;
}

namespace {

void set_environment(LaunchPlan& plan, const LaunchContext& context, const Domain& domain) {
    plan.environment.emplace_back("LC_ALL=C");
    for (const char* name : {"LD_PRELOAD", "LD_LIBRARY_PATH", "PATH", "HOME", "USER", "LOGNAME", "TMPDIR"}) {
        if (context.privileged && strcmp(name, "HOME") == 0) continue;
        auto found = context.environment.find(name);
        if (found != context.environment.end()) plan.environment.push_back(fmt::format("{}={}", name, found->second));
    }
    if (context.privileged) {
        const std::string& folder = plan.guest_folder;
        plan.environment.push_back(fmt::format("HOME={}", folder));
        plan.environment.push_back(fmt::format("XDG_DATA_HOME={}/.local/share", folder));
        plan.environment.push_back(fmt::format("XDG_CACHE_HOME={}/.cache", folder));
        plan.environment.push_back(fmt::format("XDG_CONFIG_HOME={}/.config", folder));
    }
    for (const model::Graphics& graphics : domain.graphics) {
        if (graphics.type != model::GraphicsType::sdl) continue;
        if (!graphics.xauth.empty()) plan.environment.push_back("XAUTHORITY=" + graphics.xauth);
        if (!graphics.display.empty()) plan.environment.push_back("DISPLAY=" + graphics.display);
    }
    if (domain.clock.offset == model::ClockOffset::timezone) plan.environment.push_back("TZ=" + domain.clock.timezone);
    for (const model::Audio& audio : domain.audios) {
        if (audio.type != model::AudioType::sdl || audio.driver.empty()) continue;
        plan.environment.push_back("SDL_AUDIODRIVER=" + audio.driver);
        break;
    }
    for (const model::QemuEnvironment& variable : domain.qemu.environment) {
        plan.environment.push_back(fmt::format("{}={}", variable.name, variable.value.value_or("")));
    }
}

// Each device's own place, or, where the document names kinds of devices, the first of each kind.
std::map<std::string, unsigned> boot_indexes(const Domain& domain) {
    std::map<std::string, unsigned> result;
    model::each_info(domain, [&result](const model::DeviceInfo& info) {
        if (info.boot_order != 0) result[info.alias] = info.boot_order;
    });
    if (!result.empty()) return result;
    // A kind that is named twice has the later place.
    std::map<model::BootDevice, unsigned> places;
    unsigned last = 0;
    for (model::BootDevice device : domain.os.boot) places[device] = ++last;
    for (const auto& [device, place] : places) {
        if (device == model::BootDevice::network) {
            if (!domain.interfaces.empty()) result.emplace(domain.interfaces.front().info.alias, place);
            continue;
        }
        for (const model::Disk& disk : domain.disks) {
            const bool is_hard_disk = disk.device == model::DiskDevice::disk || disk.device == model::DiskDevice::lun;
            const bool fits = device == model::BootDevice::fd      ? disk.device == model::DiskDevice::floppy
                              : device == model::BootDevice::cdrom ? disk.device == model::DiskDevice::cdrom
                                                                   : is_hard_disk;
            if (!fits) continue;
            result.emplace(disk.info.alias, place);
            break;
        }
    }
    return result;
}

std::vector<std::pair<std::string, Json>> overrides_of(const Domain& domain) {
    std::vector<std::pair<std::string, Json>> result;
    for (const model::QemuDeviceOverride& device : domain.qemu.overrides) {
        Json changes = Json::object();
        for (const model::QemuProperty& property : device.properties) {
            const std::string value = property.value.value_or("");
            if (property.type == "remove") {
                changes.set(property.name, Json());
            } else if (property.type == "signed") {
                changes.set(property.name, static_cast<int64_t>(strtoll(value.c_str(), nullptr, 10)));
            } else if (property.type == "unsigned") {
                changes.set(property.name, static_cast<uint64_t>(strtoull(value.c_str(), nullptr, 10)));
            } else if (property.type == "bool") {
                changes.set(property.name, value == "true");
            } else {
                changes.set(property.name, value);
            }
        }
        result.emplace_back(device.alias, std::move(changes));
    }
    return result;
}

// <qemu:deprecation>: what QEMU does with features that will go.
void add_deprecation(Builder& builder, const std::string& behavior) {
    const char* input = behavior == "omit" || behavior == "none" ? "" : behavior.c_str();
    if (behavior.empty() || behavior == "none") return;
    Json compat = Json::object({{"deprecated-output", "hide"}});
    if (*input != '\0') compat.set("deprecated-input", input);
    builder.add_json("-compat", compat);
}

void add_head(Builder& builder, const Domain& domain) {
    std::string name = fmt::format("guest={}", escape_commas(domain.name));
    if (builder.context.set_process_name) name += ",debug-threads=on";
    builder.add("-name", name);
    add_deprecation(builder, domain.qemu.deprecation);
    if (builder.context.start_paused) builder.add("-S");
    builder.add_json(
        "-object",
        Json::object(
            {{"qom-type", "secret"}, {"id", "masterKey0"}, {"format", "raw"}, {"file", builder.plan.master_key_path}}));
    for (const model::Disk& disk : domain.disks) {
        if (!disk.source.reservations || disk.source.reservations->managed != xml::YesNo::yes) continue;
        builder.add_json("-object", Json::object({{"qom-type", "pr-manager-helper"},
                                                  {"id", "pr-helper0"},
                                                  {"path", builder.plan.guest_folder + "/pr-helper0.sock"}}));
        break;
    }
    for (const model::Disk& disk : domain.disks) {
        if (!disk.source.reservations || disk.source.reservations->managed == xml::YesNo::yes) continue;
        builder.add_json("-object",
                         Json::object({{"qom-type", "pr-manager-helper"},
                                       {"id", fmt::format("pr-helper-libvirt-{}-storage", disk.source.index)},
                                       {"path", disk.source.reservations->path}}));
    }
    add_pflash(builder, domain);
    add_machine(builder, domain);
    add_cpu(builder, domain);
    const bool rom = domain.os.loader && domain.os.loader->type != model::LoaderType::pflash;
    if (domain.os.loader && domain.os.loader->type == model::LoaderType::pflash &&
        domain.os.loader->secure == xml::YesNo::yes) {
        builder.add("-global", "driver=cfi.pflash01,property=secure,value=on");
    }
    if (rom && domain.os.loader->type != model::LoaderType::none && !domain.os.loader->path.empty()) {
        builder.add("-bios", domain.os.loader->path);
    }
    add_memory(builder, domain);
    add_smp(builder, domain);
    add_iothreads(builder, domain);
    add_numa(builder, domain);
    builder.add("-uuid", domain.uuid ? domain.uuid->to_string() : "");
    if (domain.genid) {
        builder.add_device(
            Json::object({{"driver", "vmgenid"}, {"guid", domain.genid->to_string()}, {"id", "vmgenid0"}}));
    }
    add_smbios(builder, domain);
    add_firmware_words(builder, domain);
    if (domain.graphics.empty()) builder.add("-display", "none");
    builder.add("-no-user-config");
    builder.add("-nodefaults");
}

// A board with a USB bus of its own, whose document neither brings a controller nor wants none.
bool wants_usb_of_board(const GuestShape& shape) {
    for (const model::Controller& controller : shape.controllers) {
        if (controller.type == model::ControllerType::usb) return false;
    }
    return !shape.is_q35() && !shape.is_virt() && !shape.is_s390();
}

void add_controllers(Builder& builder, const Domain& domain) {
    using model::ControllerType;
    for (const model::Controller& controller : domain.controllers) {
        const bool root = controller.type == ControllerType::pci && controller.index == 0;
        if (!root || !controller.pci.has_pcihole64) continue;
        const char* host = builder.shape.is_q35() ? "q35-pcihost" : "i440FX-pcihost";
        builder.add("-global", fmt::format("{}.pci-hole64-size={}K", host, controller.pci.pcihole64.count));
    }
    constexpr ControllerType order[] = {ControllerType::pci, ControllerType::usb,  ControllerType::scsi,
                                        ControllerType::ide, ControllerType::sata, ControllerType::virtio_serial};
    for (ControllerType type : order) {
        for (const model::Controller& controller : domain.controllers) {
            if (controller.type == type && !is_implicit(builder.shape, controller)) add_controller(builder, controller);
        }
    }
    if (wants_usb_of_board(builder.shape)) builder.add("-usb");
    for (const model::Hub& hub : domain.hubs) add_hub(builder, hub);
    for (const model::Controller& controller : domain.controllers) {
        if (controller.type == ControllerType::ccid) add_controller(builder, controller);
    }
}

void add_floppy_controller(Builder& builder, const Domain& domain) {
    Json json = Json::object({{"driver", "isa-fdc"}});
    bool any = false;
    for (const model::Disk& disk : domain.disks) {
        if (disk.bus != model::DiskBus::fdc) continue;
        any = true;
        auto place = builder.boot_indexes.find(disk.info.alias);
        if (place == builder.boot_indexes.end()) continue;
        const char* drive = disk.info.address.drive.unit == 0 ? "bootindexA" : "bootindexB";
        if (builder.shape.is_q35()) {
            json.set(drive, place->second);
        } else {
            builder.add("-global", fmt::format("isa-fdc.{}={}", drive, place->second));
        }
    }
    // The q35 chip set has no floppy controller of its own.
    if (any && builder.shape.is_q35()) builder.add_device(std::move(json));
}

void add_disks(Builder& builder, const Domain& domain) {
    // Drives on the floppy controller come after it, where it is a device.
    for (const model::Disk& disk : domain.disks) {
        if (disk.bus == model::DiskBus::fdc) {
            add_floppy_controller(builder, domain);
            break;
        }
    }
    for (const model::Disk& disk : domain.disks) {
        // A transient disk whose image others use, too, is plugged with its overlay once QEMU runs.
        if (!disk.transient || disk.transient_share_backing != xml::YesNo::yes) add_disk(builder, disk);
    }
}

void add_display_and_sound(Builder& builder, const Domain& domain) {
    for (const model::Audio& audio : domain.audios) add_audio(builder, audio);
    for (size_t i = 0; i < domain.graphics.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (domain.graphics[i].type == domain.graphics[j].type)
                refuse_config("only 1 graphics device of each type (sdl, vnc, spice, headless, dbus) is supported");
    for (const model::Graphics& graphics : domain.graphics) add_graphics(builder, graphics, domain.audios);
    bool primary = true;
    for (const model::Video& video : domain.videos) {
        add_video(builder, video, primary);
        primary = false;
    }
    for (const model::Sound& sound : domain.sounds) add_sound(builder, sound, domain.audios);
}

void add_watchdogs(Builder& builder, const Domain& domain) {
    for (const model::Watchdog& watchdog : domain.watchdogs) add_watchdog(builder, watchdog);
    if (domain.watchdogs.empty()) return;
    std::string_view action = xml::to_name(domain.watchdogs.front().action);
    // A dump is made by the driver, which pauses the guest for it.
    if (domain.watchdogs.front().action == model::WatchdogAction::dump) action = "pause";
    builder.add("-watchdog-action", std::string(action));
}

void add_devices(Builder& builder, const Domain& domain) {
    if (domain.iommu) add_iommu(builder, *domain.iommu);
    add_controllers(builder, domain);
    add_memory_devices(builder, domain);
    add_disks(builder, domain);
    for (const auto& filesystem : domain.filesystems) add_filesystem(builder, filesystem);
    for (const auto& interface : domain.interfaces) add_interface(builder, interface);
    for (const auto& smartcard : domain.smartcards) add_smartcard(builder, smartcard);
    for (const auto& serial : domain.serials) add_serial(builder, serial);
    for (const auto& parallel : domain.parallels) add_parallel(builder, parallel);
    for (const auto& channel : domain.channels) add_channel(builder, channel);
    for (const auto& console : domain.consoles) add_console(builder, console);
    for (const auto& tpm : domain.tpms) add_tpm(builder, tpm);
    for (const auto& input : domain.inputs) add_input(builder, input);
    add_display_and_sound(builder, domain);
    add_watchdogs(builder, domain);
    const model::RedirectFilter* filter = domain.redirfilter ? &*domain.redirfilter : nullptr;
    for (const auto& device : domain.redirdevs) add_redirected(builder, device, filter);
    for (const auto& hostdev : domain.hostdevs) add_hostdev(builder, hostdev);
    if (!builder.context.incoming.empty()) builder.add("-incoming", builder.context.incoming);
    if (domain.memballoon) add_memballoon(builder, *domain.memballoon);
    for (const auto& rng : domain.rngs) add_rng(builder, rng);
    if (domain.nvram && domain.nvram->info.address.spapr_vio_reg) {
        builder.add("-global", fmt::format("spapr-nvram.reg=0x{:x}", *domain.nvram->info.address.spapr_vio_reg));
    }
    if (domain.features.vmcoreinfo == xml::Switch::on) builder.add_device(Json::object({{"driver", "vmcoreinfo"}}));
}

// What libvirt puts behind the sandbox.
void add_late_devices(Builder& builder, const Domain& domain) {
    for (const auto& panic : domain.panics) add_panic(builder, panic);
    for (const auto& shmem : domain.shmems) add_shmem(builder, shmem);
    for (const auto& crypto : domain.cryptos) add_crypto(builder, crypto);
    if (domain.vsock) add_vsock(builder, *domain.vsock);
}

}  // namespace

LaunchPlan build_command(const Domain& domain, LaunchContext context) {
    if (!context.capabilities) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "no capabilities for the emulator of guest '{}'",
             domain.name);
    }
    LaunchPlan plan;
    plan.guest_folder = fmt::format("{}/{}", context.paths.library, short_name(context.domain_id, domain.name));
    plan.master_key_path = plan.guest_folder + "/master-key.aes";
    plan.monitor_path = plan.guest_folder + "/monitor.sock";
    set_environment(plan, context, domain);
    GuestShape shape;
    shape.name = domain.name;
    shape.arch = domain.os.arch;
    shape.machine = domain.os.machine;
    shape.folder = plan.guest_folder;
    shape.controllers = domain.controllers;
    Builder builder{shape, context, plan, overrides_of(domain), boot_indexes(domain)};
    plan.arguments.push_back(domain.emulator.empty() ? context.capabilities->binary : domain.emulator);
    add_head(builder, domain);
    add_monitor(builder);
    add_clock(builder, domain);
    add_power(builder, domain);
    add_boot(builder, domain);
    add_devices(builder, domain);
    for (const model::QemuArgument& argument : domain.qemu.arguments) builder.add(argument.value);
    if (context.sandbox) {
        builder.add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    }
    add_late_devices(builder, domain);
    builder.add("-msg", "timestamp=on");
    return plan;
}

}  // namespace virtue::qemu
