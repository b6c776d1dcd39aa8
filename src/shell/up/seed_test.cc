#include "shell/up/seed.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/error.h"
#include "shell/up/iso_image.h"

using namespace virtue;
using namespace virtue::shell;

namespace {

uint32_t number(const std::string& image, size_t at) {
    uint32_t value = 0;
    for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<uint8_t>(image[at + i]);
    return value;
}

// The file of that name in Joliet's folder, as a reader finds it: descriptor, root, records.
std::string file_of(const std::string& image, const std::string& name) {
    constexpr size_t sector = 2048;
    const size_t descriptor = 17 * sector;
    REQUIRE(image.substr(descriptor, 6) == "\2CD001");
    size_t at = number(image, descriptor + 156 + 2) * sector;
    std::string wanted;
    for (char letter : name + ";1") wanted += {'\0', letter};
    while (image[at] != 0) {
        const auto length = static_cast<uint8_t>(image[at + 32]);
        if (image.substr(at + 33, length) == wanted)
            return image.substr(number(image, at + 2) * sector, number(image, at + 10));
        at += static_cast<uint8_t>(image[at]);
    }
    return "not there";
}

}  // namespace

TEST_CASE("A CD image holds its files, whatever their length") {
    const std::string long_text(5000, 'x');
    const std::string image = iso_image("cidata", {{"user-data", long_text}, {"meta-data", ""}, {"a", "b"}});
    CHECK(image.size() % 2048 == 0);
    CHECK(image.size() == 2048 * number(image, 16 * 2048 + 80));
    CHECK(image.substr(16 * 2048 + 40, 7) == "cidata ");
    CHECK(file_of(image, "user-data") == long_text);
    CHECK(file_of(image, "meta-data").empty());
    CHECK(file_of(image, "a") == "b");
    CHECK_THROWS_AS(iso_image("cidata", {{std::string(65, 'n'), ""}}), Error);
    CHECK_THROWS_AS(iso_image("seventeen letters", {}), Error);
}

TEST_CASE("The seed names the guest, its user and keys, and its card") {
    const std::string image =
        seed_image({"8f2c", "web-1", "anna", {"ssh-ed25519 AAAA anna@\"home\""}, "52:54:00:11:22:33"});
    const std::string user = file_of(image, "user-data");
    CHECK(user.starts_with("#cloud-config\n"));
    CHECK(user.find("name: \"anna\"") != std::string::npos);
    CHECK(user.find("- \"ssh-ed25519 AAAA anna@\\\"home\\\"\"") != std::string::npos);
    CHECK(file_of(image, "meta-data") == "instance-id: \"8f2c\"\nlocal-hostname: \"web-1\"\n");
    CHECK(file_of(image, "network-config").find("macaddress: \"52:54:00:11:22:33\"") != std::string::npos);
    Seed own{"1", "x", "", {}, "", "#!/bin/sh\nid\n"};
    CHECK(file_of(seed_image(own), "user-data") == "#!/bin/sh\nid\n");
    CHECK(file_of(seed_image(own), "network-config") == "not there");
}
