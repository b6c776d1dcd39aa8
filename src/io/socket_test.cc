#include "io/socket.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "io/gate.h"
#include "io/interest_for_test.h"
#include "io/tcp.h"
#include "io/timer.h"
#include "io/unix_address.h"

using namespace virtue;
using namespace virtue::io;

namespace {

Deadline patience() {
    return Deadline::after(Milliseconds(60000));
}

std::span<const uint8_t> bytes(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string message_of(const std::function<void()>& function) {
    try {
        function();
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

int errno_of(const std::function<void()>& function) {
    try {
        function();
    } catch (const Error& error) {
        return error.int1();
    }
    return 0;
}

struct Folder {
    Folder() : path(fmt::format("/tmp/virtue-socket-test-{}", ::getpid())) { std::filesystem::create_directory(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string path;
};

/// Sends back what it gets until the end of the stream.
Task<void> echo(std::unique_ptr<Socket> socket) {
    std::vector<uint8_t> buffer(4096);
    for (;;) {
        size_t count = co_await socket->read_some(buffer, patience());
        if (count == 0) break;
        std::span<const uint8_t> part(buffer.data(), count);
        co_await socket->write_all(part, patience());
    }
}

Task<std::string> ask(Socket& socket, std::string question) {
    co_await socket.write_all(bytes(question), patience());
    std::string answer(question.size(), '\0');
    std::span<uint8_t> room(reinterpret_cast<uint8_t*>(answer.data()), answer.size());
    co_await socket.read_exactly(room, patience());
    co_return answer;
}

void fail_test(std::exception_ptr) {
    FAIL("a background task failed");
}

}  // namespace

TEST_CASE("callbacks see bytes come and the stream end") {
    Loop loop;
    auto [one, two] = Socket::pair();
    Socket reader(loop, std::move(one));
    Socket writer(loop, std::move(two));
    std::string got;
    reader.on_readable([&] {
        uint8_t buffer[3];
        Socket::Moved moved = reader.try_read(buffer);
        got.append(reinterpret_cast<char*>(buffer), moved.bytes);
        if (!moved.end_of_stream) return;
        reader.on_readable({});
        loop.stop();
    });
    CHECK(writer.try_write(bytes("hello")).bytes == 5);
    writer.shutdown_write();
    loop.run();
    CHECK(got == "hello");
    uint8_t byte;
    CHECK(writer.try_read({&byte, 1}).would_block);
    CHECK(reader.try_read({&byte, 1}).end_of_stream);
}

TEST_CASE("watching stops and goes on as asked, from inside the callback too") {
    Loop loop;
    auto [one, two] = Socket::pair();
    Socket reader(loop, std::move(one));
    Socket writer(loop, std::move(two));
    int first = 0;
    int second = 0;
    reader.on_readable([&] {
        ++first;
        reader.on_readable({});  // the byte stays there: another call would come at once
    });
    writer.try_write(bytes("x"));
    while (first == 0) loop.run_until(loop.sleep(Milliseconds(1)));
    loop.run_until(loop.sleep(Milliseconds(10)));
    CHECK(first == 1);
    reader.on_readable([&] {
        reader.on_readable([&] {
            ++second;
            reader.on_readable({});
        });
    });
    while (second == 0) loop.run_until(loop.sleep(Milliseconds(1)));
    loop.run_until(loop.sleep(Milliseconds(10)));
    CHECK(first == 1);
    CHECK(second == 1);
}

TEST_CASE("a full socket blocks, and its room is told when it comes") {
    Loop loop;
    auto [one, two] = Socket::pair();
    Socket writer(loop, std::move(one));
    std::string block(65536, 'b');
    size_t sent = 0;
    for (;;) {
        Socket::Moved moved = writer.try_write(bytes(block));
        sent += moved.bytes;
        if (moved.would_block) break;
    }
    bool room = false;
    writer.on_writable([&] {
        room = true;
        writer.on_writable({});
        loop.stop();
    });
    loop.run_until(loop.sleep(Milliseconds(5)));
    CHECK_FALSE(room);
    std::string sink(sent, '\0');
    size_t taken = 0;
    while (taken < sent) {
        ssize_t count = ::read(two.get(), sink.data(), sink.size());
        REQUIRE(count > 0);
        taken += static_cast<size_t>(count);
    }
    if (!room) loop.run();
    CHECK(room);
}

TEST_CASE("coroutines exchange more than any buffer holds") {
    Loop loop;
    Gate gate(loop, fail_test);
    auto [one, two] = Socket::pair();
    gate.spawn(echo(std::make_unique<Socket>(loop, std::move(one))));
    {
        Socket socket(loop, std::move(two));
        CHECK(loop.run_until(ask(socket, "ping")) == "ping");
        auto sender = [](Socket& to, const std::string& text) -> Task<void> {
            co_await to.write_all(bytes(text), patience());
            to.shutdown_write();
        };
        auto receiver = [](Socket& from, std::string& into) -> Task<void> {
            std::vector<uint8_t> buffer(10000);
            for (;;) {
                size_t count = co_await from.read_some(buffer, patience());
                if (count == 0) break;
                into.append(reinterpret_cast<char*>(buffer.data()), count);
            }
        };
        std::string large;
        for (int i = 0; i < 300000; ++i) large += std::to_string(i);
        std::string back;
        gate.spawn(sender(socket, large));
        loop.run_until(receiver(socket, back));
        CHECK((back == large));
    }
    loop.run_until(gate.close());
}

TEST_CASE("reads and writes give up at their deadline and when cancelled") {
    Loop loop;
    auto [one, two] = Socket::pair();
    Socket socket(loop, std::move(one));
    uint8_t buffer[4];
    auto code = [&](Deadline deadline) {
        try {
            loop.run_until(socket.read_some(buffer, deadline));
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode{};
    };
    CHECK(code(Deadline::after(Milliseconds(2))) == ErrorCode::operation_timeout);
    CancelSource source;
    loop.defer([&] { source.cancel(); });
    CHECK(code(Deadline::never().with_cancel(source)) == ErrorCode::operation_aborted);
    // A byte that arrives now still reaches the next reader.
    REQUIRE(::write(two.get(), "z", 1) == 1);
    CHECK(loop.run_until(socket.read_some(buffer, patience())) == 1);
    CHECK(buffer[0] == 'z');
    two.reset();
    std::string text = message_of([&] { loop.run_until(socket.read_exactly(buffer, patience())); });
    CHECK(text.find("ended 4 bytes too early") != std::string::npos);
}

TEST_CASE("closing or destroying a socket ends the waits on it") {
    Loop loop;
    auto [one, two] = Socket::pair();
    auto socket = std::make_unique<Socket>(loop, std::move(one));
    uint8_t buffer[4];
    std::string heard;
    Gate gate(loop, [&](std::exception_ptr error) {
        try {
            std::rethrow_exception(error);
        } catch (const Error& e) {
            if (e.code() == ErrorCode::operation_aborted) heard += "aborted ";
        }
    });
    auto reader = [](Socket& from, std::span<uint8_t> into) -> Task<void> {
        co_await from.read_exactly(into, Deadline::never());
    };
    gate.spawn(reader(*socket, buffer));
    socket->close();
    CHECK_FALSE(socket->is_open());
    loop.run_until(gate.close());
    CHECK(heard == "aborted ");
    WakeReason reason = WakeReason::notified;
    auto waiter = [](Socket& from, WakeReason& into) -> Task<void> {
        into = co_await from.wait_readable(Deadline::never());
    };
    loop.run_until(waiter(*socket, reason));
    CHECK(reason == WakeReason::cancelled);

    auto [three, four] = Socket::pair();
    socket = std::make_unique<Socket>(loop, std::move(three));
    Gate second(loop, [&](std::exception_ptr) { heard += "gone"; });
    second.spawn(reader(*socket, buffer));
    socket.reset();
    loop.run_until(second.close());
    CHECK(heard == "aborted gone");
}

TEST_CASE("a socket may be destroyed inside its own callbacks, and its number used again at once") {
    Loop loop;
    for (int round = 0; round < 3; ++round) {
        auto [one, two] = Socket::pair();
        REQUIRE(::write(two.get(), "x", 1) == 1);
        auto socket = std::make_unique<Socket>(loop, std::move(one));
        std::unique_ptr<Socket> next;
        std::string proof(100, 'p');
        socket->on_writable([&] { FAIL("called after its end"); });
        socket->on_readable([&, proof] {
            socket.reset();
            auto [three, four] = Socket::pair();
            REQUIRE(::write(four.get(), "y", 1) == 1);
            next = std::make_unique<Socket>(loop, std::move(three));
            next->on_readable([&] {
                next.reset();
                loop.stop();
            });
            CHECK(proof.size() == 100);
        });
        loop.run();
        CHECK_FALSE(next);
    }
}

TEST_CASE("writing to a peer that is gone is EPIPE, not a signal, on sockets and pipes") {
    Loop loop;
    auto* old = std::signal(SIGPIPE, SIG_DFL);
    auto [one, two] = Socket::pair();
    Socket socket(loop, std::move(one));
    two.reset();
    CHECK(errno_of([&] { socket.try_write(bytes("x")); }) == EPIPE);
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    Socket pipe(loop, Fd(ends[1]));
    ::close(ends[0]);
    CHECK(errno_of([&] { pipe.try_write(bytes("x")); }) == EPIPE);
    CHECK(errno_of([&] { loop.run_until(pipe.write_all(bytes("x"), patience())); }) == EPIPE);
    std::signal(SIGPIPE, old);
}

TEST_CASE("the reader's end of a pipe wakes a writer that waits for room") {
    Loop loop;
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    Socket pipe(loop, Fd(ends[1]));
    Fd reader(ends[0]);
    std::string large(1 << 20, 'l');
    loop.defer([&] { reader.reset(); });
    CHECK(errno_of([&] { loop.run_until(pipe.write_all(bytes(large), patience())); }) == EPIPE);
}

TEST_CASE("descriptors travel with a byte of their own") {
    Loop loop;
    auto [one, two] = Socket::pair();
    Socket sender(loop, std::move(one));
    Socket receiver(loop, std::move(two));
    Fd received;
    CHECK(receiver.try_read_fd(received).would_block);
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    Fd in(ends[0]);
    Fd out(ends[1]);
    CHECK(sender.try_write_fd(out).bytes == 1);
    sender.try_write(bytes("rest"));
    CHECK(receiver.try_read_fd(received).bytes == 1);
    REQUIRE(received);
    CHECK((::fcntl(received.get(), F_GETFD) & FD_CLOEXEC) != 0);
    out.reset();
    REQUIRE(::write(received.get(), "via", 3) == 3);
    char text[4] = {};
    REQUIRE(::read(in.get(), text, 3) == 3);
    CHECK(std::string(text) == "via");
    uint8_t rest[8];
    CHECK(receiver.try_read(rest).bytes == 4);
    // A byte without a descriptor.
    sender.try_write(bytes("-"));
    CHECK(receiver.try_read_fd(received).bytes == 1);
    CHECK_FALSE(received);
    sender.close();
    CHECK(receiver.try_read_fd(received).end_of_stream);
}

TEST_CASE("what cannot be waited for is refused") {
    Loop loop;
    Fd file(::open("/etc/passwd", O_RDONLY | O_CLOEXEC));
    CHECK(errno_of([&] { Socket(loop, std::move(file)); }) == EPERM);
}

TEST_CASE("a listener hands out connections whose peer is known, and removes its file") {
    Loop loop;
    Folder folder;
    std::string path = folder.path + "/sock";
    Gate gate(loop, fail_test);
    mode_t before = ::umask(0077);
    {
        PeerCredentials peer;
        UnixListener::Options options{path, 0722};
        UnixListener listener(loop, options, [&](Fd fd) {
            auto socket = std::make_unique<Socket>(loop, std::move(fd));
            peer = socket->peer();
            gate.spawn(echo(std::move(socket)));
        });
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 07777) == 0722);
        auto socket = loop.run_until(Socket::connect_unix(loop, path, patience()));
        CHECK(loop.run_until(ask(*socket, "over a path")) == "over a path");
        CHECK(peer.pid == ::getpid());
        CHECK(peer.uid == ::geteuid());
        CHECK(peer.gid == ::getegid());
        CHECK(message_of([&] { UnixListener(loop, options, [](Fd) {}); }).find(path) != std::string::npos);
        CHECK(::access(path.c_str(), F_OK) == 0);
    }
    ::umask(before);
    CHECK(::access(path.c_str(), F_OK) != 0);
    loop.run_until(gate.close());
    auto connect = [&] { loop.run_until(Socket::connect_unix(loop, path, patience())); };
    CHECK(message_of(connect).ends_with(fmt::format("cannot connect to '{}': No such file or directory", path)));
}

TEST_CASE("a stale socket is replaced; a live one, another file, or a successor's socket is left alone") {
    Loop loop;
    Folder folder;
    std::string path = folder.path + "/sock";
    {
        Fd dead = unix_stream_socket();
        UnixAddress address(path);
        REQUIRE(::bind(dead.get(), address.get(), address.size()) == 0);
    }
    auto quiet = [](Fd) {};
    auto listener = std::make_unique<UnixListener>(loop, UnixListener::Options{path}, quiet);
    CHECK(errno_of([&] { UnixListener(loop, UnixListener::Options{path}, quiet); }) == EADDRINUSE);
    // Somebody removes our file and puts his own there.
    std::filesystem::remove(path);
    auto successor = std::make_unique<UnixListener>(loop, UnixListener::Options{path}, quiet);
    listener.reset();
    CHECK(::access(path.c_str(), F_OK) == 0);
    successor.reset();
    CHECK(::access(path.c_str(), F_OK) != 0);

    std::ofstream(path) << "precious";
    CHECK(message_of([&] { UnixListener(loop, UnixListener::Options{path}, quiet); }).find("not a socket") !=
          std::string::npos);
    CHECK(std::filesystem::file_size(path) == 8);
    std::string long_path = folder.path + "/" + std::string(200, 'l');
    CHECK(errno_of([&] { UnixListener(loop, UnixListener::Options{long_path}, quiet); }) == ENAMETOOLONG);
}

TEST_CASE("a listener that does not accept leaves connections in the backlog") {
    Loop loop;
    Folder folder;
    std::string path = folder.path + "/sock";
    int accepted = 0;
    UnixListener listener(loop, UnixListener::Options{path}, [&](Fd) { ++accepted; });
    listener.set_accepting(false);
    auto first = loop.run_until(Socket::connect_unix(loop, path, patience()));
    loop.run_until(loop.sleep(Milliseconds(5)));
    CHECK(accepted == 0);
    listener.set_accepting(true);
    while (accepted == 0) loop.run_until(loop.sleep(Milliseconds(1)));
    CHECK(accepted == 1);
}

TEST_CASE("a listener may be destroyed inside its callback, and more than a wake's worth all arrive") {
    Loop loop;
    Folder folder;
    std::string path = folder.path + "/sock";
    int accepted = 0;
    std::vector<Fd> kept;
    std::unique_ptr<UnixListener> listener;
    auto take = [&](Fd fd) {
        kept.push_back(std::move(fd));
        if (++accepted < 100) return;
        listener.reset();
        loop.stop();
    };
    listener = std::make_unique<UnixListener>(loop, UnixListener::Options{path}, take);
    std::vector<std::unique_ptr<Socket>> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(loop.run_until(Socket::connect_unix(loop, path, patience())));
    }
    if (listener) loop.run();
    CHECK(accepted == 100);
    CHECK_FALSE(listener);
}

TEST_CASE("a listener without descriptors pauses instead of spinning, and accepts when there are some again") {
    Loop loop;
    Folder folder;
    UnixAddress address(folder.path + "/sock");
    Fd server = unix_stream_socket();
    REQUIRE(::bind(server.get(), address.get(), address.size()) == 0);
    REQUIRE(::listen(server.get(), 10) == 0);
    int number = server.get();
    int accepted = 0;
    UnixListener listener(loop, std::move(server), [&](Fd) { ++accepted; });
    Interest interest(loop);
    while (!interest.contains(number)) loop.run_until(loop.sleep(Milliseconds(1)));
    Fd client = unix_stream_socket();
    REQUIRE(::connect(client.get(), address.get(), address.size()) == 0);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit none = before;
    none.rlim_cur = 3;
    ::setrlimit(RLIMIT_NOFILE, &none);
    for (int i = 0; i < 100 && interest.contains(number); ++i) loop.run_until(loop.sleep(Milliseconds(1)));
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK_FALSE(interest.contains(number));
    CHECK(accepted == 0);
    for (int i = 0; i < 1000 && accepted == 0; ++i) loop.run_until(loop.sleep(Milliseconds(10)));
    CHECK(accepted == 1);
}

TEST_CASE("a server's full backlog delays a client until its deadline") {
    Loop loop;
    Folder folder;
    std::string path = folder.path + "/sock";
    Fd server = unix_stream_socket();
    UnixAddress address(path);
    REQUIRE(::bind(server.get(), address.get(), address.size()) == 0);
    REQUIRE(::listen(server.get(), 0) == 0);
    auto first = loop.run_until(Socket::connect_unix(loop, path, patience()));
    auto code = [&] {
        try {
            loop.run_until(Socket::connect_unix(loop, path, Deadline::after(Milliseconds(30))));
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode{};
    };
    CHECK(code() == ErrorCode::operation_timeout);
    Timer relief(loop, [&] { Fd(::accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC)); });
    relief.start_after(Milliseconds(20));
    CHECK(loop.run_until(Socket::connect_unix(loop, path, patience())));
}

TEST_CASE("tcp: a listener on a port of the kernel's choice, and a client by name") {
    Loop loop;
    Gate gate(loop, fail_test);
    {
        TcpListener listener(loop, "127.0.0.1", 0,
                             [&](Fd fd) { gate.spawn(echo(std::make_unique<Socket>(loop, std::move(fd)))); });
        CHECK(listener.port() != 0);
        auto socket = loop.run_until(connect_tcp(loop, "localhost", listener.port(), patience()));
        CHECK(loop.run_until(ask(*socket, "over tcp")) == "over tcp");
        CHECK(socket->peer().pid == -1);
        auto twice = [&] { TcpListener(loop, "127.0.0.1", listener.port(), [](Fd) {}); };
        CHECK(message_of(twice).ends_with(
            fmt::format("cannot listen on 127.0.0.1 port {}: Address already in use", listener.port())));
    }
    // A port that is taken, so that nobody else can begin to listen there, and on which nobody listens.
    Fd deaf(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(deaf.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::getsockname(deaf.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    const uint16_t closed_port = ntohs(address.sin_port);
    auto refused = [&] { loop.run_until(connect_tcp(loop, "127.0.0.1", closed_port, patience())); };
    CHECK(message_of(refused).ends_with(
        fmt::format("cannot connect to 127.0.0.1 port {}: Connection refused", closed_port)));
    std::string name(70, 'n');  // no label is as long, so nobody is asked
    auto unknown = [&] { loop.run_until(connect_tcp(loop, name, 1, patience())); };
    CHECK(message_of(unknown).find("cannot find the address of host 'nnn") != std::string::npos);
    loop.run_until(gate.close());
}

TEST_CASE("tcp: an empty host listens on all addresses with one port") {
    Loop loop;
    std::vector<Fd> kept;
    TcpListener listener(loop, "", 0, [&](Fd fd) { kept.push_back(std::move(fd)); });
    auto socket = loop.run_until(connect_tcp(loop, "127.0.0.1", listener.port(), patience()));
    while (kept.empty()) loop.run_until(loop.sleep(Milliseconds(1)));
    CHECK(kept.size() == 1);
}
