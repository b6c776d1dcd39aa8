#include "drivers/qemu/settings.h"

#include <grp.h>
#include <pwd.h>
#include <charconv>
#include <vector>

#include "base/error.h"

namespace virtue::qemu {
namespace {

std::optional<uint32_t> number_of(const std::string& name) {
    if (!name.starts_with('+')) return std::nullopt;
    uint32_t number = 0;
    auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), number);
    if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
    return number;
}

std::optional<uint32_t> find_user(const std::string& name) {
    if (auto number = number_of(name)) return number;
    std::vector<char> room(16384);
    passwd entry{};
    passwd* found = nullptr;
    ::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
    if (!found) return std::nullopt;
    return entry.pw_uid;
}

std::optional<uint32_t> find_group(const std::string& name) {
    if (auto number = number_of(name)) return number;
    std::vector<char> room(65536);
    group entry{};
    group* found = nullptr;
    ::getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
    if (!found) return std::nullopt;
    return entry.gr_gid;
}

}  // namespace

std::optional<GuestUser> find_guest_user(const Settings& settings) {
    if (!settings.paths.privileged) return std::nullopt;
    auto uid = find_user(settings.user);
    auto gid = find_group(settings.group);
    if (uid && gid) return GuestUser{*uid, *gid};
    bool is_default = settings.user == "libvirt-qemu" && settings.group == "libvirt-qemu";
    if (is_default) return std::nullopt;
    throw Error(ErrorCode::config_unsupported, ErrorDomain::conf,
                fmt::format("guests should run as {}:{}, and there is no such {}", settings.user, settings.group,
                            uid ? "group" : "user"),
                "correct 'user' and 'group' in the configuration, or create the account");
}

}  // namespace virtue::qemu
