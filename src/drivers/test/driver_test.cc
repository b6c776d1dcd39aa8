#include "drivers/test/driver.h"

#include <unistd.h>
#include <cstdio>
#include <fstream>

#include <doctest/doctest.h>

#include "drivers/test/default_objects.h"
#include "drivers/test/domains.h"
#include "drivers/test/file_config.h"
#include "drivers/test/screenshot.h"

using namespace virtue;
using namespace virtue::test;

namespace {

Moment moment(const char* name, const char* parent) {
    Moment made;
    made.name = name;
    made.parent = parent;
    return made;
}

/// A file that is gone with the test.
struct File {
    std::string path;
    explicit File(const std::string& content) {
        char name[] = "/tmp/virtue-test-driver-XXXXXX";
        int fd = mkstemp(name);
        REQUIRE(fd >= 0);
        close(fd);
        path = name;
        std::ofstream(path) << content;
    }
    ~File() { std::remove(path.c_str()); }
};

std::string message_of_loading(const std::string& content) {
    File file(content);
    io::Loop loop;
    Instance in;
    try {
        loop.run_until(load_file_config(loop, in, file.path));
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

}  // namespace

TEST_CASE("a snapshot that goes hands its children and its place to its parent") {
    Moments moments;
    moments.put(moment("a", ""));
    moments.put(moment("b", "a"));
    moments.put(moment("c", "b"));
    moments.put(moment("d", "b"));
    moments.current = "b";
    moments.remove("b");
    CHECK(moments.find("c")->parent == "a");
    CHECK(moments.find("d")->parent == "a");
    CHECK(moments.current == "a");
    moments.current = "d";
    moments.remove_tree("a", false);
    CHECK(moments.size() == 1);
    CHECK(moments.current == "a");
    moments.remove_tree("a", true);
    CHECK(moments.empty());
    CHECK(moments.current.empty());
}

TEST_CASE("a parent that is not there ends a line of descent, and a ring does not hang it") {
    Moments moments;
    moments.put(moment("a", "b"));
    moments.put(moment("b", "a"));
    moments.put(moment("c", "gone"));
    CHECK_FALSE(moments.descends("a", "z"));
    CHECK(moments.descends("a", "b"));
    CHECK_FALSE(moments.descends("c", "a"));
}

TEST_CASE("the default world has libvirt's example objects, and its guest runs under id 1") {
    Instance in;
    fill_default(in);
    Guest* guest = in.guests.find("test");
    REQUIRE(guest != nullptr);
    CHECK(guest->current.id == 1);
    CHECK(guest->uuid().to_string() == "6695eb01-f6a4-8304-79aa-97f2502e193f");
    CHECK(in.networks.find("default") != nullptr);
    CHECK(in.pools.find("default-pool") != nullptr);
    CHECK(in.interfaces.all.contains("eth1"));
    CHECK(in.node_devices.size() == 4);
}

TEST_CASE("a change of the running definition is gone after the guest stops; one of the lasting comes with it") {
    Instance in;
    fill_default(in);
    Guest& guest = *in.guests.find("test");
    guest.chosen(api::domain_affect_live).title = "now";
    guest.chosen(api::domain_affect_config).title = "then";
    CHECK(guest.current.title == "now");
    stop(guest, api::domain_shutoff_destroyed);
    CHECK(guest.current.title == "then");
    CHECK_THROWS_WITH_AS(guest.chosen(api::domain_affect_live),
                         "Requested operation is not valid: domain is not running", Error);
}

TEST_CASE("a name or a UUID that another guest has is refused") {
    Instance in;
    fill_default(in);
    auto define = [&](const char* name, const char* uuid) {
        std::string text = std::string("<domain type='test'><name>") + name + "</name><uuid>" + uuid +
                           "</uuid><memory>1024</memory><os><type>hvm</type></os></domain>";
        assign(in, read_definition(in, text), false);
    };
    CHECK_THROWS_WITH(define("test", "11111111-1111-4111-8111-111111111111"),
                      "operation failed: domain 'test' already exists with uuid 6695eb01-f6a4-8304-79aa-97f2502e193f");
    CHECK_THROWS_WITH(
        define("other", "6695eb01-f6a4-8304-79aa-97f2502e193f"),
        "operation failed: domain 'test' is already defined with uuid 6695eb01-f6a4-8304-79aa-97f2502e193f");
    CHECK_NOTHROW(define("other", "11111111-1111-4111-8111-111111111111"));
    CHECK(in.guests.size() == 2);
}

TEST_CASE("a file's host, states and objects are taken") {
    File file(
        "<node xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><cpu><mhz>77</mhz><nodes>1</nodes>"
        "<sockets>2</sockets><cores>3</cores><threads>1</threads><active>4</active></cpu><memory>5000</memory>"
        "<domain type='test'><name>off</name><memory>1024</memory><os><type>hvm</type></os>"
        "<test:runstate>5</test:runstate><test:hasmanagedsave/></domain>"
        "<domain type='test'><name>on</name><memory>1024</memory><os><type>hvm</type></os>"
        "<test:transient/></domain></node>");
    io::Loop loop;
    Instance in;
    loop.run_until(load_file_config(loop, in, file.path));
    CHECK(in.host.cpus == 4);
    CHECK(in.host.mhz == 77);
    CHECK(in.host.memory == 5000);
    CHECK(in.guests.find("off")->state == api::domain_shutoff);
    CHECK(in.guests.find("off")->has_managed_save);
    CHECK(in.guests.find("on")->is_active());
    CHECK_FALSE(in.guests.find("on")->persistent);
}

TEST_CASE("a file that makes no sense is refused with libvirt's words") {
    CHECK(message_of_loading("<nothing/>") == "XML error: Root element is not 'node'");
    CHECK(message_of_loading("<node><cpu><mhz>fast</mhz></cpu></node>") == "XML error: invalid node cpu mhz");
    std::string broken = message_of_loading("<node>");
    CHECK(broken.starts_with("XML error: failed to parse xml document '/tmp/"));
}

TEST_CASE("the screenshot is a PNG of 1120 by 832") {
    std::vector<uint8_t> png = screenshot();
    const std::vector<uint8_t> start{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    REQUIRE(png.size() > 24);
    CHECK(std::equal(start.begin(), start.end(), png.begin()));
    CHECK((png[18] << 8 | png[19]) == 1120);
    CHECK((png[22] << 8 | png[23]) == 832);
}
