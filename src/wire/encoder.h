// Writes XDR (RFC 4506) into a buffer of its own: big-endian, every item filled up to four bytes.
// Owned by the one who builds a message; one thread at a time. An item beyond its bound throws Error(rpc).
#pragma once
#include <bit>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

#include "wire/fields.h"
#include "wire/types.h"

namespace virtue::wire {

class Encoder {
public:
    Encoder() = default;
    explicit Encoder(size_t expected) { bytes_.reserve(expected); }

    void reserve(size_t total) { bytes_.reserve(total); }
    size_t size() const { return bytes_.size(); }
    std::span<const uint8_t> view() const { return bytes_; }
    /// The bytes; the encoder is empty afterwards.
    std::vector<uint8_t> take() { return std::exchange(bytes_, {}); }
    /// Overwrites the four bytes at `at`, which were written before: the length word, a count.
    void patch(size_t at, uint32_t value);
    /// Cuts the buffer back to `size` bytes, for a reply that turns into an error half-way.
    void truncate(size_t size) { bytes_.resize(size); }
    /// Bytes as they are: stream data.
    void raw(std::span<const uint8_t> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }

    void put(int32_t value) { put(static_cast<uint32_t>(value)); }
    void put(uint32_t value) {
        value = __builtin_bswap32(value);
        append(&value, sizeof value);
    }
    void put(int64_t value) { put(static_cast<uint64_t>(value)); }
    void put(uint64_t value) {
        value = __builtin_bswap64(value);
        append(&value, sizeof value);
    }
    void put(double value) { put(std::bit_cast<uint64_t>(value)); }
    // XDR widens the small types; a negative char is sign-extended.
    void put(int8_t value) { put(static_cast<int32_t>(value)); }
    void put(uint8_t value) { put(static_cast<uint32_t>(value)); }
    void put(uint16_t value) { put(static_cast<uint32_t>(value)); }
    void put(bool) = delete;
    void put(const std::string& value) { put_bytes(value, string_max); }
    void put(std::string_view value) { put_bytes(value, string_max); }
    void put(const Uuid& value) { append(value.bytes.data(), value.bytes.size()); }
    void put(const TypedParameter& value);
    void put(Void) {}

    template <class T>
        requires std::is_enum_v<T>
    void put(T value) {
        put(static_cast<std::underlying_type_t<T>>(value));
    }
    template <class T>
    void put(const std::optional<T>& value) {
        put(static_cast<uint32_t>(value.has_value()));
        if (value) put(*value);
    }
    template <class T, uint32_t Max>
    void put(const List<T, Max>& value) {
        put_list(value, Max);
    }
    template <uint32_t Max>
    void put(const Opaque<Max>& value) {
        put_bytes(value.text(), Max);
    }
    template <uint32_t Max>
    void put(const CharList<Max>& value) {
        put_count(value.size(), Max);
        put_chars(value);
    }
    template <uint32_t N>
    void put(const CharArray<N>& value) {
        put_chars({value.data(), N});
    }
    template <Struct T>
    void put(const T& value) {
        value.wire_fields(Fields{*this});
    }

private:
    struct Fields {
        Encoder& out;
        template <class... F>
        void operator()(const F&... fields) const {
            (out.put(fields), ...);
        }
    };

    void append(const void* data, size_t size) {
        size_t at = bytes_.size();
        bytes_.resize(at + size);
        std::memcpy(bytes_.data() + at, data, size);
    }
    template <class T>
    void put_list(const std::vector<T>& items, uint32_t max) {
        put_count(items.size(), max);
        const size_t start = bytes_.size();
        for (const T& item : items) {
            put(item);
            // Growing step by step would copy a list of thousands several times.
            if (&item == items.data()) expect((bytes_.size() - start) * (items.size() - 1));
        }
    }
    /// Makes room for about `more` bytes: a little more than that, since items differ.
    void expect(size_t more);
    void put_count(size_t count, uint32_t max);
    void put_bytes(std::string_view bytes, uint32_t max);
    void put_chars(std::string_view chars);

    std::vector<uint8_t> bytes_;
};

extern template void Encoder::put_list(const std::vector<std::string>&, uint32_t);
extern template void Encoder::put_list(const std::vector<TypedParameter>&, uint32_t);

/// Appends `value` to `out`. Errors: rpc, when a string or list is beyond its bound.
template <class T>
void encode(Encoder& out, const T& value) {
    out.put(value);
}

}  // namespace virtue::wire
