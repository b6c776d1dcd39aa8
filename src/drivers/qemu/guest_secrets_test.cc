#include "drivers/qemu/guest_secrets.h"

#include <doctest/doctest.h>
#include <algorithm>
#include <string>

using namespace virtue;
using namespace virtue::qemu;

namespace {

std::vector<uint8_t> bytes(std::string_view hex) {
    std::vector<uint8_t> out;
    for (size_t i = 0; i + 1 < hex.size(); i += 2)
        out.push_back(static_cast<uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    return out;
}

template <size_t Size>
std::array<uint8_t, Size> array_of(std::string_view hex) {
    std::array<uint8_t, Size> out{};
    const std::vector<uint8_t> given = bytes(hex);
    std::copy(given.begin(), given.end(), out.begin());
    return out;
}

}  // namespace

TEST_CASE("a secret is encrypted as QEMU expects it: AES-256-CBC with PKCS#7 padding") {
    // NIST SP 800-38A, F.2.5: the first block; the second is the padding that a whole block gets.
    const MasterKey key = array_of<32>("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
    const std::array<uint8_t, 16> vector = array_of<16>("000102030405060708090a0b0c0d0e0f");
    const std::string text = encrypt_secret(bytes("6bc1bee22e409f96e93d7e117393172a"), key, vector);
    REQUIRE(text.size() == 32);
    const std::vector<uint8_t> first = bytes("f58c4c04d6e5f1ba779eabfb5f7bfbd6");
    CHECK(std::equal(first.begin(), first.end(), text.begin(),
                     [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); }));
    CHECK(encrypt_secret(bytes("616263"), key, vector).size() == 16);
    CHECK(encrypt_secret({}, key, vector).size() == 16);
}
