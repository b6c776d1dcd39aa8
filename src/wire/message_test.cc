#include "wire/message.h"

#include <doctest/doctest.h>

using namespace virtue;
using namespace virtue::wire;

TEST_CASE("a message is its length, six words and the payload") {
    Header header{.program = static_cast<uint32_t>(Program::remote), .procedure = 60, .serial = 3};
    std::vector<uint8_t> expected{0, 0, 0, 32, 0x20, 0, 0x80, 0x86, 0, 0, 0, 1, 0, 0, 0, 60,
                                  0, 0, 0, 0,  0,    0, 0,    3,    0, 0, 0, 0, 0, 0, 0, 14};
    CHECK(encode_message(header, int32_t{14}) == expected);

    std::optional<Header> read = decode_header(std::span(expected).subspan(4));
    REQUIRE(read);
    CHECK(*read == header);
    CHECK(read->is(Program::remote));
    CHECK_FALSE(read->is(Program::qemu));
}

TEST_CASE("fewer than 24 bytes are no header, a number we do not know is") {
    std::vector<uint8_t> bytes(24, 0xff);
    CHECK(decode_header(bytes));
    CHECK(decode_header(bytes)->type == static_cast<MessageType>(-1));
    bytes.pop_back();
    CHECK_FALSE(decode_header(bytes));
}

TEST_CASE("a length covers itself and stays below the limit") {
    CHECK_FALSE(is_valid_length(0));
    CHECK_FALSE(is_valid_length(3));
    CHECK(is_valid_length(4));
    CHECK(is_valid_length(28));
    CHECK(is_valid_length(message_max + 4));
    CHECK_FALSE(is_valid_length(message_max + 5));
    CHECK_FALSE(is_valid_length(0xffffffff));
}

TEST_CASE("a message beyond the limit is not sent") {
    Encoder out = begin_message(Header{});
    out.raw(std::vector<uint8_t>(payload_max));
    CHECK(finish_message(std::move(out)).size() == message_max + length_size);
    Encoder longer = begin_message(Header{});
    longer.raw(std::vector<uint8_t>(payload_max + 1));
    CHECK_THROWS_WITH(finish_message(std::move(longer)), "Unable to encode message payload");
}

TEST_CASE("an error travels with libvirt's format and its argument") {
    MessageError sent(Error(ErrorCode::no_domain, ErrorDomain::test, "no domain with matching name 'x'"));
    Encoder out;
    encode(out, sent);
    MessageError received = decode_as<MessageError>(out.view());
    CHECK(received.code == 42);
    CHECK(received.domain == 12);
    CHECK(received.level == 2);
    CHECK(received.message == "Domain not found: no domain with matching name 'x'");
    CHECK(received.str1 == "Domain not found: %s");
    CHECK(received.str2 == "no domain with matching name 'x'");
    CHECK_FALSE(received.str3);
    CHECK(received.int1 == -1);
    CHECK(received.int2 == -1);

    Error error = received.to_error();
    CHECK(error.code() == ErrorCode::no_domain);
    CHECK(error.domain() == ErrorDomain::test);
    CHECK(error.message() == "Domain not found: no domain with matching name 'x'");
}

TEST_CASE("an error of the system keeps its errno") {
    Error error = MessageError(Error::from_errno(2, ErrorDomain::qemu, "cannot open 'x'")).to_error();
    CHECK(error.int1() == 2);
    CHECK(error.message() == "cannot open 'x': No such file or directory");
}
