#include "drivers/qemu/keycodes.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/error.h"
#include "driver/constants.h"

namespace virtue::qemu {
namespace {

using Pair = std::pair<uint16_t, uint16_t>;

// Linux input codes that are not the same number as the XT scan code that QEMU takes; sorted.
constexpr Pair linux_beyond_xt[] = {
    {89, 115},  {90, 120},  {91, 119},  {92, 121},  {93, 112},  {94, 123},  {96, 156},  {97, 157},  {98, 181},
    {99, 84},   {100, 184}, {102, 199}, {103, 200}, {104, 201}, {105, 203}, {106, 205}, {107, 207}, {108, 208},
    {109, 209}, {110, 210}, {111, 211}, {113, 160}, {114, 174}, {115, 176}, {116, 222}, {117, 89},  {119, 198},
    {121, 126}, {122, 114}, {123, 113}, {124, 125}, {125, 219}, {126, 220}, {127, 221}, {128, 232}, {129, 133},
    {130, 134}, {131, 135}, {132, 140}, {133, 248}, {134, 100}, {135, 101}, {136, 193}, {137, 188}, {138, 245},
    {139, 158}, {140, 161}, {142, 223}, {143, 227}, {163, 153}, {164, 162}, {165, 144}, {166, 164}, {183, 93},
    {184, 94},  {185, 95},  {186, 85},  {187, 131}, {188, 247}, {189, 132}, {190, 90},  {191, 116}, {192, 249},
    {193, 109}, {194, 111},
};

// USB HID usages 4 to 99 of the keyboard page, as Linux input codes.
constexpr std::array<uint8_t, 96> usb_to_linux = {
    30,  48,  46,  32,  18,  33,  34,  35, 23, 36, 37, 38, 50, 49, 24, 25, 16, 19, 31, 20, 22,  47,  17,  45,
    21,  44,  2,   3,   4,   5,   6,   7,  8,  9,  10, 11, 28, 1,  14, 15, 57, 12, 13, 26, 27,  43,  43,  39,
    40,  41,  51,  52,  53,  58,  59,  60, 61, 62, 63, 64, 65, 66, 67, 68, 87, 88, 99, 70, 119, 110, 102, 104,
    111, 107, 109, 106, 105, 108, 103, 69, 98, 55, 74, 78, 96, 79, 80, 81, 75, 76, 77, 71, 72,  73,  82,  83,
};

std::optional<uint32_t> from_linux(uint32_t code) {
    if ((code >= 1 && code <= 83) || (code >= 86 && code <= 88)) return code;
    auto found = std::lower_bound(std::begin(linux_beyond_xt), std::end(linux_beyond_xt), code,
                                  [](const Pair& pair, uint32_t wanted) { return pair.first < wanted; });
    if (found == std::end(linux_beyond_xt) || found->first != code) return std::nullopt;
    return found->second;
}

std::optional<uint32_t> from_usb(uint32_t code) {
    if (code >= 4 && code < 4 + usb_to_linux.size()) return from_linux(usb_to_linux[code - 4]);
    constexpr std::array<uint8_t, 8> modifiers = {29, 42, 56, 125, 97, 54, 100, 126};
    if (code >= 224 && code < 224 + modifiers.size()) return from_linux(modifiers[code - 224]);
    return std::nullopt;
}

/// Scan code set 1 with its 0xe0 prefix as a high byte.
std::optional<uint32_t> from_scan_code(uint32_t code) {
    if (code >= 1 && code <= 127) return code;
    if ((code & 0xff00) == 0xe000 && (code & 0x80) == 0) return (code & 0x7f) | 0x80;
    return std::nullopt;
}

constexpr const char* set_names[] = {"linux", "xt",     "atset1", "atset2", "atset3",
                                     "osx",   "xt_kbd", "usb",    "win32",  "qnum"};

}  // namespace

std::vector<uint32_t> to_qemu_keycodes(uint32_t codeset, std::span<const uint32_t> codes) {
    if (codeset >= api::keycode_set_last) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unknown keycode set {}", codeset);
    }
    std::vector<uint32_t> numbers;
    for (uint32_t code : codes) {
        std::optional<uint32_t> number;
        if (codeset == api::keycode_set_qnum && code > 0 && code < 256) number = code;
        if (codeset == api::keycode_set_linux) number = from_linux(code);
        if (codeset == api::keycode_set_usb) number = from_usb(code);
        if (codeset == api::keycode_set_xt || codeset == api::keycode_set_atset1) number = from_scan_code(code);
        if (!number) {
            fail(ErrorCode::internal_error, ErrorDomain::qemu,
                 "cannot translate keycode {} of {} codeset to qnum keycode", code, set_names[codeset]);
        }
        numbers.push_back(*number);
    }
    return numbers;
}

}  // namespace virtue::qemu
