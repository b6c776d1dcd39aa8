// virtued: reads options and settings, then runs the daemon. Everything is made here and in daemon.cc by hand.
#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "daemon/daemon.h"

namespace {

using namespace virtue;

constexpr const char* version = "0.1.0";

void raise_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Splits off the daemon. In the parent it returns the exit code, once the child says that it serves or ends; in the
/// child it returns nothing and `to_parent` is where to say so.
std::optional<int> go_to_background(Fd& to_parent) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) throw Error::from_errno(errno, ErrorDomain::none, "cannot make a pipe");
    Fd from_child(ends[0]);
    to_parent.reset(ends[1]);
    pid_t child = ::fork();
    if (child < 0) throw Error::from_errno(errno, ErrorDomain::none, "cannot start a process");
    if (child == 0) {
        ::setsid();
        return std::nullopt;
    }
    to_parent.reset();
    char answer = 0;
    if (::read(from_child.get(), &answer, 1) == 1) return 0;
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : 1;
}

/// The parent is released; from now on nobody reads what we print.
void leave_terminal(Fd& to_parent) {
    if (!to_parent) return;
    Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (int fd = 0; fd < 3; fd++) ::dup2(nothing.get(), fd);
    if (::write(to_parent.get(), "r", 1) == 1) to_parent.reset();
}

int serve(const daemon::Options& options) {
    driver::Paths paths = daemon::choose_paths(options);
    daemon::Configuration configuration = daemon::load_configuration(options, paths);
    Fd to_parent;
    if (options.background) {
        if (std::optional<int> code = go_to_background(to_parent)) return *code;
    }
    ::umask(paths.privileged ? 022 : 077);
    std::signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    // One heap for all threads: the few of the pool would else each keep one of their own, mostly empty.
    ::mallopt(M_ARENA_MAX, 1);
    daemon::make_daemon_folders(paths);
    log::configure(daemon::log_settings(configuration, options, paths));
    io::Loop loop;
    daemon::Daemon running(loop, options, paths, configuration);
    running.run([&] { leave_terminal(to_parent); });
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        daemon::Options options = daemon::parse_options(count, arguments);
        switch (options.action) {
            case daemon::Options::Action::help:
                std::fputs(daemon::help_text().c_str(), stdout);
                return 0;
            case daemon::Options::Action::version:
                std::printf("virtued %s\n", version);
                return 0;
            case daemon::Options::Action::print_config:
                std::fputs(daemon::print_configuration().c_str(), stdout);
                return 0;
            case daemon::Options::Action::run:
                return serve(options);
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "virtued: %s\n", error.what());
    }
    return 1;
}
