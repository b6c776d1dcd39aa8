#include "drivers/qemu/monitor/qmp_reader.h"

#include "base/error.h"

namespace virtue::qemu {

QmpReader::QmpReader(std::string who, Limits limits) : who_(std::move(who)), limits_(limits) {}

void QmpReader::feed(std::span<const uint8_t> bytes) {
    compact();
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void QmpReader::compact() {
    if (start_ == 0) return;
    buffer_.erase(0, start_);
    scanned_ -= start_;
    start_ = 0;
}

void QmpReader::refuse(std::string_view why) const {
    fail(ErrorCode::internal_error, ErrorDomain::qemu, "the {} sent what is no JSON message: {}", who_, why);
}

void QmpReader::skip_to_sentinel() {
    skipping_ = true;
    scanned_ = start_;
    depth_ = 0;
    in_string_ = escaped_ = false;
}

std::optional<std::string_view> QmpReader::next() {
    if (skipping_) {
        const size_t sentinel = buffer_.find('\xff', start_);
        if (sentinel == std::string::npos) {
            start_ = scanned_ = buffer_.size();
            return std::nullopt;
        }
        start_ = scanned_ = sentinel + 1;
        skipping_ = false;
    }
    while (scanned_ < buffer_.size()) {
        const auto byte = static_cast<uint8_t>(buffer_[scanned_++]);
        if (!scan_byte(byte)) continue;
        std::string_view message(buffer_.data() + start_, scanned_ - start_);
        start_ = scanned_;
        return message;
    }
    if (buffer_.size() - start_ > limits_.message) refuse(fmt::format("over {} bytes in one message", limits_.message));
    return std::nullopt;
}

// Looks at one byte; true when it ends a message.
bool QmpReader::scan_byte(uint8_t byte) {
    if (scanned_ - start_ > limits_.message) refuse(fmt::format("over {} bytes in one message", limits_.message));
    if (in_string_) {
        if (escaped_) {
            escaped_ = false;
        } else if (byte == '\\') {
            escaped_ = true;
        } else if (byte == '"') {
            in_string_ = false;
        }
        return false;
    }
    if (depth_ == 0 && byte != '{') {
        // Between messages: line ends, and the agent's sentinel.
        if (byte != ' ' && byte != '\r' && byte != '\n' && byte != '\t' && byte != 0xff) {
            refuse(fmt::format("byte {:#04x} between messages", byte));
        }
        start_ = scanned_;
        return false;
    }
    switch (byte) {
        case '"':
            in_string_ = true;
            return false;
        case '{':
        case '[':
            if (++depth_ > limits_.depth) refuse(fmt::format("nested deeper than {} levels", limits_.depth));
            return false;
        case '}':
        case ']':
            return --depth_ == 0;
        case 0xff:
            refuse("a message that breaks off");
        default:
            return false;
    }
}

}  // namespace virtue::qemu
