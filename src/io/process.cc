#include "io/process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include "base/error.h"
#include "io/condition.h"
#include "io/offload.h"
#include "io/spawn.h"
#include "io/watch.h"

namespace virtue::io {

namespace {

/// Takes the exit status of the process behind `pidfd`; nothing while it runs. Not our child: known = false.
std::optional<ExitStatus> reap(const Fd& pidfd) {
    siginfo_t info{};
    int result;
    do {
        result = ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd.get()), &info, WEXITED | WNOHANG);
    } while (result < 0 && errno == EINTR);
    if (result < 0) return ExitStatus{false, 0, 0};
    if (info.si_pid == 0) return std::nullopt;
    if (info.si_code == CLD_EXITED) return ExitStatus{true, info.si_status, 0};
    return ExitStatus{true, 0, info.si_status};
}

bool is_over(const Fd& pidfd) {
    pollfd entry{pidfd.get(), POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
}

/// Waits for a child whose Process was destroyed first, so that it does not stay a zombie. The loop owns it.
class Reaper final : public detail::Resident {
public:
    Reaper(Loop& loop, Fd pidfd) : loop_(loop), pidfd_(std::move(pidfd)), watch_(loop, pidfd_.get()) {
        watch_.on_readable([this] {
            if (reap(pidfd_)) loop_.dismiss(this);
        });
    }

private:
    Loop& loop_;
    Fd pidfd_;
    FdWatch watch_;
};

}  // namespace

struct Process::State final : detail::ReadyNode {
    State(Loop& on, Fd fd, int number) : loop(on), pid(number), pidfd(std::move(fd)), ended(on) {}
    /// The callback's turn, when the process had already ended as it was set.
    void run_ready() override { call(); }
    void call() {
        auto callback = std::exchange(on_exit, nullptr);
        ExitStatus copy = *status;
        if (callback) callback(copy);
    }
    void look();
    void begin_watch() {
        watch.emplace(loop, pidfd.get());
        watch->on_readable([this] { look(); });
    }

    Loop& loop;
    int pid;
    uint64_t start_time = 0;
    bool is_child = false;
    std::optional<ExitStatus> status;
    std::function<void(const ExitStatus&)> on_exit;
    Fd pidfd;
    std::optional<FdWatch> watch;
    Condition ended;
};

void Process::State::look() {
    status = reap(pidfd);
    if (!status) return;
    watch->close();
    ended.notify_all();
    call();  // last: it may destroy us
}

Process::Process(std::unique_ptr<State> state) : state_(std::move(state)) {}

Process::~Process() {
    State& s = *state_;
    if (s.status || !s.is_child) return;
    s.watch.reset();
    try {
        s.loop.keep(std::make_unique<Reaper>(s.loop, std::move(s.pidfd)));
    } catch (const Error&) {
        // Out of descriptors: the child stays a zombie until we end, which harms nobody.
    }
}

std::unique_ptr<Process> Process::watch_child(Loop& loop, SpawnedChild child) {
    auto state = std::make_unique<State>(loop, std::move(child.pidfd), child.pid);
    state->is_child = true;
    state->start_time = process_start_time(child.pid).value_or(0);
    state->begin_watch();
    return std::unique_ptr<Process>(new Process(std::move(state)));
}

std::unique_ptr<Process> Process::spawn(Loop& loop, const ProcessOptions& options) {
    return watch_child(loop, spawn_child(options));
}

Task<std::unique_ptr<Process>> Process::spawn_apart(Loop& loop, ProcessOptions options, std::shared_ptr<void> kept) {
    auto spawn = [options = std::move(options), kept = std::move(kept)] {
        return std::make_shared<SpawnedChild>(spawn_child(options));
    };
    std::shared_ptr<SpawnedChild> child = co_await offload(loop, std::move(spawn));
    co_return watch_child(loop, std::move(*child));
}

std::unique_ptr<Process> Process::adopt(Loop& loop, int pid, uint64_t start_time) {
    if (pid <= 0) return nullptr;
    Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd && errno == ESRCH) return nullptr;
    if (!pidfd && errno == EINVAL) return nullptr;  // a thread, not a process
    if (!pidfd) throw Error::from_errno(errno, ErrorDomain::none, fmt::format("cannot watch process {}", pid));
    // Only now: what the pidfd refers to cannot change any more, and if it lives, /proc/PID is about it.
    std::optional<uint64_t> found = process_start_time(pid);
    if (!found || is_over(pidfd)) return nullptr;
    if (start_time != 0 && *found != start_time) return nullptr;
    auto state = std::make_unique<State>(loop, std::move(pidfd), pid);
    state->start_time = *found;
    state->begin_watch();
    return std::unique_ptr<Process>(new Process(std::move(state)));
}

int Process::pid() const {
    return state_->pid;
}

uint64_t Process::start_time() const {
    return state_->start_time;
}

bool Process::has_ended() const {
    return state_->status.has_value();
}

const ExitStatus& Process::status() const {
    if (!state_->status) {
        fail(ErrorCode::internal_error, ErrorDomain::none, "process {} has not ended", state_->pid);
    }
    return *state_->status;
}

bool Process::signal(int number) {
    if (has_ended() || is_over(state_->pidfd)) return false;
    if (::syscall(SYS_pidfd_send_signal, state_->pidfd.get(), number, nullptr, 0) == 0) return true;
    if (errno == ESRCH) return false;
    throw Error::from_errno(errno, ErrorDomain::none,
                            fmt::format("cannot send signal {} to process {}", number, state_->pid));
}

bool Process::signal_group(int number) {
    // Until we reap it, our child's number (and so its group's) belongs to nobody else.
    if (has_ended() || !state_->is_child || ::getpgid(state_->pid) != state_->pid) return false;
    return ::kill(-state_->pid, number) == 0;
}

Task<ExitStatus> Process::wait(Deadline deadline) {
    while (!has_ended()) {
        WakeReason reason = co_await state_->ended.wait(deadline);
        if (reason != WakeReason::notified) require_notified(reason, "the end of a process");
    }
    co_return *state_->status;
}

void Process::on_exit(std::function<void(const ExitStatus&)> callback) {
    state_->on_exit = std::move(callback);
    if (has_ended()) state_->loop.enqueue(*state_);
}

std::string ExitStatus::to_string() const {
    if (!known) return "gone, exit status unknown";
    if (signal != 0) return fmt::format("killed by signal {} ({})", signal, ::strsignal(signal));
    return fmt::format("exit status {}", code);
}

std::optional<uint64_t> process_start_time(int pid) {
    Fd fd(::open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return std::nullopt;
    char buffer[1024];
    ssize_t size = ::read(fd.get(), buffer, sizeof buffer);
    if (size <= 0) return std::nullopt;
    std::string_view text(buffer, static_cast<size_t>(size));
    // Field 2, the name in brackets, may hold anything; the last bracket ends it. Field 3 follows.
    size_t bracket = text.rfind(')');
    if (bracket == std::string_view::npos) return std::nullopt;
    text.remove_prefix(bracket + 1);
    for (int field = 3; field <= 22; ++field) {
        size_t space = text.find(' ');
        if (space == std::string_view::npos) return std::nullopt;
        text.remove_prefix(space + 1);
    }
    uint64_t ticks = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ticks);
    if (error != std::errc() || end == text.data()) return std::nullopt;
    return ticks;
}

}  // namespace virtue::io
