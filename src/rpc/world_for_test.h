// For the tests of this folder: a server with a small driver behind it, and a peer that speaks raw bytes to it over a
// pair of sockets. Loop thread only.
#pragma once
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <string>

#include "driver/event_hub.h"
#include "protocol/keepalive.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/domain_device.h"
#include "protocol/remote/domain_lifecycle.h"
#include "protocol/remote/storage_volume.h"
#include "rpc/server.h"
#include "rpc/server_session.h"
#include "rpc/session_calls.h"

namespace virtue::rpc::for_test {

/// A volume in memory, or a console that sends back what it gets.
class MemoryStream final : public driver::StreamEndpoint {
public:
    struct Content {
        explicit Content(io::Loop& loop) : changed(loop) {}
        std::string bytes;           ///< what was uploaded, or what the console holds for the client
        size_t to_send = 0;          ///< bytes that a download still has
        std::vector<int64_t> holes;  ///< holes received, in order
        int64_t hole_first = 0;      ///< a download starts with this hole
        bool stuck = false;          ///< writes wait until it is false
        bool finished = false;
        bool aborted = false;
        io::Condition changed;
    };
    enum class Kind : uint8_t { upload, download, console };

    MemoryStream(Kind kind, std::shared_ptr<Content> content, bool sparse)
        : kind_(kind), content_(std::move(content)), sparse_(sparse) {}

    bool sends() const override { return kind_ != Kind::upload; }
    bool receives() const override { return kind_ != Kind::download; }
    bool is_sparse() const override { return sparse_; }

    Task<driver::StreamChunk> read(size_t limit, io::Deadline deadline) override {
        driver::StreamChunk chunk;
        if (kind_ == Kind::download) {
            chunk.hole = std::exchange(content_->hole_first, 0);
            if (chunk.hole > 0) co_return chunk;
            size_t count = std::min(limit, content_->to_send);
            content_->to_send -= count;
            chunk.data.assign(count, 'x');
            chunk.end = content_->to_send == 0;
            co_return chunk;
        }
        while (content_->bytes.empty()) {
            io::WakeReason reason = co_await content_->changed.wait(deadline);
            io::require_notified(reason, "the console");
        }
        chunk.data.assign(content_->bytes.begin(), content_->bytes.end());
        content_->bytes.clear();
        co_return chunk;
    }
    Task<void> write(std::span<const uint8_t> data, io::Deadline deadline) override {
        if (kind_ == Kind::download) throw Error(ErrorCode::operation_invalid, ErrorDomain::streams, "read only");
        while (content_->stuck) {
            io::WakeReason reason = co_await content_->changed.wait(deadline);
            io::require_notified(reason, "the disk");
        }
        content_->bytes.append(data.begin(), data.end());
        content_->changed.notify_all();
    }
    Task<void> write_hole(int64_t length, io::Deadline) override {
        content_->holes.push_back(length);
        co_return;
    }
    Task<void> finish(io::Deadline) override {
        if (content_->bytes == "refuse") throw Error(ErrorCode::operation_failed, ErrorDomain::storage, "disk is full");
        content_->finished = true;
        co_return;
    }
    void abort() noexcept override { content_->aborted = true; }

private:
    Kind kind_;
    std::shared_ptr<Content> content_;
    bool sparse_;
};

/// A driver with one call of each sort.
class SmallDriver final : public driver::Backend {
public:
    explicit SmallDriver(io::Loop& loop) : content(std::make_shared<MemoryStream::Content>(loop)), released(loop) {
        bind_calls();
        bind_streams();
    }
    bool accepts(const driver::Uri& uri) const override { return uri.scheme == "small"; }
    bool is_default() const override { return true; }
    Task<driver::Route> open(driver::Call&, driver::Uri) override {
        driver::Route route;
        route.tables[static_cast<size_t>(proc::DriverKind::hypervisor)] = &table;
        route.tables[static_cast<size_t>(proc::DriverKind::storage)] = &table;
        route.uri = "small:///";
        co_return route;
    }

    driver::HandlerTable table;
    driver::EventHub events;
    std::shared_ptr<MemoryStream::Content> content;
    io::Condition released;
    int waiting = 0;    ///< calls of GET_HOSTNAME under way
    int cancelled = 0;  ///< those that ended because their client left
    int suspended = 0;
    std::string received;  ///< what could be read from the descriptors that came

private:
    void bind_calls();
    void bind_streams();
    Task<proc::ConnectGetHostname::Ret> wait_for_name(driver::Call& call, proc::ConnectGetHostname::Args);
};

inline void SmallDriver::bind_calls() {
    events.bind(table, driver::EventClass::domain);
    table.call<proc::ConnectGetType>(
        [](driver::Call&, proc::ConnectGetType::Args&&) { return proc::ConnectGetType::Ret{"SMALL"}; });
    table.call<proc::ConnectGetCapabilities>([](driver::Call&, proc::ConnectGetCapabilities::Args&&) {
        return proc::ConnectGetCapabilities::Ret{std::string(100000, 'c')};
    });
    table.call<proc::ConnectGetHostname>(this, &SmallDriver::wait_for_name);
    table.call<proc::DomainSuspend>([this](driver::Call&, proc::DomainSuspend::Args&&) {
        suspended++;
        return proc::Void{};
    });
    table.call<proc::DomainFdAssociate>([this](driver::Call& call, proc::DomainFdAssociate::Args&&) {
        for (const Fd& fd : call.received) {
            char byte = 0;
            if (::pread(fd.get(), &byte, 1, 0) == 1) received += byte;
        }
        return proc::Void{};
    });
    table.call<proc::DomainOpenGraphicsFd>([](driver::Call& call, proc::DomainOpenGraphicsFd::Args&& args) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) < 0) throw Error::from_errno(errno, ErrorDomain::none, "pipe");
        Fd writer(ends[1]);
        char byte = static_cast<char>('a' + args.idx);
        if (::write(writer.get(), &byte, 1) != 1) throw Error::from_errno(errno, ErrorDomain::none, "write");
        call.reply.emplace_back(ends[0]);
        return proc::Void{};
    });
}

inline void SmallDriver::bind_streams() {
    auto open = [this](driver::Call& call, MemoryStream::Kind kind, bool sparse) {
        call.stream = std::make_unique<MemoryStream>(kind, content, sparse);
        return proc::Void{};
    };
    table.call<proc::DomainOpenConsole>([open](driver::Call& call, proc::DomainOpenConsole::Args&&) {
        return open(call, MemoryStream::Kind::console, false);
    });
    table.call<proc::StorageVolUpload>([open](driver::Call& call, proc::StorageVolUpload::Args&& args) {
        return open(call, MemoryStream::Kind::upload, (args.flags & 1U) != 0);
    });
    table.call<proc::StorageVolDownload>([open](driver::Call& call, proc::StorageVolDownload::Args&& args) {
        return open(call, MemoryStream::Kind::download, (args.flags & 1U) != 0);
    });
}

inline Task<proc::ConnectGetHostname::Ret> SmallDriver::wait_for_name(driver::Call& call,
                                                                      proc::ConnectGetHostname::Args) {
    waiting++;
    io::WakeReason reason = co_await released.wait(call.deadline);
    waiting--;
    if (reason == io::WakeReason::cancelled) cancelled++;
    io::require_notified(reason, "the name");
    co_return proc::ConnectGetHostname::Ret{"host"};
}

/// A message as it arrived.
struct Frame {
    wire::Header header;
    std::vector<uint8_t> payload;
    std::vector<Fd> fds;

    wire::MessageError error() const { return wire::decode_as<wire::MessageError>(payload); }
    std::string message() const { return error().message.value_or(""); }
};

inline io::Deadline patience() {
    return io::Deadline::after(io::Milliseconds(60000));
}

/// The client's end, by hand.
class Peer {
public:
    Peer(io::Loop& loop, Fd fd) : loop_(loop), socket_(loop, std::move(fd)) {}

    io::Socket& socket() { return socket_; }
    void send_bytes(std::span<const uint8_t> bytes) { loop_.run_until(socket_.write_all(bytes, patience())); }
    void send(const wire::Header& header, std::span<const uint8_t> payload = {}) {
        wire::Encoder out = wire::begin_message(header);
        out.raw(payload);
        send_bytes(wire::finish_message(std::move(out)));
    }
    template <typename P>
    static std::vector<uint8_t> call_bytes(const typename P::Args& args, uint32_t serial) {
        return wire::encode_message(header_of<P>(serial), args);
    }
    template <typename P>
    static wire::Header header_of(uint32_t serial, wire::MessageType type = wire::MessageType::call) {
        return {
            static_cast<uint32_t>(P::program), wire::program_version, P::number, type, serial, wire::MessageStatus::ok};
    }
    /// Sends a call; the answer is for receive().
    template <typename P>
    void start(const typename P::Args& args = {}, uint32_t serial = 7) {
        send_bytes(call_bytes<P>(args, serial));
    }
    /// Sends a call and waits for the next message.
    template <typename P>
    Frame call(const typename P::Args& args = {}, uint32_t serial = 7) {
        start<P>(args, serial);
        return receive();
    }
    /// Calls and decodes; throws what came back as an error.
    template <typename P>
    typename P::Ret ask(const typename P::Args& args = {}, uint32_t serial = 7) {
        Frame frame = call<P>(args, serial);
        if (frame.header.status == wire::MessageStatus::error) throw frame.error().to_error();
        return wire::decode_as<typename P::Ret>(frame.payload);
    }
    /// The next message; throws at the end of the connection.
    Frame receive() { return loop_.run_until(receive_frame()); }
    /// True if the server closed the connection without a further byte.
    bool is_closed() { return loop_.run_until(read_end()); }
    /// True if nothing arrives although the server has had every chance.
    bool is_silent();
    void open() {
        proc::ConnectOpen::Args args;
        args.name = "small:///";
        ask<proc::ConnectOpen>(args);
    }

private:
    Task<Frame> receive_frame() {
        uint8_t word[4];
        co_await socket_.read_exactly(word, patience());
        uint32_t length = wire::decode_as<uint32_t>(word);
        std::vector<uint8_t> rest(length - wire::length_size);
        co_await socket_.read_exactly(rest, patience());
        Frame frame;
        frame.header = *wire::decode_header(rest);
        frame.payload.assign(rest.begin() + wire::header_size, rest.end());
        if (frame.header.type != wire::MessageType::reply_with_fds) co_return frame;
        uint32_t count = wire::decode_as<uint32_t>(frame.payload);
        frame.payload.erase(frame.payload.begin(), frame.payload.begin() + 4);
        while (frame.fds.size() < count) {
            co_await socket_.wait_readable(patience());
            Fd fd;
            socket_.try_read_fd(fd);
            frame.fds.push_back(std::move(fd));
        }
        co_return frame;
    }
    Task<bool> read_end() {
        uint8_t byte[1];
        try {
            size_t count = co_await socket_.read_some(byte, patience());
            co_return count == 0;
        } catch (const Error&) {
            co_return true;  // reset: it closed with our bytes unread
        }
    }

    io::Loop& loop_;
    io::Socket socket_;
};

/// A server, its driver, and as many peers as a test wants.
struct World {
    explicit World(ServerLimits with = {}) : limits(with) { bind_session_calls(session_calls); }
    ~World() {
        peers.clear();
        driver.released.notify_all();
        loop.run_until(server.close());
    }

    /// A client of a socket without authentication.
    Peer& connect(bool read_only = false) { return connect(Entrance{read_only, &nobody_asks}); }
    Peer& connect(Entrance entrance) {
        auto [ours, theirs] = io::Socket::pair();
        server.add_client(std::move(theirs), entrance);
        return *peers.emplace_back(std::make_unique<Peer>(loop, std::move(ours)));
    }
    /// A client with an open connection.
    Peer& open(bool read_only = false) {
        Peer& peer = connect(read_only);
        peer.open();
        return peer;
    }
    /// Runs the loop until what is under way without waiting has been done.
    void settle() {
        for (int i = 0; i < 20; i++) loop.run_until(loop.sleep(io::Milliseconds(1)));
    }
    /// Runs the loop until `condition` holds.
    void wait_until(const std::function<bool()>& condition) {
        io::Deadline limit = patience();
        while (!condition() && !limit.is_over()) loop.run_until(loop.sleep(io::Milliseconds(1)));
    }

    io::Loop loop;
    SmallDriver driver{loop};
    driver::HandlerTable session_calls;
    NoAuthentication nobody_asks;
    ServerLimits limits;
    Server server{loop,
                  "libvirtd",
                  limits,
                  {{wire::Program::remote, wire::Program::qemu, wire::Program::lxc}, &session_calls, {&driver}}};
    std::vector<std::unique_ptr<Peer>> peers;
};

inline bool Peer::is_silent() {
    for (int i = 0; i < 20; i++) loop_.run_until(loop_.sleep(io::Milliseconds(1)));
    uint8_t byte[1];
    return ::recv(socket_.fd(), byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

}  // namespace virtue::rpc::for_test
