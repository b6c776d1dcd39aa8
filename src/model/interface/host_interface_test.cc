#include "model/interface/host_interface.h"

#include <doctest/doctest.h>

#include "model/golden_for_test.h"

using namespace virtue;
using model::HostInterface;

TEST_CASE("an interface without name or of an unknown type is refused") {
    CHECK_THROWS_AS(HostInterface::parse("<interface type='ethernet'/>"), Error);
    CHECK_THROWS_AS(HostInterface::parse("<interface type='warp' name='a'/>"), Error);
    CHECK_THROWS_AS(HostInterface::parse("<interface type='bond' name='a'><bond/></interface>"), Error);
}

TEST_CASE("golden: interfaces come back as they were") {
    int seen = 0;
    for (const auto& at : golden::cases("interface")) {
        CAPTURE(at.name);
        CHECK(xml::format(HostInterface::parse(at.input)) == at.input);
        seen++;
    }
    const auto folder = golden::folder("testdriver");
    if (folder.empty()) return;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("interface-") || !name.ends_with(".xml")) continue;
        const std::string text = golden::text_of(entry.path());
        CHECK(xml::format(HostInterface::parse(text)) == text);
        seen++;
    }
    MESSAGE("interfaces: " << seen << " identical after reading and writing");
    CHECK(seen > 10);
}
