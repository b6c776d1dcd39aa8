#include "client/frame_reader.h"

#include <cstring>

#include "base/error.h"

namespace virtue::client {
namespace {

constexpr ErrorDomain here = ErrorDomain::rpc;

uint32_t word_at(const std::vector<uint8_t>& buffer, size_t at) {
    uint32_t value;
    std::memcpy(&value, buffer.data() + at, sizeof value);
    return __builtin_bswap32(value);
}

}  // namespace

// What is buffered stops at the end of a message that carries descriptors: they come beside the bytes that follow.
FrameReader::Step FrameReader::deliver_buffered(const std::function<bool(Frame&)>& on_frame) {
    if (filled_ < wire::length_size) return Step::more;
    uint32_t length = word_at(buffer_, 0);
    if (!wire::is_valid_length(length) || length < wire::length_size + wire::header_size) {
        fail(ErrorCode::rpc, here, "the server sent a message of {} bytes, which is no valid length", length);
    }
    if (buffer_.size() < length) buffer_.resize(length);
    if (filled_ < length) return Step::more;

    std::span<const uint8_t> message(buffer_.data() + wire::length_size, length - wire::length_size);
    std::optional<wire::Header> header = wire::decode_header(message);
    std::span<const uint8_t> payload = message.subspan(wire::header_size);
    if (header->has_fds()) {
        if (payload.size() < 4)
            throw Error(ErrorCode::rpc, here, "the server sent a message without its descriptor count");
        uint32_t count = word_at(buffer_, wire::length_size + wire::header_size);
        if (count > wire::fds_max) fail(ErrorCode::rpc, here, "the server announced {} descriptors", count);
        payload = payload.subspan(4);
        if (descriptors_.size() < count) {
            descriptors_wanted_ = count;
            return receive_descriptors();
        }
    }
    Frame frame{*header, payload, std::move(descriptors_)};
    descriptors_.clear();
    descriptors_wanted_ = 0;
    // The buffer may be read into only after on_frame is done with the payload.
    bool go_on = on_frame(frame);
    if (!go_on) return Step::stop;
    filled_ = 0;
    return Step::more;
}

FrameReader::Step FrameReader::receive_descriptors() {
    Fd descriptor;
    io::Socket::Moved moved = socket_.try_read_fd(descriptor);
    if (moved.would_block) return Step::wait;
    if (moved.end_of_stream) return Step::end;
    if (!descriptor) throw Error(ErrorCode::rpc, here, "the server announced a descriptor and sent none");
    descriptors_.push_back(std::move(descriptor));
    return Step::more;
}

bool FrameReader::read_available(const std::function<bool(Frame&)>& on_frame) {
    if (buffer_.empty()) buffer_.resize(wire::message_initial);
    for (;;) {
        // Exactly one message is buffered at a time, so descriptors are never read past as plain bytes.
        size_t want = filled_ < wire::length_size ? wire::length_size : word_at(buffer_, 0);
        if (filled_ < want && descriptors_wanted_ == 0) {
            io::Socket::Moved moved = socket_.try_read({buffer_.data() + filled_, want - filled_});
            if (moved.would_block) return true;
            if (moved.end_of_stream) return false;
            filled_ += moved.bytes;
            if (filled_ < want) continue;
        }
        switch (deliver_buffered(on_frame)) {
            case Step::more:
                break;
            case Step::wait:
                return true;
            case Step::end:
                return false;
            case Step::stop:
                return true;
        }
    }
}

}  // namespace virtue::client
