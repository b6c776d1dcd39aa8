#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "base/error.h"
#include "io/process.h"
#include "io/socket.h"

namespace virtue::io {

namespace {

// A killed process that does not vanish (it hangs in the kernel) is left to the loop's reaper after this time.
constexpr Milliseconds end_after_kill{5000};
// What a pipe can hold at most by default policy; after the end of the command no more than that is its own output.
constexpr size_t pipe_capacity = 1 << 20;

std::pair<Fd, Fd> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) throw Error::from_errno(errno, ErrorDomain::none, "cannot create a pipe");
    return {Fd(ends[0]), Fd(ends[1])};
}

/// Collects what comes out of one pipe.
class Capture {
public:
    Capture(Loop& loop, Fd fd, std::string& into, size_t limit, std::function<void()> on_end)
        : stream_(loop, std::move(fd)), into_(into), limit_(limit), on_end_(std::move(on_end)) {
        stream_.on_readable([this] { take(buffer_size); });
    }
    bool has_ended() const { return ended_; }
    void take_rest() {
        if (!ended_) take(pipe_capacity);
        stream_.close();
    }

private:
    static constexpr size_t buffer_size = 64 << 10;

    void take(size_t most) {
        std::array<uint8_t, buffer_size> buffer;
        for (size_t taken = 0; taken < most;) {
            Socket::Moved moved = stream_.try_read(buffer);
            if (moved.would_block) return;
            if (moved.end_of_stream) {
                ended_ = true;
                stream_.on_readable({});
                on_end_();
                return;
            }
            taken += moved.bytes;
            size_t room = limit_ - std::min(limit_, into_.size());
            into_.append(reinterpret_cast<const char*>(buffer.data()), std::min(room, moved.bytes));
        }
    }

    Socket stream_;
    std::string& into_;
    size_t limit_;
    std::function<void()> on_end_;
    bool ended_ = false;
};

/// A command under way. Dropped before its end it kills what it started.
class Conversation {
public:
    Conversation(Loop& loop, ProcessOptions& options, std::string input, size_t limit)
        : progress_(loop), input_(std::move(input)) {
        Fd feed;
        Fd feed_end;
        if (!input_.empty()) {
            std::tie(feed_end, feed) = make_pipe();
            options.standard_input = &feed_end;
        }
        auto [output, output_end] = make_pipe();
        auto [errors, errors_end] = make_pipe();
        options.standard_output = &output_end;
        options.standard_error = &errors_end;
        options.new_session = true;  // so that a group exists that can be killed
        auto look = [this] { progress_.notify_all(); };
        output_.emplace(loop, std::move(output), result_.output, limit, look);
        errors_.emplace(loop, std::move(errors), result_.errors, limit, look);
        process_ = Process::spawn(loop, options);
        process_->on_exit([look](const ExitStatus&) { look(); });
        if (!feed) return;
        feed_.emplace(loop, std::move(feed));
        feed_->on_writable([this] { feed_input(); });
    }
    ~Conversation() {
        if (!process_->has_ended()) kill();
    }
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;

    Condition& progress() { return progress_; }
    Process& process() { return *process_; }
    bool is_done() const { return process_->has_ended(); }
    void kill() { process_->signal_group(SIGKILL) || process_->signal(SIGKILL); }
    /// What it wrote before it ended is in the pipes by now. A grandchild that keeps them open is not waited for.
    CommandResult finish() {
        output_->take_rest();
        errors_->take_rest();
        result_.status = process_->status();
        return std::move(result_);
    }

private:
    void feed_input() {
        try {
            std::span<const uint8_t> rest(reinterpret_cast<const uint8_t*>(input_.data()) + fed_, input_.size() - fed_);
            Socket::Moved moved = feed_->try_write(rest);
            fed_ += moved.bytes;
        } catch (const Error&) {
            fed_ = input_.size();  // it does not read to the end, which is its own affair
        }
        if (fed_ == input_.size()) feed_->close();
    }

    Condition progress_;
    std::string input_;
    size_t fed_ = 0;
    CommandResult result_;
    std::optional<Capture> output_;
    std::optional<Capture> errors_;
    std::optional<Socket> feed_;
    std::unique_ptr<Process> process_;
};

}  // namespace

Task<CommandResult> run_command(Loop& loop, ProcessOptions options, std::string input, Deadline deadline,
                                size_t limit) {
    Conversation talk(loop, options, std::move(input), limit);
    WakeReason reason = WakeReason::notified;
    while (!talk.is_done() && reason == WakeReason::notified) {
        reason = co_await talk.progress().wait(deadline);
    }
    if (talk.is_done()) co_return talk.finish();
    talk.kill();
    Deadline patience = Deadline::after(end_after_kill);
    reason = WakeReason::notified;
    bool by_cancel = deadline.cancel && deadline.cancel->is_cancelled();
    while (!talk.is_done() && reason == WakeReason::notified) {
        reason = co_await talk.progress().wait(patience);
    }
    if (by_cancel) {
        fail(ErrorCode::operation_aborted, ErrorDomain::none, "the command {} was cancelled", options.arguments[0]);
    }
    fail(ErrorCode::operation_timeout, ErrorDomain::none, "the command {} did not end in time and was killed",
         options.arguments[0]);
}

}  // namespace virtue::io
