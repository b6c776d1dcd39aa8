// The names of files that are being made, and what becomes of those whose maker has died.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "base/error.h"
#include "base/text.h"
#include "drivers/storage/scan.h"
#include "io/files.h"

namespace virtue::storage {
namespace {

constexpr std::string_view work_start = ".virtue-";
constexpr std::string_view work_end = ".new";
/// What another host may be making on a shared file system is left alone for so long after its last change, in seconds.
constexpr time_t patience_with_others = 86400;

uint32_t digest(std::string_view text) {
    uint32_t value = 2166136261U;
    for (char c : text) value = (value ^ static_cast<unsigned char>(c)) * 16777619U;
    return value;
}

std::string content_of(const char* path) {
    try {
        return io::read_file(path, 4096);
    } catch (const Error&) {
        return {};
    }
}

std::string namespace_of_processes() {
    char target[64];
    const ssize_t length = ::readlink("/proc/self/ns/pid", target, sizeof target);
    return length > 0 ? std::string(target, static_cast<size_t>(length)) : std::string();
}

/// Within which a process id names one process only.
const std::string& our_world() {
    static const std::string world =
        fmt::format("{:08x}", digest(content_of("/etc/machine-id") + content_of("/proc/sys/kernel/random/boot_id") +
                                     namespace_of_processes()));
    return world;
}

/// When a process began, in the kernel's own unit; 0 if there is no such process.
uint64_t start_of(int pid) {
    const std::string text = content_of(fmt::format("/proc/{}/stat", pid).c_str());
    const size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return 0;
    const auto fields = split_words(std::string_view(text).substr(name_end + 1));
    constexpr size_t start_time = 19;  // field 22 of all, the third of which stands first here
    return fields.size() > start_time ? parse_number<uint64_t>(fields[start_time]).value_or(0) : 0;
}

/// True if nobody works at it any more.
bool is_abandoned(std::string_view name, const struct stat& st) {
    const auto parts = split(name.substr(work_start.size(), name.size() - work_start.size() - work_end.size()), '-');
    if (parts.size() != 4 || parts[0] != our_world()) return st.st_ctime + patience_with_others < ::time(nullptr);
    const auto pid = parse_number<int>(parts[1]);
    const auto start = parse_number<uint64_t>(parts[2]);
    return !pid || !start || start_of(*pid) != *start;
}

}  // namespace

std::string work_name() {
    static std::atomic<uint64_t> count = 0;
    static const uint64_t start = start_of(::getpid());
    return fmt::format("{}{}-{}-{}-{}{}", work_start, our_world(), ::getpid(), start, ++count, work_end);
}

bool is_work_name(std::string_view name) {
    return name.starts_with(work_start) && name.ends_with(work_end);
}

void remove_work(const std::string& path) noexcept {
    if (::unlink(path.c_str()) == 0 || (errno != EISDIR && errno != EPERM)) return;
    DIR* folder = ::opendir(path.c_str());
    if (!folder) return;
    while (const dirent* entry = ::readdir(folder)) ::unlinkat(::dirfd(folder), entry->d_name, 0);
    ::closedir(folder);
    ::rmdir(path.c_str());
}

void remove_left_work(const std::string& folder) {
    DIR* directory = ::opendir(folder.c_str());
    if (!directory) return;
    while (const dirent* entry = ::readdir(directory)) {
        const std::string name = entry->d_name;
        struct stat st {};
        if (!is_work_name(name) || ::fstatat(::dirfd(directory), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (is_abandoned(name, st)) remove_work(folder + "/" + name);
    }
    ::closedir(directory);
}

}  // namespace virtue::storage
