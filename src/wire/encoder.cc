#include "wire/encoder.h"

#include <algorithm>

#include "base/error.h"

namespace virtue::wire {

namespace {

[[noreturn]] void refuse() {
    throw Error(ErrorCode::rpc, ErrorDomain::rpc, "Unable to encode message payload");
}

constexpr size_t padded(size_t size) {
    return (size + 3) & ~size_t{3};
}

}  // namespace

void Encoder::patch(size_t at, uint32_t value) {
    value = __builtin_bswap32(value);
    std::memcpy(&bytes_.at(at + 3) - 3, &value, sizeof value);
}

void Encoder::expect(size_t more) {
    const size_t whole = bytes_.size() + more + more / 16;
    if (whole > bytes_.capacity()) bytes_.reserve(std::max(whole, bytes_.capacity() * 2));
}

void Encoder::put_count(size_t count, uint32_t max) {
    if (count > max) refuse();
    put(static_cast<uint32_t>(count));
}

void Encoder::put_bytes(std::string_view bytes, uint32_t max) {
    put_count(bytes.size(), max);
    size_t at = bytes_.size();
    bytes_.resize(at + padded(bytes.size()));
    if (!bytes.empty()) std::memcpy(bytes_.data() + at, bytes.data(), bytes.size());
}

void Encoder::put_chars(std::string_view chars) {
    bytes_.reserve(bytes_.size() + chars.size() * 4);
    for (char one : chars) put(static_cast<int8_t>(one));
}

void Encoder::put(const TypedParameter& value) {
    if (value.field.size() > typed_parameter_field_max) refuse();
    put(value.field);
    put(static_cast<uint32_t>(value.value.index() + 1));
    switch (value.value.index()) {
        case 0:
            return put(std::get<0>(value.value));
        case 1:
            return put(std::get<1>(value.value));
        case 2:
            return put(std::get<2>(value.value));
        case 3:
            return put(std::get<3>(value.value));
        case 4:
            return put(std::get<4>(value.value));
        case 5:
            return put(static_cast<int32_t>(std::get<5>(value.value)));
        default:
            return put(std::get<6>(value.value));
    }
}

template void Encoder::put_list(const std::vector<std::string>&, uint32_t);
template void Encoder::put_list(const std::vector<TypedParameter>&, uint32_t);

}  // namespace virtue::wire
