#include "drivers/qemu/calls/guest_calls.h"

#include "drivers/qemu/calls/agent_turn.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/interfaces.h"
#include "drivers/qemu/live_definition.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

std::string base64(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (size_t i = 0; i < bytes.size(); i += 3) {
        uint32_t group = 0;
        size_t have = std::min<size_t>(3, bytes.size() - i);
        for (size_t k = 0; k < 3; k++) group = group << 8 | (k < have ? static_cast<uint8_t>(bytes[i + k]) : 0u);
        for (size_t k = 0; k < 4; k++) text += k <= have ? digits[group >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

/// The addresses of each card together.
proc::DomainInterfaceAddresses::Ret by_interface(const std::vector<KnownAddress>& known) {
    proc::DomainInterfaceAddresses::Ret ret;
    for (const KnownAddress& one : known) {
        proc::DomainIpAddress address;
        address.type = one.is_ipv6 ? 1 : 0;
        address.addr = one.address;
        address.prefix = one.prefix;
        if (ret.ifaces.empty() || ret.ifaces.back().hwaddr != one.mac) {
            proc::DomainInterface interface;
            interface.name = one.device;
            interface.hwaddr = one.mac;
            ret.ifaces.push_back(std::move(interface));
        }
        ret.ifaces.back().addrs.push_back(std::move(address));
    }
    return ret;
}

}  // namespace

void GuestCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainGetTime>(this, &GuestCalls::get_time);
    on.call<proc::DomainSetTime>(this, &GuestCalls::set_time);
    on.call<proc::DomainGetHostname>(this, &GuestCalls::hostname);
    on.call<proc::DomainGetFsinfo>(this, &GuestCalls::file_systems);
    on.call<proc::DomainFsfreeze>(this, &GuestCalls::freeze);
    on.call<proc::DomainFsthaw>(this, &GuestCalls::thaw);
    on.call<proc::DomainFstrim>(this, &GuestCalls::trim);
    on.call<proc::DomainSetUserPassword>(this, &GuestCalls::set_password);
    on.call<proc::DomainInterfaceAddresses>(this, &GuestCalls::addresses);
    on.call<proc::DomainAgentSetResponseTimeout>(this, &GuestCalls::set_timeout);
}

Task<Json> GuestCalls::ask(driver::Call& call, proc::DomainRef which, const char* api, std::string command,
                           Json arguments) {
    DomainOwner domain = core_.at(which.name, which.uuid);
    Json answer = co_await ask_agent(core_, call, std::move(domain), api, std::move(command), std::move(arguments));
    co_return answer;
}

Task<proc::DomainGetTime::Ret> GuestCalls::get_time(driver::Call& call, proc::DomainGetTime::Args args) {
    require_flags(args.flags, 0, "qemuDomainGetTime");
    Json nothing;
    Json answer = co_await ask(call, std::move(args.domain), "virDomainGetTime", "guest-get-time", std::move(nothing));
    int64_t nanoseconds = answer.as_int();
    proc::DomainGetTime::Ret ret;
    ret.seconds = nanoseconds / 1000000000;
    ret.nseconds = static_cast<uint32_t>(nanoseconds % 1000000000);
    co_return ret;
}

Task<wire::Void> GuestCalls::set_time(driver::Call& call, proc::DomainSetTime::Args args) {
    require_flags(args.flags, api::domain_time_sync, "qemuDomainSetTime");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    if (!domain->is_active()) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                    "cannot set time: the guest does not run, and nobody knows what its QEMU could do");
    }
    domain->agent();
    Json arguments;
    if (!(args.flags & api::domain_time_sync)) {
        constexpr int64_t latest = INT64_MAX / 1000000000 - 5;  // nseconds may be more than one second's
        if (args.seconds > latest || args.seconds < -latest) {
            fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "Time '{}' is too big for guest agent", args.seconds);
        }
        arguments = Json::object({{"time", args.seconds * 1000000000 + args.nseconds}});
    }
    co_await ask(call, std::move(args.domain), "virDomainSetTime", "guest-set-time", std::move(arguments));
    // Interrupts that the guest's clock missed meanwhile must not be caught up after it was set.
    Json nothing;
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await domain->monitor()->exchange("rtc-reset-reinjection", std::move(nothing), deadline);
    co_return wire::Void{};
}

Task<proc::DomainGetHostname::Ret> GuestCalls::hostname(driver::Call& call, proc::DomainGetHostname::Args args) {
    require_flags(args.flags, api::domain_get_hostname_lease | api::domain_get_hostname_agent, "qemuDomainGetHostname");
    require_exclusive(args.flags, api::domain_get_hostname_lease, "VIR_DOMAIN_GET_HOSTNAME_LEASE",
                      api::domain_get_hostname_agent, "VIR_DOMAIN_GET_HOSTNAME_AGENT");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    proc::DomainGetHostname::Ret ret;
    if (args.flags & api::domain_get_hostname_lease) {
        domain->running();
        const std::vector<KnownAddress> known = co_await leased_addresses(core_, domain);
        for (const KnownAddress& one : known) {
            if (ret.hostname.empty()) ret.hostname = one.hostname;
        }
        if (ret.hostname.empty()) {
            fail(ErrorCode::no_hostname, ErrorDomain::qemu, "no hostname found for domain {}", domain->name());
        }
        co_return ret;
    }
    Json nothing;
    Json answer =
        co_await ask(call, std::move(args.domain), "virDomainGetHostname", "guest-get-host-name", std::move(nothing));
    ret.hostname = answer.at("host-name").as_string();
    co_return ret;
}

Task<proc::DomainGetFsinfo::Ret> GuestCalls::file_systems(driver::Call& call, proc::DomainGetFsinfo::Args args) {
    require_flags(args.flags, 0, "qemuDomainGetFSInfo");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    Json nothing;
    Json answer =
        co_await ask(call, std::move(args.domain), "virDomainGetFSInfo", "guest-get-fsinfo", std::move(nothing));
    proc::DomainGetFsinfo::Ret ret;
    for (const Json& item : answer.items()) {
        proc::DomainFilesystem file_system;
        file_system.mountpoint = item.string_or("mountpoint", "");
        file_system.name = item.string_or("name", "");
        file_system.fstype = item.string_or("type", "");
        if (const Json* disks = item.find("disk"); disks && disks->is_array()) {
            for (const Json& disk : disks->items()) {
                std::string target = find_disk_at(domain->current(), disk.int_or("bus", 0), disk.int_or("target", 0),
                                                  disk.int_or("unit", 0));
                if (!target.empty()) file_system.dev_aliases.push_back(target);
            }
        }
        ret.info.push_back(std::move(file_system));
    }
    ret.ret = static_cast<uint32_t>(ret.info.size());
    co_return ret;
}

Task<proc::DomainFsfreeze::Ret> GuestCalls::freeze(driver::Call& call, proc::DomainFsfreeze::Args args) {
    require_flags(args.flags, 0, "qemuDomainFSFreeze");
    Json arguments;
    std::string command = "guest-fsfreeze-freeze";
    if (!args.mountpoints.empty()) {
        Json points = Json::array();
        for (const std::string& point : args.mountpoints) points.add(point);
        arguments = Json::object({{"mountpoints", std::move(points)}});
        command = "guest-fsfreeze-freeze-list";
    }
    Json answer =
        co_await ask(call, std::move(args.domain), "virDomainFSFreeze", std::move(command), std::move(arguments));
    proc::DomainFsfreeze::Ret ret;
    ret.filesystems = static_cast<int32_t>(answer.as_int());
    co_return ret;
}

Task<proc::DomainFsthaw::Ret> GuestCalls::thaw(driver::Call& call, proc::DomainFsthaw::Args args) {
    require_flags(args.flags, 0, "qemuDomainFSThaw");
    if (!args.mountpoints.empty()) {
        throw Error(ErrorCode::argument_unsupported, ErrorDomain::qemu, "specifying mountpoints is not supported");
    }
    Json nothing;
    Json answer =
        co_await ask(call, std::move(args.domain), "virDomainFSThaw", "guest-fsfreeze-thaw", std::move(nothing));
    proc::DomainFsthaw::Ret ret;
    ret.filesystems = static_cast<int32_t>(answer.as_int());
    co_return ret;
}

Task<wire::Void> GuestCalls::trim(driver::Call& call, proc::DomainFstrim::Args args) {
    require_flags(args.flags, 0, "qemuDomainFSTrim");
    if (args.mount_point) {
        throw Error(ErrorCode::argument_unsupported, ErrorDomain::qemu,
                    "Specifying mount point is not supported for now");
    }
    require_running(*core_.at(args.domain.name, args.domain.uuid));
    Json arguments = Json::object({{"minimum", args.minimum}});
    co_await ask(call, std::move(args.domain), "virDomainFSTrim", "guest-fstrim", std::move(arguments));
    co_return wire::Void{};
}

Task<wire::Void> GuestCalls::set_password(driver::Call& call, proc::DomainSetUserPassword::Args args) {
    require_flags(args.flags, api::domain_password_encrypted, "qemuDomainSetUserPassword");
    Json arguments = Json::object({{"crypted", (args.flags & api::domain_password_encrypted) != 0},
                                   {"username", args.user.value_or("")},
                                   {"password", base64(args.password.value_or(""))}});
    co_await ask(call, std::move(args.domain), "virDomainSetUserPassword", "guest-set-user-password",
                 std::move(arguments));
    co_return wire::Void{};
}

Task<proc::DomainInterfaceAddresses::Ret> GuestCalls::addresses(driver::Call& call,
                                                                proc::DomainInterfaceAddresses::Args args) {
    require_flags(args.flags, 0, "qemuDomainInterfaceAddresses");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    domain->running();
    proc::DomainInterfaceAddresses::Ret ret;
    const bool leases = args.source == api::domain_interface_addresses_src_lease;
    if (leases || args.source == api::domain_interface_addresses_src_arp) {
        std::vector<KnownAddress> known;
        if (leases) {
            known = co_await leased_addresses(core_, domain);
        } else {
            known = co_await neighbour_addresses(core_, domain);
        }
        co_return by_interface(known);
    }
    if (args.source != api::domain_interface_addresses_src_agent) {
        fail(ErrorCode::argument_unsupported, ErrorDomain::qemu, "Unsupported IP address data source {}", args.source);
    }
    Json nothing;
    Json answer = co_await ask(call, std::move(args.domain), "virDomainInterfaceAddresses",
                               "guest-network-get-interfaces", std::move(nothing));
    for (const Json& item : answer.items()) {
        proc::DomainInterface interface;
        interface.name = item.string_or("name", "");
        if (std::string mac = item.string_or("hardware-address", ""); !mac.empty()) interface.hwaddr = mac;
        if (const Json* list = item.find("ip-addresses"); list && list->is_array()) {
            for (const Json& entry : list->items()) {
                proc::DomainIpAddress address;
                address.type = entry.string_or("ip-address-type", "") == "ipv6" ? 1 : 0;
                address.addr = entry.string_or("ip-address", "");
                address.prefix = static_cast<uint32_t>(entry.uint_or("prefix", 0));
                interface.addrs.push_back(std::move(address));
            }
        }
        ret.ifaces.push_back(std::move(interface));
    }
    co_return ret;
}

Task<proc::DomainAgentSetResponseTimeout::Ret> GuestCalls::set_timeout(driver::Call&,
                                                                       proc::DomainAgentSetResponseTimeout::Args args) {
    require_flags(args.flags, 0, "qemuDomainAgentSetResponseTimeout");
    if (args.timeout < -2) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "guest agent timeout '{}' is less than the minimum '{}'",
             args.timeout, -2);
    }
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    domain->agent_timeout = args.timeout;
    co_await save_status(core_, domain);
    co_return proc::DomainAgentSetResponseTimeout::Ret{};
}

}  // namespace virtue::qemu
