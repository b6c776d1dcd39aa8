#include "drivers/qemu/security/dac.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <charconv>
#include <climits>
#include <cstdio>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"

namespace virtue::qemu {
namespace {

// libvirt's names: the former owner, how many guests hold the file, and when the host booted (what an earlier boot
// left behind does not count).
constexpr const char* owner_note = "trusted.libvirt.security.dac";
constexpr const char* count_note = "trusted.libvirt.security.ref_dac";
constexpr const char* boot_note = "trusted.libvirt.security.timestamp_dac";

/// A file that is to change hands, open without access to what is in it. Its path was followed once: whatever the
/// guest's user puts in its place meanwhile, everything here is done to this file.
class HeldFile {
public:
    explicit HeldFile(Fd fd) : fd_(std::move(fd)), path_(fmt::format("/proc/self/fd/{}", fd_.get())) {
        if (::fstat(fd_.get(), &status_) != 0)
            throw Error::from_errno(errno, ErrorDomain::security, "cannot stat '" + path_ + "'");
    }
    const struct stat& status() const { return status_; }
    bool give_to(uint32_t uid, uint32_t gid) const { return ::fchownat(fd_.get(), "", uid, gid, AT_EMPTY_PATH) == 0; }

    std::optional<std::string> read_note(const char* name) const {
        char room[256];
        ssize_t got = ::getxattr(path_.c_str(), name, room, sizeof room);
        if (got < 0) return std::nullopt;
        std::string text(room, static_cast<size_t>(got));
        return text.substr(0, text.find('\0'));
    }
    void write_note(const char* name, const std::string& value) const {
        ::setxattr(path_.c_str(), name, value.c_str(), value.size() + 1, 0);
    }
    void drop_notes() const {
        ::removexattr(path_.c_str(), owner_note);
        ::removexattr(path_.c_str(), count_note);
        ::removexattr(path_.c_str(), boot_note);
    }
    int count() const {
        auto text = read_note(count_note);
        int number = 0;
        if (text) std::from_chars(text->data(), text->data() + text->size(), number);
        return number;
    }

private:
    Fd fd_;
    std::string path_;  ///< for the calls that take no such descriptor
    struct stat status_ {};
};

constexpr int most_links = 40;  // as the kernel

std::string target_of(const Fd& link, const std::string& path) {
    char target[PATH_MAX];
    ssize_t length = ::readlinkat(link.get(), "", target, sizeof target);
    if (length < 0) throw Error::from_errno(errno, ErrorDomain::security, "cannot read the link '" + path + "'");
    return {target, static_cast<size_t>(length)};
}

/// Puts the parts of `path` before what is still to be walked; the next one is last.
void push_parts(std::vector<std::string>& rest, std::string_view path) {
    while (!path.empty()) {
        size_t slash = path.rfind('/');
        std::string_view part = slash == path.npos ? path : path.substr(slash + 1);
        if (!part.empty() && part != ".") rest.emplace_back(part);
        path = slash == path.npos ? std::string_view() : path.substr(0, slash);
    }
}

/// Opens what a path names. Links are followed (an image may well be reached through some), except those that belong to
/// the guest's user: through them its QEMU, once taken over, could have any file of the host given to it.
Fd open_for_change(const std::string& path, uint32_t guest_uid) {
    auto start = [](bool absolute) { return Fd(::open(absolute ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC)); };
    std::vector<std::string> rest;
    push_parts(rest, path);
    Fd at = start(path.starts_with('/'));
    for (int links = 0; !rest.empty();) {
        std::string part = std::move(rest.back());
        rest.pop_back();
        Fd next(::openat(at.get(), part.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        struct stat status {};
        if (!next || ::fstat(next.get(), &status) != 0)
            throw Error::from_errno(errno, ErrorDomain::security, "cannot stat '" + path + "'");
        if (!S_ISLNK(status.st_mode)) {
            at = std::move(next);
            continue;
        }
        if (++links > most_links) throw Error::from_errno(ELOOP, ErrorDomain::security, "cannot stat '" + path + "'");
        if (guest_uid != 0 && status.st_uid == guest_uid) {
            throw Error(ErrorCode::operation_denied, ErrorDomain::security,
                        fmt::format("'{}' leads through the link '{}', which belongs to the user that guests run as",
                                    path, part),
                        "make the link as root, or name the file itself");
        }
        std::string target = target_of(next, path);
        if (target.starts_with('/')) at = start(true);
        push_parts(rest, target);
    }
    return at;
}

std::string boot_time() {
    std::FILE* file = std::fopen("/proc/stat", "re");
    if (!file) return "0";
    char line[512];
    unsigned long long seconds = 0;
    while (std::fgets(line, sizeof line, file)) {
        if (std::sscanf(line, "btime %llu", &seconds) == 1) break;
    }
    std::fclose(file);
    return std::to_string(seconds);
}

struct Owner {
    uint32_t uid = 0;
    uint32_t gid = 0;
};

Owner parse_owner(const std::string& text) {
    Owner owner;
    if (std::sscanf(text.c_str(), "+%u:+%u", &owner.uid, &owner.gid) != 2) return Owner{};
    return owner;
}

}  // namespace

void DacOwner::give(const std::vector<OwnedFile>& files) const {
    std::vector<OwnedFile> given;
    try {
        for (const OwnedFile& file : files) {
            give_one(file);
            given.push_back(file);
        }
    } catch (...) {
        restore(given);
        throw;
    }
}

void DacOwner::give_one(const OwnedFile& wanted) const {
    HeldFile file(open_for_change(wanted.path, uid_));
    const struct stat& status = file.status();
    if (remember_ && wanted.restore) {
        if (file.read_note(boot_note).value_or(boot_time()) != boot_time()) file.drop_notes();
        int count = file.count();
        if (count == 0) {
            file.write_note(owner_note, fmt::format("+{}:+{}", status.st_uid, status.st_gid));
            file.write_note(boot_note, boot_time());
        }
        file.write_note(count_note, std::to_string(count + 1));
    }
    if (status.st_uid == uid_ && status.st_gid == gid_) return;
    if (file.give_to(uid_, gid_)) return;
    int number = errno;
    if (number == EOPNOTSUPP || number == ENOSYS || number == EROFS || number == EINVAL) return;
    bool everybody = (status.st_mode & (S_IROTH | S_IWOTH)) == (S_IROTH | S_IWOTH);
    if (number == EPERM && everybody) return;
    throw Error::from_errno(number, ErrorDomain::security,
                            fmt::format("unable to set user and group to '{}:{}' on '{}'", uid_, gid_, wanted.path));
}

std::vector<std::string> DacOwner::restore(const std::vector<OwnedFile>& files) const noexcept {
    std::vector<std::string> failures;
    for (const OwnedFile& file : files) {
        if (!file.restore) continue;
        try {
            restore_one(file);
        } catch (const Error& error) {
            failures.push_back(error.message());
        }
    }
    return failures;
}

void DacOwner::restore_one(const OwnedFile& wanted) const {
    Fd fd;
    try {
        fd = open_for_change(wanted.path, uid_);
    } catch (const Error& error) {
        if (error.int1() == ENOENT) return;
        throw;
    }
    HeldFile file(std::move(fd));
    Owner owner;
    int count = remember_ ? file.count() : 0;
    if (count > 1) {
        file.write_note(count_note, std::to_string(count - 1));
        return;
    }
    if (count == 1) {
        owner = parse_owner(file.read_note(owner_note).value_or(""));
        file.drop_notes();
    } else if (wanted.shared) {
        return;  // nobody counted its users, so others may be among them
    }
    if (file.give_to(owner.uid, owner.gid)) return;
    int number = errno;
    if (number == EOPNOTSUPP || number == ENOSYS || number == EROFS || number == EPERM) return;
    throw Error::from_errno(number, ErrorDomain::security,
                            fmt::format("unable to restore the owner of '{}'", wanted.path));
}

void DacOwner::give_for_good(const std::string& path) const {
    HeldFile file(open_for_change(path, uid_));
    if (file.give_to(uid_, gid_)) return;
    throw Error::from_errno(errno, ErrorDomain::security,
                            fmt::format("unable to set user and group to '{}:{}' on '{}'", uid_, gid_, path));
}

}  // namespace virtue::qemu
