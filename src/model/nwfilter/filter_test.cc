#include "model/nwfilter/filter.h"

#include <doctest/doctest.h>

#include "model/golden_for_test.h"

using namespace virtue;
using model::ConditionType;
using model::Filter;
using model::FilterBinding;

TEST_CASE("values of rules are written in one form") {
    CHECK(model::canonical_condition(ConditionType::ipv4_mask, "255.255.128.0") == "17");
    CHECK(model::canonical_condition(ConditionType::ip_protocol, "17") == "udp");
    CHECK(model::canonical_condition(ConditionType::u16, "$B[ @0 ]") == "$B");
    CHECK(model::canonical_condition(ConditionType::ipset_flags, "SRC,dSt") == "src,dst");
    CHECK_FALSE(model::canonical_condition(ConditionType::dscp, "0x40"));
    CHECK_FALSE(model::canonical_condition(ConditionType::ipv4_mask, "255.0.255.0"));
    CHECK_FALSE(model::canonical_condition(ConditionType::ethertype, "5"));
}

TEST_CASE("a comment that is too long for iptables ends at a letter, so that the filter can be read again") {
    std::string comment = "a";
    for (int i = 0; i < 200; i++) comment += "é";
    const std::string text = xml::format(Filter::parse(
        "<filter name='f'><rule action='accept' direction='in'><tcp comment='" + comment + "'/></rule></filter>"));
    CHECK(text.find("éé'") != std::string::npos);
    CHECK(xml::format(Filter::parse(text)) == text);
}

TEST_CASE("a chain has libvirt's priority unless another is given") {
    CHECK(Filter::parse("<filter name='a' chain='arp-x'/>").priority == -500);
    CHECK(Filter::parse("<filter name='a' chain='arp-x' priority='-510'/>").priority == -510);
    CHECK_THROWS_AS(Filter::parse("<filter name='a' chain='other'/>"), Error);
    CHECK_THROWS_AS(Filter::parse("<filter chain='root'/>"), Error);
}

TEST_CASE("golden: filters are accepted, refused and stored as libvirtd does") {
    const auto score = golden::run("nwfilter", "define", {},
                                   [](const std::string& input) { return xml::format(Filter::parse(input)); });
    if (score.cases == 0) return;
    CHECK(score.decisions == score.cases);
    CHECK(score.errors == score.refused);
    CHECK(score.same_output == score.outputs);
}

TEST_CASE("golden: bindings of filters come back as they were") {
    int seen = 0;
    for (const auto& at : golden::cases("nwfrun")) {
        const std::string text = golden::text_of(at.folder / "binding-out.xml");
        if (text.empty()) continue;
        CHECK(xml::format(FilterBinding::parse(text)) == text);
        seen++;
    }
    if (seen > 0) MESSAGE("filter bindings: " << seen << " identical after reading and writing");
}
