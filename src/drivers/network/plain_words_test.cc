#include "drivers/network/plain_words.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "drivers/network/dnsmasq_files.h"

namespace virtue::network {
namespace {

model::Network parse(const std::string& body) {
    return model::Network::parse("<network><name>n</name>" + body + "</network>");
}

std::string refusal(const std::string& body) {
    try {
        require_plain_words(parse(body));
    } catch (const Error& error) {
        const bool own = error.detail().find("bridge interface") != std::string::npos;
        CHECK(error.code() == (own ? ErrorCode::system_error : ErrorCode::config_unsupported));
        return error.detail();
    }
    return "";
}

constexpr const char* address = "<ip address='10.0.0.1' prefix='24'/>";

TEST_CASE("Names of devices that would be more in a rule are refused") {
    const auto forward = [](const std::string& device) {
        return std::string("<forward mode='nat' dev='") + device + "'/><bridge name='virbr0'/>" + address;
    };
    CHECK(refusal(forward("eth0.12")) == "");
    CHECK(refusal(forward("br\xc3\xbc"
                          "cke")) == "");
    for (const char* device : {"x&quot;&#10;flush ruleset&#10;#", "a b", "x&quot;accept#", "../x", "-t", "eth*", "a,b"})
        CHECK(refusal(forward(device)).find("forward device") != std::string::npos);
    CHECK(refusal("<bridge name='a&quot;b'/>").find("bridge") != std::string::npos);
    CHECK(refusal("<bridge name='v%d%d'/>").find("bridge") != std::string::npos);
}

TEST_CASE("A line break makes no second line of dnsmasq's configuration") {
    const std::string evil = "a&#10;dhcp-script=/bin/sh";
    const auto body = [](const std::string& part) { return "<bridge name='virbr0'/>" + part; };
    CHECK(refusal(body("<domain name='" + evil + "'/>")) != "");
    CHECK(refusal(body("<dns><txt name='a' value='" + evil + "'/></dns>")) != "");
    CHECK(refusal(body("<dns><srv service='" + evil + "' protocol='tcp'/></dns>")) != "");
    CHECK(refusal(body("<dns><forwarder domain='" + evil + "'/></dns>")) != "");
    CHECK(refusal(body("<dns><host ip='10.0.0.2'><hostname>" + evil + "</hostname></host></dns>")) != "");
    CHECK(refusal(body("<ip address='10.0.0.1' prefix='24'><tftp root='" + evil + "'/></ip>")) != "");
    CHECK(
        refusal(body("<ip address='10.0.0.1' prefix='24'><dhcp><range start='10.0.0.2' end='10.0.0.3'/><bootp file='" +
                     evil + "'/></dhcp></ip>")) != "");
    CHECK(refusal(body("<ip address='10.0.0.1' prefix='24'><dhcp><host mac='52:54:00:00:00:01' name='" + evil +
                       "' ip='10.0.0.3'/></dhcp></ip>")) != "");
    CHECK(refusal(body("<dns><txt name='a' value='tab\tand quote \" stay'/></dns>")) == "");
}

TEST_CASE("A line that dnsmasq reads in two parts is refused") {
    CHECK_NOTHROW(require_short_lines("n", std::string(1023, 'a') + "\n" + std::string(1023, 'b') + "\n"));
    CHECK_THROWS_AS(require_short_lines("n", "short\n" + std::string(1024, 'a') + "\n"), Error);
}

TEST_CASE("Paths that dnsmasq would cut are quoted") {
    CHECK(dnsmasq_path("/run/a b.pid") == "/run/a b.pid");
    CHECK(dnsmasq_path("/run/a #b.pid") == "\"/run/a #b.pid\"");
    CHECK(dnsmasq_path("/run/a\"\\.pid") == "\"/run/a\\\"\\\\.pid\"");
    const DnsmasqPaths paths = dnsmasq_paths("/lib", "/run", "a #b");
    const std::string text = dnsmasq_config(parse(std::string("<bridge name='virbr0'/>") + address), paths);
    CHECK(text.find("pid-file=\"/run/a #b.pid\"\n") != text.npos);
    CHECK(text.find("addn-hosts=\"/lib/a #b.addnhosts\"\n") != text.npos);
}

}  // namespace
}  // namespace virtue::network
