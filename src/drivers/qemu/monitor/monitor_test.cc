#include "drivers/qemu/monitor/monitor.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "io/gate.h"
#include "io/process.h"
#include "io/timer.h"

using namespace virtue;
using namespace virtue::qemu;

namespace {

constexpr io::Milliseconds patience{60000};

// A paused QEMU on the other end of a connected monitor. Not one that listens, as the driver has it: `-machine none` is
// ready so soon that QEMU 7.2 now and then (one start of 4,000) accepts in its main thread while its monitor thread
// takes the socket over, and then answers nothing for ever. A guest with a real machine is built after that.
struct Guest {
    io::Loop& loop;
    std::unique_ptr<io::Process> process;
    std::unique_ptr<io::Socket> socket;  // ours, until the monitor has it
    std::unique_ptr<Monitor> monitor;
    std::vector<std::string> events;
    std::vector<std::string> lost;

    explicit Guest(io::Loop& on) : loop(on) {}
    ~Guest() {
        monitor.reset();
        if (process) {
            process->signal(SIGCONT);
            process->signal(SIGKILL);
            loop.run_until(process->wait(io::Deadline::after(patience)));
        }
    }

    void start() {
        auto [ours, theirs] = io::Socket::pair();
        io::ProcessOptions options;
        options.arguments = {"qemu-system-x86_64",
                             "-S",
                             "-no-user-config",
                             "-nodefaults",
                             "-display",
                             "none",
                             "-machine",
                             "none",
                             "-chardev",
                             "socket,id=charmonitor,fd=3",
                             "-mon",
                             "chardev=charmonitor,id=monitor,mode=control"};
        options.environment = {"LC_ALL=C", "PATH=/usr/local/bin:/usr/bin:/bin"};
        options.descriptors = {{&theirs, 3}};
        process = io::Process::spawn(loop, options);
        socket = std::make_unique<io::Socket>(loop, std::move(ours));
    }
    Task<void> open() {
        Monitor::Callbacks callbacks;
        callbacks.on_event = [this](const MonitorEvent& event) { events.push_back(event.name); };
        callbacks.on_lost = [this](const std::string& reason) { lost.push_back(reason); };
        std::string guest = "testee";
        const io::Deadline deadline = io::Deadline::after(patience);
        monitor = co_await Monitor::open(loop, std::move(socket), std::move(guest), std::move(callbacks), deadline);
    }
    Json run(std::string name, Json arguments = {}, io::Milliseconds time = patience) {
        return loop.run_until(monitor->command(std::move(name), std::move(arguments), io::Deadline::after(time)));
    }
};

ErrorCode code_of(auto function, std::string* message = nullptr) {
    try {
        function();
    } catch (const Error& error) {
        if (message != nullptr) *message = error.message();
        return error.code();
    }
    return ErrorCode::ok;
}

Task<void> ask_into(Monitor& monitor, std::vector<std::string>& order, std::string name) {
    Json none;
    const io::Deadline deadline = io::Deadline::after(patience);
    std::string label = name;
    Json reply = co_await monitor.command(std::move(name), std::move(none), deadline);
    order.push_back(label);
}

}  // namespace

TEST_CASE("a guest answers over a connection that was passed to it") {
    io::Loop loop;
    Guest guest(loop);
    guest.start();
    loop.run_until(guest.open());
    CHECK(guest.monitor->greeting().major >= 7);
    CHECK(guest.run("query-status").at("status").as_string() == "prelaunch");
    guest.run("cont");
    CHECK(guest.run("query-status").at("running").as_bool());
    CHECK(guest.events == std::vector<std::string>{"RESUME"});
    CHECK(guest.monitor->pending() == 0);
}

TEST_CASE("QEMU's refusal comes in libvirt's words") {
    io::Loop loop;
    Guest guest(loop);
    guest.start();
    loop.run_until(guest.open());
    std::string message;
    Json arguments = Json::object({{"id", "nothing"}});
    CHECK(code_of([&] { guest.run("device_del", arguments); }, &message) == ErrorCode::internal_error);
    CHECK(message == "internal error: unable to execute QEMU command 'device_del': Device 'nothing' not found");
}

TEST_CASE("commands are sent without waiting for each other") {
    io::Loop loop;
    Guest guest(loop);
    guest.start();
    loop.run_until(guest.open());
    std::vector<std::string> order;
    io::Gate gate(loop, [](std::exception_ptr) { FAIL("a command failed"); });
    for (const char* name : {"query-status", "query-version", "query-name"}) {
        gate.spawn(ask_into(*guest.monitor, order, name));
    }
    CHECK(guest.monitor->pending() == 3);
    guest.run("query-chardev");
    CHECK(order == std::vector<std::string>{"query-status", "query-version", "query-name"});
    loop.run_until(gate.close());
}

TEST_CASE("a hung guest makes its own calls fail, and works again afterwards") {
    io::Loop loop;
    Guest guest(loop);
    guest.start();
    loop.run_until(guest.open());
    guest.process->signal(SIGSTOP);
    std::string message;
    const io::Milliseconds little(50);
    CHECK(code_of([&] { guest.run("query-status", {}, little); }, &message) == ErrorCode::operation_timeout);
    CHECK(message.find("QEMU of guest 'testee' did not answer 'query-status' within") != std::string::npos);
    CHECK(guest.monitor->pending() == 1);
    guest.process->signal(SIGCONT);
    // The late answer to the first is dropped; this one is its own.
    CHECK(guest.run("query-version").at("qemu").at("major").as_int() >= 7);
    CHECK(guest.monitor->pending() == 0);
    CHECK(guest.lost.empty());
}

TEST_CASE("a descriptor reaches QEMU with getfd") {
    io::Loop loop;
    Guest guest(loop);
    guest.start();
    loop.run_until(guest.open());
    const Fd file(memfd_create("test", MFD_CLOEXEC));
    std::vector<const Fd*> fds{&file};
    Json arguments = Json::object({{"fdname", "mine"}});
    const io::Deadline deadline = io::Deadline::after(patience);
    loop.run_until(guest.monitor->command_with_fds("getfd", arguments, fds, deadline));
    guest.run("closefd", arguments);
    CHECK(code_of([&] { guest.run("closefd", arguments); }) == ErrorCode::internal_error);
}

TEST_CASE("clients may talk to the monitor themselves") {
    io::Loop loop;
    Guest guest(loop);
    guest.start();
    loop.run_until(guest.open());
    const io::Deadline deadline = io::Deadline::after(patience);
    Monitor& monitor = *guest.monitor;
    CHECK(loop.run_until(monitor.raw_command(R"({"execute":"query-name","id":7})", deadline)) ==
          R"({"return":{},"id":7})");
    const std::string refused = loop.run_until(monitor.raw_command(R"({"execute":"no-such"})", deadline));
    CHECK(refused.find("CommandNotFound") != std::string::npos);
    CHECK(loop.run_until(monitor.human_command("info status", deadline)) == "VM status: paused (prelaunch)\r\n");
    CHECK(code_of([&] { loop.run_until(monitor.raw_command("info status", deadline)); }) == ErrorCode::internal_error);
}

TEST_CASE("the end of QEMU is told once, and fails what is under way") {
    io::Loop loop;
    Guest guest(loop);
    guest.start();
    loop.run_until(guest.open());
    guest.process->signal(SIGSTOP);
    std::string message;
    io::Timer killer(loop, [&] { guest.process->signal(SIGKILL); });
    killer.start_after(io::Milliseconds(1));
    CHECK(code_of([&] { guest.run("query-status"); }, &message) == ErrorCode::internal_error);
    for (int i = 0; i < 10000 && guest.lost.empty(); i++) loop.run_until(loop.sleep(io::Milliseconds(1)));
    CHECK(guest.lost.size() == 1);
    CHECK(guest.monitor->is_lost());
    CHECK(code_of([&] { guest.run("query-status"); }, &message) == ErrorCode::internal_error);
    CHECK(message.find("testee") != std::string::npos);
}

TEST_CASE("what is no QMP loses the connection with the reason") {
    io::Loop loop;
    auto [ours, theirs] = io::Socket::pair();
    const std::string text = "SSH-2.0-OpenSSH\r\n";
    REQUIRE(write(theirs.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    auto socket = std::make_unique<io::Socket>(loop, std::move(ours));
    std::string message;
    const io::Deadline deadline = io::Deadline::after(patience);
    CHECK(code_of([&] { loop.run_until(Monitor::open(loop, std::move(socket), "odd", {}, deadline)); }, &message) ==
          ErrorCode::internal_error);
    CHECK(message.find("what is no JSON message") != std::string::npos);
}
