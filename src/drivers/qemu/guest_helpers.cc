#include "drivers/qemu/guest_helpers.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <charconv>
#include <csignal>

#include "base/error.h"
#include "io/files.h"
#include "io/offload.h"
#include "io/unix_address.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constexpr const char* reservation_program = "/usr/bin/qemu-pr-helper";
constexpr const char* folder_program = "/usr/lib/qemu/virtiofsd";

bool has_managed_reservations(const model::Domain& domain) {
    for (const model::Disk& disk : domain.disks) {
        if (disk.source.reservations && disk.source.reservations->managed == xml::YesNo::yes) return true;
    }
    return false;
}

/// Ours to serve, unlike one with a socket of somebody else's.
bool is_served(const model::Filesystem& filesystem) {
    return filesystem.driver_type == "virtiofs" && filesystem.socket.empty();
}

std::string reservation_socket(const Run& run) {
    return run.folder + "/pr-helper0.sock";
}

std::string pid_file(const Run& run, const std::string& helper) {
    return fmt::format("{}/{}.pid", run.folder, helper);
}

void give_socket(const std::string& path, const std::optional<GuestUser>& user) {
    if (user && ::lchown(path.c_str(), user->uid, user->gid) != 0) {
        throw Error::from_errno(errno, ErrorDomain::qemu, "cannot give '" + path + "' to the guest's user");
    }
}

io::ProcessOptions plain_options(std::vector<std::string> arguments) {
    io::ProcessOptions options;
    options.arguments = std::move(arguments);
    options.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    return options;
}

Fd listen_for_guest(const std::string& path, const std::optional<GuestUser>& user) {
    io::UnixAddress address(path);
    ::unlink(path.c_str());
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd || ::bind(fd.get(), address.get(), address.size()) != 0 || ::listen(fd.get(), 1) != 0) {
        throw Error::from_errno(errno, ErrorDomain::qemu, "cannot listen at '" + path + "'");
    }
    give_socket(path, user);
    return fd;
}

/// The program's words after -o, as virtiofsd has them.
std::string folder_options(const model::Filesystem& filesystem) {
    std::string options = "source=" + filesystem.source;
    if (!filesystem.cache_mode.empty()) options += ",cache=" + filesystem.cache_mode;
    if (!filesystem.sandbox_mode.empty()) options += ",sandbox=" + filesystem.sandbox_mode;
    const auto add = [&](xml::Switch value, const char* name) {
        if (value == xml::Switch::absent) return;
        options += fmt::format(",{}{}", value == xml::Switch::on ? "" : "no_", name);
    };
    add(filesystem.xattr, "xattr");
    add(filesystem.flock, "flock");
    add(filesystem.posix_lock, "posix_lock");
    return options;
}

void note_pid(const Run& run, const std::string& helper, int pid) {
    io::write_file_atomically(pid_file(run, helper), std::to_string(pid), 0644);
}

Task<void> start_folder(Core& core, Run& run, model::Filesystem filesystem) {
    const std::string helper = filesystem.info.alias + "-fs";
    const std::string path = fmt::format("{}/{}.sock", run.folder, helper);
    std::optional<GuestUser> user = core.guest_user;
    auto listen = [path, user] { return listen_for_guest(path, user); };
    Fd socket = co_await io::offload(core.loop, std::move(listen));
    std::vector<std::string> arguments = {filesystem.binary, "--fd=3", "-o", folder_options(filesystem)};
    if (filesystem.thread_pool) arguments.push_back(fmt::format("--thread-pool-size={}", *filesystem.thread_pool));
    io::ProcessOptions options = plain_options(std::move(arguments));
    options.descriptors.emplace_back(&socket, 3);
    run.helpers.push_back(io::Process::spawn(core.loop, options));
    note_pid(run, helper, run.helpers.back()->pid());
}

Task<void> start_reservations(Core& core, Run& run, io::Deadline deadline) {
    const std::string path = reservation_socket(run);
    io::ProcessOptions options = plain_options({reservation_program, "-k", path});
    run.helpers.push_back(io::Process::spawn(core.loop, options));
    note_pid(run, "pr-helper0", run.helpers.back()->pid());
    // It makes the socket itself and says nothing when it is there.
    while (::access(path.c_str(), F_OK) != 0) {
        if (run.helpers.back()->has_ended() || deadline.is_over()) {
            fail(ErrorCode::internal_error, ErrorDomain::qemu, "pr-helper '{}' does not come up", reservation_program);
        }
        co_await core.loop.sleep(io::Milliseconds(5));
    }
    std::optional<GuestUser> user = core.guest_user;
    auto give = [path, user] { give_socket(path, user); };
    co_await io::offload(core.loop, std::move(give));
}

/// A helper of a run that another daemon started.
void end_stranger(Core& core, const Run& run, const std::string& helper) {
    std::string text;
    try {
        text = io::read_file(pid_file(run, helper), 64);
    } catch (const Error&) {
        return;
    }
    int pid = 0;
    std::from_chars(text.data(), text.data() + text.size(), pid);
    std::string command;
    try {
        command = io::read_file(fmt::format("/proc/{}/cmdline", pid), 65536);
    } catch (const Error&) {
        return;
    }
    const bool is_it = command.find("virtiofsd") != command.npos || command.find("qemu-pr-helper") != command.npos;
    if (!is_it) return;
    if (auto process = io::Process::adopt(core.loop, pid, 0)) process->signal(SIGTERM);
}

}  // namespace

void choose_helpers(model::Domain& live) {
    for (model::Filesystem& filesystem : live.filesystems) {
        if (!is_served(filesystem) || !filesystem.binary.empty()) continue;
        if (::access(folder_program, X_OK) != 0) {
            throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "Unable to find a satisfying virtiofsd",
                        "name the program with <binary path='…'/>");
        }
        filesystem.binary = folder_program;
    }
}

Task<void> start_helpers(Core& core, Run& run, io::Deadline deadline) {
    const std::shared_ptr<model::Domain> live = run.domain;
    for (const model::Filesystem& filesystem : live->filesystems) {
        if (is_served(filesystem)) co_await start_folder(core, run, filesystem);
    }
    if (has_managed_reservations(*live)) co_await start_reservations(core, run, deadline);
}

void stop_helpers(Core& core, Run& run) {
    for (const std::unique_ptr<io::Process>& helper : run.helpers) {
        if (!helper->has_ended()) helper->signal(SIGTERM);
    }
    if (!run.helpers.empty() || run.folder.empty() || !run.domain) return;
    for (const model::Filesystem& filesystem : run.domain->filesystems) {
        if (is_served(filesystem)) end_stranger(core, run, filesystem.info.alias + "-fs");
    }
    if (has_managed_reservations(*run.domain)) end_stranger(core, run, "pr-helper0");
}

}  // namespace virtue::qemu
