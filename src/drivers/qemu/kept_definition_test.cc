#include "drivers/qemu/kept_definition.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "drivers/qemu/store.h"
#include "io/loop.h"
#include "model/domain/domain.h"

using namespace virtue;
using namespace virtue::qemu;

namespace {

const char* const with_password =
    "<domain type='qemu'>\n"
    "  <name>vault</name>\n"
    "  <uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>\n"
    "  <memory unit='KiB'>65536</memory>\n"
    "  <currentMemory unit='KiB'>32768</currentMemory>\n"
    "  <vcpu>3</vcpu>\n"
    "  <os>\n    <type arch='x86_64' machine='pc'>hvm</type>\n  </os>\n"
    "  <devices>\n"
    "    <disk type='file' device='disk'>\n      <source file='/images/vault.raw'/>\n"
    "      <target dev='vda' bus='virtio'/>\n    </disk>\n"
    "    <graphics type='vnc' port='-1' autoport='yes' passwd='swordfish'/>\n"
    "  </devices>\n"
    "</domain>\n";

struct World {
    io::Loop loop;
    PackTimer timer{loop, [] { return PackTimer::Left::nothing; }};
    KeptDefinition kept{timer};
};

}  // namespace

TEST_CASE("name and UUID are found at the beginning of a definition file") {
    auto head = read_definition_head(Store::with_note("vault", with_password));
    REQUIRE(head);
    CHECK(head->name == "vault");
    CHECK(head->uuid.to_string() == "c7a5fdbd-edaf-9455-926a-d65c16db1809");
}

TEST_CASE("a file in another form, or one that was cut off, has no head and is read whole") {
    std::string text = with_password;
    CHECK_FALSE(read_definition_head(text.substr(0, text.size() / 2)));
    CHECK_FALSE(read_definition_head("<domain type='qemu'><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid></domain>"));
    CHECK_FALSE(
        read_definition_head("<domain type='qemu'>\n  <name>a&amp;b</name>\n"
                             "  <uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>\n</domain>\n"));
    CHECK_FALSE(read_definition_head("<network>\n  <name>default</name>\n</network>"));
    CHECK_FALSE(read_definition_head(""));
}

TEST_CASE("a packed definition tells what the whole one tells") {
    World world;
    auto whole = Store::parse_definition(with_password, "");
    std::string saved = definition_xml(*whole, api::domain_xml_secure | api::domain_xml_inactive, false);
    world.kept.set(whole, saved);
    world.kept.pack();
    CHECK_FALSE(world.kept.is_packed());  // somebody else still holds the model
    whole.reset();
    world.kept.pack();
    REQUIRE(world.kept.is_packed());
    CHECK(world.kept.text()->size() < saved.size());
    CHECK(world.kept.figures().maximum_memory == 65536);
    CHECK(world.kept.figures().current_memory == 32768);
    CHECK(world.kept.figures().vcpus.maximum == 3);
    REQUIRE(world.kept.figures().disks.size() == 1);
    CHECK(world.kept.figures().disks[0].target == "vda");
    CHECK(world.kept.is_packed());  // the figures needed no model
    CHECK(*world.kept.xml(true) == saved);
    world.kept.pack();
    CHECK(*world.kept.xml(false) == saved.replace(saved.find(" passwd='swordfish'"), 19, ""));
    world.kept.pack();
    CHECK(world.kept.model()->name == "vault");
}

TEST_CASE("a definition without its model tells the same, from its text and figures") {
    World world;
    auto whole = Store::parse_definition(with_password, "");
    const std::string saved = definition_xml(*whole, api::domain_xml_secure | api::domain_xml_inactive, false);
    world.kept.set(whole, saved);
    world.kept.ease();
    CHECK_FALSE(world.kept.is_packed());  // somebody else still holds the model
    whole.reset();
    world.kept.ease();
    CHECK(world.kept.is_packed());
    CHECK_FALSE(world.kept.is_unread());
    CHECK(*world.kept.text() == saved);
    CHECK(world.kept.figures().maximum_memory == 65536);
    CHECK(*world.kept.xml(true) == saved);
    CHECK(world.kept.is_packed());
    world.kept.pack();
    CHECK(world.kept.text()->size() < saved.size());
    CHECK(world.kept.model()->name == "vault");
}

TEST_CASE("a secret is in the XML for those who may see it only") {
    World world;
    world.kept.set_unread(with_password);
    CHECK(world.kept.xml(true)->find("swordfish") != std::string::npos);
    CHECK(world.kept.xml(false)->find("swordfish") == std::string::npos);
    CHECK(world.kept.xml(false)->find("<name>vault</name>") != std::string::npos);
}

TEST_CASE("a text that is no definition says so when it is read") {
    World world;
    world.kept.set_unread("<domain type='qemu'><name>x</name><memory>much</memory></domain>");
    CHECK(world.kept.is_unread());
    CHECK_THROWS_AS(world.kept.model(), Error);
    world.kept.clear();
    CHECK_FALSE(world.kept);
}
