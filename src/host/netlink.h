// A small client of the kernel's route netlink: builds requests, sends them, reads answers. Blocking, but the kernel
// answers at once. Owned by whoever opened it; one thread at a time.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace virtue::host {

/// A netlink request under construction: a header, a family's fixed part, attributes.
class NetlinkRequest {
public:
    /// `flags` are NLM_F_* besides NLM_F_REQUEST.
    NetlinkRequest(uint16_t type, uint16_t flags);

    /// The fixed part after the header: an ifinfomsg, ifaddrmsg, rtmsg, ndmsg.
    template <typename T>
    void body(const T& fixed) {
        append(&fixed, sizeof fixed);
    }
    void attribute(uint16_t type, const void* data, size_t size);
    void attribute(uint16_t type, std::string_view text);  ///< with the final zero
    void attribute_u8(uint16_t type, uint8_t value) { attribute(type, &value, sizeof value); }
    void attribute_u16(uint16_t type, uint16_t value) { attribute(type, &value, sizeof value); }
    void attribute_u32(uint16_t type, uint32_t value) { attribute(type, &value, sizeof value); }
    /// Attributes up to end() lie inside this one.
    size_t begin(uint16_t type);
    void end(size_t begun);

    std::vector<uint8_t>& bytes() { return bytes_; }

private:
    void append(const void* data, size_t size);
    std::vector<uint8_t> bytes_;
};

/// Reads the attributes that follow a fixed part of `fixed` bytes in a message.
void each_netlink_attribute(const uint8_t* data, size_t size,
                            const std::function<void(uint16_t type, const uint8_t* value, size_t size)>& visit);

/// A socket to the kernel.
class Netlink {
public:
    /// Throws system_error.
    Netlink();
    /// Sends a request and waits for its acknowledgement. Returns 0 or the errno that the kernel answered.
    int send(NetlinkRequest& request);
    /// Asks for a list; `visit` gets each message: its type, and what follows the header. Throws system_error.
    void dump(NetlinkRequest& request,
              const std::function<void(uint16_t type, const uint8_t* data, size_t size)>& visit);

private:
    int exchange(NetlinkRequest& request, bool is_dump,
                 const std::function<void(uint16_t type, const uint8_t* data, size_t size)>& visit);
    Fd socket_;
    uint32_t sequence_ = 0;
};

}  // namespace virtue::host
