#include "wire/decoder.h"

#include "base/error.h"

namespace virtue::wire {

void Decoder::refuse() {
    throw Error(ErrorCode::rpc, ErrorDomain::rpc, "Unable to decode message payload");
}

uint32_t Decoder::count(uint32_t max) {
    uint32_t value = word();
    if (value > max || value > bytes_.size() / 4) refuse();
    return value;
}

std::span<const uint8_t> Decoder::get_bytes(uint32_t max) {
    uint32_t size = word();
    if (size > max) refuse();
    return bytes((size_t{size} + 3) & ~size_t{3}).first(size);
}

void Decoder::get(std::string& value) {
    std::span<const uint8_t> found = get_bytes(string_max);
    const char* text = reinterpret_cast<const char*>(found.data());
    value.assign(text, found.empty() ? 0 : strnlen(text, found.size()));
}

void Decoder::get(Uuid& value) {
    std::memcpy(value.bytes.data(), bytes(value.bytes.size()).data(), value.bytes.size());
}

void Decoder::get_chars(std::span<char> chars) {
    for (char& one : chars) one = static_cast<char>(word());
}

void Decoder::get(TypedParameter& value) {
    get(value.field);
    if (value.field.size() > typed_parameter_field_max) refuse();
    switch (word()) {
        case 1:
            return get(value.value.emplace<int32_t>());
        case 2:
            return get(value.value.emplace<uint32_t>());
        case 3:
            return get(value.value.emplace<int64_t>());
        case 4:
            return get(value.value.emplace<uint64_t>());
        case 5:
            return get(value.value.emplace<double>());
        case 6:
            value.value.emplace<bool>(word() != 0);
            return;
        case 7:
            return get(value.value.emplace<std::string>());
        default:
            refuse();
    }
}

template void Decoder::get_list(std::vector<std::string>&, uint32_t);
template void Decoder::get_list(std::vector<TypedParameter>&, uint32_t);

}  // namespace virtue::wire
