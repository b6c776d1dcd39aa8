// What a real guest's agent would answer: file systems, addresses, clock, host name, passwords.
#include <algorithm>

#include "drivers/test/domains.h"
#include "drivers/test/networks.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/domain_device.h"
#include "protocol/remote/domain_guest.h"

namespace virtue::test {
namespace {

struct MockFilesystem {
    const char* mountpoint;
    const char* partition;
};
constexpr MockFilesystem filesystems[] = {{"/", "1"}, {"/boot", "2"}};

size_t filesystem_of(const std::string& mountpoint) {
    for (size_t i = 0; i < std::size(filesystems); i++)
        if (mountpoint == filesystems[i].mountpoint) return i;
    refuse(ErrorCode::operation_invalid, "mount point not found: {}", mountpoint);
}

/// Freezes or thaws; returns how many changed. Nothing named means all.
int32_t set_frozen(Guest& guest, const std::vector<std::string>& mountpoints, bool frozen) {
    std::vector<size_t> chosen;
    for (const std::string& mountpoint : mountpoints) chosen.push_back(filesystem_of(mountpoint));
    if (mountpoints.empty())
        for (size_t i = 0; i < guest.frozen.size(); i++) chosen.push_back(i);
    int32_t changed = 0;
    for (size_t i : chosen) {
        changed += guest.frozen[i] != frozen;
        guest.frozen[i] = frozen;
    }
    return changed;
}

proc::DomainFsfreeze::Ret freeze(Instance& in, proc::DomainFsfreeze::Args args) {
    check_flags(args.flags, 0, "testDomainFSFreeze");
    Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    return {set_frozen(guest, args.mountpoints, true)};
}

proc::DomainFsthaw::Ret thaw(Instance& in, proc::DomainFsthaw::Args args) {
    check_flags(args.flags, 0, "testDomainFSThaw");
    Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    return {set_frozen(guest, args.mountpoints, false)};
}

proc::DomainFstrim::Ret trim_filesystems(Instance& in, proc::DomainFstrim::Args args) {
    check_flags(args.flags, 0, "testDomainFSTrim");
    guest_of(in, args.domain).require_active();
    if (args.mount_point) filesystem_of(*args.mount_point);
    return {};
}

proc::DomainGetFsinfo::Ret get_filesystems(Instance& in, proc::DomainGetFsinfo::Args args) {
    check_flags(args.flags, 0, "testDomainGetFSInfo");
    const Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    proc::DomainGetFsinfo::Ret ret;
    // The mock guest lives on its first disk.
    for (const model::Disk& disk : guest.current.disks) {
        if (disk.device != model::DiskDevice::disk) continue;
        for (const MockFilesystem& filesystem : filesystems) {
            proc::DomainFilesystem info;
            info.mountpoint = filesystem.mountpoint;
            info.name = disk.target + filesystem.partition;
            info.fstype = "ext4";
            info.dev_aliases.push_back(disk.target);
            ret.info.push_back(std::move(info));
        }
        break;
    }
    ret.ret = static_cast<uint32_t>(ret.info.size());
    return ret;
}

proc::DomainGetHostname::Ret get_hostname(Instance& in, proc::DomainGetHostname::Args args) {
    check_flags(args.flags, 0, "testDomainGetHostname");
    const Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    return {guest.name() + "host"};
}

proc::DomainGetTime::Ret get_time(Instance& in, proc::DomainGetTime::Args args) {
    check_flags(args.flags, 0, "testDomainGetTime");
    const Guest& guest = guest_of(in, args.domain);
    if (guest.state != api::domain_running) refuse(ErrorCode::operation_invalid, "domain is not running");
    return {guest.clock_seconds, guest.clock_nanoseconds};
}

proc::DomainSetTime::Ret set_time(Instance& in, proc::DomainSetTime::Args args) {
    check_flags(args.flags, 1, "testDomainSetTime");  // VIR_DOMAIN_TIME_SYNC
    Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    guest.clock_seconds = args.seconds;
    guest.clock_nanoseconds = args.nseconds;
    return {};
}

proc::DomainSetUserPassword::Ret set_password(Instance& in, proc::DomainSetUserPassword::Args args) {
    check_flags(args.flags, 1, "testDomainSetUserPassword");  // VIR_DOMAIN_PASSWORD_ENCRYPTED
    guest_of(in, args.domain).require_active();
    return {};
}

/// The address that a card "got": of a network, the first of its range and then so far on that no two guests meet;
/// of anything else, a small private one.
proc::DomainIpAddress address_of(Instance& in, const Guest& guest, size_t index) {
    constexpr size_t addresses_of_a_guest = 20;
    const model::Interface& card = guest.current.interfaces[index];
    proc::DomainIpAddress address;
    address.type = 0;  // VIR_IP_ADDR_TYPE_IPV4
    address.prefix = 24;
    if (card.type != model::InterfaceType::network) {
        address.addr = fmt::format("192.168.0.{}", 1 + index);
        return address;
    }
    size_t offset = static_cast<size_t>(guest.current.id - 1) * addresses_of_a_guest + index + 1;
    return address_in_network(in, card.network, offset);
}

proc::DomainInterfaceAddresses::Ret get_addresses(Instance& in, proc::DomainInterfaceAddresses::Args args) {
    check_flags(args.flags, 0, "testDomainInterfaceAddresses");
    const Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    if (args.source >= api::domain_interface_addresses_src_last)
        refuse(ErrorCode::argument_unsupported, "Unknown IP address data source {}", args.source);
    proc::DomainInterfaceAddresses::Ret ret;
    for (const model::Interface& card : guest.current.interfaces) {
        proc::DomainInterface found;
        found.name = card.target;
        found.hwaddr = card.mac->to_string();
        found.addrs.push_back(address_of(in, guest, ret.ifaces.size()));
        ret.ifaces.push_back(std::move(found));
    }
    return ret;
}

// Keys and signals.

struct Range {
    uint32_t first;
    uint32_t last;
};
struct Codeset {
    const char* name;
    std::vector<Range> codes;  ///< those that stand for a key
};

const Codeset& codeset(uint32_t number) {
    static const std::vector<Range> xt{{0, 95}, {99, 109}, {111, 121}, {123, 123}, {125, 126}};
    static const std::vector<Codeset> all{
        {"linux",
         {{0, 265},
          {272, 279},
          {288, 299},
          {303, 318},
          {320, 327},
          {330, 337},
          {352, 439},
          {448, 451},
          {464, 484},
          {497, 506},
          {512, 524}}},
        {"xt", xt},
        {"atset1", xt},
        {"atset2", {{0, 131}}},
        {"atset3", {{0, 163}}},
        {"os_x", {{0, 51}, {53, 65}, {67, 67}, {69, 69}, {71, 76}, {78, 107}, {109, 111}, {113, 126}, {255, 255}}},
        {"xt_kbd", {{0, 126}, {257, 381}}},
        {"usb", {{0, 0}, {4, 48}, {50, 119}, {121, 125}, {133, 133}, {135, 140}, {144, 148}, {182, 183}, {224, 251}}},
        {"win32", {{0, 251}}},
        {"qnum", {{0, 253}}},
    };
    if (number >= all.size())
        throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::domain,
                                  fmt::format("Unsupported codeset '{}'", number));
    return all[number];
}

proc::DomainSendKey::Ret send_key(Instance& in, proc::DomainSendKey::Args args) {
    check_flags(args.flags, 0, "testDomainSendKey");
    const Codeset& set = codeset(args.codeset);
    guest_of(in, args.domain).require_active();
    for (uint32_t code : args.keycodes) {
        bool known = std::any_of(set.codes.begin(), set.codes.end(),
                                 [&](const Range& range) { return code >= range.first && code <= range.last; });
        if (!known) refuse(ErrorCode::internal_error, "invalid keycode {} of {} codeset", code, set.name);
    }
    return {};
}

proc::DomainInjectNmi::Ret inject_nmi(Instance& in, proc::DomainInjectNmi::Args args) {
    check_flags(args.flags, 0, "testDomainInjectNMI");
    guest_of(in, args.domain).require_active();
    return {};
}

}  // namespace

void bind_domain_guest_agent(Instance& in) {
    driver::HandlerTable& on = in.hypervisor;
    bind<proc::DomainFsfreeze>(on, in, freeze);
    bind<proc::DomainFsthaw>(on, in, thaw);
    bind<proc::DomainFstrim>(on, in, trim_filesystems);
    bind<proc::DomainGetFsinfo>(on, in, get_filesystems);
    bind<proc::DomainGetHostname>(on, in, get_hostname);
    bind<proc::DomainGetTime>(on, in, get_time);
    bind<proc::DomainSetTime>(on, in, set_time);
    bind<proc::DomainSetUserPassword>(on, in, set_password);
    bind<proc::DomainInterfaceAddresses>(on, in, get_addresses);
    bind<proc::DomainSendKey>(on, in, send_key);
    bind<proc::DomainInjectNmi>(on, in, inject_nmi);
}

}  // namespace virtue::test
