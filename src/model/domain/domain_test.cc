#include "model/domain/domain.h"

#include <doctest/doctest.h>

using namespace virtue;
using model::Domain;

namespace {

// What stands around the part that a test is about.
std::string around(const std::string& devices, const std::string& more = {}) {
    return "<domain type='qemu'><name>a</name><memory>1024</memory><os><type arch='x86_64' "
           "machine='pc'>hvm</type></os>" +
           more + "<devices>" + devices + "</devices></domain>";
}

std::string read_and_write(const std::string& text) {
    return xml::format(xml::parse<Domain>(text));
}

bool has(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

ErrorCode refused(const std::string& text) {
    try {
        static_cast<void>(xml::parse<Domain>(text));
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::ok;
}

}  // namespace

TEST_CASE("a small domain is written with what libvirt always shows") {
    CHECK(read_and_write(around("")) == R"(<domain type='qemu'>
  <name>a</name>
  <memory unit='KiB'>1024</memory>
  <currentMemory unit='KiB'>1024</currentMemory>
  <vcpu placement='static'>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
  </os>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
  </devices>
</domain>
)");
}

TEST_CASE("a password is shown only where secure XML was asked for") {
    const auto domain = xml::parse<Domain>(around("<graphics type='vnc' port='-1' passwd='secret'/>"));
    CHECK_FALSE(has(xml::format(domain), "secret"));
    xml::Options secure;
    secure.secure = true;
    CHECK(has(xml::format(domain, secure), "passwd='secret'"));
}

TEST_CASE("a definition keeps the user's aliases and drops ours") {
    const auto text =
        read_and_write(around("<rng model='virtio'><backend model='builtin'/><alias name='ua-x'/></rng>"
                              "<rng model='virtio'><backend model='builtin'/><alias name='rng1'/></rng>"));
    CHECK(has(text, "ua-x"));
    CHECK_FALSE(has(text, "rng1"));
}

TEST_CASE("wrong domains are refused with libvirt's codes") {
    CHECK(refused("<domain type='nemu'><name>a</name></domain>") == ErrorCode::config_unsupported);
    CHECK(refused("<domain type='qemu'><memory>1</memory></domain>") == ErrorCode::no_name);
    CHECK(refused("<domain type='qemu'><name>a/b</name></domain>") == ErrorCode::xml_error);
    CHECK(refused("<domain type='qemu'><name>a</name></domain>") == ErrorCode::xml_error);
    CHECK(refused(around("<disk type='file'><source file='/a'/></disk>")) == ErrorCode::no_target);
    CHECK(refused(around("<rng model='virtio'/>")) == ErrorCode::xml_error);
    CHECK(refused(around("<watchdog model='cat'/>")) == ErrorCode::config_unsupported);
    CHECK(refused(around("", "<features><fly/></features>")) == ErrorCode::config_unsupported);
    CHECK(refused(around("")) == ErrorCode::ok);
}

TEST_CASE("memory is read in every unit and kept in KiB") {
    const auto domain = xml::parse<Domain>(
        "<domain type='test'><name>a</name><memory unit='GiB'>2</memory><currentMemory "
        "unit='bytes'>1025</currentMemory>"
        "<os><type>hvm</type></os></domain>");
    CHECK(domain.memory.count == 2u << 20);
    CHECK(domain.current().count == 2);
}

TEST_CASE("I/O threads without numbers get the lowest free ones") {
    const auto domain =
        xml::parse<Domain>(around("", "<iothreads>3</iothreads><iothreadids><iothread id='2'/></iothreadids>"));
    REQUIRE(domain.iothread_ids.size() == 3);
    CHECK(domain.iothread_ids[0].id == 2);
    CHECK(domain.iothread_ids[1].id == 1);
    CHECK(domain.iothread_ids[2].id == 3);
}

TEST_CASE("disk names and numbers belong together") {
    CHECK(model::disk_name_index("vda") == 0u);
    CHECK(model::disk_name_index("sdab") == 27u);
    CHECK(model::disk_name_index("hdc1") == 2u);
    CHECK_FALSE(model::disk_name_index("abc"));
    CHECK(model::disk_name("sd", 27) == "sdab");
    CHECK(model::disk_name("vd", 701) == "vdzz");
}

TEST_CASE("domain: metadata keeps prefixes that are declared further up") {
    const auto domain = xml::parse<Domain>(
        "<domain type='qemu' xmlns:o='urn:o'><name>x</name><metadata><o:a o:b='1'><o:c/></o:a></metadata>"
        "<memory>65536</memory><os><type>hvm</type></os></domain>");
    const std::string text = xml::format(domain);
    CHECK(text.find("<metadata xmlns:o=\"urn:o\">\n    <o:a o:b=\"1\">\n      <o:c/>") != std::string::npos);
    CHECK(xml::format(xml::parse<Domain>(text)) == text);
}
