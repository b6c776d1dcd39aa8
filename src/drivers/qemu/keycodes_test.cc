#include "drivers/qemu/keycodes.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "driver/constants.h"

using namespace virtue;
using virtue::qemu::to_qemu_keycodes;

TEST_CASE("letters are the same key in every numbering") {
    const uint32_t linux_a[] = {30};
    const uint32_t usb_a[] = {4};
    CHECK(to_qemu_keycodes(api::keycode_set_linux, linux_a) == std::vector<uint32_t>{30});
    CHECK(to_qemu_keycodes(api::keycode_set_usb, usb_a) == std::vector<uint32_t>{30});
}

TEST_CASE("ctrl-alt-delete from the right-hand side of the keyboard") {
    const uint32_t keys[] = {97, 100, 111};
    CHECK(to_qemu_keycodes(api::keycode_set_linux, keys) == std::vector<uint32_t>{157, 184, 211});
    const uint32_t usb[] = {228, 230, 76};
    CHECK(to_qemu_keycodes(api::keycode_set_usb, usb) == std::vector<uint32_t>{157, 184, 211});
}

TEST_CASE("a code that names no key is refused with its number") {
    const uint32_t keys[] = {999};
    CHECK_THROWS_WITH_AS(to_qemu_keycodes(api::keycode_set_linux, keys),
                         "internal error: cannot translate keycode 999 of linux codeset to qnum keycode", Error);
}
