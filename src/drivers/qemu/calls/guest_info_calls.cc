#include "drivers/qemu/calls/guest_info_calls.h"

#include <map>

#include "drivers/qemu/calls/agent_turn.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/live_definition.h"
#include "wire/typed_params.h"

namespace virtue::qemu {
namespace {

using Parameters = wire::TypedParameters;

/// Adds a text of the agent's answer, if it is there.
void add_text(Parameters& out, const std::string& name, const Json& from, std::string_view member) {
    const Json* value = from.find(member);
    if (value && value->is_string()) out.add_string(name, value->as_string());
}

std::span<const Json> items_of(const Json& from, std::string_view member) {
    const Json* list = from.find(member);
    if (!list || !list->is_array()) return {};
    return list->items();
}

/// A guest's seconds as milliseconds. It may tell any number: what cannot be counted is the nearest that can.
uint64_t milliseconds_of(double seconds) {
    constexpr double too_many = 18446744073709551616.0;  // 2^64
    const double wanted = seconds * 1000;
    if (!(wanted > 0)) return 0;
    return wanted < too_many ? static_cast<uint64_t>(wanted) : UINT64_MAX;
}

/// Somebody who is logged in more than once is told once, with the earliest login.
void add_users(const model::Domain&, const Json& answer, Parameters& out) {
    struct User {
        std::string name, domain;
        double since = 0;
    };
    std::vector<User> users;
    for (const Json& item : answer.items()) {
        User user{item.string_or("user", ""), item.string_or("domain", ""), item.at("login-time").as_double()};
        auto same = std::find_if(users.begin(), users.end(), [&](const User& other) {
            return other.name == user.name && other.domain == user.domain;
        });
        if (same == users.end()) {
            users.push_back(std::move(user));
        } else {
            same->since = std::min(same->since, user.since);
        }
    }
    out.add_uint("user.count", static_cast<uint32_t>(users.size()));
    for (size_t i = 0; i < users.size(); i++) {
        const std::string prefix = fmt::format("user.{}.", i);
        out.add_string(prefix + "name", users[i].name);
        if (!users[i].domain.empty()) out.add_string(prefix + "domain", users[i].domain);
        out.add_ullong(prefix + "login-time", milliseconds_of(users[i].since));
    }
}

void add_system(const model::Domain&, const Json& answer, Parameters& out) {
    for (const char* name : {"id", "name", "pretty-name", "version", "version-id", "machine", "variant", "variant-id",
                             "kernel-release", "kernel-version"}) {
        add_text(out, std::string("os.") + name, answer, name);
    }
}

void add_time_zone(const model::Domain&, const Json& answer, Parameters& out) {
    add_text(out, "timezone.name", answer, "zone");
    out.add_int("timezone.offset", static_cast<int32_t>(answer.at("offset").as_int()));
}

void add_host_name(const model::Domain&, const Json& answer, Parameters& out) {
    add_text(out, "hostname", answer, "host-name");
}

void add_file_systems(const model::Domain& domain, const Json& answer, Parameters& out) {
    out.add_uint("fs.count", static_cast<uint32_t>(answer.items().size()));
    size_t number = 0;
    for (const Json& item : answer.items()) {
        const std::string prefix = fmt::format("fs.{}.", number++);
        add_text(out, prefix + "name", item, "name");
        add_text(out, prefix + "mountpoint", item, "mountpoint");
        add_text(out, prefix + "fstype", item, "type");
        for (const char* size : {"total-bytes", "used-bytes"}) {
            if (const Json* bytes = item.find(size)) out.add_ullong(prefix + size, bytes->as_uint());
        }
        const auto disks = items_of(item, "disk");
        out.add_uint(prefix + "disk.count", static_cast<uint32_t>(disks.size()));
        for (size_t i = 0; i < disks.size(); i++) {
            const std::string disk = fmt::format("{}disk.{}.", prefix, i);
            const std::string target = find_disk_at(domain, disks[i].int_or("bus", 0), disks[i].int_or("target", 0),
                                                    disks[i].int_or("unit", 0));
            if (!target.empty()) out.add_string(disk + "alias", target);
            add_text(out, disk + "serial", disks[i], "serial");
            add_text(out, disk + "device", disks[i], "dev");
        }
    }
}

void add_disks(const model::Domain& domain, const Json& answer, Parameters& out) {
    out.add_uint("disk.count", static_cast<uint32_t>(answer.items().size()));
    size_t number = 0;
    for (const Json& item : answer.items()) {
        const std::string prefix = fmt::format("disk.{}.", number++);
        add_text(out, prefix + "name", item, "name");
        out.add_boolean(prefix + "partition", item.bool_or("partition", false));
        const auto dependencies = items_of(item, "dependencies");
        if (!dependencies.empty()) {
            out.add_uint(prefix + "dependency.count", static_cast<uint32_t>(dependencies.size()));
        }
        for (size_t i = 0; i < dependencies.size(); i++) {
            out.add_string(fmt::format("{}dependency.{}.name", prefix, i), dependencies[i].as_string());
        }
        if (const Json* address = item.find("address")) {
            add_text(out, prefix + "serial", *address, "serial");
            const std::string target = find_disk_at(domain, address->int_or("bus", 0), address->int_or("target", 0),
                                                    address->int_or("unit", 0));
            if (!target.empty()) out.add_string(prefix + "alias", target);
            add_text(out, prefix + "guest_bus", *address, "bus-type");
        }
        add_text(out, prefix + "guest_alias", item, "alias");
    }
}

void add_interfaces(const model::Domain&, const Json& answer, Parameters& out) {
    out.add_uint("if.count", static_cast<uint32_t>(answer.items().size()));
    size_t number = 0;
    for (const Json& item : answer.items()) {
        const std::string prefix = fmt::format("if.{}.", number++);
        add_text(out, prefix + "name", item, "name");
        add_text(out, prefix + "hwaddr", item, "hardware-address");
        const auto addresses = items_of(item, "ip-addresses");
        if (!addresses.empty()) out.add_uint(prefix + "addr.count", static_cast<uint32_t>(addresses.size()));
        for (size_t i = 0; i < addresses.size(); i++) {
            const std::string address = fmt::format("{}addr.{}.", prefix, i);
            add_text(out, address + "type", addresses[i], "ip-address-type");
            add_text(out, address + "addr", addresses[i], "ip-address");
            out.add_uint(address + "prefix", static_cast<uint32_t>(addresses[i].uint_or("prefix", 0)));
        }
    }
}

struct Kind {
    uint32_t type;
    const char* command;
    void (*add)(const model::Domain&, const Json&, Parameters&);
};
constexpr Kind kinds[] = {{api::domain_guest_info_users, "guest-get-users", add_users},
                          {api::domain_guest_info_os, "guest-get-osinfo", add_system},
                          {api::domain_guest_info_timezone, "guest-get-timezone", add_time_zone},
                          {api::domain_guest_info_hostname, "guest-get-host-name", add_host_name},
                          {api::domain_guest_info_filesystem, "guest-get-fsinfo", add_file_systems},
                          {api::domain_guest_info_disks, "guest-get-disks", add_disks},
                          {api::domain_guest_info_interfaces, "guest-network-get-interfaces", add_interfaces}};

uint32_t known_kinds() {
    uint32_t all = 0;
    for (const Kind& kind : kinds) all |= kind.type;
    return all;
}

}  // namespace

void GuestInfoCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainGetGuestInfo>(this, &GuestInfoCalls::info);
    on.call<proc::DomainAuthorizedSshKeysGet>(this, &GuestInfoCalls::ssh_keys);
    on.call<proc::DomainAuthorizedSshKeysSet>(this, &GuestInfoCalls::set_ssh_keys);
}

Task<proc::DomainGetGuestInfo::Ret> GuestInfoCalls::info(driver::Call& call, proc::DomainGetGuestInfo::Args args) {
    require_flags(args.flags, 0, "qemuDomainGetGuestInfo");
    if (args.types & ~known_kinds()) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unsupported guest information types '{:#x}'",
             args.types & ~known_kinds());
    }
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    require_running(*domain);
    // Who asks for everything gets what there is; who asks for one thing learns why there is none.
    const bool everything = args.types == 0;
    Parameters params;
    for (const Kind& kind : kinds) {
        if (!everything && (args.types & kind.type) == 0) continue;
        Json nothing;
        Json reply = co_await exchange_with_agent(core_, call, domain, "virDomainGetGuestInfo", kind.command,
                                                  std::move(nothing));
        const Json* error = reply.find("error");
        const bool unknown = error && error->string_or("class", "") == "CommandNotFound";
        if (unknown && everything) continue;
        if (error) {
            fail(unknown ? ErrorCode::operation_unsupported : ErrorCode::internal_error, ErrorDomain::qemu,
                 "unable to execute QEMU agent command '{}': {}", kind.command,
                 error->string_or("desc", "unknown error"));
        }
        kind.add(domain->current(), reply.at("return"), params);
    }
    proc::DomainGetGuestInfo::Ret ret;
    ret.params = params.take();
    co_return ret;
}

Task<proc::DomainAuthorizedSshKeysGet::Ret> GuestInfoCalls::ssh_keys(driver::Call& call,
                                                                     proc::DomainAuthorizedSshKeysGet::Args args) {
    require_flags(args.flags, 0, "qemuDomainAuthorizedSSHKeysGet");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    require_running(*domain);
    Json arguments = Json::object({{"username", args.user}});
    Json answer = co_await ask_agent(core_, call, domain, "virDomainAuthorizedSSHKeysGet",
                                     "guest-ssh-get-authorized-keys", std::move(arguments));
    proc::DomainAuthorizedSshKeysGet::Ret ret;
    for (const Json& key : items_of(answer, "keys")) ret.keys.push_back(key.as_string());
    co_return ret;
}

Task<wire::Void> GuestInfoCalls::set_ssh_keys(driver::Call& call, proc::DomainAuthorizedSshKeysSet::Args args) {
    constexpr uint32_t append = api::domain_authorized_ssh_keys_set_append;
    constexpr uint32_t remove = api::domain_authorized_ssh_keys_set_remove;
    require_flags(args.flags, append | remove, "qemuDomainAuthorizedSSHKeysSet");
    require_exclusive(args.flags, append, "VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET_APPEND", remove,
                      "VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET_REMOVE", ErrorDomain::domain);
    if ((args.flags & (append | remove)) && args.keys.empty()) {
        throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::domain,
                                  "keys in virDomainAuthorizedSSHKeysSet must not be NULL");
    }
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    require_running(*domain);
    Json keys = Json::array();
    for (const std::string& key : args.keys) keys.add(key);
    Json arguments = Json::object({{"username", args.user}, {"keys", std::move(keys)}});
    std::string command = "guest-ssh-remove-authorized-keys";
    if ((args.flags & remove) == 0) {
        command = "guest-ssh-add-authorized-keys";
        arguments.set("reset", (args.flags & append) == 0);
    }
    co_await ask_agent(core_, call, domain, "virDomainAuthorizedSSHKeysSet", std::move(command), std::move(arguments));
    co_return wire::Void{};
}

}  // namespace virtue::qemu
