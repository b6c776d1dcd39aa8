#include <doctest/doctest.h>

#include "base/uuid.h"

using virtue::Uuid;

TEST_CASE("a UUID is printed as it was read") {
    auto uuid = Uuid::parse("c7a5fdbd-edaf-9455-926a-d65c16db1809");
    REQUIRE(uuid);
    CHECK(uuid->to_string() == "c7a5fdbd-edaf-9455-926a-d65c16db1809");
    CHECK(Uuid::parse(" C7A5FDBDEDAF9455926AD65C16DB1809\n") == uuid);
}

TEST_CASE("what is not 32 hex digits is no UUID") {
    CHECK_FALSE(Uuid::parse(""));
    CHECK_FALSE(Uuid::parse("c7a5fdbd-edaf-9455-926a-d65c16db180"));
    CHECK_FALSE(Uuid::parse("c7a5fdbd-edaf-9455-926a-d65c16db18091"));
    CHECK_FALSE(Uuid::parse("g7a5fdbd-edaf-9455-926a-d65c16db1809"));
}

TEST_CASE("generated UUIDs differ and carry version 4") {
    Uuid one = Uuid::generate();
    CHECK(one != Uuid::generate());
    CHECK(one.to_string()[14] == '4');
    CHECK(one.is_plausible());
    CHECK_FALSE(Uuid{}.is_plausible());
}
