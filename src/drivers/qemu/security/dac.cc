#include "drivers/qemu/security/dac.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace virtue::qemu {
namespace {

// libvirt's names: the former owner, how many guests hold the file, and when the host booted (what an earlier boot
// left behind does not count).
constexpr const char* owner_note = "trusted.libvirt.security.dac";
constexpr const char* count_note = "trusted.libvirt.security.ref_dac";
constexpr const char* boot_note = "trusted.libvirt.security.timestamp_dac";

std::optional<std::string> read_note(const std::string& path, const char* name) {
    char room[256];
    ssize_t got = ::getxattr(path.c_str(), name, room, sizeof room);
    if (got < 0) return std::nullopt;
    std::string text(room, static_cast<size_t>(got));
    return text.substr(0, text.find('\0'));
}

bool write_note(const std::string& path, const char* name, const std::string& value) {
    return ::setxattr(path.c_str(), name, value.c_str(), value.size() + 1, 0) == 0;
}

void drop_notes(const std::string& path) {
    ::removexattr(path.c_str(), owner_note);
    ::removexattr(path.c_str(), count_note);
    ::removexattr(path.c_str(), boot_note);
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

int count_of(const std::string& path) {
    auto text = read_note(path, count_note);
    int count = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), count);
    return count;
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

void DacOwner::give_one(const OwnedFile& file) const {
    struct stat status {};
    if (::stat(file.path.c_str(), &status) != 0)
        throw Error::from_errno(errno, ErrorDomain::security, "cannot stat '" + file.path + "'");
    if (remember_ && file.restore) {
        if (read_note(file.path, boot_note).value_or(boot_time()) != boot_time()) drop_notes(file.path);
        int count = count_of(file.path);
        if (count == 0) {
            write_note(file.path, owner_note, fmt::format("+{}:+{}", status.st_uid, status.st_gid));
            write_note(file.path, boot_note, boot_time());
        }
        write_note(file.path, count_note, std::to_string(count + 1));
    }
    if (status.st_uid == uid_ && status.st_gid == gid_) return;
    if (::chown(file.path.c_str(), uid_, gid_) == 0) return;
    int number = errno;
    if (number == EOPNOTSUPP || number == ENOSYS || number == EROFS || number == EINVAL) return;
    bool everybody = (status.st_mode & (S_IROTH | S_IWOTH)) == (S_IROTH | S_IWOTH);
    if (number == EPERM && everybody) return;
    throw Error::from_errno(number, ErrorDomain::security,
                            fmt::format("unable to set user and group to '{}:{}' on '{}'", uid_, gid_, file.path));
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

void DacOwner::restore_one(const OwnedFile& file) const {
    struct stat status {};
    if (::stat(file.path.c_str(), &status) != 0) return;
    Owner owner;
    int count = remember_ ? count_of(file.path) : 0;
    if (count > 1) {
        write_note(file.path, count_note, std::to_string(count - 1));
        return;
    }
    if (count == 1) {
        owner = parse_owner(read_note(file.path, owner_note).value_or(""));
        drop_notes(file.path);
    } else if (file.shared) {
        return;  // nobody counted its users, so others may be among them
    }
    if (::chown(file.path.c_str(), owner.uid, owner.gid) == 0) return;
    int number = errno;
    if (number == EOPNOTSUPP || number == ENOSYS || number == EROFS || number == EPERM) return;
    throw Error::from_errno(number, ErrorDomain::security,
                            fmt::format("unable to restore the owner of '{}'", file.path));
}

void DacOwner::give_for_good(const std::string& path) const {
    if (::chown(path.c_str(), uid_, gid_) != 0) {
        throw Error::from_errno(errno, ErrorDomain::security,
                                fmt::format("unable to set user and group to '{}:{}' on '{}'", uid_, gid_, path));
    }
}

}  // namespace virtue::qemu
