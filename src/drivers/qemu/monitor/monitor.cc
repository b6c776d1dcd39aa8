#include "drivers/qemu/monitor/monitor.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/excerpt.h"

namespace virtue::qemu {

namespace {

constexpr size_t most_fds = 8;         // descriptors with one message; libvirt never sends more than two
constexpr size_t most_pending = 1024;  // commands without an answer

// One try to send bytes with descriptors attached to the first; -1 for "later".
ssize_t send_with_fds(int socket, std::string_view bytes, std::span<const Fd> fds) {
    msghdr message{};
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * most_fds)> control{};
    if (!fds.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
        for (size_t i = 0; i < fds.size(); i++) {
            const int number = fds[i].get();
            memcpy(CMSG_DATA(header) + i * sizeof number, &number, sizeof number);
        }
    }
    ssize_t sent;
    do {
        sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno == EAGAIN) return -1;
    if (sent < 0) throw Error::from_errno(errno, ErrorDomain::qemu, "Unable to write to monitor");
    return sent;
}

MonitorGreeting read_greeting(const Json& message) {
    MonitorGreeting greeting;
    const Json& version = message.at("QMP").at("version");
    const Json& qemu = version.at("qemu");
    greeting.major = static_cast<int>(qemu.int_or("major", 0));
    greeting.minor = static_cast<int>(qemu.int_or("minor", 0));
    greeting.micro = static_cast<int>(qemu.int_or("micro", 0));
    greeting.package = version.string_or("package", "");
    return greeting;
}

}  // namespace

Error monitor_error(std::string_view command, const Json& error) {
    const std::string description = error.string_or("desc", "unknown error");
    return Error(ErrorCode::internal_error, ErrorDomain::qemu,
                 fmt::format("unable to execute QEMU command '{}': {}", command, description));
}

Monitor::Monitor(io::Loop& loop, std::unique_ptr<io::Socket> socket, std::string guest, Callbacks callbacks)
    : loop_(loop),
      socket_(std::move(socket)),
      guest_(std::move(guest)),
      callbacks_(std::move(callbacks)),
      reader_(fmt::format("QEMU monitor of guest '{}'", guest_)),
      greeted_(loop),
      last_heard_(io::Clock::now()),
      alive_(std::make_shared<bool>(true)) {
    socket_->on_readable([this] { readable(); });
}

Monitor::~Monitor() {
    close();
    *alive_ = false;
}

Task<std::unique_ptr<Monitor>> Monitor::open(io::Loop& loop, std::unique_ptr<io::Socket> socket, std::string guest,
                                             Callbacks callbacks, io::Deadline deadline) {
    std::unique_ptr<Monitor> monitor(new Monitor(loop, std::move(socket), std::move(guest), std::move(callbacks)));
    // Sent before the greeting is here: QEMU reads it right after, which saves a turn at every start.
    Json no_arguments;
    Task<Json> negotiation = monitor->command("qmp_capabilities", std::move(no_arguments), deadline);
    co_await negotiation;
    // QEMU answers only after it greeted; an answer without a greeting is no QMP.
    co_await monitor->greeted_.take(deadline, "the greeting of the QEMU monitor");
    co_return monitor;
}

Task<std::unique_ptr<Monitor>> Monitor::connect(io::Loop& loop, std::string path, std::string guest,
                                                Callbacks callbacks, io::Deadline deadline) {
    io::Milliseconds pause(1);
    while (true) {
        std::unique_ptr<io::Socket> socket;
        try {
            socket = co_await io::Socket::connect_unix(loop, path, deadline);
        } catch (const Error& error) {
            const bool may_come = error.int1() == ENOENT || error.int1() == ECONNREFUSED;
            if (error.code() != ErrorCode::system_error || !may_come || deadline.is_over()) throw;
        }
        if (socket) {
            Task<std::unique_ptr<Monitor>> opening =
                open(loop, std::move(socket), std::move(guest), std::move(callbacks), deadline);
            co_return co_await opening;
        }
        const io::Deadline wake = deadline.within(pause);
        co_await loop.sleep_until(wake);
        pause = std::min(pause * 2, io::Milliseconds(50));
    }
}

Task<Json> Monitor::command(std::string name, Json arguments, io::Deadline deadline) {
    std::vector<const Fd*> none;
    co_return co_await command_with_fds(std::move(name), std::move(arguments), std::move(none), deadline);
}

namespace {

Json compose(const std::string& name, Json arguments) {
    Json message = Json::object();
    message.set("execute", name);
    if (!arguments.is_null()) message.set("arguments", std::move(arguments));
    return message;
}

}  // namespace

Task<Json> Monitor::command_with_fds(std::string name, Json arguments, std::vector<const Fd*> fds,
                                     io::Deadline deadline) {
    std::vector<Fd> copies;
    for (const Fd* fd : fds) copies.push_back(fd->duplicate());
    Json message = compose(name, std::move(arguments));
    Json reply = co_await send(name, std::move(message), std::move(copies), deadline);
    if (const Json* error = reply.find("error")) throw monitor_error(name, *error);
    co_return reply.at("return");
}

Task<Json> Monitor::exchange(std::string name, Json arguments, io::Deadline deadline) {
    Json message = compose(name, std::move(arguments));
    std::vector<Fd> none;
    co_return co_await send(std::move(name), std::move(message), std::move(none), deadline);
}

Task<std::string> Monitor::raw_command(std::string text, io::Deadline deadline) {
    Json message = Json::parse(text);
    if (!message.is_object() || message.find("execute") == nullptr) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu,
             "a monitor command must be a JSON object with 'execute', such as {{\"execute\":\"query-status\"}}");
    }
    std::optional<Json> own_id;
    if (const Json* id = message.find("id")) own_id = *id;
    std::string name = message.string_or("execute", "");
    std::vector<Fd> none;
    Json reply = co_await send(std::move(name), std::move(message), std::move(none), deadline);
    if (own_id) reply.set("id", *own_id);
    co_return reply.to_text();
}

Task<std::string> Monitor::human_command(std::string line, io::Deadline deadline) {
    Json arguments = Json::object();
    arguments.set("command-line", std::move(line));
    Json reply = co_await command("human-monitor-command", std::move(arguments), deadline);
    co_return reply.as_string();
}

Task<Json> Monitor::send(std::string name, Json message, std::vector<Fd> fds, io::Deadline deadline) {
    if (lost_) fail_lost(name);
    if (fds.size() > most_fds) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "over {} descriptors with one monitor command", most_fds);
    }
    if (pending_.size() >= most_pending) {
        fail(ErrorCode::operation_failed, ErrorDomain::qemu,
             "guest '{}' has {} monitor commands without an answer: no further ones are sent", guest_, most_pending);
    }
    std::string id = fmt::format("libvirt-{}", next_id_++);
    message.set("id", id);
    auto pending = std::make_shared<io::Completion<Json>>(loop_);
    pending_.emplace(id, pending);
    outgoing_.push_back({message.to_text() + "\r\n", 0, std::move(fds)});
    flush();
    co_return co_await wait_reply(std::move(name), std::move(pending), deadline);
}

Task<Json> Monitor::wait_reply(std::string name, Pending pending, io::Deadline deadline) {
    // The monitor may be destroyed while we wait (the guest is gone): nothing of it is touched after that. A command
    // that its caller gave up stays pending, since QEMU will still obey it.
    const std::string guest = guest_;
    const io::TimePoint asked = io::Clock::now();
    try {
        Json reply = co_await pending->take(deadline, "the answer of the QEMU monitor");
        co_return reply;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::operation_timeout) throw;
        const auto waited = std::chrono::duration_cast<io::Milliseconds>(io::Clock::now() - asked).count();
        throw Error(ErrorCode::operation_timeout, ErrorDomain::qemu,
                    fmt::format("QEMU of guest '{}' did not answer '{}' within {} ms; it may be stopped or overloaded",
                                guest, name, waited));
    }
}

void Monitor::flush() {
    try {
        while (!outgoing_.empty()) {
            Outgoing& first = outgoing_.front();
            const std::string_view rest = std::string_view(first.text).substr(first.sent);
            const ssize_t sent = send_with_fds(socket_->fd(), rest, first.fds);
            if (sent < 0) {
                socket_->on_writable([this] { flush(); });
                return;
            }
            first.fds.clear();
            first.sent += static_cast<size_t>(sent);
            if (first.sent == first.text.size()) outgoing_.erase(outgoing_.begin());
        }
        socket_->on_writable({});
    } catch (const Error& error) {
        // Told from the loop, not from inside command(): what QEMU still said before it went is read first.
        outgoing_.clear();
        socket_->on_writable({});
        if (error.int1() != EPIPE && error.int1() != ECONNRESET) lose(error.message(), false);
    }
}

void Monitor::readable() {
    std::shared_ptr<bool> alive = alive_;
    std::array<uint8_t, 65536> bytes;
    try {
        const io::Socket::Moved moved = socket_->try_read(bytes);
        if (moved.would_block) return;
        if (moved.end_of_stream) {
            lose("End of file from qemu monitor", true);
            return;
        }
        last_heard_ = io::Clock::now();
        reader_.feed(std::span<const uint8_t>(bytes.data(), moved.bytes));
        // An event's handler may destroy this monitor.
        while (*alive && !lost_) {
            std::optional<std::string_view> text = reader_.next();
            if (!text) break;
            handle(*text);
        }
    } catch (const Error& error) {
        if (*alive) lose(error.detail(), false);
    }
}

void Monitor::handle(std::string_view text) {
    Json message = Json::parse(text);
    if (const Json* name = message.find("event")) {
        MonitorEvent event;
        event.name = name->as_string();
        if (const Json* data = message.find("data")) event.data = *data;
        if (const Json* time = message.find("timestamp")) {
            event.seconds = time->int_or("seconds", 0);
            event.micros = time->int_or("microseconds", 0);
        }
        if (callbacks_.on_event) callbacks_.on_event(event);
        return;
    }
    if (message.find("QMP") != nullptr) {
        greeting_ = read_greeting(message);
        greeted_.set(true);
        return;
    }
    if (message.find("return") == nullptr && message.find("error") == nullptr) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "the QEMU monitor of guest '{}' sent an unknown message: {}",
             guest_, excerpt(text, 200));
    }
    auto found = pending_.find(message.string_or("id", ""));
    if (found == pending_.end()) return;
    Pending pending = std::move(found->second);
    pending_.erase(found);
    pending->set(std::move(message));
}

void Monitor::fail_lost(std::string_view name) const {
    const GuestEnded error(ErrorCode::internal_error, ErrorDomain::qemu,
                           fmt::format("cannot send '{}' to QEMU of guest '{}': {}", name, guest_, lost_reason_));
    if (has_ended_) throw error;
    throw Error(error);
}

void Monitor::lose(const std::string& reason, bool has_ended) {
    if (lost_) return;
    lost_ = true;
    has_ended_ = has_ended;
    lost_reason_ = reason;
    socket_->close();
    outgoing_.clear();
    const GuestEnded ended(ErrorCode::internal_error, ErrorDomain::qemu, reason);
    auto error = has_ended ? std::make_exception_ptr(ended) : std::make_exception_ptr(Error(ended));
    for (auto& [id, pending] : pending_) pending->set_error(error);
    pending_.clear();
    greeted_.set_error(error);
    auto told = std::move(callbacks_.on_lost);
    callbacks_.on_lost = {};
    if (told) loop_.defer([told, reason] { told(reason); });
}

void Monitor::close() {
    callbacks_.on_lost = {};
    lose("the monitor was closed", true);
}

}  // namespace virtue::qemu
