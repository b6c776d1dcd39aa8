// The frame around every message: length word, header, limits, and the error struct that replies carry.
// Facts: "framing" of libvirt's RPC protocol. Value types and free functions; usable from any thread.
#pragma once
#include "base/error.h"
#include "wire/decoder.h"
#include "wire/encoder.h"

namespace virtue::wire {

/// The numbers of the five programs. All have version 1.
enum class Program : uint32_t {
    remote = 0x20008086,
    qemu = 0x20008087,
    lxc = 0x00068000,
    admin = 0x06900690,
    keepalive = 0x6b656570,
};
constexpr uint32_t program_version = 1;

/// What a message is. A peer may send other numbers; they get no answer.
enum class MessageType : int32_t {
    call = 0,
    reply = 1,
    message = 2,  ///< an event or a keepalive
    stream = 3,
    call_with_fds = 4,
    reply_with_fds = 5,
    stream_hole = 6,
};

/// How it went. `proceed` (CONTINUE) is for stream packets only.
enum class MessageStatus : int32_t { ok = 0, error = 1, proceed = 2 };

constexpr uint32_t length_size = 4;          ///< the length word, which counts itself
constexpr uint32_t header_size = 24;         ///< the six words after it
constexpr uint32_t message_max = 33554432;   ///< length - 4 at most
constexpr uint32_t message_initial = 65536;  ///< buffers start here and double
constexpr uint32_t payload_max = message_max - header_size;
constexpr uint32_t stream_payload_max = 262120;  ///< stream data is cut at this size, for old receivers
constexpr uint32_t fds_max = 32;                 ///< descriptors of one message
constexpr uint32_t event_serial = 1;             ///< serial of every event that the server sends

/// The six words after the length.
struct Header {
    uint32_t program = 0;
    uint32_t version = program_version;
    int32_t procedure = 0;
    MessageType type = MessageType::call;
    uint32_t serial = 0;
    MessageStatus status = MessageStatus::ok;
    WIRE(program, version, procedure, type, serial, status)
    bool operator==(const Header&) const = default;

    bool is(Program which) const { return program == static_cast<uint32_t>(which) && version == program_version; }
    bool has_fds() const { return type == MessageType::call_with_fds || type == MessageType::reply_with_fds; }
};

/// A hole in a sparse stream: the payload of a stream_hole packet.
struct StreamHole {
    int64_t length = 0;
    uint32_t flags = 0;
    WIRE(length, flags)
};

/// The domain and network an error may name. Current servers never send them, clients must read past them.
struct ErrorDomainRef {
    std::string name;
    Uuid uuid;
    int32_t id = -1;
    WIRE(name, uuid, id)
};
struct ErrorNetworkRef {
    std::string name;
    Uuid uuid;
    WIRE(name, uuid)
};

/// The payload of a reply or stream packet with status error (virNetMessageError, remote_error).
struct MessageError {
    int32_t code = 0;
    int32_t domain = 0;
    std::optional<std::string> message;
    int32_t level = 2;
    std::optional<ErrorDomainRef> dom;
    std::optional<std::string> str1;  ///< libvirt's printf format of the code
    std::optional<std::string> str2;  ///< its argument
    std::optional<std::string> str3;
    int32_t int1 = -1;
    int32_t int2 = -1;
    std::optional<ErrorNetworkRef> net;
    WIRE(code, domain, message, level, dom, str1, str2, str3, int1, int2, net)

    MessageError() = default;
    explicit MessageError(const Error& error);
    /// The error as our own code throws it, message unchanged.
    Error to_error() const;
};

/// Starts a message: room for the length, then the header. Payload follows with `encode`.
Encoder begin_message(const Header& header, size_t expected_payload = 0);
/// Fills in the length. Errors: rpc, when the message is beyond `message_max`.
std::vector<uint8_t> finish_message(Encoder&& message);
/// Begin, payload, finish.
template <class T>
std::vector<uint8_t> encode_message(const Header& header, const T& payload) {
    Encoder out = begin_message(header);
    encode(out, payload);
    return finish_message(std::move(out));
}

/// A length word is acceptable when it covers itself and the rest is within `message_max`; else the peer is cut off.
constexpr bool is_valid_length(uint32_t length) {
    return length >= length_size && length - length_size <= message_max;
}
/// Reads the header after the length word; nothing when there are fewer than 24 bytes.
std::optional<Header> decode_header(std::span<const uint8_t> after_length);

}  // namespace virtue::wire
