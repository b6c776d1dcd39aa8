// Reads XDR (RFC 4506) from bytes that somebody else owns and that must outlive the decoder. One thread at a time.
// Nothing is trusted: a length is compared with its bound and with what is left before anything is allocated.
// Whatever does not fit throws Error(rpc, "Unable to decode message payload").
#pragma once
#include <bit>
#include <cstring>
#include <span>
#include <type_traits>

#include "wire/fields.h"
#include "wire/types.h"

namespace virtue::wire {

class Decoder {
public:
    explicit Decoder(std::span<const uint8_t> bytes) : bytes_(bytes) {}

    /// Bytes not read yet. libvirt ignores a surplus after the arguments; so may the caller.
    size_t remaining() const { return bytes_.size(); }
    std::span<const uint8_t> rest() const { return bytes_; }

    void get(int32_t& value) { value = static_cast<int32_t>(word()); }
    void get(uint32_t& value) { value = word(); }
    void get(int64_t& value) { value = static_cast<int64_t>(two_words()); }
    void get(uint64_t& value) { value = two_words(); }
    void get(double& value) { value = std::bit_cast<double>(two_words()); }
    // XDR widens the small types; like the C decoder we keep the low bits.
    void get(int8_t& value) { value = static_cast<int8_t>(word()); }
    void get(uint8_t& value) { value = static_cast<uint8_t>(word()); }
    void get(uint16_t& value) { value = static_cast<uint16_t>(word()); }
    /// A string ends at its first NUL, as it does for every C reader of the same bytes.
    void get(std::string& value);
    void get(Uuid& value);
    void get(TypedParameter& value);
    void get(Void&) {}

    template <class T>
        requires std::is_enum_v<T>
    void get(T& value) {
        value = static_cast<T>(static_cast<std::underlying_type_t<T>>(word()));
    }
    template <class T>
    void get(std::optional<T>& value) {
        value.reset();
        if (word() != 0) get(value.emplace());
    }
    template <class T, uint32_t Max>
    void get(List<T, Max>& value) {
        get_list(value, Max);
    }
    template <uint32_t Max>
    void get(Opaque<Max>& value) {
        std::span<const uint8_t> bytes = get_bytes(Max);
        value.assign(bytes.begin(), bytes.end());
    }
    template <uint32_t Max>
    void get(CharList<Max>& value) {
        value.assign(count(Max), '\0');
        get_chars(value);
    }
    template <uint32_t N>
    void get(CharArray<N>& value) {
        get_chars({value.data(), N});
    }
    template <Struct T>
    void get(T& value) {
        value.wire_fields(Fields{*this});
    }

private:
    struct Fields {
        Decoder& in;
        template <class... F>
        void operator()(F&... fields) const {
            (in.get(fields), ...);
        }
    };

    [[noreturn]] static void refuse();
    std::span<const uint8_t> bytes(size_t size) {
        if (size > bytes_.size()) refuse();
        std::span<const uint8_t> head = bytes_.first(size);
        bytes_ = bytes_.subspan(size);
        return head;
    }
    uint32_t word() {
        uint32_t value;
        std::memcpy(&value, bytes(sizeof value).data(), sizeof value);
        return __builtin_bswap32(value);
    }
    uint64_t two_words() {
        uint64_t value;
        std::memcpy(&value, bytes(sizeof value).data(), sizeof value);
        return __builtin_bswap64(value);
    }
    template <class T>
    void get_list(std::vector<T>& items, uint32_t max) {
        uint32_t size = count(max);
        items.clear();
        // A hostile count costs at most what its bytes already cost: grow with the items, not ahead of them.
        items.reserve(size < 64 ? size : 64);
        for (uint32_t i = 0; i < size; i++) get(items.emplace_back());
    }
    /// A count of items of at least four bytes each.
    uint32_t count(uint32_t max);
    std::span<const uint8_t> get_bytes(uint32_t max);
    void get_chars(std::span<char> chars);

    std::span<const uint8_t> bytes_;
};

extern template void Decoder::get_list(std::vector<std::string>&, uint32_t);
extern template void Decoder::get_list(std::vector<TypedParameter>&, uint32_t);

/// Reads `value` from `in`. Errors: rpc, "Unable to decode message payload".
template <class T>
void decode(Decoder& in, T& value) {
    in.get(value);
}

/// Reads a T from the start of `bytes`; a surplus is ignored, as libvirt does.
template <class T>
T decode_as(std::span<const uint8_t> bytes) {
    Decoder in(bytes);
    T value{};
    in.get(value);
    return value;
}

}  // namespace virtue::wire
