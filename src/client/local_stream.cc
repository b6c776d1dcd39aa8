#include "client/local_stream.h"

#include "base/error.h"

namespace virtue::client {
namespace {

constexpr size_t chunk_max = 256 << 10;

}  // namespace

LocalStream::LocalStream(io::Loop&, std::unique_ptr<driver::StreamEndpoint> endpoint)
    : endpoint_(std::move(endpoint)) {}

LocalStream::~LocalStream() {
    abort();
}

void LocalStream::require_open() const {
    if (over_) throw Error(ErrorCode::operation_invalid, ErrorDomain::streams, "the stream has ended");
}

Task<driver::StreamChunk> LocalStream::receive(io::Deadline deadline) {
    require_open();
    driver::StreamChunk chunk = co_await endpoint_->read(chunk_max, deadline);
    co_return chunk;
}

Task<void> LocalStream::send(std::span<const uint8_t> data, io::Deadline deadline) {
    require_open();
    co_await endpoint_->write(data, deadline);
}

Task<void> LocalStream::send_hole(int64_t length, io::Deadline deadline) {
    require_open();
    co_await endpoint_->write_hole(length, deadline);
}

Task<void> LocalStream::finish(io::Deadline deadline) {
    require_open();
    over_ = true;
    co_await endpoint_->finish(deadline);
}

void LocalStream::abort() noexcept {
    if (over_) return;
    over_ = true;
    endpoint_->abort();
}

}  // namespace virtue::client
