#include "wire/message.h"

#include "base/excerpt.h"

namespace virtue::wire {

namespace {

// An error often quotes what the client sent, which may be as long as a string on the wire can be: with our own words
// around it, it would be too long for the answer.
constexpr size_t error_text_max = 65536;

std::string clipped(std::string text) {
    if (text.size() <= error_text_max) return text;
    text.resize(excerpt(text, error_text_max).size());
    return text + "...";
}

}  // namespace

MessageError::MessageError(const Error& error)
    : code(static_cast<int32_t>(error.code())),
      domain(static_cast<int32_t>(error.domain())),
      message(clipped(error.message())),
      str1(clipped(error.format())),
      int1(error.int1()) {
    if (!error.detail().empty()) str2 = clipped(error.detail());
}

Error MessageError::to_error() const {
    Error error = Error::with_message(static_cast<ErrorCode>(code), static_cast<ErrorDomain>(domain),
                                      message.value_or("unknown error"));
    error.set_int1(int1);
    return error;
}

Encoder begin_message(const Header& header, size_t expected_payload) {
    Encoder out(length_size + header_size + (expected_payload ? expected_payload : 228));
    out.put(uint32_t{0});
    out.put(header);
    return out;
}

std::vector<uint8_t> finish_message(Encoder&& message) {
    if (message.size() - length_size > message_max) {
        throw Error(ErrorCode::rpc, ErrorDomain::rpc, "Unable to encode message payload");
    }
    message.patch(0, static_cast<uint32_t>(message.size()));
    return message.take();
}

std::optional<Header> decode_header(std::span<const uint8_t> after_length) {
    if (after_length.size() < header_size) return std::nullopt;
    return decode_as<Header>(after_length);
}

}  // namespace virtue::wire
