#include "driver/stream.h"

#include "base/error.h"

namespace virtue::driver {

Task<StreamChunk> StreamEndpoint::read(size_t, io::Deadline) {
    throw Error(ErrorCode::operation_invalid, ErrorDomain::streams, "this stream cannot be read from");
    co_return StreamChunk{};
}

Task<void> StreamEndpoint::write(std::span<const uint8_t>, io::Deadline) {
    throw Error(ErrorCode::operation_invalid, ErrorDomain::streams, "this stream cannot be written to");
    co_return;
}

Task<void> StreamEndpoint::write_hole(int64_t, io::Deadline) {
    throw Error(ErrorCode::operation_invalid, ErrorDomain::streams, "this stream does not take holes");
    co_return;
}

Task<void> StreamEndpoint::finish(io::Deadline) {
    co_return;
}

}  // namespace virtue::driver
