// Documents made to hurt: each is refused with a sentence that says why. How long it took is printed, not judged.
#include <chrono>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "model/domain/complete/complete.h"

using namespace virtue;
using model::Domain;

namespace {

class AnyQemu : public model::Platform {
public:
    std::string emulator(model::DomainType, std::string_view arch) const override {
        return "/usr/bin/qemu-system-" + std::string(arch);
    }
    std::string machine(const Domain&, std::string_view) const override { return "pc-q35-7.2"; }
    std::string default_cpu(const Domain&) const override { return "qemu64"; }
};

std::string domain(const std::string& rest, const std::string& devices = "") {
    return "<domain type='qemu'><name>x</name><memory>65536</memory><os><type arch='x86_64' "
           "machine='q35'>hvm</type></os>" +
           rest + "<devices>" + devices + "</devices></domain>";
}

std::string repeated(const std::string& text, size_t times) {
    std::string all;
    all.reserve(text.size() * times);
    for (size_t i = 0; i < times; i++) all += text;
    return all;
}

// What parsing, completing and writing says: the error, or "accepted".
std::string outcome(const std::string& what, const std::string& text) {
    const auto begin = std::chrono::steady_clock::now();
    std::string said = "accepted";
    try {
        auto parsed = xml::parse<Domain>(text);
        model::complete_for_qemu(parsed, AnyQemu());
        static_cast<void>(xml::format(parsed));
    } catch (const Error& error) {
        said = error.message();
    }
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    MESSAGE(what << ": " << text.size() << " bytes, " << took.count() << " ms: " << said.substr(0, 160));
    return said;
}

bool says(const std::string& said, std::string_view part) {
    return said.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("bad input: what is too much is refused at its limit") {
    CHECK(says(outcome("10,000 devices", domain("", repeated("<input type='tablet' bus='usb'/>", 10000))),
               "more than the 4096"));
    CHECK(says(outcome("10,000 deep", domain(repeated("<a>", 10000) + repeated("</a>", 10000))), "256"));
    CHECK(says(outcome("33 MB", domain("<description>" + std::string(size_t{33} << 20, 'a') + "</description>")),
               "more than the"));
    CHECK(says(outcome("2,000,000 elements", domain(repeated("<a/>", 2000000))), "more than 262144 nodes"));
    CHECK(says(outcome("a chain of images", domain("", "<disk type='file'><source file='/a'/><target dev='vda'/>" +
                                                           repeated("<backingStore type='file'><format type='qcow2'/>"
                                                                    "<source file='/a'/>",
                                                                    300) +
                                                           repeated("</backingStore>", 300) + "</disk>")),
               "256"));
}

TEST_CASE("bad input: entities do not grow") {
    const std::string bomb =
        "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
        "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>]>";
    CHECK(says(outcome("entities", bomb + domain("<description>&c;</description>")), "DOCTYPE"));
    CHECK(says(outcome("a file", "<!DOCTYPE d [<!ENTITY f SYSTEM 'file:///etc/passwd'>]>" +
                                     domain("<description>&f;</description>")),
               "DOCTYPE"));
}

TEST_CASE("bad input: what contradicts itself is refused with its place") {
    const std::string address = "<address type='pci' domain='0' bus='0' slot='5' function='0'/>";
    const std::string disk = "<disk type='file'><source file='/a'/><target dev='vd{}' bus='virtio'/>{}</disk>";
    CHECK(says(outcome("one address twice", domain("", fmt::format(fmt::runtime(disk), "a", address) +
                                                           fmt::format(fmt::runtime(disk), "b", address))),
               "0000:00:05.0"));
    CHECK(outcome("one name twice", domain("", fmt::format(fmt::runtime(disk), "a", "") +
                                                   fmt::format(fmt::runtime(disk), "a", ""))) != "accepted");
    CHECK(outcome("more threads than processors",
                  domain("<vcpu>5</vcpu><cpu><topology sockets='1' cores='2' threads='2'/></cpu>")) != "accepted");
    CHECK(outcome("a bus without a controller for it",
                  domain("", fmt::format(fmt::runtime(disk), "a",
                                         "<address type='pci' domain='0' bus='0xfe' slot='40' function='0'/>"))) !=
          "accepted");
}

TEST_CASE("bad input: as many devices as there may be are handled") {
    std::string devices;
    for (int i = 0; i < 200; i++)
        devices += fmt::format("<disk type='file'><source file='/i{}'/><target dev='vd{}{}' bus='virtio'/></disk>", i,
                               static_cast<char>('a' + i / 26), static_cast<char>('a' + i % 26));
    CHECK(outcome("200 disks", domain("", devices)) == "accepted");
    CHECK(outcome("10 MB of description",
                  domain("<description>" + std::string(size_t{9} << 20, 'a') + "</description>")) == "accepted");
}
