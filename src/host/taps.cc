#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "host/links.h"
#include "host/netlink.h"

namespace virtue::host {
namespace {

constexpr unsigned most_numbers = 65536;

[[noreturn]] void refuse(int number, const std::string& what) {
    throw Error::from_errno(number, ErrorDomain::none, what);
}

/// Opens one queue of a tap; true if the name is taken.
bool open_queue(Fd& fd, std::string& name, short flags, bool virtio_header) {
    fd.reset(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    if (!fd) refuse(errno, "Unable to open /dev/net/tun, is tun module loaded?");
    ifreq request{};
    request.ifr_flags = flags;
    unsigned features = 0;
    if (virtio_header && ::ioctl(fd.get(), TUNGETFEATURES, &features) == 0 && (features & IFF_VNET_HDR))
        request.ifr_flags = static_cast<short>(flags | IFF_VNET_HDR);
    std::memcpy(request.ifr_name, name.data(), std::min(name.size(), size_t{IFNAMSIZ - 1}));
    if (::ioctl(fd.get(), TUNSETIFF, &request) == 0) {
        name = request.ifr_name;
        return false;
    }
    if (errno == EBUSY || errno == EEXIST) return true;
    refuse(errno, "Unable to create tap device " + name);
}

/// The first name of the pattern that no device has.
std::string free_name(const std::string& pattern) {
    const size_t place = pattern.find("%d");
    if (place == pattern.npos) return pattern;
    for (unsigned i = 0; i < most_numbers; i++) {
        std::string name = pattern.substr(0, place) + std::to_string(i) + pattern.substr(place + 2);
        if (link_index(name) == 0) return name;
    }
    refuse(ENOSPC, "no free device name for " + pattern);
}

/// What sysfs or netlink tell of a macvtap's character device. sysfs may show another network namespace, so the
/// device node is made from the number that belongs to our index where the node is missing.
Fd open_macvtap(const std::string& name, unsigned index) {
    const std::string node = "/dev/tap" + std::to_string(index);
    Fd fd(::open(node.c_str(), O_RDWR | O_CLOEXEC));
    if (fd || errno != ENOENT) {
        if (!fd) refuse(errno, "cannot open macvtap tap device " + node);
        return fd;
    }
    unsigned major = 0;
    unsigned minor = 0;
    std::ifstream number("/sys/class/net/" + name + "/macvtap/tap" + std::to_string(index) + "/dev");
    char colon = 0;
    if (!(number >> major >> colon >> minor)) refuse(ENOENT, "cannot open macvtap tap device " + node);
    const std::string own = "/dev/.virtue-tap" + std::to_string(index);
    ::unlink(own.c_str());
    if (::mknod(own.c_str(), S_IFCHR | 0600, makedev(major, minor)) != 0) refuse(errno, "cannot make " + own);
    fd.reset(::open(own.c_str(), O_RDWR | O_CLOEXEC));
    const int problem = errno;
    ::unlink(own.c_str());
    if (!fd) refuse(problem, "cannot open macvtap tap device " + node);
    return fd;
}

uint32_t mode_number(MacvtapMode mode) {
    switch (mode) {
        case MacvtapMode::vepa:
            return MACVLAN_MODE_VEPA;
        case MacvtapMode::private_mode:
            return MACVLAN_MODE_PRIVATE;
        case MacvtapMode::bridge:
            return MACVLAN_MODE_BRIDGE;
        case MacvtapMode::passthrough:
            return MACVLAN_MODE_PASSTHRU;
    }
    return MACVLAN_MODE_VEPA;
}

}  // namespace

Tap create_tap(const TapOptions& options) {
    short flags = IFF_TAP | IFF_NO_PI;
    if (options.queues > 1) flags = static_cast<short>(flags | IFF_MULTI_QUEUE);
    const bool numbered = options.name.find("%d") != options.name.npos;
    Tap tap;
    for (unsigned attempt = 0; tap.queues.empty(); attempt++) {
        tap.name = free_name(options.name);
        Fd first;
        const bool taken = open_queue(first, tap.name, static_cast<short>(flags | IFF_TUN_EXCL), options.virtio_header);
        if (!taken) {
            tap.queues.push_back(std::move(first));
        } else if (!numbered || attempt > 100) {
            refuse(EBUSY, "Unable to create tap device " + tap.name);
        }
    }
    while (tap.queues.size() < options.queues) {
        Fd next;
        if (open_queue(next, tap.name, flags, options.virtio_header))
            refuse(EBUSY, "Unable to create tap device " + tap.name);
        tap.queues.push_back(std::move(next));
    }
    if (options.owner && ::ioctl(tap.queues.front().get(), TUNSETOWNER, static_cast<unsigned long>(*options.owner)) < 0)
        refuse(errno, "Unable to set the owner of tap device " + tap.name);
    return tap;
}

Tap create_macvtap(const std::string& lower, MacvtapMode mode, const MacAddress& mac, unsigned queues) {
    const unsigned below = link_index(lower);
    if (below == 0) refuse(ENODEV, "Unable to get index for interface " + lower);
    Tap tap;
    int error = EEXIST;
    for (unsigned attempt = 0; error == EEXIST && attempt < 100; attempt++) {
        tap.name = free_name("macvtap%d");
        NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
        request.body(ifinfomsg{});
        request.attribute_u32(IFLA_LINK, below);
        request.attribute(IFLA_IFNAME, tap.name);
        request.attribute(IFLA_ADDRESS, mac.bytes.data(), mac.bytes.size());
        const size_t info = request.begin(IFLA_LINKINFO);
        request.attribute(IFLA_INFO_KIND, "macvtap");
        const size_t data = request.begin(IFLA_INFO_DATA);
        request.attribute_u32(IFLA_MACVLAN_MODE, mode_number(mode));
        request.end(data);
        request.end(info);
        Netlink netlink;
        error = netlink.send(request);
    }
    if (error != 0) refuse(error, "error creating macvtap interface " + tap.name + "@" + lower);
    try {
        set_link_up(tap.name, true);
        const unsigned index = link_index(tap.name);
        for (unsigned i = 0; i < std::max(queues, 1U); i++) {
            Fd fd = open_macvtap(tap.name, index);
            ifreq request{};
            std::memcpy(request.ifr_name, tap.name.data(), std::min(tap.name.size(), size_t{IFNAMSIZ - 1}));
            request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
            if (queues > 1) request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_MULTI_QUEUE);
            if (::ioctl(fd.get(), TUNSETIFF, &request) < 0) refuse(errno, "cannot set up " + tap.name);
            tap.queues.push_back(std::move(fd));
        }
    } catch (...) {
        delete_link(tap.name);
        throw;
    }
    return tap;
}

}  // namespace virtue::host
