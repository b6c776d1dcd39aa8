// Child processes: an argument vector, never a shell; descriptors passed by number; watched by pidfd. A Process
// owns its child's exit status: destroying it does not end the child (guests outlive the daemon), it only stops
// watching; the loop then reaps it. The program must not ignore SIGCHLD, or exit statuses are lost. Loop thread only.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "io/loop.h"

namespace virtue::io {

/// What to start and how.
struct ProcessOptions {
    std::vector<std::string> arguments;    ///< arguments[0] is the program: a path, or a name looked up in PATH
    std::vector<std::string> environment;  ///< "NAME=value"; the child gets these and nothing else
    std::vector<std::pair<const Fd*, int>> descriptors;  ///< ours → its number in the child; all others are closed
    const Fd* standard_input = nullptr;                  ///< /dev/null when absent; the same for the next two
    const Fd* standard_output = nullptr;
    const Fd* standard_error = nullptr;
    std::string working_directory = "/";
    std::optional<uint32_t> uid;  ///< run as this user, with gid and exactly these groups
    std::optional<uint32_t> gid;
    std::vector<uint32_t> groups;
    bool new_session = true;  ///< setsid(): signals to our group do not reach it
    int umask = 0022;
    uint64_t max_open_files = 0;                ///< RLIMIT_NOFILE; 0 leaves it
    uint64_t max_core_size = UINT64_MAX;        ///< RLIMIT_CORE; UINT64_MAX leaves it
    std::optional<uint64_t> max_locked_memory;  ///< RLIMIT_MEMLOCK in bytes
    /// Files of control groups ("…/cgroup.procs", "…/tasks") that it enters before exec.
    std::vector<std::string> control_groups;
};

/// How a process ended.
struct ExitStatus {
    bool known = true;  ///< false for a process that is not our child: it is gone, we cannot know how
    int code = 0;       ///< exit code, when signal is 0
    int signal = 0;
    bool success() const { return known && signal == 0 && code == 0; }
    std::string to_string() const;  ///< "exit status 3", "killed by signal 9 (Killed)"
};

struct SpawnedChild;

/// A running or ended process.
class Process {
public:
    /// Starts a child. Throws system_error naming the program if it cannot be executed.
    static std::unique_ptr<Process> spawn(Loop& loop, const ProcessOptions& options);
    /// The same off the loop, for a child that enters control groups: the kernel may let it wait. `options` must own,
    /// by `kept` or otherwise, what its descriptors refer to.
    static Task<std::unique_ptr<Process>> spawn_apart(Loop& loop, ProcessOptions options, std::shared_ptr<void> kept);
    /// Watches a process that an earlier daemon started. Nothing if it is not there, or started at another time
    /// (`start_time` as in field 22 of /proc/PID/stat; 0 takes any).
    static std::unique_ptr<Process> adopt(Loop& loop, int pid, uint64_t start_time);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    int pid() const;
    uint64_t start_time() const;  ///< field 22 of /proc/PID/stat
    bool has_ended() const;
    const ExitStatus& status() const;
    /// Sends a signal through the pidfd: never to a stranger that got the same number. False if it has ended.
    bool signal(int number);
    /// Signals the process group that a child of ours leads. False if it has ended, is not our child or leads none.
    bool signal_group(int number);
    /// Waits for the end. Throws operation_timeout / operation_aborted.
    Task<ExitStatus> wait(Deadline deadline);
    /// Called once on the loop after the end.
    void on_exit(std::function<void(const ExitStatus&)> callback);

private:
    struct State;
    static std::unique_ptr<Process> watch_child(Loop& loop, SpawnedChild child);
    explicit Process(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// What a command printed and how it ended.
struct CommandResult {
    ExitStatus status;
    std::string output;
    std::string errors;
};
/// Runs a command to its end, with what it prints (each stream cut at `limit` bytes). At the deadline the child's
/// process group is killed and operation_timeout thrown. A failing command is a result, not an error.
Task<CommandResult> run_command(Loop& loop, ProcessOptions options, std::string input, Deadline deadline,
                                size_t limit = 16 << 20);

/// Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat); nothing if there is none.
std::optional<uint64_t> process_start_time(int pid);

}  // namespace virtue::io
