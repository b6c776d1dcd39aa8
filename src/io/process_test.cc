#include "io/process.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/error.h"
#include "io/gate.h"
#include "io/socket.h"

using namespace virtue;
using namespace virtue::io;

namespace {

Deadline patience() {
    return Deadline::after(Milliseconds(60000));
}

ProcessOptions shell(std::string script) {
    ProcessOptions options;
    options.arguments = {"/bin/sh", "-c", std::move(script)};
    options.environment = {"PATH=/usr/bin:/bin", "COLOUR=green"};
    return options;
}

CommandResult run(Loop& loop, ProcessOptions options, std::string input = {}) {
    return loop.run_until(run_command(loop, std::move(options), std::move(input), patience()));
}

std::string message_of(const std::function<void()>& function) {
    try {
        function();
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

/// True when the process is gone or only its status remains.
bool is_gone(int pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(stat, line)) return true;
    char state = line[line.rfind(')') + 2];
    return state == 'Z' || state == 'X';
}

std::pair<Fd, Fd> make_pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    return {Fd(ends[0]), Fd(ends[1])};
}

void wait_gone(Loop& loop, int pid) {
    for (int i = 0; i < 3000 && !is_gone(pid); ++i) loop.run_until(loop.sleep(Milliseconds(10)));
    CHECK(is_gone(pid));
}

}  // namespace

TEST_CASE("a child's exit code and its death by signal are told apart") {
    Loop loop;
    auto process = Process::spawn(loop, shell("exit 7"));
    ExitStatus status = loop.run_until(process->wait(patience()));
    CHECK(status.code == 7);
    CHECK(status.signal == 0);
    CHECK(status.known);
    CHECK_FALSE(status.success());
    CHECK(status.to_string() == "exit status 7");
    CHECK(process->has_ended());
    CHECK_FALSE(process->signal(SIGTERM));
    CHECK(is_gone(process->pid()));
    CHECK_FALSE(process_start_time(process->pid()).has_value());  // reaped

    auto killed = Process::spawn(loop, shell("exec sleep 1000"));
    CHECK_FALSE(killed->has_ended());
    CHECK(killed->start_time() == process_start_time(killed->pid()));
    CHECK(killed->signal(SIGKILL));
    status = loop.run_until(killed->wait(patience()));
    CHECK(status.signal == SIGKILL);
    CHECK(status.to_string() == "killed by signal 9 (Killed)");
}

TEST_CASE("waiting for a process that goes on gives a timeout") {
    Loop loop;
    auto process = Process::spawn(loop, shell("exec sleep 1000"));
    Deadline soon = Deadline::after(Milliseconds(5));
    CHECK_THROWS_AS(loop.run_until(process->wait(soon)), Error);
    process->signal(SIGKILL);
    loop.run_until(process->wait(patience()));
}

TEST_CASE("a program that cannot be started is an error naming it and the reason") {
    Loop loop;
    auto text = [&](ProcessOptions options) { return message_of([&] { Process::spawn(loop, options); }); };
    ProcessOptions options;
    options.arguments = {"/nowhere/qemu"};
    CHECK(text(options).ends_with("cannot execute /nowhere/qemu: No such file or directory"));
    options.arguments = {"no-such-program-here"};
    CHECK(text(options).find("cannot execute no-such-program-here") != std::string::npos);
    options.arguments = {"/etc/passwd"};
    CHECK(text(options).ends_with("cannot execute /etc/passwd: Permission denied"));
    options = shell("true");
    options.working_directory = "/no/such/folder";
    CHECK(text(options).find("'/no/such/folder': No such file or directory") != std::string::npos);
    options = shell("true");
    options.control_groups = {"/no/such/group/tasks"};
    CHECK(text(options).find("/no/such/group") != std::string::npos);
    CHECK(run(loop, shell("true")).status.success());
}

TEST_CASE("a child enters its control groups itself, before its program runs") {
    Loop loop;
    char path[] = "/tmp/virtue-group-XXXXXX";
    Fd file(::mkstemp(path));
    ProcessOptions options = shell(std::string("cat ") + path);
    options.control_groups = {path};
    CHECK(run(loop, options).output == "0");
    ::unlink(path);
}

TEST_CASE("a command's output, errors and exit status are captured, and its input is fed") {
    Loop loop;
    CommandResult result = run(loop, shell("cat; echo oops >&2; exit 3"), "some input");
    CHECK(result.output == "some input");
    CHECK(result.errors == "oops\n");
    CHECK(result.status.code == 3);

    std::string large(3 << 20, 'z');
    result = run(loop, shell("cat"), large);
    CHECK(result.output == large);

    result = run(loop, shell("exec true"), large);  // reads nothing of it
    CHECK(result.status.success());

    auto limited = run_command(loop, shell("head -c 100000 /dev/zero"), {}, patience(), 1000);
    result = loop.run_until(std::move(limited));
    CHECK(result.output.size() == 1000);
    CHECK(result.status.success());
}

TEST_CASE("a program is found in PATH, and its environment is exactly what was given") {
    Loop loop;
    ProcessOptions options;
    options.arguments = {"env"};
    options.environment = {"ONE=1", "TWO=two words"};
    CommandResult result = run(loop, options);
    CHECK(result.output == "ONE=1\nTWO=two words\n");
}

TEST_CASE("a child gets its descriptors under the numbers asked for and no others") {
    Loop loop;
    auto [a_end, a] = make_pipe();
    auto [b_end, b] = make_pipe();
    REQUIRE(::write(a.get(), "A", 1) == 1);
    REQUIRE(::write(b.get(), "B", 1) == 1);
    Fd stray(::open("/dev/null", O_RDONLY));  // inheritable, and yet it must not arrive
    ProcessOptions options = shell(fmt::format("head -c1 /dev/fd/{}; head -c1 /dev/fd/{}; echo; cd /proc/$$/fd; echo *",
                                               b_end.get(), a_end.get()));
    // Each takes the number that the other has here.
    options.descriptors = {{&a_end, b_end.get()}, {&b_end, a_end.get()}};
    CommandResult result = run(loop, options);
    auto [low, high] = std::minmax(a_end.get(), b_end.get());
    CHECK(result.output.substr(0, 3) == "AB\n");
    std::set<int> open_there;
    std::istringstream list(result.output.substr(3));
    for (int number; list >> number;) open_there.insert(number);
    for (int number : {0, 1, 2, low, high}) CHECK(open_there.contains(number));
    CHECK_FALSE(open_there.contains(stray.get()));
    CHECK(open_there.size() <= 6);  // one more is the shell's own, for the folder that it lists
    CHECK(result.errors.empty());
}

TEST_CASE("standard streams that are not given are /dev/null, and one descriptor may serve twice") {
    Loop loop;
    auto [ours, theirs] = Socket::pair();
    ProcessOptions options = shell("readlink /proc/self/fd/0 >&5; echo both >&6");
    options.descriptors = {{&theirs, 5}, {&theirs, 6}};
    auto process = Process::spawn(loop, options);
    CHECK(loop.run_until(process->wait(patience())).success());
    char buffer[64] = {};
    REQUIRE(::read(ours.get(), buffer, sizeof buffer - 1) > 0);
    CHECK(std::string(buffer) == "/dev/null\nboth\n");
}

TEST_CASE("session, folder, umask, limits and signals of a child are as asked, not as ours") {
    Loop loop;
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    auto* old = std::signal(SIGUSR2, SIG_IGN);
    ProcessOptions options = shell("pwd; umask; ulimit -n; ulimit -c; grep -E 'Sig(Blk|Ign)' /proc/self/status");
    options.working_directory = "/usr";
    options.umask = 0027;
    options.max_open_files = 123;
    options.max_core_size = 0;
    CommandResult result = run(loop, options);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    std::signal(SIGUSR2, old);
    CHECK(result.output ==
          "/usr\n0027\n123\n0\n"
          "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    result = run(loop, shell("cut -d' ' -f1,5,6 /proc/self/stat; echo $$"));
    // pid, group and session: the shell's session is its own.
    CHECK(result.status.success());
    std::string shell_pid = result.output.substr(result.output.find('\n') + 1);
    shell_pid.pop_back();
    CHECK(result.output.find(" " + shell_pid + " " + shell_pid + "\n") != std::string::npos);
}

TEST_CASE("a child runs as another user with exactly the groups given") {
    if (::geteuid() != 0) return;
    Loop loop;
    ProcessOptions options = shell("id -u; id -g; id -G; grep CapEff /proc/self/status");
    options.uid = 65534;
    options.gid = 65533;
    options.groups = {65533, 12345};
    CommandResult result = run(loop, options);
    CHECK(result.output == "65534\n65533\n65533 12345\nCapEff:\t0000000000000000\n");
    CHECK(::geteuid() == 0);
}

TEST_CASE("a command that hangs is killed with its whole group at the deadline") {
    Loop loop;
    std::string file = "/tmp/virtue-io-test-" + std::to_string(::getpid()) + "-group";
    // The shell tells the number of a child of its own, then both hang.
    ProcessOptions options = shell("trap '' TERM; sleep 1000 & echo $! $$ >" + file + ".x; mv " + file + ".x " + file +
                                   "; while :; do sleep 1000; done");
    CancelSource source;
    Gate gate(loop, [](std::exception_ptr) {});
    std::string text;
    auto root = [](Loop& on, ProcessOptions what, CancelSource& by, std::string& told) -> Task<void> {
        Deadline deadline = Deadline::never().with_cancel(by);
        try {
            co_await run_command(on, std::move(what), "", deadline);
        } catch (const Error& error) {
            told = error.message();
        }
    };
    gate.spawn(root(loop, options, source, text));
    for (int i = 0; i < 3000 && ::access(file.c_str(), F_OK) != 0; ++i) loop.run_until(loop.sleep(Milliseconds(10)));
    int child = 0;
    int leader = 0;
    std::ifstream(file) >> child >> leader;
    std::filesystem::remove(file);
    REQUIRE(child > 0);
    source.cancel();
    loop.run_until(gate.close());
    CHECK(text.find("the command /bin/sh was cancelled") != std::string::npos);
    CHECK_FALSE(process_start_time(leader).has_value());
    wait_gone(loop, child);

    Deadline soon = Deadline::after(Milliseconds(20));
    text = message_of([&] { loop.run_until(run_command(loop, shell("exec sleep 1000"), "", soon)); });
    CHECK(text.find("the command /bin/sh did not end in time and was killed") != std::string::npos);
}

TEST_CASE("a command is not waited for beyond its end when a grandchild keeps its output open") {
    Loop loop;
    CommandResult result = run(loop, shell("sleep 1000 & echo $!"));
    CHECK(result.status.success());
    int grandchild = std::atoi(result.output.c_str());
    REQUIRE(grandchild > 1);
    ::kill(grandchild, SIGKILL);
}

TEST_CASE("the exit callback comes once, may destroy the process, and comes also when set after the end") {
    Loop loop;
    int calls = 0;
    auto process = Process::spawn(loop, shell("exit 4"));
    process->on_exit([&](const ExitStatus& status) {
        calls += status.code;
        process.reset();
        loop.stop();
    });
    loop.run();
    CHECK(calls == 4);
    CHECK_FALSE(process);

    process = Process::spawn(loop, shell("exit 5"));
    loop.run_until(process->wait(patience()));
    process->on_exit([&](const ExitStatus& status) { calls += status.code; });
    loop.run_until(loop.sleep(Milliseconds(1)));
    CHECK(calls == 9);
    process->on_exit([&](const ExitStatus&) { calls = -1; });
    process.reset();
    loop.run_until(loop.sleep(Milliseconds(1)));
    CHECK(calls == 9);
}

TEST_CASE("a process that is no longer watched goes on, and is reaped when it ends") {
    Loop loop;
    auto process = Process::spawn(loop, shell("exec sleep 1000"));
    int pid = process->pid();
    process.reset();
    loop.run_until(loop.sleep(Milliseconds(5)));
    CHECK_FALSE(is_gone(pid));
    ::kill(pid, SIGKILL);
    for (int i = 0; i < 3000 && process_start_time(pid); ++i) loop.run_until(loop.sleep(Milliseconds(10)));
    CHECK_FALSE(process_start_time(pid).has_value());
}

TEST_CASE("a process that is not our child is adopted by number and start time, and its end is noticed") {
    Loop loop;
    CommandResult result = run(loop, shell("sleep 1000 >/dev/null 2>&1 & echo $!"));
    int pid = std::atoi(result.output.c_str());
    REQUIRE(pid > 1);
    uint64_t start = process_start_time(pid).value_or(0);
    REQUIRE(start > 0);
    CHECK_FALSE(Process::adopt(loop, pid, start + 1));
    auto process = Process::adopt(loop, pid, start);
    REQUIRE(process);
    CHECK(process->pid() == pid);
    CHECK_FALSE(process->has_ended());
    CHECK_FALSE(process->signal_group(SIGTERM));
    CHECK(process->signal(SIGKILL));
    ExitStatus status = loop.run_until(process->wait(patience()));
    CHECK_FALSE(status.known);
    CHECK_FALSE(status.success());
    CHECK_FALSE(Process::adopt(loop, pid, start));
    CHECK_FALSE(Process::adopt(loop, 0, 0));
}

TEST_CASE("many children at once are all reaped with their own status") {
    Loop loop;
    std::vector<std::unique_ptr<Process>> all;
    for (int i = 0; i < 40; ++i) all.push_back(Process::spawn(loop, shell("exit " + std::to_string(i))));
    for (int i = 0; i < 40; ++i) CHECK(loop.run_until(all[static_cast<size_t>(i)]->wait(patience())).code == i);
}
