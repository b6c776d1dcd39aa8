#include "client/session_daemon.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <filesystem>
#include <optional>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "io/files.h"
#include "io/process.h"

extern char** environ;

namespace virtue::client {
namespace {

constexpr ErrorDomain here = ErrorDomain::rpc;
constexpr io::Milliseconds start_limit{30000};
constexpr io::Milliseconds poll_interval{20};
constexpr const char* idle_seconds = "120";

bool listens(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return false;
    path.copy(address.sun_path, path.size());
    Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

// VIRTUED, or the program beside ours, or the one in PATH.
std::string daemon_program() {
    if (const char* named = std::getenv("VIRTUED")) return named;
    std::error_code error;
    std::filesystem::path beside = std::filesystem::read_symlink("/proc/self/exe", error);
    beside.replace_filename("virtued");
    if (!error && ::access(beside.c_str(), X_OK) == 0) return beside.string();
    return "virtued";
}

std::optional<io::FileLock> try_lock(const std::string& path) {
    try {
        return io::FileLock::take(path, 0600);
    } catch (const Error&) {
        return std::nullopt;  // another client starts the daemon
    }
}

std::unique_ptr<io::Process> start(io::Loop& loop) {
    io::ProcessOptions options{.arguments = {daemon_program(), "--session", "--timeout", idle_seconds}};
    for (char** variable = environ; *variable; variable++) options.environment.emplace_back(*variable);
    try {
        return io::Process::spawn(loop, options);
    } catch (const Error& error) {
        throw Error(ErrorCode::operation_failed, here, "cannot start your own daemon: " + error.message(),
                    "install virtued beside this program or in PATH, or connect to qemu:///system");
    }
}

}  // namespace

Task<void> ensure_session_daemon(io::Loop& loop, std::string socket, io::Deadline deadline) {
    if (listens(socket)) co_return;
    io::Deadline limit = deadline.within(start_limit);
    std::string folder = socket.substr(0, socket.rfind('/'));
    io::make_folders(folder, 0700);
    std::string lock_path = folder + "/virtued-start.lock";
    std::optional<io::FileLock> lock;
    std::unique_ptr<io::Process> daemon;
    while (!listens(socket)) {
        if (!lock) {
            lock = try_lock(lock_path);
        } else if (!daemon) {
            daemon = start(loop);
        } else if (daemon->has_ended()) {
            fail(ErrorCode::operation_failed, here, "your daemon '{}' ended at its start: {}", daemon_program(),
                 daemon->status().to_string());
        }
        if (limit.is_over()) {
            fail(ErrorCode::operation_timeout, here, "nothing listens on '{}' after the daemon's start", socket);
        }
        io::Deadline pause = limit.within(poll_interval);
        co_await loop.sleep_until(pause);
    }
}

}  // namespace virtue::client
