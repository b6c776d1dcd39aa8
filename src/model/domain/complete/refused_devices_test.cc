#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "base/tree_for_test.h"
#include "model/domain/complete/complete.h"

using namespace virtue;

namespace {

class Qemu : public model::Platform {
public:
    std::string emulator(model::DomainType, std::string_view arch) const override {
        return fmt::format("/usr/bin/qemu-system-{}", arch);
    }
    std::string machine(const model::Domain&, std::string_view) const override { return "pc-i440fx-7.2"; }
    std::string default_cpu(const model::Domain&) const override { return "qemu64"; }
};

// "67 20" for an unsupported thing that the part for domains refuses; "ok" for none.
std::string answer(const std::string& devices) {
    try {
        auto domain = xml::parse<model::Domain>(
            "<domain type='qemu'><name>a</name><memory>65536</memory><vcpu>1</vcpu><os><type arch='x86_64' "
            "machine='pc'>hvm</type></os><features><acpi/></features><devices>" +
            devices + "</devices></domain>");
        model::complete_for_qemu(domain, Qemu());
    } catch (const Error& error) {
        return fmt::format("{} {}", static_cast<int>(error.code()), static_cast<int>(error.domain()));
    }
    return "ok";
}

}  // namespace

TEST_CASE("devices that libvirt refuses are refused with its code") {
    std::ifstream file(find_in_tree("tests/golden/refused-devices.txt"));
    REQUIRE(file);
    int checked = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line[0] == '#') continue;
        std::istringstream words(line);
        std::string code, part;
        words >> code >> part;
        const std::string devices = line.substr(code.size() + part.size() + 2);
        CHECK_MESSAGE(answer(devices) == code + " " + part, devices);
        checked++;
    }
    CHECK(checked > 100);
}
