#include "daemon/locks.h"

#include <fcntl.h>
#include <unistd.h>

#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace virtue::daemon {

namespace {

constexpr uint32_t pid_file_mode = 0644;
constexpr const char* daemons[] = {"libvirtd",     "virtqemud",      "virtnetworkd",  "virtstoraged", "virtsecretd",
                                   "virtnodedevd", "virtinterfaced", "virtnwfilterd", "virtproxyd"};

/// Whoever holds the lock on a file, by pid; nothing if nobody does any more.
std::optional<int> holder_of(const std::string& path) {
    Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (!file || ::fcntl(file.get(), F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK) return std::nullopt;
    return lock.l_pid;
}

std::string program_of(int pid) {
    try {
        return std::string(trim(io::read_file(fmt::format("/proc/{}/comm", pid), 4096)));
    } catch (const Error&) {
        return "a program that we cannot see";
    }
}

}  // namespace

std::vector<Locks::StateFolder> Locks::state_folders(const driver::Paths& paths) {
    struct Driver {
        const char* name;
        const char* session_part;
        uint32_t mode;
    };
    static constexpr Driver drivers[] = {
        {"qemu", "/run", 0755},    {"network", "/lib", 0755},   {"storage", "/run", 0755}, {"secrets", "/run", 0700},
        {"nodedev", "/run", 0700}, {"interface", "/run", 0700}, {"nwfilter", "", 0700},
    };
    std::vector<StateFolder> folders;
    for (const Driver& one : drivers) {
        std::string folder = fmt::format("{}/{}", paths.state, one.name);
        if (paths.privileged) {
            folders.push_back({folder, one.mode});
        } else if (*one.session_part) {  // a user's libvirtd has no filters
            folders.push_back({folder, one.mode});
            folders.push_back({folder + one.session_part, one.mode});
        }
    }
    return folders;
}

Locks::Locks(const driver::Paths& paths, const std::string& extra) {
    std::string folder = paths.privileged ? paths.root + "/run" : paths.state;
    for (const char* daemon : daemons) take(fmt::format("{}/{}.pid", folder, daemon));
    std::vector<StateFolder> folders = state_folders(paths);
    for (size_t i = 0; i < folders.size(); i++) {
        bool has_inner = i + 1 < folders.size() && folders[i + 1].path.starts_with(folders[i].path + "/");
        if (!has_inner) take(folders[i].path + "/driver.pid");
    }
    if (!extra.empty()) take(extra);
}

Locks::~Locks() {
    for (const auto& [path, lock] : held_) ::unlink(path.c_str());
}

void Locks::take(const std::string& path) {
    try {
        io::FileLock lock = io::FileLock::take(path, pid_file_mode);
        lock.write_pid();
        held_.emplace_back(path, std::move(lock));
    } catch (const Error& error) {
        std::optional<int> pid = error.code() == ErrorCode::operation_failed ? holder_of(path) : std::nullopt;
        if (!pid) throw;
        throw Error::with_message(
            ErrorCode::operation_failed, ErrorDomain::none,
            fmt::format("another daemon is in charge: {}, process {}, holds {}", program_of(*pid), *pid, path));
    }
}

}  // namespace virtue::daemon
