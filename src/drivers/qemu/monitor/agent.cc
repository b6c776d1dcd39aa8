#include "drivers/qemu/monitor/agent.h"

#include <sys/random.h>

#include <array>

#include <fmt/format.h>

namespace virtue::qemu {

namespace {

uint64_t random_start() {
    uint64_t value = 0;
    // A predictable start would only confuse us with our own older commands.
    if (getrandom(&value, sizeof value, 0) != sizeof value) value = static_cast<uint64_t>(getpid()) << 20;
    return value & 0xffffffffffff;
}

std::string message_of(const std::string& name, Json arguments) {
    Json message = Json::object();
    message.set("execute", name);
    if (!arguments.is_null()) message.set("arguments", std::move(arguments));
    return message.to_text();
}

Error unresponsive(const std::string& guest, std::string_view why) {
    return Error(ErrorCode::agent_unresponsive, ErrorDomain::qemu,
                 fmt::format("guest agent of '{}' is not available: {}", guest, why));
}

}  // namespace

Agent::Agent(io::Loop& loop, std::unique_ptr<io::Socket> socket, std::string guest,
             std::function<void(const std::string& reason)> on_lost)
    : loop_(loop),
      socket_(std::move(socket)),
      guest_(std::move(guest)),
      on_lost_(std::move(on_lost)),
      reader_(fmt::format("guest agent of '{}'", guest_)),
      turn_(loop, 1),
      next_sync_(random_start()) {}

Agent::~Agent() {
    close();
}

Task<std::unique_ptr<Agent>> Agent::connect(io::Loop& loop, std::string path, std::string guest,
                                            std::function<void(const std::string& reason)> on_lost,
                                            io::Deadline deadline) {
    std::unique_ptr<io::Socket> socket = co_await io::Socket::connect_unix(loop, std::move(path), deadline);
    co_return std::make_unique<Agent>(loop, std::move(socket), std::move(guest), std::move(on_lost));
}

void Agent::close() {
    lost_ = true;
    on_lost_ = {};
    if (socket_->is_open()) socket_->close();
}

void Agent::lose(const std::string& reason) {
    lost_ = true;
    if (socket_->is_open()) socket_->close();
    auto told = std::exchange(on_lost_, {});
    if (told) loop_.defer([told, reason] { told(reason); });
    throw unresponsive(guest_, reason);
}

void Agent::require_usable() const {
    if (lost_) throw unresponsive(guest_, "QEMU closed the channel");
    if (!guest_connected_) {
        throw Error(ErrorCode::agent_unresponsive, ErrorDomain::qemu, "QEMU guest agent is not connected",
                    "install and start qemu-guest-agent in the guest");
    }
}

Task<Json> Agent::next_reply(std::string name, io::Deadline deadline) {
    std::array<uint8_t, 4096> bytes;
    while (true) {
        std::optional<std::string> text;
        try {
            if (std::optional<std::string_view> view = reader_.next()) text = std::string(*view);
            if (text) co_return Json::parse(*text);
        } catch (const Error& error) {
            // What the guest sends is its own business; the next synchronisation finds the way back.
            reader_ = QmpReader(fmt::format("guest agent of '{}'", guest_));
            throw unresponsive(guest_, error.detail());
        }
        size_t count = 0;
        bool late = false;
        try {
            std::span<uint8_t> into(bytes);
            count = co_await socket_->read_some(into, deadline);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::operation_timeout) throw;
            late = true;
        }
        if (late) throw unresponsive(guest_, fmt::format("it did not answer '{}' in time", name));
        if (count == 0) lose("QEMU closed the channel");
        reader_.feed(std::span<const uint8_t>(bytes.data(), count));
    }
}

Task<void> Agent::synchronize(io::Deadline deadline) {
    const auto mark = static_cast<int64_t>(++next_sync_);
    std::string text = fmt::format("\xff{{\"execute\":\"guest-sync-delimited\",\"arguments\":{{\"id\":{}}}}}\n", mark);
    std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    reader_.skip_to_sentinel();
    co_await socket_->write_all(bytes, deadline);
    while (true) {
        std::string name = "guest-sync-delimited";
        Json reply = co_await next_reply(std::move(name), deadline);
        if (reply.int_or("return", -1) == mark) co_return;
        // An answer to an earlier synchronisation that came too late for its own command.
        reader_.skip_to_sentinel();
    }
}

Task<Json> Agent::exchange(std::string name, std::string text, bool wants_reply, io::Deadline deadline) {
    require_usable();
    io::Semaphore::Permit turn = co_await turn_.acquire(deadline, "the guest agent");
    require_usable();
    co_await synchronize(deadline);
    text += "\n";
    std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    co_await socket_->write_all(bytes, deadline);
    if (!wants_reply) co_return Json();
    Json reply = co_await next_reply(std::move(name), deadline);
    co_return reply;
}

namespace {

Json result_of(const std::string& name, const Json& reply) {
    if (const Json* error = reply.find("error")) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "unable to execute QEMU agent command '{}': {}", name,
             error->string_or("desc", "unknown error"));
    }
    return reply.at("return");
}

}  // namespace

Task<Json> Agent::command(std::string name, Json arguments, io::Deadline deadline) {
    std::string text = message_of(name, std::move(arguments));
    Json reply = co_await exchange(name, std::move(text), true, deadline);
    co_return result_of(name, reply);
}

Task<Json> Agent::try_command(std::string name, Json arguments, io::Deadline deadline) {
    std::string text = message_of(name, std::move(arguments));
    Json reply = co_await exchange(name, std::move(text), true, deadline);
    co_return reply;
}

Task<void> Agent::ping(io::Deadline deadline) {
    std::string name = "guest-ping";
    Json none;
    co_await command(std::move(name), std::move(none), deadline);
}

Task<void> Agent::shutdown(AgentShutdown mode, io::Deadline deadline) {
    std::string name = "guest-shutdown";
    Json arguments = Json::object();
    const char* word = mode == AgentShutdown::powerdown ? "powerdown"
                       : mode == AgentShutdown::reboot  ? "reboot"
                                                        : "halt";
    arguments.set("mode", word);
    std::string text = message_of(name, std::move(arguments));
    co_await exchange(name, std::move(text), false, deadline);
}

Task<std::string> Agent::raw_command(std::string text, io::Deadline deadline) {
    Json message = Json::parse(text);
    std::string name = message.string_or("execute", "");
    if (name.empty()) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu,
             "an agent command must be a JSON object with 'execute', such as {{\"execute\":\"guest-ping\"}}");
    }
    std::string clean = message.to_text();
    Json reply = co_await exchange(name, std::move(clean), true, deadline);
    // libvirt raises an agent's refusal as an error here too.
    result_of(name, reply);
    co_return reply.to_text();
}

Task<int64_t> Agent::get_time(io::Deadline deadline) {
    std::string name = "guest-get-time";
    Json none;
    Json result = co_await command(std::move(name), std::move(none), deadline);
    co_return result.as_int();
}

Task<void> Agent::set_time(std::optional<int64_t> nanoseconds, io::Deadline deadline) {
    std::string name = "guest-set-time";
    Json arguments;
    if (nanoseconds) arguments.set("time", *nanoseconds);
    co_await command(std::move(name), std::move(arguments), deadline);
}

}  // namespace virtue::qemu
