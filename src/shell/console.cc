#include "shell/console.h"

#include <termios.h>
#include <unistd.h>
#include <algorithm>

#include "driver/constants.h"
#include "io/gate.h"
#include "protocol/remote/domain_device.h"
#include "protocol/remote/domain_stats.h"
#include "shell/standard_input.h"

namespace virtue::shell {
namespace {

constexpr size_t input_max = 4096;

// Raw mode while it lives; for what is no terminal nothing.
class RawTerminal {
public:
    explicit RawTerminal(int fd) : fd_(fd) {
        if (::tcgetattr(fd, &before_) != 0) return;
        termios raw = before_;
        ::cfmakeraw(&raw);
        active_ = ::tcsetattr(fd, TCSAFLUSH, &raw) == 0;
    }
    ~RawTerminal() {
        if (active_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
    }
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

private:
    int fd_;
    termios before_{};
    bool active_ = false;
};

std::string escape_text(uint8_t escape) {
    return fmt::format("^{} (Ctrl + {})", static_cast<char>(escape ^ 0x40), static_cast<char>(escape ^ 0x40));
}

// Both directions of one console.
class Console {
public:
    Console(Context& context, std::unique_ptr<driver::ClientStream> stream)
        : context_(context),
          stream_(std::move(stream)),
          input_(context.loop()),
          over_(context.loop()),
          gate_(context.loop(), [this](std::exception_ptr error) { over_.set_error(std::move(error)); }) {}

    Task<void> run() {
        gate_.spawn(copy_out());
        gate_.spawn(copy_in());
        std::optional<Error> failure;
        io::Deadline forever = io::Deadline::never();
        try {
            co_await over_.take(forever, "the console");
        } catch (Error& error) {
            failure = std::move(error);
        }
        stream_->abort();
        co_await gate_.close();
        if (failure) throw std::move(*failure);
    }

private:
    Task<void> copy_out() {
        io::Deadline until_closed = io::Deadline::never().with_cancel(gate_.cancel_source());
        for (;;) {
            driver::StreamChunk chunk = co_await stream_->receive(until_closed);
            if (chunk.end) break;
            context_.print({reinterpret_cast<const char*>(chunk.data.data()), chunk.data.size()});
        }
        over_.set(true);
    }

    Task<void> copy_in() {
        io::Deadline until_closed = io::Deadline::never().with_cancel(gate_.cancel_source());
        bool terminal = ::isatty(STDIN_FILENO) != 0;
        uint8_t buffer[input_max];
        for (;;) {
            size_t length = co_await input_.read(buffer, until_closed);
            // Without a terminal the end of the input leaves the output running until the guest is done.
            if (length == 0 && !terminal) co_return;
            uint8_t* end = buffer + length;
            uint8_t* escape = std::find(buffer, end, context_.settings().escape);
            std::span<const uint8_t> typed(buffer, escape);
            co_await stream_->send(typed, until_closed);
            if (escape != end || length == 0) break;
        }
        over_.set(true);
    }

    Context& context_;
    std::unique_ptr<driver::ClientStream> stream_;
    StandardInput input_;
    io::Completion<bool> over_;
    io::Gate gate_;
};

}  // namespace

Task<void> run_console(Context& context, proc::DomainRef domain, std::optional<std::string> device, uint32_t flags) {
    proc::DomainGetState::Args ask{.domain = domain};
    proc::DomainGetState::Ret state =
        co_await context.attempt<proc::DomainGetState>(std::move(ask), "unable to get domain status");
    if (state.state == static_cast<int32_t>(api::domain_shutoff)) throw Failure{"The domain is not running"};
    std::string intro = fmt::format("Connected to domain '{}'\nEscape character is {}", domain.name,
                                    escape_text(context.settings().escape));
    context.print_extra(intro);
    context.print_extra("\n");
    driver::CallExtras extras;
    proc::DomainOpenConsole::Args call{.domain = std::move(domain), .dev_name = std::move(device), .flags = flags};
    co_await context.call<proc::DomainOpenConsole>(std::move(call), &extras);
    RawTerminal raw(STDIN_FILENO);
    Console console(context, std::move(extras.stream));
    co_await console.run();
}

}  // namespace virtue::shell
