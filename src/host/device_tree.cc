#include "host/device_tree.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/text.h"
#include "io/watch.h"

namespace virtue::host {

namespace {

const std::string nothing;

void add_property(TreeDevice& device, std::string_view line) {
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) return;
    device.properties[std::string(line.substr(0, equals))] = std::string(line.substr(equals + 1));
}

/// The name of udev's file about a device.
std::string udev_key(const TreeDevice& device) {
    const std::string &major = device.property("MAJOR"), &minor = device.property("MINOR");
    if (!major.empty()) return (device.subsystem == "block" ? "b" : "c") + major + ":" + minor;
    if (const std::string& index = device.property("IFINDEX"); !index.empty()) return "n" + index;
    return "+" + device.subsystem + ":" + last_part(device.path);
}

void add_udev_facts(const SystemFiles& files, TreeDevice& device) {
    const auto text = files.text("/run/udev/data/" + udev_key(device));
    if (!text) return;
    for (std::string_view line : split_lines(*text)) {
        if (line.starts_with("E:")) add_property(device, line.substr(2));
        if (line.starts_with("S:")) device.links.push_back("/dev/" + std::string(line.substr(2)));
    }
    std::sort(device.links.begin(), device.links.end());
}

std::vector<TreeDevice> devices_in(const SystemFiles& files, const std::string& folder) {
    std::vector<TreeDevice> devices;
    for (const std::string& name : files.list(folder)) {
        const std::string path = resolve_link(files, folder + "/" + name);
        if (path.empty()) continue;
        if (auto device = read_tree_device(files, path)) devices.push_back(std::move(*device));
    }
    std::sort(devices.begin(), devices.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return devices;
}

}  // namespace

const std::string& TreeDevice::property(const std::string& key) const {
    auto found = properties.find(key);
    return found == properties.end() ? nothing : found->second;
}

std::string TreeDevice::node() const {
    const std::string& told = property("DEVNAME");
    return told.empty() || told.starts_with('/') ? told : "/dev/" + told;
}

std::string last_part(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

std::string resolve_link(const SystemFiles& files, const std::string& path) {
    std::error_code error;
    const std::string whole = std::filesystem::canonical(files.root() + path, error).string();
    return error || !whole.starts_with(files.root()) ? std::string() : whole.substr(files.root().size());
}

std::optional<TreeDevice> read_tree_device(const SystemFiles& files, const std::string& path) {
    const auto text = files.text(path + "/uevent");
    if (!text) return std::nullopt;
    TreeDevice device;
    device.path = path;
    device.name = last_part(path);
    std::replace(device.name.begin(), device.name.end(), '!', '/');
    device.subsystem = last_part(resolve_link(files, path + "/subsystem"));
    for (std::string_view line : split_lines(*text)) add_property(device, line);
    add_udev_facts(files, device);
    return device;
}

std::vector<TreeDevice> devices_of_bus(const SystemFiles& files, const std::string& bus) {
    return devices_in(files, "/sys/bus/" + bus + "/devices");
}

std::vector<TreeDevice> devices_of_class(const SystemFiles& files, const std::string& name) {
    return devices_in(files, "/sys/class/" + name);
}

namespace {

/// What udevd puts before the properties that it sends on (libudev's monitor messages).
struct MonitorHeader {
    char prefix[8];           // 0: "libudev"
    uint32_t magic;           // 8: 0xfeedcafe, big endian
    uint32_t header_size;     // 12
    uint32_t properties_off;  // 16
    uint32_t properties_len;  // 20
};
static_assert(sizeof(MonitorHeader) == 24);
constexpr uint32_t monitor_magic = 0xfeedcafe;

/// The part of a message with its "KEY=value" texts; empty if it is none.
std::span<const char> properties_of(std::span<const char> message) {
    MonitorHeader header{};
    if (message.size() > sizeof header && std::memcmp(message.data(), "libudev", 8) == 0) {
        std::memcpy(&header, message.data(), sizeof header);
        if (ntohl(header.magic) != monitor_magic || header.properties_off > message.size()) return {};
        return message.subspan(header.properties_off);
    }
    // The kernel's begin with "add@/devices/…".
    const auto end = std::find(message.begin(), message.end(), '\0');
    if (end == message.end() || std::find(message.begin(), end, '@') == end) return {};
    return message.subspan(static_cast<size_t>(end - message.begin()) + 1);
}

}  // namespace

std::optional<Uevent> parse_uevent(std::span<const char> message) {
    Uevent event;
    const std::span<const char> properties = properties_of(message);
    for (std::string_view line : split({properties.data(), properties.size()}, '\0')) {
        if (line.starts_with("ACTION=")) event.action = line.substr(7);
        if (line.starts_with("DEVPATH=")) event.path = "/sys" + std::string(line.substr(8));
        if (line.starts_with("DEVPATH_OLD=")) event.old_path = "/sys" + std::string(line.substr(12));
    }
    if (event.action.empty() || event.path.empty()) return std::nullopt;
    return event;
}

UeventWatch::UeventWatch(io::Loop& loop, std::function<void(const Uevent&)> heard, std::function<void()> lost)
    : socket_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT)),
      heard_(std::move(heard)),
      lost_(std::move(lost)) {
    constexpr uint32_t from_kernel = 1, from_udev = 2;
    constexpr int buffer = 8 << 20;
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = ::access("/run/udev/control", F_OK) == 0 ? from_udev : from_kernel;
    if (!socket_ || ::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw Error::from_errno(errno, ErrorDomain::nodedev, "cannot listen to the kernel's device events");
    // Only a wish: an ordinary user gets less.
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    const int on = 1;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    watch_ = std::make_unique<io::FdWatch>(loop, socket_.get());
    watch_->on_readable([this] { receive(); });
}

UeventWatch::~UeventWatch() = default;

void UeventWatch::receive() {
    std::array<char, 16384> buffer;
    std::array<char, CMSG_SPACE(sizeof(ucred))> control;
    while (true) {
        iovec part{buffer.data(), buffer.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT);
        if (got < 0 && errno == ENOBUFS) lost_();
        if (got < 0 && (errno == EINTR || errno == ENOBUFS)) continue;
        if (got <= 0) return;
        // Anybody may send to a netlink socket: only the kernel and root are believed.
        const cmsghdr* from = CMSG_FIRSTHDR(&message);
        if (!from || from->cmsg_type != SCM_CREDENTIALS) continue;
        ucred sender{};
        std::memcpy(&sender, CMSG_DATA(from), sizeof sender);
        if (sender.uid != 0) continue;
        if (auto event = parse_uevent({buffer.data(), static_cast<size_t>(got)})) heard_(*event);
    }
}

}  // namespace virtue::host
