#include "drivers/test/screenshot.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace virtue::test {
namespace {

constexpr uint32_t width = 1120;
constexpr uint32_t height = 832;

void put(std::vector<uint8_t>& out, uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(number >> shift));
}

uint32_t crc_of(const uint8_t* data, size_t size) {
    uint32_t crc = ~0u;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

/// RFC 2083, 3.2: length, type, data, CRC of type and data.
void put_chunk(std::vector<uint8_t>& out, std::string_view type, const std::vector<uint8_t>& data) {
    put(out, static_cast<uint32_t>(data.size()));
    size_t start = out.size();
    out.insert(out.end(), type.begin(), type.end());
    out.insert(out.end(), data.begin(), data.end());
    put(out, crc_of(out.data() + start, out.size() - start));
}

/// One bit a pixel, each line after a filter byte of 0.
std::vector<uint8_t> pixels() {
    constexpr uint32_t frame = 16;
    constexpr uint32_t stripe = 32;
    std::vector<uint8_t> lines;
    for (uint32_t y = 0; y < height; y++) {
        lines.push_back(0);
        for (uint32_t x = 0; x < width; x += 8) {
            bool edge = y < frame || y >= height - frame || x < frame || x >= width - frame;
            lines.push_back(edge || (x + y) / stripe % 2 == 0 ? 0xff : 0x00);
        }
    }
    return lines;
}

/// RFC 1950 and 1951 with stored blocks only: no library is needed for a picture this small.
std::vector<uint8_t> stored(const std::vector<uint8_t>& data) {
    constexpr size_t block = 65535;
    std::vector<uint8_t> out{0x78, 0x01};
    uint32_t a = 1;
    uint32_t b = 0;
    for (uint8_t byte : data) {
        a = (a + byte) % 65521;
        b = (b + a) % 65521;
    }
    for (size_t at = 0; at < data.size(); at += block) {
        size_t size = std::min(block, data.size() - at);
        out.push_back(at + size == data.size());
        for (uint32_t word : {static_cast<uint32_t>(size), ~static_cast<uint32_t>(size)}) {
            out.push_back(static_cast<uint8_t>(word));
            out.push_back(static_cast<uint8_t>(word >> 8));
        }
        out.insert(out.end(), data.begin() + static_cast<std::ptrdiff_t>(at),
                   data.begin() + static_cast<std::ptrdiff_t>(at + size));
    }
    put(out, b << 16 | a);
    return out;
}

}  // namespace

std::vector<uint8_t> screenshot() {
    std::vector<uint8_t> png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    std::vector<uint8_t> header;
    put(header, width);
    put(header, height);
    constexpr std::array<uint8_t, 5> one_bit_grey{1, 0, 0, 0, 0};
    header.insert(header.end(), one_bit_grey.begin(), one_bit_grey.end());
    put_chunk(png, "IHDR", header);
    put_chunk(png, "IDAT", stored(pixels()));
    put_chunk(png, "IEND", {});
    return png;
}

}  // namespace virtue::test
