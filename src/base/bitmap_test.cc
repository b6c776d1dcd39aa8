#include "base/bitmap.h"

#include <doctest/doctest.h>

using virtue::Bitmap;

TEST_CASE("a CPU set is read and printed as libvirt does") {
    CHECK(Bitmap::parse("0-3,^2,8")->to_string() == "0-1,3,8");
    CHECK(Bitmap::parse("5")->to_string() == "5");
    CHECK(Bitmap::parse("0-64")->count() == 65);
    CHECK(Bitmap::parse("63-64")->to_string() == "63-64");
}

TEST_CASE("a CPU set with bad syntax is refused") {
    for (const char* text : {"", "a", "1-", "3-1", "1,", "99999", "^1-2", "1 2"}) CHECK_FALSE(Bitmap::parse(text));
}

TEST_CASE("equality does not depend on how far the bits reached once") {
    Bitmap a = Bitmap::first(4);
    Bitmap b = Bitmap::first(4);
    b.set(200);
    CHECK_FALSE(a == b);
    b.set(200, false);
    CHECK(a == b);
    CHECK(b.last() == 3u);
}
