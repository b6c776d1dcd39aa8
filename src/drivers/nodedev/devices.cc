#include "drivers/nodedev/devices.h"

#include "base/error.h"
#include "base/log.h"
#include "drivers/nodedev/describe.h"
#include "io/offload.h"

namespace virtue::nodedev {

namespace {

constinit log::Module logger("nodedev");
constexpr const char* buses[] = {"pci", "usb", "scsi", "mdev", "vdpa"};
constexpr const char* classes[] = {"block", "net", "drm", "scsi_generic"};

KnownDevice known(const model::NodeDevice& device) {
    KnownDevice known{device.name, device.path, capability_bits(device), "", ""};
    for (const model::NodeDeviceCapability& capability : device.capabilities) {
        if (!capability.scsi_host.fc_host) continue;
        known.wwnn = capability.scsi_host.fc_host->wwnn;
        known.wwpn = capability.scsi_host.fc_host->wwpn;
    }
    return known;
}

/// Nothing for what is no device of ours, or goes or misbehaves while it is read: that is no reason to know no others.
std::optional<KnownDevice> look_at(const host::SystemFiles& files, const host::TreeDevice& device) {
    try {
        if (const auto described = describe(files, device)) return known(*described);
    } catch (const Error& error) {
        logger.warn("passing over the device {}: {}", device.path, error.message());
    }
    return std::nullopt;
}

std::vector<KnownDevice> scan(const host::SystemFiles& files) {
    std::vector<KnownDevice> found;
    const auto take = [&](const std::vector<host::TreeDevice>& devices) {
        for (const host::TreeDevice& device : devices)
            if (auto one = look_at(files, device)) found.push_back(std::move(*one));
    };
    for (const char* bus : buses) take(host::devices_of_bus(files, bus));
    for (const char* name : classes) take(host::devices_of_class(files, name));
    return found;
}

}  // namespace

uint32_t capability_bits(const model::NodeDevice& device) {
    uint32_t bits = 0;
    for (uint32_t type = 0; type <= static_cast<uint32_t>(model::NodeDeviceType::vpd); type++)
        if (device.has_capability(static_cast<model::NodeDeviceType>(type))) bits |= 1U << type;
    return bits;
}

Devices::Devices(io::Loop& loop, host::SystemFiles files, std::string host_uuid,
                 std::function<void(const std::string&, Change)> changed)
    : loop_(loop),
      files_(std::move(files)),
      host_uuid_(std::move(host_uuid)),
      changed_(std::move(changed)),
      ready_(loop),
      gate_(loop, [](std::exception_ptr error) { logger.error("{}", log::describe(error)); }) {}

Devices::~Devices() = default;

void Devices::begin() {
    // What failed once is tried again by whoever asks next.
    if (begun_ && !problem_) return;
    begun_ = true;
    problem_ = nullptr;
    gate_.spawn(look());
}

Task<void> Devices::ready(io::Deadline deadline) {
    begin();
    while (!known_ && !problem_) {
        io::WakeReason reason = co_await ready_.wait(deadline);
        if (!known_ && !problem_) io::require_notified(reason, "the list of the host's devices");
    }
    if (problem_) std::rethrow_exception(problem_);
}

Task<void> Devices::look() {
    try {
        if (!watch_) {
            // Listening begins first, so that nothing falls between.
            watch_ = std::make_unique<host::UeventWatch>(
                loop_, [this](const host::Uevent& event) { heard(event); },
                [this] {
                    look_again_ = true;
                    wake();
                });
        }
        auto work = [files = files_] { return scan(files); };
        std::vector<KnownDevice> found = co_await io::offload(loop_, std::move(work));
        std::map<std::string, std::string> old = std::exchange(by_path_, {});
        KnownDevice computer{"computer", "", 1U << static_cast<uint32_t>(model::NodeDeviceType::system), "", ""};
        by_name_[computer.name] = computer;
        for (KnownDevice& device : found) {
            auto was = old.find(device.path);
            if (was != old.end() && was->second == device.name) old.erase(was);
            add(std::move(device), known_);
        }
        for (const auto& [path, name] : old) forget(path, name);
        known_ = true;
    } catch (const std::exception& error) {
        if (known_) logger.warn("the host's devices could not be looked at again: {}", error.what());
        if (!known_) problem_ = std::current_exception();
    }
    ready_.notify_all();
}

void Devices::add(KnownDevice device, bool tell) {
    const std::string name = device.name;
    auto before = by_path_.find(device.path);
    if (before != by_path_.end() && before->second != name) remove(device.path);
    const bool is_new = !by_name_.contains(name);
    by_path_[device.path] = name;
    by_name_[name] = std::move(device);
    if (tell) changed_(name, is_new ? Change::created : Change::updated);
}

void Devices::remove(const std::string& path) {
    auto found = by_path_.find(path);
    if (found == by_path_.end()) return;
    const std::string name = found->second;
    by_path_.erase(found);
    forget(path, name);
}

void Devices::forget(const std::string& path, const std::string& name) {
    auto found = by_name_.find(name);
    // A device that came back elsewhere under its name is not the one that went.
    if (found == by_name_.end() || found->second.path != path) return;
    by_name_.erase(found);
    changed_(name, Change::deleted);
}

void Devices::heard(const host::Uevent& event) {
    unread_.push_back(event);
    wake();
}

void Devices::wake() {
    if (following_) return;
    following_ = true;
    std::vector<host::Uevent> none;
    gate_.spawn(follow(std::move(none)));
}

Task<void> Devices::follow(std::vector<host::Uevent> events) {
    io::Deadline until_end = io::Deadline::never().with_cancel(gate_.cancel_source());
    while (!known_ && !problem_) {
        io::WakeReason reason = co_await ready_.wait(until_end);
        if (reason != io::WakeReason::notified) co_return;
    }
    while (!unread_.empty() || look_again_) {
        if (std::exchange(look_again_, false)) co_await look();
        events = std::exchange(unread_, {});
        for (const host::Uevent& event : events) {
            if (event.action == "remove") remove(event.path);
            if (event.action == "move" && !event.old_path.empty()) remove(event.old_path);
            if (event.action != "add" && event.action != "change" && event.action != "move") continue;
            auto work = [files = files_, path = event.path]() -> std::optional<KnownDevice> {
                const auto device = host::read_tree_device(files, path);
                return device ? look_at(files, *device) : std::nullopt;
            };
            std::optional<KnownDevice> found = co_await io::offload(loop_, std::move(work));
            if (found) add(std::move(*found), true);
        }
    }
    following_ = false;
}

const KnownDevice& Devices::at(const std::string& name) const {
    auto found = by_name_.find(name);
    if (found != by_name_.end()) return found->second;
    fail(ErrorCode::no_node_device, ErrorDomain::nodedev, "no node device with matching name '{}'", name);
}

std::string Devices::parent_of(const KnownDevice& device) const {
    if (device.path.empty()) return "";
    std::string path = device.path;
    for (size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0; slash = path.rfind('/')) {
        path.resize(slash);
        if (auto found = by_path_.find(path); found != by_path_.end()) return found->second;
    }
    return "computer";
}

Task<model::NodeDevice> Devices::definition(std::string name) {
    const KnownDevice& device = at(name);
    const std::string parent = parent_of(device);
    auto work = [files = files_, path = device.path, uuid = host_uuid_]() -> std::optional<model::NodeDevice> {
        if (path.empty()) return describe_computer(files, uuid);
        const auto found = host::read_tree_device(files, path);
        return found ? describe(files, *found) : std::nullopt;
    };
    std::optional<model::NodeDevice> found = co_await io::offload(loop_, std::move(work));
    if (!found) fail(ErrorCode::no_node_device, ErrorDomain::nodedev, "no node device with matching name '{}'", name);
    found->parent = parent;
    co_return std::move(*found);
}

Task<void> Devices::close() {
    watch_.reset();
    co_await gate_.close();
}

}  // namespace virtue::nodedev
