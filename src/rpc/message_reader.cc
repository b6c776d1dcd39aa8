#include "rpc/message_reader.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace virtue::rpc {

namespace {

// Legitimate senders have at most one message's descriptors under way before we consume them.
constexpr size_t carried_max = 2 * wire::fds_max;
constexpr size_t growth_min = 65536;
constexpr size_t fd_count_size = 4;

uint32_t word_at(std::span<const uint8_t> bytes, size_t at) {
    uint32_t value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return __builtin_bswap32(value);
}

void collect_fds(msghdr& message, std::vector<Fd>& into) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int number;
            std::memcpy(&number, CMSG_DATA(part) + i * sizeof(int), sizeof number);
            into.emplace_back(number);
        }
    }
}

}  // namespace

MessageReader::Fill MessageReader::fill(int fd, std::span<uint8_t> scratch) {
    std::span<uint8_t> into = scratch;
    size_t kept = window_.size();
    if (kept > 0) {
        settle();
        pending_.resize(kept + std::clamp(wanted(), growth_min, std::max(growth_min, kept)));
        into = std::span<uint8_t>(pending_).subspan(kept);
    }
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * wire::fds_max)];
    iovec part{into.data(), into.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t count;
    do {
        count = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (count < 0 && errno == EINTR);
    int error = errno;
    size_t got = count > 0 ? static_cast<size_t>(count) : 0;
    window_ = kept > 0 ? std::span<const uint8_t>(pending_).first(kept + got) : into.first(got);
    if (count < 0 && (error == EAGAIN || error == EWOULDBLOCK)) return Fill::would_block;
    if (count < 0 && error == ECONNRESET) return Fill::ended;
    if (count < 0) throw Error::from_errno(error, ErrorDomain::rpc, "cannot read from a client");
    received_ += got;
    if (message.msg_controllen > 0) {
        std::vector<Fd> fds;
        collect_fds(message, fds);
        // The kernel ends a read behind the bytes that carried descriptors: they belong to the last byte.
        for (Fd& one : fds) carried_.push_back({received_, std::move(one)});
    }
    return count == 0 ? Fill::ended : Fill::data;
}

size_t MessageReader::wanted() const {
    if (window_.size() < wire::length_size) return growth_min;
    uint32_t length = word_at(window_, 0);
    return wire::is_valid_length(length) && length + wire::fds_max > window_.size()
               ? length + wire::fds_max - window_.size()
               : growth_min;
}

MessageReader::Next MessageReader::next(Incoming& out) {
    if (carried_.size() > carried_max) return Next::broken;
    if (window_.size() < wire::length_size) return Next::incomplete;
    uint32_t length = word_at(window_, 0);
    if (!wire::is_valid_length(length) || length < wire::length_size + wire::header_size) return Next::broken;
    if (window_.size() < length) return Next::incomplete;

    std::optional<wire::Header> header = wire::decode_header(window_.subspan(wire::length_size));
    if (!header) return Next::broken;
    std::span<const uint8_t> payload =
        window_.subspan(wire::length_size + wire::header_size, length - wire::length_size - wire::header_size);
    uint32_t fd_count = 0;
    if (header->has_fds()) {
        if (payload.size() < fd_count_size) return Next::broken;
        fd_count = word_at(payload, 0);
        if (fd_count > wire::fds_max) return Next::broken;
        payload = payload.subspan(fd_count_size);
        if (window_.size() - length < fd_count) return Next::incomplete;
    }
    out.fds.clear();
    uint64_t end = received_ - window_.size() + length;
    if (!take_fds(fd_count, end, out.fds)) return Next::broken;
    out.header = *header;
    out.payload = payload;
    window_ = window_.subspan(length + fd_count);
    return Next::message;
}

bool MessageReader::take_fds(uint32_t count, uint64_t first_byte, std::vector<Fd>& fds) {
    for (uint32_t i = 0; i < count; i++) {
        uint64_t at = first_byte + i + 1;
        while (!carried_.empty() && carried_.front().at < at) carried_.pop_front();
        if (carried_.empty() || carried_.front().at != at) return false;
        fds.push_back(std::move(carried_.front().fd));
        carried_.pop_front();
    }
    // Descriptors that came with ordinary bytes are nobody's: closed as soon as those bytes are behind us.
    while (!carried_.empty() && carried_.front().at <= first_byte + count) carried_.pop_front();
    return true;
}

void MessageReader::settle() {
    if (window_.empty()) {
        if (pending_.capacity() > growth_min) pending_ = {};
        pending_.clear();
        window_ = {};
        return;
    }
    bool inside =
        !pending_.empty() && window_.data() >= pending_.data() && window_.data() < pending_.data() + pending_.size();
    if (inside) {
        size_t offset = static_cast<size_t>(window_.data() - pending_.data());
        if (offset > 0) pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(offset));
        pending_.resize(window_.size());
    } else {
        pending_.assign(window_.begin(), window_.end());
    }
    window_ = pending_;
}

}  // namespace virtue::rpc
