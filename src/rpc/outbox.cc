#include "rpc/outbox.h"

namespace virtue::rpc {

namespace {
constexpr size_t keep_capacity = 65536;      // an empty queue keeps no more memory than this
constexpr size_t compact_after = 1U << 20U;  // a queue that never runs empty is moved up after so much was sent
constexpr size_t head_size = wire::length_size + wire::header_size;
}  // namespace

size_t Outbox::begin(const wire::Header& header) {
    size_t start = bytes_.size();
    bytes_.put(uint32_t{0});
    wire::encode(bytes_, header);
    return start;
}

void Outbox::end(size_t start) {
    size_t length = bytes_.size() - start;
    if (!wire::is_valid_length(static_cast<uint32_t>(std::min<size_t>(length, UINT32_MAX)))) {
        bytes_.truncate(start);
        throw Error(ErrorCode::rpc, ErrorDomain::rpc,
                    fmt::format("a reply of {} bytes is beyond the protocol's limit of {}", length, wire::message_max));
    }
    bytes_.patch(start, static_cast<uint32_t>(length));
}

std::span<const uint8_t> Outbox::payload(size_t start) const {
    return bytes_.view().subspan(start + head_size);
}

void Outbox::attach(std::vector<Fd> fds) {
    for (Fd& fd : fds) marks_.push_back({bytes_.size(), std::move(fd)});
}

void Outbox::put(const wire::Header& header, std::span<const uint8_t> payload) {
    size_t start = begin(header);
    bytes_.raw(payload);
    end(start);
}

void Outbox::put_error(const wire::Header& header, const Error& error) {
    wire::Header failed = header;
    failed.status = wire::MessageStatus::error;
    size_t start = begin(failed);
    wire::encode(bytes_, wire::MessageError(error));
    end(start);
}

bool Outbox::send_until(io::Socket& socket, size_t end) {
    while (sent_ < end) {
        io::Socket::Moved moved = socket.try_write(bytes_.view().subspan(sent_, end - sent_));
        if (moved.would_block) return false;
        sent_ += moved.bytes;
    }
    return true;
}

bool Outbox::flush(io::Socket& socket) {
    while (!marks_.empty()) {
        if (!send_until(socket, marks_.front().at)) return false;
        if (socket.try_write_fd(marks_.front().fd).would_block) return false;
        marks_.pop_front();
    }
    if (!send_until(socket, bytes_.size())) {
        release();
        return false;
    }
    clear();
    return true;
}

void Outbox::release() {
    if (sent_ < compact_after || sent_ < bytes_.size() / 2 || !marks_.empty()) return;
    std::vector<uint8_t> all = bytes_.take();
    bytes_.raw(std::span<const uint8_t>(all).subspan(sent_));
    sent_ = 0;
}

void Outbox::clear() {
    if (bytes_.size() > keep_capacity) {
        bytes_.take();
    } else {
        bytes_.truncate(0);
    }
    sent_ = 0;
    marks_.clear();
}

}  // namespace virtue::rpc
