#include "base/deflate.h"

#include <zlib.h>

#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace virtue {
namespace {

constexpr char mark = '\0';
constexpr size_t head_size = 1 + sizeof(uint32_t);
// A definition is hardly longer than this window, and zlib's own memory stays at 24 KiB with it.
constexpr int window_bits = 12;
constexpr int memory_level = 4;

Bytef* bytes_of(const char* text) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(text));
}

[[noreturn]] void fail() {
    throw Error(ErrorCode::internal_error, ErrorDomain::none, "a text that was packed in memory is damaged");
}

}  // namespace

std::string deflate(std::string_view text) {
    z_stream stream{};
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY) != Z_OK) fail();
    std::string packed(head_size + deflateBound(&stream, text.size()), mark);
    const auto length = static_cast<uint32_t>(text.size());
    std::memcpy(packed.data() + 1, &length, sizeof length);
    stream.next_in = bytes_of(text.data());
    stream.avail_in = length;
    stream.next_out = bytes_of(packed.data() + head_size);
    stream.avail_out = static_cast<uInt>(packed.size() - head_size);
    const int result = ::deflate(&stream, Z_FINISH);
    packed.resize(head_size + stream.total_out);
    deflateEnd(&stream);
    if (result != Z_STREAM_END) fail();
    packed.shrink_to_fit();
    return packed;
}

bool is_deflated(std::string_view text) {
    return text.size() > head_size && text[0] == mark;
}

std::string inflate(std::string_view deflated) {
    if (!is_deflated(deflated)) fail();
    uint32_t length = 0;
    std::memcpy(&length, deflated.data() + 1, sizeof length);
    std::string text(length, mark);
    z_stream stream{};
    if (inflateInit2(&stream, window_bits) != Z_OK) fail();
    stream.next_in = bytes_of(deflated.data() + head_size);
    stream.avail_in = static_cast<uInt>(deflated.size() - head_size);
    stream.next_out = bytes_of(text.data());
    stream.avail_out = length;
    const int result = ::inflate(&stream, Z_FINISH);
    const bool is_whole = result == Z_STREAM_END && stream.total_out == length;
    inflateEnd(&stream);
    if (!is_whole) fail();
    return text;
}

}  // namespace virtue
