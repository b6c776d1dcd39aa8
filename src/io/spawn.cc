#include "io/spawn.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/error.h"

// Code that runs in the child shares our memory while we are stopped: no sanitizer may keep books about it.
#define VIRTUE_CHILD_CODE __attribute__((no_sanitize("address", "undefined"), no_stack_protector))

namespace virtue::io {

namespace {

constexpr size_t stack_size = 64 << 10;
constexpr int signal_count = 64;

/// Which step in the child failed; the sentence is in step_text().
enum class Step : uint8_t {
    execute,
    descriptors,
    session,
    cgroup,
    limits,
    locked_memory,
    folder,
    groups,
    group,
    user,
};

const char* step_text(Step step) {
    switch (step) {
        case Step::execute:
            return "cannot execute it";
        case Step::descriptors:
            return "cannot pass its file descriptors";
        case Step::session:
            return "cannot make a session for it";
        case Step::cgroup:
            return "cannot move it to its control group";
        case Step::limits:
            return "cannot set its resource limits";
        case Step::locked_memory:
            return "cannot limit its locked memory";
        case Step::folder:
            return "cannot change to its working directory";
        case Step::groups:
            return "cannot set its supplementary groups";
        case Step::group:
            return "cannot set its group";
        case Step::user:
            return "cannot set its user";
    }
    return "";
}

struct Mapping {
    int source;
    int target;
};

/// All that the child needs, made before it starts; and what it reports back.
struct Plan {
    const char* path = nullptr;
    char* const* arguments = nullptr;
    char* const* environment = nullptr;
    const char* folder = nullptr;
    Mapping* mappings = nullptr;
    size_t mapping_count = 0;
    int highest_target = 2;
    int highest_open = 0;
    const int* entrances = nullptr;  // of control groups
    size_t entrance_count = 0;
    bool new_session = true;
    int umask = 0022;
    bool set_files = false;
    bool set_core = false;
    bool set_locked = false;
    rlimit locked{};
    rlimit files{};
    rlimit core{};
    bool set_ids = false;
    bool has_uid = false;
    bool has_gid = false;
    uint32_t uid = 0;
    uint32_t gid = 0;
    const uint32_t* groups = nullptr;
    size_t group_count = 0;

    volatile int own_pid = 0;  // as the error names it
    volatile int error = 0;    // errno of the failed step; 0 when the program runs
    volatile Step step = Step::execute;
    volatile size_t failed_entrance = 0;
};

// ---- in the child: raw system calls only, for glibc's set*id() would signal our threads ----

VIRTUE_CHILD_CODE bool set_step(Plan& plan, Step step, long result) {
    if (result >= 0) return true;
    plan.step = step;
    plan.error = errno;
    return false;
}

VIRTUE_CHILD_CODE void reset_signals() {
    struct KernelAction {
        void* handler;
        unsigned long flags;
        void* restorer;
        uint64_t mask;
    };
    KernelAction standard = {nullptr, 0, nullptr, 0};
    for (int number = 1; number <= signal_count; ++number) {
        ::syscall(SYS_rt_sigaction, number, &standard, nullptr, sizeof(uint64_t));
    }
    uint64_t none = 0;
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
}

// Sources are first moved above every target, so that no dup2 hits a source that is still needed.
VIRTUE_CHILD_CODE bool map_descriptors(Plan& plan) {
    if (::syscall(SYS_close_range, 0u, ~0u, CLOSE_RANGE_CLOEXEC) < 0) {
        for (int fd = 0; fd <= plan.highest_open; ++fd) ::syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
    }
    for (size_t i = 0; i < plan.mapping_count; ++i) {
        Mapping& mapping = plan.mappings[i];
        if (mapping.source > plan.highest_target) continue;
        long moved = ::syscall(SYS_fcntl, mapping.source, F_DUPFD_CLOEXEC, plan.highest_target + 1);
        if (!set_step(plan, Step::descriptors, moved)) return false;
        mapping.source = static_cast<int>(moved);
    }
    for (size_t i = 0; i < plan.mapping_count; ++i) {
        const Mapping& mapping = plan.mappings[i];
        long result = ::syscall(SYS_dup3, mapping.source, mapping.target, 0);
        if (!set_step(plan, Step::descriptors, result)) return false;
    }
    return true;
}

// First of all: later another descriptor may take the place of one of these.
VIRTUE_CHILD_CODE bool enter_groups(Plan& plan) {
    for (size_t i = 0; i < plan.entrance_count; ++i) {
        plan.failed_entrance = i;
        long result = ::syscall(SYS_write, plan.entrances[i], "0", 1);
        if (!set_step(plan, Step::cgroup, result)) return false;
    }
    return true;
}

VIRTUE_CHILD_CODE bool set_surroundings(Plan& plan) {
    if (plan.new_session && !set_step(plan, Step::session, ::syscall(SYS_setsid))) return false;
    if (plan.set_files) {
        long result = ::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &plan.files, nullptr);
        if (!set_step(plan, Step::limits, result)) return false;
    }
    if (plan.set_core) {
        long result = ::syscall(SYS_prlimit64, 0, RLIMIT_CORE, &plan.core, nullptr);
        if (!set_step(plan, Step::limits, result)) return false;
    }
    if (plan.set_locked) {
        plan.own_pid = static_cast<int>(::syscall(SYS_getpid));
        long result = ::syscall(SYS_prlimit64, 0, RLIMIT_MEMLOCK, &plan.locked, nullptr);
        if (!set_step(plan, Step::locked_memory, result)) return false;
    }
    ::syscall(SYS_umask, plan.umask);
    return set_step(plan, Step::folder, ::syscall(SYS_chdir, plan.folder));
}

VIRTUE_CHILD_CODE bool set_identity(Plan& plan) {
    if (!plan.set_ids) return true;
    long result = ::syscall(SYS_setgroups, plan.group_count, plan.groups);
    if (!set_step(plan, Step::groups, result)) return false;
    if (plan.has_gid) {
        result = ::syscall(SYS_setresgid, plan.gid, plan.gid, plan.gid);
        if (!set_step(plan, Step::group, result)) return false;
    }
    if (!plan.has_uid) return true;
    return set_step(plan, Step::user, ::syscall(SYS_setresuid, plan.uid, plan.uid, plan.uid));
}

VIRTUE_CHILD_CODE int run_child(void* argument) {
    Plan& plan = *static_cast<Plan*>(argument);
    reset_signals();
    if (enter_groups(plan) && map_descriptors(plan) && set_surroundings(plan) && set_identity(plan)) {
        set_step(plan, Step::execute, ::syscall(SYS_execve, plan.path, plan.arguments, plan.environment));
    }
    ::syscall(SYS_exit_group, 127);
    return 127;
}

// ---- in the parent ----

std::string find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) return name;
    const char* variable = std::getenv("PATH");
    std::string_view folders = variable ? variable : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    while (!folders.empty()) {
        std::string_view folder = folders.substr(0, folders.find(':'));
        folders.remove_prefix(std::min(folders.size(), folder.size() + 1));
        std::string path = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
        struct stat status {};
        bool is_file = ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
        if (is_file && ::access(path.c_str(), X_OK) == 0) return path;
    }
    throw Error::from_errno(ENOENT, ErrorDomain::none, fmt::format("cannot execute {} (looked for in PATH)", name));
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> all;
    all.reserve(strings.size() + 1);
    for (const std::string& text : strings) all.push_back(const_cast<char*>(text.c_str()));
    all.push_back(nullptr);
    return all;
}

Fd open_or_throw(const std::string& path, int flags, const char* what) {
    Fd fd(::open(path.c_str(), flags | O_CLOEXEC));
    if (!fd) throw Error::from_errno(errno, ErrorDomain::none, fmt::format("{} '{}'", what, path));
    return fd;
}

std::vector<Mapping> plan_mappings(const ProcessOptions& options, Fd& null) {
    const Fd* streams[] = {options.standard_input, options.standard_output, options.standard_error};
    std::vector<Mapping> mappings;
    for (int number = 0; number < 3; ++number) {
        auto passes = [number](const auto& entry) { return entry.second == number; };
        if (std::any_of(options.descriptors.begin(), options.descriptors.end(), passes)) continue;
        if (!streams[number] && !null) null = open_or_throw("/dev/null", O_RDWR, "cannot open");
        mappings.push_back({streams[number] ? streams[number]->get() : null.get(), number});
    }
    for (const auto& [fd, number] : options.descriptors) mappings.push_back({fd->get(), number});
    return mappings;
}

void plan_limits(const ProcessOptions& options, Plan& plan) {
    plan.set_files = options.max_open_files != 0;
    plan.files = {options.max_open_files, options.max_open_files};
    plan.set_core = options.max_core_size != UINT64_MAX;
    plan.core = {options.max_core_size, options.max_core_size};
    plan.set_locked = options.max_locked_memory.has_value();
    plan.locked = {options.max_locked_memory.value_or(0), options.max_locked_memory.value_or(0)};
    rlimit own{};
    ::getrlimit(RLIMIT_NOFILE, &own);
    plan.highest_open = static_cast<int>(std::min<rlim_t>(own.rlim_cur, 65536));
}

void plan_identity(const ProcessOptions& options, Plan& plan) {
    plan.set_ids = options.uid || options.gid;
    plan.has_uid = options.uid.has_value();
    plan.has_gid = options.gid.has_value();
    plan.uid = options.uid.value_or(0);
    plan.gid = options.gid.value_or(0);
    plan.groups = options.groups.data();
    plan.group_count = options.groups.size();
}

[[noreturn]] void report(const Plan& plan, const ProcessOptions& options) {
    Step step = plan.step;
    std::string context = fmt::format("cannot execute {}", plan.path);
    if (step != Step::execute) context = fmt::format("cannot start {}: {}", plan.path, step_text(step));
    if (step == Step::locked_memory) {
        context =
            fmt::format("cannot limit locked memory of process {} to {}", int(plan.own_pid), plan.locked.rlim_max);
    }
    if (step == Step::folder) context += fmt::format(" '{}'", options.working_directory);
    if (step == Step::cgroup) context += fmt::format(" '{}'", options.control_groups[plan.failed_entrance]);
    throw Error::from_errno(plan.error, ErrorDomain::none, context);
}

/// Runs the child up to its exec with all signals of this thread held back: a handler of ours must not run in it.
SpawnedChild start(Plan& plan) {
    std::unique_ptr<char[]> stack(new char[stack_size]);
    auto top = (reinterpret_cast<uintptr_t>(stack.get()) + stack_size) & ~uintptr_t{15};
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int pidfd = -1;
    int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
    int pid = ::clone(run_child, reinterpret_cast<void*>(top), flags, &plan, &pidfd);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) throw Error::from_errno(error, ErrorDomain::none, fmt::format("cannot start {}", plan.path));
    return {pid, Fd(pidfd)};
}

}  // namespace

SpawnedChild spawn_child(const ProcessOptions& options) {
    if (options.arguments.empty()) fail(ErrorCode::internal_error, ErrorDomain::none, "a command without a program");
    std::string path = find_program(options.arguments[0]);
    std::vector<char*> arguments = pointers(options.arguments);
    std::vector<char*> environment = pointers(options.environment);
    Fd null;
    std::vector<Mapping> mappings = plan_mappings(options, null);
    std::vector<Fd> entrances;
    std::vector<int> entrance_numbers;
    for (const std::string& file : options.control_groups) {
        entrances.push_back(open_or_throw(file, O_WRONLY, "cannot open the control group"));
        entrance_numbers.push_back(entrances.back().get());
    }
    Plan plan;
    plan.path = path.c_str();
    plan.arguments = arguments.data();
    plan.environment = environment.data();
    plan.folder = options.working_directory.c_str();
    plan.mappings = mappings.data();
    plan.mapping_count = mappings.size();
    for (const Mapping& mapping : mappings) plan.highest_target = std::max(plan.highest_target, mapping.target);
    plan.entrances = entrance_numbers.data();
    plan.entrance_count = entrance_numbers.size();
    plan.new_session = options.new_session;
    plan.umask = options.umask;
    plan_limits(options, plan);
    plan_identity(options, plan);

    SpawnedChild child = start(plan);
    if (plan.error != 0) {
        siginfo_t info{};
        while (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(child.pidfd.get()), &info, WEXITED) < 0 &&
               errno == EINTR) {
        }
        report(plan, options);
    }
    return child;
}

}  // namespace virtue::io
