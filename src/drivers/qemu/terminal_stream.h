// The daemon's end of a console or channel stream: the bytes of a pty or a UNIX socket that QEMU serves. Owned by the
// connection that opened it; loop thread only.
#pragma once
#include <memory>
#include <string>

#include "driver/stream.h"
#include "io/condition.h"
#include "io/socket.h"

namespace virtue::qemu {

/// One user of a guest's terminal. A terminal has one user at a time; a second may push the first out.
class TerminalStream final : public driver::StreamEndpoint {
public:
    /// Opens a pty in raw mode. Throws system_error naming the path.
    static std::unique_ptr<TerminalStream> open_pty(io::Loop& loop, const std::string& path);
    TerminalStream(io::Loop& loop, std::unique_ptr<io::Socket> socket);
    ~TerminalStream() override;

    /// What others hold to push this user out, or to see whether it is still there.
    struct Seat {
        TerminalStream* user = nullptr;
        bool opening = false;  ///< kept for a user who is not there yet
    };
    std::weak_ptr<Seat> seat() const { return seat_; }
    /// Ends the stream for its user: another client took the terminal, or the guest ended.
    void evict(std::string why);

    bool sends() const override { return true; }
    bool receives() const override { return true; }
    Task<driver::StreamChunk> read(size_t limit, io::Deadline deadline) override;
    Task<void> write(std::span<const uint8_t> data, io::Deadline deadline) override;
    Task<void> finish(io::Deadline deadline) override;
    void abort() noexcept override;

private:
    void require_seat() const;

    std::unique_ptr<io::Socket> socket_;
    std::shared_ptr<Seat> seat_;
    io::CancelSource evicted_;
    std::string why_;
};

}  // namespace virtue::qemu
