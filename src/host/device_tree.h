// The kernel's tree of devices (/sys) with what udev knows besides (/run/udev/data), and the kernel's word when it
// changes. Plain values and functions that read small files; a UeventWatch belongs to who made it, loop thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "host/system_files.h"
#include "io/loop.h"

namespace virtue::io {
class FdWatch;
}

namespace virtue::host {

/// One device, as udev sees it.
struct TreeDevice {
    std::string path;                               ///< "/sys/devices/pci0000:00/0000:00:1f.2"
    std::string name;                               ///< the last part of the path, '!' turned to '/'
    std::string subsystem;                          ///< "pci", "block"; empty if it has none
    std::map<std::string, std::string> properties;  ///< of the kernel and of udev's rules: "DEVTYPE", "ID_SERIAL"
    std::vector<std::string> links;                 ///< names below /dev besides its own, sorted: "/dev/disk/by-id/…"

    /// Empty if there is none.
    const std::string& property(const std::string& key) const;
    /// "/dev/sda", empty if it has no node.
    std::string node() const;
};

/// The device at a path below /sys; nothing if there is none.
std::optional<TreeDevice> read_tree_device(const SystemFiles& files, const std::string& path);
/// All devices of a bus ("pci") or class ("net"), in the order of their paths.
std::vector<TreeDevice> devices_of_bus(const SystemFiles& files, const std::string& bus);
std::vector<TreeDevice> devices_of_class(const SystemFiles& files, const std::string& name);
/// Where a symbolic link below /sys leads, without the root of `files`; empty if there is none.
std::string resolve_link(const SystemFiles& files, const std::string& path);
/// The last part of a path.
std::string last_part(const std::string& path);

/// What the kernel or udev says about a device.
struct Uevent {
    std::string action;    ///< add, remove, change, move, …
    std::string path;      ///< with /sys
    std::string old_path;  ///< of a move, with /sys
    bool operator==(const Uevent&) const = default;
};
/// Reads a message of the kernel, or one that udevd sends on; nothing if it is neither.
std::optional<Uevent> parse_uevent(std::span<const char> message);

/// Hears the events of this network namespace: udevd's where it runs, so that its properties are there already, else
/// the kernel's own.
class UeventWatch {
public:
    /// `lost` is called when events were missed. Throws system_error.
    UeventWatch(io::Loop& loop, std::function<void(const Uevent&)> heard, std::function<void()> lost);
    ~UeventWatch();
    UeventWatch(const UeventWatch&) = delete;
    UeventWatch& operator=(const UeventWatch&) = delete;

private:
    void receive();
    Fd socket_;
    std::unique_ptr<io::FdWatch> watch_;
    std::function<void(const Uevent&)> heard_;
    std::function<void()> lost_;
};

}  // namespace virtue::host
