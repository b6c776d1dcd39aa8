#include <doctest/doctest.h>

#include "drivers/qemu/block/backing_string.h"
#include "drivers/qemu/block/chain.h"

using namespace virtue;
using namespace virtue::qemu;

TEST_CASE("the name in an image's header is a path, beside the image unless it begins with a slash") {
    CHECK(parse_backing_string("/a/b.img", "/x")->path == "/a/b.img");
    CHECK(parse_backing_string("b.img", "/x")->path == "/x/b.img");
    CHECK(parse_backing_string("file:///a/b.img", "/x")->path == "/a/b.img");
    CHECK(parse_backing_string("./odd:name", "/x")->path == "/x/./odd:name");
}

TEST_CASE("a header that says more in JSON is understood, nested or flat") {
    const auto nested =
        parse_backing_string(R"(json:{"driver":"qcow2","file":{"driver":"file","filename":"/a/b.img"}})", "/x");
    REQUIRE(nested);
    CHECK(nested->path == "/a/b.img");
    CHECK(nested->format == model::StorageFormat::qcow2);
    const auto flat = parse_backing_string(R"(json:{"file.driver":"file","file.filename":"b.img"})", "/x");
    REQUIRE(flat);
    CHECK(flat->path == "/x/b.img");
    const auto nbd = parse_backing_string(R"(json:{"driver":"raw","file":{"driver":"nbd","host":"h","port":"7"}})", "");
    REQUIRE(nbd);
    CHECK(nbd->protocol == model::StorageProtocol::nbd);
    CHECK(nbd->hosts.at(0).port == "7");
}

TEST_CASE("what only QEMU understands is nothing, and so is broken text") {
    CHECK_FALSE(parse_backing_string("rbd:pool/image", "/x"));
    CHECK_FALSE(parse_backing_string("json:{\"file\":", "/x"));
    CHECK_FALSE(parse_backing_string("json:[1]", "/x"));
    CHECK_FALSE(parse_backing_string("ssh://host/path", "/x"));
    CHECK(parse_backing_string("nbd://host/export", "/x")->hosts.at(0).port == "10809");
    CHECK(parse_backing_string("nbd+unix:///export?socket=/s", "/x")->hosts.at(0).socket == "/s");
}

TEST_CASE("layers are named by target and number, by path, or not at all") {
    model::StorageSource top;
    top.type = model::StorageType::file;
    top.path = "/i/top";
    top.index = 1;
    model::StorageSource base = top;
    base.path = "/i/base";
    base.index = 4;
    base.backing.emplace_back();
    top.backing.push_back(base);
    CHECK(depth_of(top) == 2);
    CHECK(find_layer(top, std::nullopt, "vda[4]", "vda") == 1);
    CHECK(find_layer(top, 0, "/i/base", "vda") == 1);
    CHECK(find_layer(top, std::nullopt, std::nullopt, "vda") == 1);
    CHECK_THROWS_WITH_AS(find_layer(top, 0, "/i/top", "vda"),
                         "invalid argument: could not find image '/i/top' beneath '/i/top' in chain for 'vda'", Error);
    CHECK_THROWS_WITH_AS(find_layer(top, std::nullopt, "vdb[4]", "vda"),
                         "invalid argument: requested target 'vdb' does not match target 'vda'", Error);
    CHECK_THROWS_AS(find_layer(top, std::nullopt, "vda[9]", "vda"), Error);
    CHECK_FALSE(parse_layer_name("vda["));
    CHECK(parse_layer_name("vda")->index == 0);
}
