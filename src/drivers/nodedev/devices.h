// The devices of the host that the driver knows. It looks for them when somebody first asks, and then hears from the
// kernel what comes and goes; what a device is, is read anew each time. Owned by the driver; loop thread only.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/device_tree.h"
#include "io/condition.h"
#include "io/gate.h"
#include "model/nodedev/node_device.h"

namespace virtue::nodedev {

/// What is kept of a device.
struct KnownDevice {
    std::string name;
    std::string path;           ///< in /sys; empty for the machine itself
    uint32_t capabilities = 0;  ///< a bit for each model::NodeDeviceType, as list filters have them
    std::string wwnn, wwpn;     ///< of a Fibre Channel host
};

/// What happened to a device.
enum class Change : uint8_t { created, deleted, updated };

class Devices {
public:
    /// `changed` hears every change after the first look.
    Devices(io::Loop& loop, host::SystemFiles files, std::string host_uuid,
            std::function<void(const std::string& name, Change change)> changed);
    ~Devices();
    Devices(const Devices&) = delete;
    Devices& operator=(const Devices&) = delete;

    /// Waits until all devices are known. Throws system_error, operation_timeout.
    Task<void> ready(io::Deadline deadline);
    /// Begins the first look without waiting.
    void begin();
    /// By name, in its order.
    const std::map<std::string, KnownDevice>& all() const { return by_name_; }
    /// Throws no_node_device.
    const KnownDevice& at(const std::string& name) const;
    /// The name of the nearest known device above; "computer" for the topmost, empty for "computer".
    std::string parent_of(const KnownDevice& device) const;
    /// The whole definition, read now. Throws no_node_device if it is gone meanwhile.
    Task<model::NodeDevice> definition(std::string name);
    const host::SystemFiles& files() const { return files_; }
    /// Ends the background work.
    Task<void> close();

private:
    Task<void> look();
    Task<void> follow(std::vector<host::Uevent> events);
    void heard(const host::Uevent& event);
    /// Has what was heard followed, if nobody does.
    void wake();
    void add(KnownDevice device, bool tell);
    void remove(const std::string& path);
    void forget(const std::string& path, const std::string& name);

    io::Loop& loop_;
    const host::SystemFiles files_;
    const std::string host_uuid_;
    std::function<void(const std::string&, Change)> changed_;
    std::map<std::string, KnownDevice> by_name_;
    std::map<std::string, std::string> by_path_;  ///< path to name
    std::unique_ptr<host::UeventWatch> watch_;
    std::vector<host::Uevent> unread_;
    bool begun_ = false, following_ = false, known_ = false, look_again_ = false;
    std::exception_ptr problem_;
    io::Condition ready_;
    io::Gate gate_;
};

/// The bits of KnownDevice::capabilities.
uint32_t capability_bits(const model::NodeDevice& device);

}  // namespace virtue::nodedev
