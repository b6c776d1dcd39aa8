#include "base/excerpt.h"

#include <string>

#include <doctest/doctest.h>

using virtue::excerpt;

TEST_CASE("an excerpt ends between two letters, however many bytes they have") {
    CHECK(excerpt("abc", 3) == "abc");
    CHECK(excerpt("abcd", 3) == "abc");
    CHECK(excerpt("aé", 2) == "a");
    CHECK(excerpt("aé", 3) == "aé");
    CHECK(excerpt("a€b", 3) == "a");
    CHECK(excerpt("a😀", 4) == "a");
    CHECK(excerpt("", 0) == "");
    CHECK(excerpt("é", 0) == "");
}

TEST_CASE("an excerpt of what is no UTF-8 is not much shorter than was asked for") {
    CHECK(excerpt(std::string(100, '\x80'), 50).size() >= 47);
}
