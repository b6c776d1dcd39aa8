#include "drivers/qemu/live_definition.h"

#include <grp.h>
#include <pwd.h>
#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

using model::GraphicsType;

bool is_display(const model::Graphics& graphics) {
    return graphics.type == GraphicsType::vnc || graphics.type == GraphicsType::spice;
}

bool listens_on_tcp(const model::Graphics& graphics) {
    return is_display(graphics) &&
           (graphics.listens.empty() || graphics.listens.front().type == model::ListenType::address ||
            graphics.listens.front().type == model::ListenType::network);
}

/// QEMU gives memory in whole steps, and the guest has what it gives.
void align_memory(model::Domain& domain) {
    const bool pseries = domain.os.machine.starts_with("pseries");
    const uint64_t step = pseries ? 256 * 1024 : 1024;         // KiB
    const uint64_t module_step = pseries ? 256 * 1024 : 2048;  // KiB
    const auto align = [](uint64_t kibibytes, uint64_t unit) { return (kibibytes + unit - 1) / unit * unit; };
    uint64_t modules = 0;
    uint64_t aligned_modules = 0;
    for (model::MemoryDevice& device : domain.memory_devices) {
        modules += device.size.count;
        device.size.count = align(device.size.count, module_step);
        aligned_modules += device.size.count;
    }
    uint64_t initial = align(domain.memory.count - std::min(domain.memory.count, modules), step);
    if (domain.cpu && !domain.cpu->numa.cells.empty()) {
        initial = 0;
        for (model::NumaCell& cell : domain.cpu->numa.cells) {
            cell.memory.count = align(cell.memory.count, step);
            initial += cell.memory.count;
        }
    }
    const bool all_in_use = domain.current_memory && domain.current_memory->count == domain.memory.count;
    domain.memory.count = initial + aligned_modules;
    if (all_in_use) domain.current_memory->count = domain.memory.count;
    if (domain.max_memory) domain.max_memory->size.count = align(domain.max_memory->size.count, step);
}

}  // namespace

std::shared_ptr<model::Domain> copy_for_start(const model::Domain& domain, int id) {
    auto copy = std::make_shared<model::Domain>(domain);
    copy->id = id;
    align_memory(*copy);
    return copy;
}

std::string emulator_of(const model::Domain& domain) {
    return domain.emulator;
}

bool is_kvm(const model::Domain& domain) {
    return domain.is_kvm();
}

void require_accelerator(const model::Domain& domain, const QemuCapabilities& capabilities) {
    if (!domain.is_kvm() || capabilities.kvm) return;
    throw Error(
        ErrorCode::config_unsupported, ErrorDomain::qemu,
        fmt::format("Emulator '{}' does not support virt type 'kvm': {}", capabilities.binary,
                    capabilities.kvm_reason.empty() ? "KVM does not work on this host" : capabilities.kvm_reason),
        "use <domain type='qemu'> to run the guest without KVM");
}

bool allows_reboot(const model::Domain& domain) {
    using enum model::LifecycleAction;
    bool crash_ends = domain.on_crash == destroy || domain.on_crash == coredump_destroy;
    return !(domain.on_reboot == destroy && domain.on_poweroff == destroy && crash_ends);
}

bool reboot_means_shutdown(const model::Domain& domain) {
    return domain.on_reboot == model::LifecycleAction::destroy;
}

bool poweroff_means_restart(const model::Domain& domain) {
    return domain.on_poweroff == model::LifecycleAction::restart;
}

CrashAction crash_action(const model::Domain& domain) {
    switch (domain.on_crash) {
        case model::LifecycleAction::restart:
        case model::LifecycleAction::coredump_restart:
            return CrashAction::restart;
        case model::LifecycleAction::preserve:
            return CrashAction::preserve;
        default:
            return CrashAction::destroy;
    }
}

std::optional<uint64_t> balloon_at_start(const model::Domain& domain) {
    if (!balloon_polling(domain) || domain.current().count >= domain.memory.count) return std::nullopt;
    return domain.current().count * 1024;
}

std::optional<BalloonPolling> balloon_polling(const model::Domain& domain) {
    if (!domain.memballoon || domain.memballoon->model == model::MemballoonModel::none) return std::nullopt;
    return BalloonPolling{"/machine/peripheral/" + domain.memballoon->info.alias,
                          static_cast<int>(domain.memballoon->stats_period)};
}

void set_balloon_period(model::Domain& domain, int seconds) {
    if (domain.memballoon) domain.memballoon->stats_period = static_cast<uint32_t>(seconds);
}

void set_current_memory(model::Domain& domain, uint64_t kib) {
    domain.current_memory = model::Kibibytes{kib};
}

void set_maximum_memory(model::Domain& domain, uint64_t kib) {
    uint64_t current = std::min(domain.current().count, kib);
    domain.memory = model::Kibibytes{kib};
    domain.current_memory = model::Kibibytes{current};
}

uint64_t max_memory(const model::Domain& domain) {
    return domain.memory.count;
}

uint64_t current_memory(const model::Domain& domain) {
    return domain.current().count;
}

VcpuCounts vcpu_counts(const model::Domain& domain) {
    return {domain.vcpus.online(), domain.vcpus.maximum};
}

void set_vcpu_counts(model::Domain& domain, VcpuCounts counts) {
    domain.vcpus.maximum = counts.maximum;
    domain.vcpus.current.reset();
    if (counts.current != counts.maximum) domain.vcpus.current = counts.current;
    domain.vcpus.each.clear();
}

std::optional<Bitmap> pinned_cpus(const model::Domain& domain, int vcpu) {
    if (vcpu == emulator_threads) {
        if (!domain.cputune.emulator_pin.empty()) return domain.cputune.emulator_pin;
    }
    for (const model::VcpuPin& pin : domain.cputune.vcpu_pins) {
        if (static_cast<int>(pin.vcpu) == vcpu) return pin.cpuset;
    }
    if (!domain.vcpus.cpuset.empty()) return domain.vcpus.cpuset;
    return std::nullopt;
}

void set_pinned_cpus(model::Domain& domain, int vcpu, const Bitmap& cpus) {
    if (vcpu == emulator_threads) {
        domain.cputune.emulator_pin = cpus;
        return;
    }
    auto& pins = domain.cputune.vcpu_pins;
    auto place = std::find_if(pins.begin(), pins.end(),
                              [&](const model::VcpuPin& pin) { return static_cast<int>(pin.vcpu) >= vcpu; });
    if (place == pins.end() || static_cast<int>(place->vcpu) != vcpu)
        place = pins.insert(place, model::VcpuPin{static_cast<uint32_t>(vcpu), {}});
    place->cpuset = cpus;
}

std::vector<unsigned> iothread_ids(const model::Domain& domain) {
    std::vector<unsigned> ids;
    for (const model::IoThread& thread : domain.iothread_ids) ids.push_back(thread.id);
    return ids;
}

std::string os_type_of(const model::Domain& domain) {
    return domain.os.type == model::OsType::absent ? "hvm"
                                                   : std::string(xml::Codec<model::OsType>::format(domain.os.type));
}

std::string nvram_path(const model::Domain& domain) {
    if (!domain.os.nvram || !domain.os.nvram->source.is_local()) return {};
    return domain.os.nvram->source.path;
}

std::string nvram_template(const model::Domain& domain) {
    return domain.os.nvram ? domain.os.nvram->template_path : std::string();
}

void require_name(const std::string& name) {
    if (name.empty()) throw Error(ErrorCode::xml_error, ErrorDomain::domain, "name can't be empty");
    if (name.find('/') != name.npos) {
        fail(ErrorCode::xml_error, ErrorDomain::domain, "name {} cannot contain '/'", name);
    }
    if (name.find('\n') != name.npos) {
        throw Error(ErrorCode::xml_error, ErrorDomain::domain, "name cannot contain a new line");
    }
    if (name == "." || name == "..")
        fail(ErrorCode::system_error, ErrorDomain::none, "'{}' cannot be the name of a domain's files", name);
    if (name.size() > 200)
        throw Error(ErrorCode::system_error, ErrorDomain::none,
                    "the name is longer than the 200 bytes that a domain's files can have");
    if (name.find_first_not_of(" \t") == name.npos) {
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    "name must contain at least one non-whitespace character");
    }
}

void set_security_label(model::Domain& domain, const GuestUser& user) {
    for (const model::SecurityLabel& label : domain.security_labels) {
        bool stays = label.model == "dac" || (label.model.empty() && label.type == model::SecurityLabelType::none);
        if (stays) return;
    }
    model::SecurityLabel label;
    label.type = model::SecurityLabelType::dynamic;
    label.model = "dac";
    label.label = fmt::format("+{}:+{}", user.uid, user.gid);
    label.image_label = label.label;
    domain.security_labels.push_back(std::move(label));
}

void drop_security_label(model::Domain& domain) {
    std::erase_if(domain.security_labels, [](const model::SecurityLabel& label) {
        return label.model == "dac" && label.type == model::SecurityLabelType::dynamic && label.base_label.empty();
    });
}

std::vector<uint32_t> guest_groups(const GuestUser& user) {
    std::vector<char> room(16384);
    passwd entry{};
    passwd* found = nullptr;
    ::getpwuid_r(user.uid, &entry, room.data(), room.size(), &found);
    if (!found) return {user.gid};
    std::vector<gid_t> groups(256);
    int count = static_cast<int>(groups.size());
    ::getgrouplist(found->pw_name, user.gid, groups.data(), &count);
    groups.resize(static_cast<size_t>(std::clamp(count, 0, 256)));
    return {groups.begin(), groups.end()};
}

std::vector<PortRange::Port> take_ports(model::Domain& domain, PortRange& range) {
    std::vector<PortRange::Port> ports;
    for (model::Graphics& graphics : domain.graphics) {
        if (!listens_on_tcp(graphics)) continue;
        if (graphics.autoport || graphics.port == -1) {
            ports.push_back(range.take());
            graphics.port = ports.back().number();
        } else if (graphics.port > 0) {
            ports.push_back(range.claim(graphics.port));
        }
        if (graphics.websocket == -1) {
            graphics.websocket_generated = true;
            graphics.websocket = 5700 + graphics.port - 5900;
        }
    }
    return ports;
}

std::vector<PortRange::Port> claim_ports(const model::Domain& domain, PortRange& range) {
    std::vector<PortRange::Port> ports;
    for (const model::Graphics& graphics : domain.graphics) {
        if (listens_on_tcp(graphics) && graphics.port > 0) ports.push_back(range.claim(graphics.port));
    }
    return ports;
}

void set_dac_label(model::Domain& domain, const GuestUser& user) {
    auto& labels = domain.security_labels;
    auto found = std::find_if(labels.begin(), labels.end(), [](const auto& label) { return label.model == "dac"; });
    if (found == labels.end()) {
        model::SecurityLabel label;
        label.type = model::SecurityLabelType::dynamic;
        label.model = "dac";
        found = labels.insert(labels.end(), label);
    }
    if (!found->label.empty()) return;
    found->label = found->image_label = fmt::format("+{}:+{}", user.uid, user.gid);
}

void set_listen_addresses(model::Domain& domain, const std::string& vnc, const std::string& spice) {
    for (model::Graphics& graphics : domain.graphics) {
        if (!listens_on_tcp(graphics)) continue;
        if (graphics.listens.empty()) graphics.listens.emplace_back();
        model::GraphicsListen& listen = graphics.listens.front();
        if (listen.type != model::ListenType::address || !listen.address.empty()) continue;
        listen.address = graphics.type == GraphicsType::vnc ? vnc : spice;
        listen.from_config = true;
    }
}

std::vector<DisplayPassword> display_passwords(const model::Domain& domain) {
    std::vector<DisplayPassword> passwords;
    for (const model::Graphics& graphics : domain.graphics) {
        if (!is_display(graphics) || !graphics.password) continue;
        DisplayPassword password;
        password.protocol = graphics.type == GraphicsType::vnc ? "vnc" : "spice";
        password.password = *graphics.password;
        password.valid_to = graphics.password_valid_to;
        if (graphics.connected != model::ConnectedAction::absent) {
            password.connected = xml::Codec<model::ConnectedAction>::format(graphics.connected);
        }
        passwords.push_back(std::move(password));
    }
    return passwords;
}

std::string display_protocol(const model::Domain& domain, unsigned index) {
    if (index >= domain.graphics.size()) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "No graphics backend with index {}", index);
    }
    const model::Graphics& graphics = domain.graphics[index];
    if (graphics.type == GraphicsType::vnc) return "vnc";
    if (graphics.type == GraphicsType::spice) return "spice";
    fail(ErrorCode::internal_error, ErrorDomain::qemu, "Can only open VNC or SPICE graphics backends, not {}",
         xml::Codec<GraphicsType>::format(graphics.type));
}

ScreenPlace find_screen(const model::Domain& domain, unsigned screen) {
    if (domain.videos.empty()) {
        if (screen == 0) return {};
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "no such screen ID");
    }
    if (screen == 0) return {};
    if (screen >= domain.videos.size()) throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "no such screen ID");
    return {domain.videos[screen].info.alias, 0};
}

std::optional<std::string> get_domain_metadata(const model::Domain& domain, uint32_t type, const std::string& uri) {
    auto unless_empty = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
    switch (type) {
        case api::domain_metadata_description:
            return unless_empty(domain.description);
        case api::domain_metadata_title:
            return unless_empty(domain.title);
        case api::domain_metadata_element:
            return domain.metadata.find(uri);
        default:
            fail(ErrorCode::invalid_arg, ErrorDomain::domain, "unknown metadata type '{}'", type);
    }
}

void set_domain_metadata(model::Domain& domain, uint32_t type, const std::optional<std::string>& value,
                         const std::string& key, const std::string& uri) {
    switch (type) {
        case api::domain_metadata_description:
            domain.description = value.value_or("");
            return;
        case api::domain_metadata_title:
            if (value && value->find('\n') != value->npos) {
                throw Error(ErrorCode::invalid_arg, ErrorDomain::dom, "metadata title can't contain newlines");
            }
            domain.title = value.value_or("");
            return;
        case api::domain_metadata_element: {
            std::optional<std::string_view> content;
            if (value) content = *value;
            try {
                domain.metadata.replace("metadata", key, uri, content);
            } catch (Error& error) {
                error.set_domain(ErrorDomain::domain);
                throw;
            }
            return;
        }
        default:
            fail(ErrorCode::invalid_arg, ErrorDomain::domain, "unknown metadata type '{}'", type);
    }
}

}  // namespace virtue::qemu
