#include "drivers/qemu/monitor/qmp_reader.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "drivers/qemu/monitor/json.h"

using namespace virtue;
using namespace virtue::qemu;

namespace {

void feed(QmpReader& reader, std::string_view text) {
    reader.feed(std::span<const uint8_t>(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

std::string next(QmpReader& reader) {
    auto text = reader.next();
    return text ? std::string(*text) : "(none)";
}

}  // namespace

TEST_CASE("messages come out whole however the stream is cut") {
    const std::string stream = "{\"a\": \"}\\\"{\"}\r\n{\"b\":[1,{}]}\n";
    for (size_t cut = 1; cut < stream.size(); cut++) {
        QmpReader reader("test");
        std::string out;
        for (std::string_view part : {std::string_view(stream).substr(0, cut), std::string_view(stream).substr(cut)}) {
            feed(reader, part);
            while (auto text = reader.next()) out += std::string(*text) + "|";
        }
        CHECK(out == "{\"a\": \"}\\\"{\"}|{\"b\":[1,{}]}|");
    }
}

TEST_CASE("a stream that is no JSON is refused with the reason") {
    QmpReader reader("QEMU monitor");
    feed(reader, "hello");
    CHECK_THROWS_WITH_AS(reader.next(),
                         "internal error: the QEMU monitor sent what is no JSON message: byte 0x68 between messages",
                         Error);
}

TEST_CASE("size and depth of a message are limited") {
    QmpReader reader("test", {.message = 10, .depth = 2});
    feed(reader, "{\"a\":12}{\"a\":12345678");
    CHECK(next(reader) == "{\"a\":12}");
    CHECK_THROWS_AS(reader.next(), Error);
    QmpReader deep("test", {.message = 100, .depth = 2});
    feed(deep, "{\"a\":[{");
    CHECK_THROWS_AS(deep.next(), Error);
}

TEST_CASE("everything before the agent's sentinel is passed over") {
    QmpReader reader("test");
    feed(reader, "{\"half\":");
    CHECK(next(reader) == "(none)");
    reader.skip_to_sentinel();
    feed(reader, "12}{\"return\": 1}\n");
    CHECK(next(reader) == "(none)");
    feed(reader, "garbage\xff{\"return\": 2}\n");
    CHECK(next(reader) == "{\"return\": 2}");
}

TEST_CASE("JSON keeps the order of members and large numbers") {
    const std::string text =
        R"({"z":1,"a":18446744073709551615,"m":-9223372036854775808,"l":[null,true,"\u0001\n/"],"e":{}})";
    const Json value = Json::parse(text);
    CHECK(value.to_text() == text);
    CHECK(value.at("a").as_uint() == UINT64_MAX);
    CHECK(value.at("m").as_int() == INT64_MIN);
    CHECK(value.int_or("a", -1) == -1);
    CHECK_THROWS_AS(value.at("a").as_int(), Error);
    CHECK_THROWS_WITH_AS(value.at("nothing"), "internal error: a JSON reply lacks 'nothing'", Error);
}

TEST_CASE("text that is no JSON is refused with its place") {
    CHECK_THROWS_AS(Json::parse("{\"a\":}"), Error);
    CHECK_THROWS_AS(Json::parse("{} {}"), Error);
    CHECK_THROWS_AS(Json::parse(""), Error);
    CHECK_THROWS_AS(Json::parse(std::string(1000, '[')), Error);
}
