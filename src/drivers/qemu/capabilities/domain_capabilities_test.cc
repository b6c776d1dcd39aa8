#include "drivers/qemu/capabilities/domain_capabilities.h"

#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.h"
#include "drivers/qemu/golden_folder.h"
#include "io/files.h"

using namespace virtue;
using namespace virtue::qemu;

namespace {

constexpr io::Milliseconds patience{120000};
const std::string golden = golden_folder();

struct Asked {
    io::Loop loop;
    CapabilitiesCache cache;
    Asked() : cache(loop, options()) {}
    static CapabilitiesCache::Options options() {
        CapabilitiesCache::Options options;
        options.search_path = "/usr/bin";
        options.probe_time = patience;
        return options;
    }
    std::string ask(DomainCapabilitiesRequest request) {
        HostFacts host = read_host_facts();
        return loop.run_until(
            domain_capabilities(cache, std::move(request), std::move(host), io::Deadline::after(patience)));
    }
    std::string refusal(DomainCapabilitiesRequest request) {
        try {
            ask(std::move(request));
        } catch (const Error& error) {
            return error.message();
        }
        return "no error";
    }
};

// Drops lines from `from` to `to`: what depends on packages that need not be installed.
std::string without(std::string text, std::string_view from, std::string_view to) {
    const size_t begin = text.find(from);
    const size_t end = text.find(to, begin);
    REQUIRE(begin != std::string::npos);
    REQUIRE(end != std::string::npos);
    return text.erase(begin, end - begin);
}

std::string comparable(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    text = without(std::move(text), "  <os supported", "  <cpu>");
    return without(std::move(text), "      <enum name='backendModel'>\n        <value>passthrough", "    </tpm>");
}

}  // namespace

TEST_CASE("domain capabilities equal libvirt's recorded ones") {
    if (golden.empty()) {
        MESSAGE("skipped: needs ../shared/golden, which is not part of the repository (VIRTUE_SHARED names it)");
        return;
    }
    Asked asked;
    for (const auto& [name, machine] : {std::pair{"x86_64-q35-qemu", "q35"},
                                        {"x86_64-pc-i440fx-2.12-qemu", "pc-i440fx-2.12"},
                                        {"x86_64-microvm-qemu", "microvm"}}) {
        INFO(name);
        const std::string wanted = io::read_file(golden + "domcaps/" + name + "/out.xml", 1 << 20);
        const std::string got = asked.ask({.arch = "x86_64", .machine = machine, .virt_type = "qemu"});
        CHECK(comparable(got) == comparable(wanted));
    }
}

TEST_CASE("what does not exist is refused in libvirt's words") {
    Asked asked;
    CHECK(asked.refusal({.virt_type = "bogus"}) == "invalid argument: unknown virttype: bogus");
    CHECK(asked.refusal({.arch = "pdp11"}) == "invalid argument: unknown architecture: pdp11");
    CHECK(asked.refusal({.arch = "sparc64"}) ==
          "unsupported configuration: unable to find any emulator to serve 'sparc64' architecture");
    CHECK(asked.refusal({.arch = "x86_64", .machine = "bogus"}) ==
          "invalid argument: the machine 'bogus' is not supported by emulator '/usr/bin/qemu-system-x86_64'");
    CHECK(asked.refusal({.emulator = "/usr/bin/qemu-system-i386", .arch = "x86_64"}) ==
          "invalid argument: architecture from emulator 'i686' doesn't match given architecture 'x86_64'");
}

TEST_CASE("the guests of the host capabilities equal libvirt's") {
    Asked asked;
    std::vector<GuestEmulator> emulators;
    for (const auto& [arch, binary] : asked.cache.emulators()) {
        if (binary.empty() || (arch != "i686" && arch != "x86_64")) continue;
        emulators.push_back({arch, asked.loop.run_until(asked.cache.get(binary, io::Deadline::after(patience)))});
    }
    const std::string text = guests_xml(emulators);
    CHECK(text.find("      <machine canonical='pc-i440fx-7.2' maxCpus='255'>pc</machine>\n") != std::string::npos);
    if (golden.empty()) return;
    const std::string path = golden + "hostcaps/all/guests.xml";
    const std::string wanted = io::read_file(path, 1 << 20);
    for (const char* arch : {"i686", "x86_64"}) {
        auto part = [arch](const std::string& whole) {
            const size_t begin = whole.find(std::string("<arch name='") + arch + "'>");
            REQUIRE(begin != std::string::npos);
            return whole.substr(begin, whole.find("</guest>", begin) - begin);
        };
        CHECK(part(text) == part(wanted));
    }
}
