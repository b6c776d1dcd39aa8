// What a command works with: the connection (opened when first needed), the deadline and interruption of calls, and
// how to print. main() owns it; loop thread only.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "driver/backend.h"
#include "driver/connection.h"
#include "io/loop.h"
#include "shell/command.h"

namespace virtue::shell {

/// What the command line of the shell itself sets.
struct Settings {
    std::string uri;  ///< empty: libvirt's own rules choose
    bool read_only = false;
    bool quiet = false;
    bool timing = false;
    bool interactive = false;
    OutputFormat format = OutputFormat::table;
    uint8_t escape = 0x1d;  ///< the control character that ends a console: ^]
    int keepalive_interval = -1;
    int keepalive_count = -1;
    std::vector<driver::Backend*> backends;  ///< drivers in this process
};

/// The state of one shell.
class Context {
public:
    Context(io::Loop& loop, Settings settings);
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    io::Loop& loop() const { return loop_; }
    Settings& settings() { return settings_; }
    const std::vector<CommandGroup>& groups() const { return groups_; }

    /// Connects if there is no connection, or if it was lost. Throws Failure.
    Task<void> connect();
    /// Leaves the present connection and opens another. Throws Failure.
    Task<void> connect_to(std::string uri, bool read_only);
    Task<void> disconnect();
    bool is_connected() const { return connection_ != nullptr && lost_.empty(); }
    /// The open connection; a command that needs one finds it open.
    driver::Connection& connection() const { return *connection_; }

    /// Calls a procedure. Throws Error.
    template <typename P>
    Task<typename P::Ret> call(typename P::Args arguments, driver::CallExtras* extras = nullptr) {
        typename P::Ret answer = co_await connection_->call<P>(std::move(arguments), deadline(), extras);
        co_return answer;
    }
    /// The same; an Error becomes the Failure that says what was tried.
    template <typename P>
    Task<typename P::Ret> attempt(typename P::Args arguments, std::string sentence,
                                  driver::CallExtras* extras = nullptr) {
        try {
            typename P::Ret answer = co_await connection_->call<P>(std::move(arguments), deadline(), extras);
            co_return answer;
        } catch (Error& error) {
            throw Failure{std::move(sentence), std::move(error)};
        }
    }

    /// No call lasts beyond it: an hour, or the user's Ctrl-C.
    io::Deadline deadline();
    /// Until the user's Ctrl-C.
    io::Deadline forever() { return io::Deadline::never().with_cancel(*interrupt_); }
    /// Ends what is under way (Ctrl-C). Without a command under way nothing.
    void interrupt() { interrupt_->cancel(); }
    bool is_interrupted() const { return interrupt_->is_cancelled(); }
    /// Before each command: forgets an earlier interruption.
    void begin_command();

    /// Prints for people and programs alike, at once.
    void print(std::string_view text);
    /// Prints for people unless quiet or another format was asked for.
    void print_extra(std::string_view text);
    void print_error(std::string_view text);

    bool leaving = false;  ///< set by quit

private:
    void connection_lost(const std::string& reason);

    io::Loop& loop_;
    Settings settings_;
    std::vector<CommandGroup> groups_;
    std::unique_ptr<driver::Connection> connection_;
    std::unique_ptr<io::CancelSource> interrupt_;
    std::string lost_;
};

}  // namespace virtue::shell
