#include "drivers/qemu/security/reach.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/error.h"
#include "base/fd.h"
#include "drivers/qemu/live_definition.h"

namespace virtue::qemu {
namespace {

/// This thread alone opens files as the user, until this is gone. The C library's functions would change all threads.
class InPlaceOf {
public:
    InPlaceOf(const GuestUser& user, const std::vector<uint32_t>& groups) : before_(most_groups) {
        const int count = ::getgroups(static_cast<int>(before_.size()), before_.data());
        before_.resize(static_cast<size_t>(std::max(count, 0)));
        ::syscall(SYS_setgroups, groups.size(), groups.data());
        gid_ = static_cast<uint32_t>(::syscall(SYS_setfsgid, user.gid));
        uid_ = static_cast<uint32_t>(::syscall(SYS_setfsuid, user.uid));
    }
    ~InPlaceOf() {
        ::syscall(SYS_setfsuid, uid_);
        ::syscall(SYS_setfsgid, gid_);
        ::syscall(SYS_setgroups, before_.size(), before_.data());
        // A thread of the pool that stays somebody else would do the next one's work as that one.
        if (static_cast<uint32_t>(::syscall(SYS_setfsuid, -1)) != uid_) std::abort();
    }
    InPlaceOf(const InPlaceOf&) = delete;
    InPlaceOf& operator=(const InPlaceOf&) = delete;

private:
    static constexpr size_t most_groups = 65536;
    std::vector<gid_t> before_;
    uint32_t uid_ = 0, gid_ = 0;
};

/// errno of opening it, or 0.
int problem_with(const std::string& path, int flags) {
    const Fd fd(::open(path.c_str(), flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    return fd ? 0 : errno;
}

/// The first folder on the way that does not let this thread through; empty if none.
std::string closed_folder(const std::string& real_path) {
    for (size_t slash = real_path.find('/', 1); slash != std::string::npos; slash = real_path.find('/', slash + 1)) {
        std::string folder = real_path.substr(0, slash);
        if (problem_with(folder + "/.", O_PATH) == EACCES) return folder;
    }
    return {};
}

std::string real_path_of(const std::string& path) {
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), &std::free);
    return real ? std::string(real.get()) : path;
}

std::string name_of(const GuestUser& user) {
    std::vector<char> room(16384);
    passwd entry{};
    passwd* found = nullptr;
    ::getpwuid_r(user.uid, &entry, room.data(), room.size(), &found);
    return found ? std::string(found->pw_name) : fmt::format("{}", user.uid);
}

std::string quoted(const std::string& path) {
    std::string text = "'";
    for (char c : path) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

struct Refusal {
    std::string folder;  ///< empty: the file itself
    bool refused = false;
};

Refusal look(const NeededFile& file, const std::string& real_path, const GuestUser& user,
             const std::vector<uint32_t>& groups) {
    const InPlaceOf place(user, groups);
    if (problem_with(real_path, O_PATH) == EACCES) return {closed_folder(real_path), true};
    if (file.given) return {};
    return {"", problem_with(real_path, file.written ? O_RDWR : O_RDONLY) == EACCES};
}

}  // namespace

void require_reach(const std::vector<NeededFile>& files, const GuestUser& user, const std::vector<uint32_t>& groups) {
    if (user.uid == 0) return;
    for (const NeededFile& file : files) {
        const std::string real_path = real_path_of(file.path);
        const Refusal refusal = look(file, real_path, user, groups);
        if (!refusal.refused) continue;
        const std::string name = name_of(user);
        const std::string said = Error::from_errno(EACCES, ErrorDomain::storage,
                                                   fmt::format("Cannot access storage file '{}' (as uid:{}, gid:{})",
                                                               file.path, user.uid, user.gid))
                                     .detail();
        const std::string where =
            refusal.folder.empty() ? fmt::format("the file is closed to the user '{}'; open it: setfacl -m u:{}:{} {}",
                                                 name, name, file.written ? "rw" : "r", quoted(real_path))
                                   : fmt::format(
                                         "the folder '{}' is closed to the user '{}'; open it: setfacl -m "
                                         "u:{}:x {}, or set open_images = 1 in virtued.conf",
                                         refusal.folder, name, name, quoted(refusal.folder));
        Error error(ErrorCode::system_error, ErrorDomain::storage, said, where);
        error.set_int1(EACCES);
        throw error;
    }
}

void give_within_reach(const DacOwner& owner, const std::vector<OwnedFile>& files, const GuestUser& user) {
    std::vector<NeededFile> needed;
    for (const OwnedFile& file : files) needed.push_back({file.path, true, false});
    require_reach(needed, user, guest_groups(user));
    owner.give(files);
}

}  // namespace virtue::qemu
