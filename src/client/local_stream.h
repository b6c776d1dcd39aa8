// The caller's end of a stream whose other end is a driver in this process. Owned by the caller; loop thread only.
#pragma once
#include <memory>

#include "driver/connection.h"
#include "io/loop.h"

namespace virtue::client {

/// Passes calls through to the driver's endpoint.
class LocalStream final : public driver::ClientStream {
public:
    LocalStream(io::Loop& loop, std::unique_ptr<driver::StreamEndpoint> endpoint);
    ~LocalStream() override;

    Task<driver::StreamChunk> receive(io::Deadline deadline) override;
    Task<void> send(std::span<const uint8_t> data, io::Deadline deadline) override;
    Task<void> send_hole(int64_t length, io::Deadline deadline) override;
    Task<void> finish(io::Deadline deadline) override;
    void abort() noexcept override;

private:
    void require_open() const;
    std::unique_ptr<driver::StreamEndpoint> endpoint_;
    bool over_ = false;
};

}  // namespace virtue::client
