#include "base/deflate.h"

#include <doctest/doctest.h>

#include "base/error.h"

using namespace virtue;

TEST_CASE("a text comes back as it was, and takes less room meanwhile") {
    std::string text;
    for (int i = 0; i < 200; i++) text += "  <disk type='file' device='disk'>" + std::to_string(i) + "</disk>\n";
    const std::string packed = deflate(text);
    CHECK(is_deflated(packed));
    CHECK_FALSE(is_deflated(text));
    CHECK(packed.size() < text.size() / 2);
    CHECK(inflate(packed) == text);
    CHECK(inflate(deflate("")).empty());
    CHECK(inflate(deflate("x")) == "x");
}

TEST_CASE("a packed text that is cut off or changed is not taken for another one") {
    const std::string packed = deflate("<domain type='qemu'><name>one</name></domain>");
    CHECK_THROWS_AS(inflate(packed.substr(0, packed.size() - 3)), Error);
    std::string longer = packed;
    longer[1] = static_cast<char>(longer[1] + 1);
    CHECK_THROWS_AS(inflate(longer), Error);
    CHECK_THROWS_AS(inflate("<domain/>"), Error);
    CHECK_THROWS_AS(inflate(""), Error);
}
