#include "base/text.h"

#include <doctest/doctest.h>

#include <cstdint>

using namespace virtue;
using Parts = std::vector<std::string_view>;

TEST_CASE("text is trimmed, split and joined without losing or inventing parts") {
    CHECK(trim(" \t a b\r\n") == "a b");
    CHECK(trim(" \n") == "");
    CHECK(split("a,,b", ',') == Parts{"a", "", "b"});
    CHECK(split("", ',') == Parts{""});
    CHECK(split(",", ',') == Parts{"", ""});
    CHECK(split_words("  a\t b\n") == Parts{"a", "b"});
    CHECK(split_words(" ").empty());
    CHECK(split_lines("one\r\n\ntwo") == Parts{"one", "", "two"});
    CHECK(split_lines("one\n") == Parts{"one"});
    CHECK(join({"a", "b", "c"}, ", ") == "a, b, c");
    CHECK(join({}, ", ") == "");
}

TEST_CASE("a number is the whole text or nothing") {
    CHECK(parse_number<int>("-12") == -12);
    CHECK(parse_number<uint8_t>("255") == 255);
    CHECK_FALSE(parse_number<uint8_t>("256"));
    CHECK_FALSE(parse_number<unsigned>("-1"));
    CHECK_FALSE(parse_number<int>(""));
    CHECK_FALSE(parse_number<int>("+1"));
    CHECK_FALSE(parse_number<int>(" 1"));
    CHECK_FALSE(parse_number<int>("1x"));
    CHECK_FALSE(parse_number<int>("0x"));
    CHECK(parse_number<int>("ff", 16) == 255);
    CHECK(parse_number<int>("0xff", 16) == 255);
    CHECK(parse_number<int>("0x10", 0) == 16);
    CHECK(parse_number<int>("010", 0) == 10);
}

TEST_CASE("sizes know libvirt's units and refuse what does not fit") {
    CHECK(parse_size("10") == 10);
    CHECK(parse_size("10", 1024) == 10240);
    CHECK(parse_size("1KiB") == 1024);
    CHECK(parse_size("2 k") == 2048);
    CHECK(parse_size("3KB") == 3000);
    CHECK(parse_size("1GiB") == uint64_t{1} << 30);
    CHECK(parse_size("1G") == uint64_t{1} << 30);
    CHECK(parse_size("5 bytes", 1024) == 5);
    CHECK(parse_size("15E") == uint64_t{15} << 60);
    CHECK_FALSE(parse_size("16E"));
    CHECK_FALSE(parse_size("-1"));
    CHECK_FALSE(parse_size("1.5G"));
    CHECK_FALSE(parse_size("1 Kx"));
    CHECK_FALSE(parse_size("KiB"));
}

TEST_CASE("the nearest word is found if one is near at all") {
    Parts words{"listen_tls", "listen_tcp", "max_clients"};
    CHECK(nearest("max_client", words) == "max_clients");
    CHECK(nearest("listen_tsl", words) == "listen_tls");
    CHECK(nearest("frobnicate", words) == "");
}
