#include "shell/context.h"

#include <unistd.h>
#include <chrono>

#include "client/connect.h"

namespace virtue::shell {
namespace {

constexpr io::Milliseconds call_limit = std::chrono::hours(1);
constexpr io::Milliseconds close_limit = std::chrono::seconds(5);

void write_out(int fd, std::string_view text) {
    while (!text.empty()) {
        ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return;  // a closed pipe: whoever listened has gone
        text.remove_prefix(static_cast<size_t>(written));
    }
}

}  // namespace

Context::Context(io::Loop& loop, Settings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      groups_(all_groups()),
      interrupt_(std::make_unique<io::CancelSource>()) {}

Context::~Context() = default;

io::Deadline Context::deadline() {
    return io::Deadline::after(call_limit).with_cancel(*interrupt_);
}

void Context::begin_command() {
    if (interrupt_->is_cancelled()) interrupt_ = std::make_unique<io::CancelSource>();
}

void Context::connection_lost(const std::string& reason) {
    lost_ = reason;
}

Task<void> Context::connect() {
    if (is_connected()) co_return;
    if (connection_) print_error("error: Reconnected to the hypervisor after: " + lost_ + "\n");
    co_await connect_to(settings_.uri, settings_.read_only);
}

Task<void> Context::connect_to(std::string uri, bool read_only) {
    co_await disconnect();
    client::ConnectOptions options{.read_only = read_only,
                                   .backends = settings_.backends,
                                   .keepalive_interval = settings_.keepalive_interval,
                                   .keepalive_count = settings_.keepalive_count};
    try {
        connection_ = co_await client::connect(loop_, uri, std::move(options), deadline());
    } catch (Error& error) {
        throw Failure{"failed to connect to the hypervisor", std::move(error)};
    }
    connection_->on_lost([this](const std::string& reason) { connection_lost(reason); });
    settings_.uri = std::move(uri);
    settings_.read_only = read_only;
}

Task<void> Context::disconnect() {
    if (connection_ && lost_.empty()) {
        connection_->on_lost({});
        try {
            co_await connection_->close(io::Deadline::after(close_limit));
        } catch (const Error&) {
            // We leave anyway: a daemon that does not answer the farewell sees the socket close.
        }
    }
    connection_.reset();
    lost_.clear();
}

void Context::print(std::string_view text) {
    write_out(STDOUT_FILENO, text);
}

void Context::print_extra(std::string_view text) {
    if (!settings_.quiet && settings_.format == OutputFormat::table) print(text);
}

void Context::print_error(std::string_view text) {
    write_out(STDERR_FILENO, text);
}

}  // namespace virtue::shell
