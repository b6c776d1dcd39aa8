#include "client/local_connection.h"

#include <unistd.h>

#include "base/error.h"
#include "client/local_stream.h"
#include "driver/handler_table.h"
#include "protocol/remote/connect.h"

namespace virtue::client {
namespace {

constexpr ErrorDomain here = ErrorDomain::none;

driver::Identity own_identity() {
    return {.uid = ::getuid(), .gid = ::getgid(), .pid = ::getpid()};
}

}  // namespace

LocalConnection::LocalConnection(io::Loop& loop, bool read_only)
    : loop_(loop),
      session_(
          std::make_unique<driver::Session>(loop, static_cast<driver::EventSink&>(*this), own_identity(), read_only)),
      alive_(std::make_shared<bool>(true)) {}

LocalConnection::~LocalConnection() {
    on_event_ = nullptr;
    *alive_ = false;
    session_->close();
}

Task<void> LocalConnection::open(driver::Backend& backend, driver::Uri uri, io::Deadline deadline) {
    driver::Call call{.session = *session_, .procedure = driver::info<proc::ConnectOpen>(), .deadline = deadline};
    driver::Route route = co_await backend.open(call, std::move(uri));
    session_->open(std::move(route));
}

Task<std::vector<uint8_t>> LocalConnection::exchange(const proc::ProcedureInfo& procedure,
                                                     std::vector<uint8_t> arguments, io::Deadline deadline,
                                                     driver::CallExtras* extras) {
    if (!session_->route()) throw Error(ErrorCode::invalid_conn, here, "the connection is closed");
    driver::Call call{.session = *session_, .procedure = procedure, .deadline = deadline};
    if (extras) {
        for (const Fd* descriptor : extras->send_fds) call.received.push_back(descriptor->duplicate());
    }
    wire::Decoder decoder(arguments);
    wire::Encoder result;
    co_await dispatch(call, decoder, result);
    if (extras) {
        extras->received_fds = std::move(call.reply);
        if (call.stream) extras->stream = std::make_unique<LocalStream>(loop_, std::move(call.stream));
    }
    co_return result.take();
}

Task<void> LocalConnection::dispatch(driver::Call& call, wire::Decoder& arguments, wire::Encoder& result) {
    // A driver's own word comes first: it may know its URI or its features better.
    const driver::Route& route = *session_->route();
    const driver::HandlerTable* table = route.table(call.procedure.kind);
    const driver::Handler* handler = table ? table->find(call.procedure.program, call.procedure.number) : nullptr;
    if (!handler) {
        answer_session_call(call, arguments, result);
        co_return;
    }
    co_await handler->run(call, arguments, result);
}

// What the connection itself knows.
void LocalConnection::answer_session_call(driver::Call& call, wire::Decoder&, wire::Encoder& result) {
    switch (call.procedure.program == wire::Program::remote ? call.procedure.number : 0) {
        case proc::ConnectGetUri::number:
            wire::encode(result, proc::ConnectGetUri::Ret{.uri = session_->route()->uri});
            return;
        case proc::ConnectGetLibVersion::number:
            wire::encode(result, proc::ConnectGetLibVersion::Ret{.lib_ver = 9000000});
            return;
        case proc::ConnectIsSecure::number:
            wire::encode(result, proc::ConnectIsSecure::Ret{.secure = 1});
            return;
        case proc::ConnectSupportsFeature::number:
            wire::encode(result, proc::ConnectSupportsFeature::Ret{.supported = 0});
            return;
        case proc::ConnectRegisterCloseCallback::number:
        case proc::ConnectUnregisterCloseCallback::number:
            return;
        default:
            throw driver::unsupported(call.procedure);
    }
}

void LocalConnection::on_event(std::function<void(const driver::EventPacket&)> callback) {
    on_event_ = std::move(callback);
}

// Nothing can cut a connection within one process.
void LocalConnection::on_lost(std::function<void(const std::string&)>) {}

Task<void> LocalConnection::close(io::Deadline) {
    session_->close();
    co_return;
}

// The driver is in the midst of its transaction: the caller hears of it afterwards, as from a daemon.
void LocalConnection::send_event(wire::Program program, int32_t procedure, std::vector<uint8_t> body) {
    auto packet = std::make_shared<driver::EventPacket>(driver::EventPacket{program, procedure, std::move(body)});
    loop_.defer([this, alive = alive_, packet] {
        if (*alive && on_event_) on_event_(*packet);
    });
}

}  // namespace virtue::client
