// Cuts a byte stream from QEMU or from a guest's agent into JSON texts. The other side may be hostile: sizes and
// nesting are limited, and nothing is looked at twice. Owned by a Monitor or Agent; loop thread only.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace virtue::qemu {

/// Takes bytes in any portions and gives out whole JSON objects, unparsed.
class QmpReader {
public:
    struct Limits {
        size_t message = 16 << 20;  ///< bytes of one message
        int depth = 64;             ///< nesting of objects and arrays
    };

    /// `who` names the other side in errors ("QEMU monitor", "guest agent").
    explicit QmpReader(std::string who) : QmpReader(std::move(who), Limits{}) {}
    QmpReader(std::string who, Limits limits);

    /// Adds bytes from the stream.
    void feed(std::span<const uint8_t> bytes);
    /// The next whole message, valid until the next call of any member; nothing if more bytes are needed.
    /// Throws rpc-like internal_error when the stream is no sequence of JSON objects or exceeds a limit; the
    /// connection is of no use after that.
    std::optional<std::string_view> next();
    /// Drops everything up to and including the next 0xFF byte (the agent's reply to guest-sync-delimited follows
    /// it); bytes before it are not looked at. Stays in force until such a byte has come.
    void skip_to_sentinel();
    /// Bytes held that belong to no finished message.
    size_t buffered() const { return buffer_.size() - start_; }

private:
    [[noreturn]] void refuse(std::string_view why) const;
    void compact();
    bool scan_byte(uint8_t byte);

    std::string who_;
    Limits limits_;
    std::string buffer_;
    size_t start_ = 0;    // first byte of the message being read
    size_t scanned_ = 0;  // bytes before this were looked at
    int depth_ = 0;
    bool in_string_ = false;
    bool escaped_ = false;
    bool skipping_ = false;
};

}  // namespace virtue::qemu
