#include "host/netlink.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace virtue::host {
namespace {

Error netlink_error(int number, std::string_view what) {
    return Error::from_errno(number, ErrorDomain::none, what);
}

}  // namespace

NetlinkRequest::NetlinkRequest(uint16_t type, uint16_t flags) {
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    append(&header, sizeof header);
}

void NetlinkRequest::append(const void* data, size_t size) {
    const auto* from = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
}

void NetlinkRequest::attribute(uint16_t type, const void* data, size_t size) {
    rtattr header{};
    header.rta_type = type;
    header.rta_len = static_cast<uint16_t>(RTA_LENGTH(size));
    append(&header, sizeof header);
    append(data, size);
}

void NetlinkRequest::attribute(uint16_t type, std::string_view text) {
    const std::string ended(text);
    attribute(type, ended.c_str(), ended.size() + 1);
}

size_t NetlinkRequest::begin(uint16_t type) {
    const size_t at = bytes_.size();
    rtattr header{};
    header.rta_type = type;
    append(&header, sizeof header);
    return at;
}

void NetlinkRequest::end(size_t begun) {
    const auto length = static_cast<uint16_t>(bytes_.size() - begun);
    std::memcpy(&bytes_[begun + offsetof(rtattr, rta_len)], &length, sizeof length);
}

void each_netlink_attribute(const uint8_t* data, size_t size,
                            const std::function<void(uint16_t, const uint8_t*, size_t)>& visit) {
    while (size >= sizeof(rtattr)) {
        rtattr header{};
        std::memcpy(&header, data, sizeof header);
        if (header.rta_len < sizeof header || header.rta_len > size) return;
        visit(static_cast<uint16_t>(header.rta_type & ~NLA_F_NESTED), data + sizeof header,
              header.rta_len - sizeof header);
        const size_t step = RTA_ALIGN(header.rta_len);
        if (step >= size) return;
        data += step;
        size -= step;
    }
}

Netlink::Netlink() : socket_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
    if (!socket_) throw netlink_error(errno, "cannot open a netlink socket");
    timeval patience{10, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

int Netlink::send(NetlinkRequest& request) {
    return exchange(request, false, {});
}

void Netlink::dump(NetlinkRequest& request, const std::function<void(uint16_t, const uint8_t*, size_t)>& visit) {
    if (int error = exchange(request, true, visit)) throw netlink_error(error, "the kernel refused a netlink request");
}

int Netlink::exchange(NetlinkRequest& request, bool is_dump,
                      const std::function<void(uint16_t, const uint8_t*, size_t)>& visit) {
    std::vector<uint8_t>& bytes = request.bytes();
    nlmsghdr header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    header.nlmsg_len = static_cast<uint32_t>(bytes.size());
    header.nlmsg_flags = static_cast<uint16_t>(header.nlmsg_flags | (is_dump ? NLM_F_DUMP : NLM_F_ACK));
    header.nlmsg_seq = ++sequence_;
    std::memcpy(bytes.data(), &header, sizeof header);
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    if (::sendto(socket_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&kernel), sizeof kernel) < 0)
        return errno;
    std::vector<uint8_t> answer(size_t{64} << 10);
    while (true) {
        const ssize_t got = ::recv(socket_.get(), answer.data(), answer.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        size_t at = 0;
        while (at + sizeof(nlmsghdr) <= static_cast<size_t>(got)) {
            nlmsghdr message{};
            std::memcpy(&message, &answer[at], sizeof message);
            if (message.nlmsg_len < sizeof message || at + message.nlmsg_len > static_cast<size_t>(got)) break;
            const uint8_t* data = &answer[at] + sizeof message;
            const size_t size = message.nlmsg_len - sizeof message;
            at += NLMSG_ALIGN(message.nlmsg_len);
            if (message.nlmsg_seq != sequence_) continue;
            if (message.nlmsg_type == NLMSG_DONE) return 0;
            if (message.nlmsg_type == NLMSG_ERROR) {
                int error = 0;
                if (size >= sizeof error) std::memcpy(&error, data, sizeof error);
                return -error;
            }
            if (visit) visit(message.nlmsg_type, data, size);
        }
    }
}

}  // namespace virtue::host
