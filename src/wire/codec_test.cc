#include <doctest/doctest.h>

#include "wire/message.h"
#include "wire/schema.h"
#include "wire/typed_params.h"

using namespace virtue;
using namespace virtue::wire;

namespace {

std::vector<uint8_t> bytes_of(std::string_view hex) {
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return bytes;
}

template <class T>
std::string hex_of(const T& value) {
    Encoder out;
    encode(out, value);
    std::string hex;
    for (uint8_t byte : out.view()) hex += fmt::format("{:02x}", byte);
    return hex;
}

/// Encodes to `hex`, and decoding `hex` and encoding again gives `hex`.
template <class T>
void check_bytes(const T& value, std::string_view hex) {
    CHECK(hex_of(value) == hex);
    CHECK(hex_of(decode_as<T>(bytes_of(hex))) == hex);
}

struct Inner {
    std::string name;
    Uuid uuid;
    int32_t id;
    WIRE(name, uuid, id)
};

enum class Colour : int32_t { red = 1 };

struct Sample {
    Inner inner;
    List<uint64_t, 3> cells;
    std::optional<std::string> note;
    Opaque<8> cookie;
    CharList<4> label;
    CharArray<3> model;
    List<Colour, 2> colours;
    WIRE(inner, cells, note, cookie, label, model, colours)
};

void check_refused(auto&& action, std::string_view message) {
    try {
        action();
        FAIL_CHECK("was accepted");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::rpc);
        CHECK(error.domain() == ErrorDomain::rpc);
        CHECK(error.message() == message);
    }
}

template <class T>
void check_undecodable(std::string_view hex) {
    check_refused([&] { decode_as<T>(bytes_of(hex)); }, "Unable to decode message payload");
}

template <class T>
void check_unencodable(const T& value) {
    check_refused([&] { hex_of(value); }, "Unable to encode message payload");
}

}  // namespace

TEST_CASE("integers are big-endian and small ones take four bytes") {
    check_bytes(int32_t{-2}, "fffffffe");
    check_bytes(uint64_t{0x0102030405060708}, "0102030405060708");
    check_bytes(int64_t{-1}, "ffffffffffffffff");
    check_bytes(1.0, "3ff0000000000000");
    check_bytes(int8_t{-1}, "ffffffff");
    check_bytes(uint8_t{200}, "000000c8");
    check_bytes(uint16_t{65535}, "0000ffff");
    check_bytes(Colour::red, "00000001");
}

TEST_CASE("strings and bytes are filled up to four bytes, nothing and empty differ") {
    check_bytes(std::string("abcde"), "000000056162636465000000");
    check_bytes(std::string(), "00000000");
    check_bytes(std::optional<std::string>(), "00000000");
    check_bytes(std::optional<std::string>(""), "0000000100000000");
    check_bytes(Opaque<8>{1, 2, 3}, "0000000301020300");
}

TEST_CASE("a string ends at its first NUL, as a C client would see it") {
    CHECK(decode_as<std::string>(bytes_of("0000000361006200")) == "a");
}

TEST_CASE("a struct is its fields in the order of the list") {
    Sample sample{{"vm", *Uuid::parse("6695eb01-f6a4-8304-79aa-97f2502e193f"), 1},
                  {7, 8},
                  "n",
                  {9},
                  CharList<4>::with_nul("x"),
                  CharArray<3>("ab"),
                  {Colour::red}};
    check_bytes(sample,
                "00000002766d0000"
                "6695eb01f6a4830479aa97f2502e193f"
                "00000001"
                "0000000200000000000000070000000000000008"
                "00000001000000016e000000"
                "0000000109000000"
                "000000020000007800000000"
                "000000610000006200000000"
                "0000000100000001");
    CHECK(sample.label.text() == "x");
    CHECK(sample.model.text() == "ab");
}

TEST_CASE("the schema names every field, type and bound") {
    CHECK(schema_of<Sample>() ==
          "{inner:{name:string<4194304>,uuid:opaque[16],id:int},cells:array<3> of uhyper,note:optional "
          "string<4194304>,cookie:opaque<8>,label:array<4> of char,model:array[3] of char,colours:array<2> of enum}");
    CHECK(schema_of<Void>() == "void");
}

TEST_CASE("what is beyond its bound is not sent") {
    check_unencodable(List<uint64_t, 3>{1, 2, 3, 4});
    check_unencodable(Opaque<2>{1, 2, 3});
    check_unencodable(CharList<2>("abc"));
    check_unencodable(std::string(string_max + 1, 'x'));
    check_unencodable(TypedParameter{std::string(80, 'x'), 1});
}

TEST_CASE("what is beyond its bound or cut short is refused") {
    check_undecodable<List<uint64_t, 3>>("00000004" + std::string(64, '0'));
    check_undecodable<List<uint64_t, 3>>("000000020000000000000007");
    check_undecodable<List<uint32_t, 0xffffffff>>("ffffffff00000000");
    check_undecodable<Opaque<2>>("0000000301020300");
    check_undecodable<Opaque<8>>("00000003010203");
    check_undecodable<std::string>("00400001");
    check_undecodable<std::string>("000000ff61");
    check_undecodable<std::string>("ffffffff");
    check_undecodable<CharList<65536>>("0001000000000000");
    check_undecodable<std::optional<std::string>>("00000001");
    check_undecodable<uint64_t>("00000001");
    check_undecodable<int32_t>("");
}

TEST_CASE("a surplus after the arguments is left to the caller") {
    std::vector<uint8_t> bytes = bytes_of("0000000100000002");
    Decoder in(bytes);
    uint32_t value = 0;
    decode(in, value);
    CHECK(value == 1);
    CHECK(in.remaining() == 4);
}

TEST_CASE("typed parameters carry the number of their type") {
    check_bytes(TypedParameter{"a", int32_t{-1}}, "000000016100000000000001ffffffff");
    check_bytes(TypedParameter{"a", uint32_t{1}}, "00000001610000000000000200000001");
    check_bytes(TypedParameter{"a", int64_t{1}}, "0000000161000000000000030000000000000001");
    check_bytes(TypedParameter{"a", uint64_t{1}}, "0000000161000000000000040000000000000001");
    check_bytes(TypedParameter{"a", 1.0}, "0000000161000000000000053ff0000000000000");
    check_bytes(TypedParameter{"a", true}, "00000001610000000000000600000001");
    check_bytes(TypedParameter{"a", "b"}, "0000000161000000000000070000000162000000");
    check_undecodable<TypedParameter>("00000001610000000000000000000001");
    check_undecodable<TypedParameter>("00000001610000000000000800000001");
}

TEST_CASE("a parameter is found by its name and only as its own type") {
    TypedParameters parameters;
    parameters.add_ullong("cpu.time", 5);
    parameters.add_boolean("on", true);
    parameters.add_string("name", "x");
    CHECK(parameters.find_ullong("cpu.time") == 5u);
    CHECK(parameters.find_boolean("on") == true);
    CHECK(parameters.find_string("name") == "x");
    CHECK_FALSE(parameters.find_int("absent"));
    CHECK_THROWS_WITH(parameters.find_int("cpu.time"),
                      "invalid argument: Invalid type 'int' requested for parameter 'cpu.time', actual type is "
                      "'ullong'");
}

TEST_CASE("parameters that nobody expects, of the wrong type or given twice are refused") {
    const ExpectedParameter expected[] = {{"size", 4}, {"mount", 7, true}};
    validate({{"size", uint64_t{1}}, {"mount", "/"}, {"mount", "/home"}}, expected);
    CHECK_THROWS_WITH(validate({{"colour", 1}}, expected), doctest::Contains("parameter 'colour' not supported"));
    CHECK_THROWS_WITH(validate({{"size", 1}}, expected),
                      doctest::Contains("invalid type 'int' for parameter 'size', expected 'ullong'"));
    CHECK_THROWS_WITH(validate({{"size", uint64_t{1}}, {"size", uint64_t{2}}}, expected),
                      doctest::Contains("parameter 'size' occurs multiple times"));
    std::vector<TypedParameter> list{{"a", 1}, {"b", "text"}};
    drop_strings(list);
    CHECK(list == std::vector<TypedParameter>{{"a", 1}});
}
