#include "drivers/qemu/capabilities/domain_capabilities.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/capabilities/firmware.h"
#include "drivers/qemu/capabilities/host_model.h"
#include "host/cpu_map.h"

namespace virtue::qemu {

namespace {

using Words = std::vector<std::string>;

// Writes lines of XML with their indentation.
class Lines {
public:
    explicit Lines(int depth = 0) : depth_(depth) {}
    void line(std::string_view text) {
        text_.append(static_cast<size_t>(depth_) * 2, ' ');
        text_ += text;
        text_ += '\n';
    }
    void open(std::string_view text) {
        line(text);
        depth_++;
    }
    void close(std::string_view name) {
        depth_--;
        line(fmt::format("</{}>", name));
    }
    void values(const char* name, const Words& words) {
        if (words.empty()) {
            line(fmt::format("<enum name='{}'/>", name));
            return;
        }
        open(fmt::format("<enum name='{}'>", name));
        for (const std::string& word : words) line(fmt::format("<value>{}</value>", word));
        close("enum");
    }
    void supported(const char* name, bool yes) { line(fmt::format("<{} supported='{}'/>", name, yes ? "yes" : "no")); }
    std::string take() { return std::move(text_); }
    void blank() { text_ += '\n'; }

private:
    int depth_;
    std::string text_;
};

bool is_x86(std::string_view arch) {
    return arch == "x86_64" || arch == "i686";
}

bool is_arm(std::string_view arch) {
    return arch == "aarch64" || arch == "armv7l" || arch == "armv6l";
}

struct Question {
    const QemuCapabilities& qemu;
    const MachineType& machine;
    const HostFacts& host;
    std::string arch;
    bool kvm;

    bool is_i440fx() const { return machine.name.starts_with("pc-i440fx-") || machine.name == "pc"; }
};

// Words of `pairs` whose QEMU device exists.
Words existing(const QemuCapabilities& qemu, std::initializer_list<std::pair<const char*, const char*>> pairs) {
    Words words;
    for (const auto& [word, device] : pairs) {
        if (device == nullptr || qemu.has_device(device)) words.emplace_back(word);
    }
    return words;
}

void write_os(Lines& out, const Question& ask) {
    Words firmwares;
    Words loaders;
    bool secure = false;
    for (const Firmware& firmware : read_firmwares(ask.host.firmware_folders)) {
        if (!firmware.fits(ask.arch, ask.machine.name)) continue;
        for (const std::string& interface : firmware.interfaces) {
            const std::string word = interface == "uefi" ? "efi" : interface;
            if (std::find(firmwares.begin(), firmwares.end(), word) == firmwares.end()) firmwares.push_back(word);
        }
        if (firmware.device != "kernel") loaders.push_back(firmware.executable);
        secure = secure || firmware.has_feature("requires-smm");
    }
    std::sort(firmwares.begin(), firmwares.end());
    if (loaders.empty()) loaders = ask.host.firmwares;
    out.open("<os supported='yes'>");
    out.values("firmware", firmwares);
    out.open("<loader supported='yes'>");
    for (const std::string& loader : loaders) out.line(fmt::format("<value>{}</value>", loader));
    out.values("type", {"rom", "pflash"});
    out.values("readonly", {"yes", "no"});
    out.values("secure", secure ? Words{"yes", "no"} : Words{"no"});
    out.close("loader");
    out.close("os");
}

void write_host_model(Lines& out, const AcceleratorCapabilities& accelerator, std::string_view arch) {
    const std::optional<host::NamedCpu> cpu = name_host_model(accelerator, arch);
    if (!cpu) {
        out.line("<mode name='host-model' supported='no'/>");
        return;
    }
    out.open("<mode name='host-model' supported='yes'>");
    out.line(fmt::format("<model fallback='forbid'>{}</model>", cpu->model));
    if (!cpu->vendor.empty()) out.line(fmt::format("<vendor>{}</vendor>", cpu->vendor));
    for (const std::string& name : cpu->require) out.line(fmt::format("<feature policy='require' name='{}'/>", name));
    for (const std::string& name : cpu->disable) out.line(fmt::format("<feature policy='disable' name='{}'/>", name));
    out.close("mode");
}

struct ShownModel {
    std::string_view name;
    std::string_view vendor;
};

// A model of QEMU's as clients know it. On POWER that is libvirt's spelling of some of them alone.
std::optional<ShownModel> shown_model(std::string_view name, std::string_view arch) {
    if (is_x86(arch)) {
        const auto vendor = host::cpu_model_vendor(name);
        return vendor ? std::optional(ShownModel{name, *vendor}) : std::nullopt;
    }
    if (arch != "ppc64" && arch != "ppc64le") return ShownModel{name, "unknown"};
    const auto equal = [](char a, char b) {
        return std::toupper(static_cast<unsigned char>(a)) == std::toupper(static_cast<unsigned char>(b));
    };
    for (const std::string_view known : host::cpu_model_names(arch)) {
        if (!std::equal(known.begin(), known.end(), name.begin(), name.end(), equal)) continue;
        return ShownModel{known, known.starts_with("POWERPC_e") ? "Freescale" : "IBM"};
    }
    return std::nullopt;
}

void write_cpu(Lines& out, const Question& ask) {
    const AcceleratorCapabilities& accelerator = ask.qemu.accelerator(ask.kvm);
    const bool x86 = is_x86(ask.arch);
    const Words switches{"on", "off"};
    auto write_mode = [&](const char* mode, const char* list, bool supported) {
        if (!supported) {
            out.line(fmt::format("<mode name='{}' supported='no'/>", mode));
            return;
        }
        out.open(fmt::format("<mode name='{}' supported='yes'>", mode));
        out.values(list, switches);
        out.close("mode");
    };
    bool has_max = false;
    for (const CpuModel& model : accelerator.cpu_models) has_max = has_max || model.name == "max";
    out.open("<cpu>");
    write_mode("host-passthrough", "hostPassthroughMigratable", ask.kvm);
    write_mode("maximum", "maximumMigratable", has_max);
    write_host_model(out, accelerator, ask.arch);
    std::vector<std::string> custom;
    for (const CpuModel& model : accelerator.cpu_models) {
        const bool pseudo = model.name == "host" || model.name == "max";
        const auto named = shown_model(model.name, ask.arch);
        if (!named || (x86 && pseudo)) continue;
        const char* usable = model.usable == Usable::yes ? "yes" : model.usable == Usable::no ? "no" : "unknown";
        custom.push_back(fmt::format("<model usable='{}' vendor='{}'>{}</model>", usable, named->vendor, named->name));
    }
    if (custom.empty()) {
        out.line("<mode name='custom' supported='no'/>");
    } else {
        out.open("<mode name='custom' supported='yes'>");
        for (const std::string& model : custom) out.line(model);
        out.close("mode");
    }
    out.close("cpu");
}

void write_disk(Lines& out, const Question& ask) {
    const bool floppy = is_x86(ask.arch) || is_arm(ask.arch);
    out.open("<disk supported='yes'>");
    out.values("diskDevice", floppy ? Words{"disk", "cdrom", "floppy", "lun"} : Words{"disk", "cdrom", "lun"});
    Words buses;
    if (ask.is_i440fx()) buses.emplace_back("ide");
    if (floppy) buses.emplace_back("fdc");
    buses.insert(buses.end(), {"scsi", "virtio"});
    if (ask.qemu.has_device("usb-storage")) buses.emplace_back("usb");
    if (ask.qemu.has_device("ich9-ahci")) buses.emplace_back("sata");
    out.values("bus", buses);
    out.values("model", existing(ask.qemu, {{"virtio", nullptr},
                                            {"virtio-transitional", "virtio-blk-pci-transitional"},
                                            {"virtio-non-transitional", "virtio-blk-pci-non-transitional"}}));
    out.close("disk");
}

void write_display(Lines& out, const Question& ask) {
    Words graphics;
    const QemuCapabilities& qemu = ask.qemu;
    // SDL is taken to be there, as libvirt does: QEMU loads it as a module.
    graphics.emplace_back("sdl");
    if (qemu.has_command("query-vnc")) graphics.emplace_back("vnc");
    if (qemu.options.lower_bound("spice.") != qemu.options.end() &&
        qemu.options.lower_bound("spice.")->starts_with("spice.")) {
        graphics.emplace_back("spice");
    }
    if (qemu.schema.contains("display.egl-headless")) graphics.emplace_back("egl-headless");
    if (qemu.schema.contains("display.dbus")) graphics.emplace_back("dbus");
    out.open("<graphics supported='yes'>");
    out.values("type", graphics);
    out.close("graphics");
    out.open("<video supported='yes'>");
    out.values("modelType", existing(qemu, {{"vga", "VGA"},
                                            {"cirrus", "cirrus-vga"},
                                            {"vmvga", "vmware-svga"},
                                            {"qxl", "qxl"},
                                            {"virtio", "virtio-gpu-pci"},
                                            {"none", nullptr},
                                            {"bochs", "bochs-display"},
                                            {"ramfb", "ramfb"}}));
    out.close("video");
}

void write_hostdev(Lines& out, const Question& ask) {
    out.open("<hostdev supported='yes'>");
    out.values("mode", {"subsystem"});
    out.values("startupPolicy", {"default", "mandatory", "requisite", "optional"});
    out.values("subsysType", existing(ask.qemu, {{"usb", "usb-host"}, {"pci", "vfio-pci"}, {"scsi", "scsi-generic"}}));
    out.values("capsType", {});
    out.values("pciBackend", ask.host.vfio ? Words{"default", "vfio"} : Words{});
    out.close("hostdev");
}

void write_rng_and_filesystem(Lines& out, const QemuCapabilities& qemu) {
    out.open("<rng supported='yes'>");
    out.values("model", existing(qemu, {{"virtio", nullptr},
                                        {"virtio-transitional", "virtio-rng-pci-transitional"},
                                        {"virtio-non-transitional", "virtio-rng-pci-non-transitional"}}));
    out.values("backendModel",
               existing(qemu, {{"random", "rng-random"}, {"egd", "rng-egd"}, {"builtin", "rng-builtin"}}));
    out.close("rng");
    out.open("<filesystem supported='yes'>");
    out.values("driverType",
               existing(qemu, {{"path", nullptr}, {"handle", nullptr}, {"virtiofs", "vhost-user-fs-device"}}));
    out.close("filesystem");
}

void write_tpm(Lines& out, const Question& ask) {
    const QemuCapabilities& qemu = ask.qemu;
    Words models = existing(qemu, {});
    // In libvirt's order of models.
    for (const char* model : {"tpm-tis", "tpm-crb", "tpm-spapr", "spapr-tpm-proxy"}) {
        const bool listed = std::find(qemu.tpm_models.begin(), qemu.tpm_models.end(), model) != qemu.tpm_models.end();
        const bool tis_device = std::string_view(model) == "tpm-tis" && qemu.has_device("tpm-tis-device");
        if (listed || tis_device || (std::string_view(model) == "spapr-tpm-proxy" && qemu.has_device(model))) {
            models.emplace_back(model);
        }
    }
    if (models.empty()) {
        out.supported("tpm", false);
        return;
    }
    auto has_type = [&](const char* type) {
        return std::find(qemu.tpm_types.begin(), qemu.tpm_types.end(), type) != qemu.tpm_types.end();
    };
    out.open("<tpm supported='yes'>");
    out.values("model", models);
    Words backends;
    const bool emulator = has_type("emulator") && ask.host.swtpm;
    if (has_type("passthrough")) backends.emplace_back("passthrough");
    if (emulator) backends.insert(backends.end(), {"emulator", "external"});
    out.values("backendModel", backends);
    if (emulator) out.values("backendVersion", {"1.2", "2.0"});
    out.close("tpm");
}

void write_channels(Lines& out, const QemuCapabilities& qemu) {
    out.open("<redirdev supported='yes'>");
    out.values("bus", existing(qemu, {{"usb", "usb-redir"}}));
    out.close("redirdev");
    out.open("<channel supported='yes'>");
    out.values("type", existing(qemu, {{"pty", nullptr}, {"unix", nullptr}, {"spicevmc", "chardev-spicevmc"}}));
    out.close("channel");
}

void write_hyperv(Lines& out, const Question& ask) {
    if (!is_x86(ask.arch)) return;
    constexpr std::pair<const char*, const char*> known[] = {{"relaxed", "hv-relaxed"},
                                                             {"vapic", "hv-vapic"},
                                                             {"spinlocks", "hv-spinlocks"},
                                                             {"vpindex", "hv-vpindex"},
                                                             {"runtime", "hv-runtime"},
                                                             {"synic", "hv-synic"},
                                                             {"stimer", "hv-stimer"},
                                                             {"reset", "hv-reset"},
                                                             {"vendor_id", "hv-vendor-id"},
                                                             {"frequencies", "hv-frequencies"},
                                                             {"reenlightenment", "hv-reenlightenment"},
                                                             {"tlbflush", "hv-tlbflush"},
                                                             {"ipi", "hv-ipi"},
                                                             {"evmcs", "hv-evmcs"},
                                                             {"avic", "hv-avic"}};
    Words features;
    for (const auto& [name, property] : known) {
        const std::string_view word = name;
        const bool always = word == "spinlocks" || word == "vendor_id";
        if (always || (ask.kvm && ask.qemu.with_kvm.host_model.contains(property))) features.emplace_back(name);
    }
    out.open("<hyperv supported='yes'>");
    out.values("features", features);
    out.close("hyperv");
}

void write_features(Lines& out, const Question& ask) {
    out.open("<features>");
    const bool gic = is_arm(ask.arch) && (ask.machine.name.starts_with("virt-") || ask.machine.name == "virt");
    if (gic) {
        out.open("<gic supported='yes'>");
        out.values("version", {"2", "3"});
        out.close("gic");
    } else {
        out.supported("gic", false);
    }
    out.supported("vmcoreinfo", ask.qemu.has_device("vmcoreinfo"));
    out.supported("genid", ask.qemu.has_device("vmgenid"));
    out.supported("backingStoreInput", true);
    out.supported("backup", true);
    out.supported("sev", false);
    out.supported("sgx", false);
    write_hyperv(out, ask);
    out.close("features");
}

std::string write_document(const Question& ask) {
    Lines out;
    out.open("<domainCapabilities>");
    out.line(fmt::format("<path>{}</path>", ask.qemu.binary));
    out.line(fmt::format("<domain>{}</domain>", ask.kvm ? "kvm" : "qemu"));
    out.line(fmt::format("<machine>{}</machine>", ask.machine.name));
    out.line(fmt::format("<arch>{}</arch>", ask.arch));
    out.line(fmt::format("<vcpu max='{}'/>", ask.machine.max_cpus));
    out.supported("iothreads", true);
    write_os(out, ask);
    write_cpu(out, ask);
    out.open("<memoryBacking supported='yes'>");
    out.values("sourceType",
               existing(ask.qemu, {{"file", nullptr}, {"anonymous", nullptr}, {"memfd", "memory-backend-memfd"}}));
    out.close("memoryBacking");
    out.open("<devices>");
    write_disk(out, ask);
    write_display(out, ask);
    write_hostdev(out, ask);
    write_rng_and_filesystem(out, ask.qemu);
    write_tpm(out, ask);
    write_channels(out, ask.qemu);
    out.close("devices");
    write_features(out, ask);
    out.close("domainCapabilities");
    return out.take();
}

constexpr const char* virt_types[] = {"none", "qemu",      "kqemu", "kvm",    "xen",    "lxc",
                                      "uml",  "openvz",    "test",  "vmware", "hyperv", "vbox",
                                      "phyp", "parallels", "bhyve", "vz",     "hvf"};

constexpr const char* architectures[] = {
    "none",   "alpha",    "armv6l",     "armv7l",       "armv7b",  "aarch64",   "cris",    "i686",     "ia64",
    "lm32",   "m68k",     "microblaze", "microblazeel", "mips",    "mipsel",    "mips64",  "mips64el", "openrisc",
    "parisc", "parisc64", "ppc",        "ppc64",        "ppc64le", "ppcemb",    "riscv32", "riscv64",  "s390",
    "s390x",  "sh4",      "sh4eb",      "sparc",        "sparc64", "unicore32", "x86_64",  "xtensa",   "xtensaeb"};

template <size_t Count>
bool is_one_of(const std::string& word, const char* const (&list)[Count]) {
    return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

}  // namespace

std::string domain_capabilities_xml(const DomainCapabilitiesRequest& request, const QemuCapabilities& capabilities,
                                    const HostFacts& host) {
    const std::string arch = request.arch.empty() ? capabilities.arch : request.arch;
    const bool same = arch == capabilities.arch || (arch == "ppc64le" && capabilities.arch == "ppc64") ||
                      (arch == "armv6l" && capabilities.arch == "armv7l");
    if (!same) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu,
             "architecture from emulator '{}' doesn't match given architecture '{}'", capabilities.arch, arch);
    }
    const std::string& type = request.virt_type;
    if (!type.empty() && !is_one_of(type, virt_types)) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unknown virttype: {}", type);
    }
    const bool kvm = type.empty() ? capabilities.kvm : type == "kvm";
    if ((kvm && !capabilities.kvm) || (!type.empty() && type != "kvm" && type != "qemu")) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu,
                    fmt::format("the accel '{}' is not supported by '{}' on this host", kvm ? "kvm" : "tcg",
                                capabilities.binary));
    }
    const MachineType* machine = capabilities.find_machine(request.machine);
    if (machine == nullptr) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "the machine '{}' is not supported by emulator '{}'",
             request.machine, capabilities.binary);
    }
    return write_document({capabilities, *machine, host, arch, kvm});
}

Task<std::string> domain_capabilities(CapabilitiesCache& cache, DomainCapabilitiesRequest request, HostFacts host,
                                      io::Deadline deadline) {
    if (request.arch.empty()) request.arch = host.host_arch;
    if (!is_one_of(request.arch, architectures)) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unknown architecture: {}", request.arch);
    }
    if (!request.virt_type.empty() && !is_one_of(request.virt_type, virt_types)) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unknown virttype: {}", request.virt_type);
    }
    std::string emulator = request.emulator;
    if (emulator.empty()) emulator = cache.default_emulator(request.arch);
    if (emulator.empty()) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "unable to find any emulator to serve '{}' architecture",
             request.arch);
    }
    CapabilitiesRef capabilities = co_await cache.get(std::move(emulator), deadline);
    co_return domain_capabilities_xml(request, *capabilities, host);
}

HostFacts read_host_facts() {
    HostFacts facts;
    facts.host_arch = "x86_64";
#if defined(__aarch64__)
    facts.host_arch = "aarch64";
#endif
    for (const char* path : {"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_CODE.secboot.fd",
                             "/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF32_CODE.fd"}) {
        if (access(path, F_OK) == 0) facts.firmwares.emplace_back(path);
    }
    facts.firmware_folders = {"/usr/share/qemu/firmware", "/etc/qemu/firmware"};
    facts.vfio = access("/dev/vfio/vfio", F_OK) == 0;
    facts.swtpm = access("/usr/bin/swtpm", X_OK) == 0 && access("/usr/bin/swtpm_setup", X_OK) == 0;
    return facts;
}

namespace {

int word_size(std::string_view arch) {
    constexpr std::string_view wide[] = {"alpha",   "aarch64", "mips64", "mips64el", "ppc64",
                                         "ppc64le", "riscv64", "s390x",  "sparc64",  "x86_64"};
    return std::find(std::begin(wide), std::end(wide), arch) == std::end(wide) ? 32 : 64;
}

void write_guest(Lines& out, const GuestEmulator& guest) {
    const QemuCapabilities& qemu = *guest.capabilities;
    out.open("<guest>");
    out.line("<os_type>hvm</os_type>");
    out.open(fmt::format("<arch name='{}'>", guest.arch));
    out.line(fmt::format("<wordsize>{}</wordsize>", word_size(guest.arch)));
    out.line(fmt::format("<emulator>{}</emulator>", qemu.binary));
    for (const MachineType& machine : qemu.machines) {
        const char* deprecated = machine.deprecated ? " deprecated='yes'" : "";
        out.line(fmt::format("<machine maxCpus='{}'{}>{}</machine>", machine.max_cpus, deprecated, machine.name));
        if (machine.alias.empty()) continue;
        out.line(fmt::format("<machine canonical='{}' maxCpus='{}'{}>{}</machine>", machine.name, machine.max_cpus,
                             deprecated, machine.alias));
    }
    out.line("<domain type='qemu'/>");
    if (qemu.kvm) out.line("<domain type='kvm'/>");
    out.close("arch");
    out.open("<features>");
    if (guest.arch == "i686") {
        out.line("<pae/>");
        out.line("<nonpae/>");
    }
    if (is_x86(guest.arch) || guest.arch == "aarch64") out.line("<acpi default='on' toggle='yes'/>");
    if (is_x86(guest.arch)) out.line("<apic default='on' toggle='no'/>");
    const bool choice = !qemu.tcg.cpu_models.empty() || qemu.has_command("query-cpu-definitions");
    if (choice) out.line("<cpuselection/>");
    out.line("<deviceboot/>");
    out.line("<disksnapshot default='on' toggle='no'/>");
    out.close("features");
    out.close("guest");
}

}  // namespace

std::string guests_xml(std::span<const GuestEmulator> emulators) {
    std::string text;
    for (const GuestEmulator& guest : emulators) {
        Lines out(1);
        write_guest(out, guest);
        text += out.take() + "\n";
    }
    return text;
}

}  // namespace virtue::qemu
