// Compares with what a real libvirtd stored (the reference data beside the repository, absent from a plain checkout).
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "model/domain/complete/complete.h"
#include "model/domain/complete/migratable.h"

namespace fs = std::filesystem;
using namespace virtue;
using model::Domain;

namespace {

// "shared/golden" in this folder or in one above it.
fs::path golden() {
    if (const char* given = std::getenv("VIRTUE_GOLDEN")) return given;
    for (fs::path at = fs::path(__FILE__).parent_path(); at.has_relative_path(); at = at.parent_path())
        if (fs::exists(at / "shared" / "golden" / "domain")) return at / "shared" / "golden";
    return {};
}

std::string text_of(const fs::path& path) {
    std::ifstream in(path);
    std::stringstream buffer;
    buffer << in.rdbuf();
    std::string text = buffer.str();
    // Numbers that differ from run to run were taken out of the recordings.
    for (size_t at; (at = text.find("@ID@")) != std::string::npos;) text.replace(at, 4, "1");
    return text;
}

// For whoever hunts the differences: the results, where VIRTUE_GOLDEN_RESULTS names a folder.
void keep(const char* what, const fs::path& source, const std::string& text) {
    const char* folder = std::getenv("VIRTUE_GOLDEN_RESULTS");
    if (folder == nullptr) return;
    const fs::path target = fs::path(folder) / what;
    fs::create_directories(target);
    std::ofstream(target / (source.parent_path().filename().string() + "." + source.filename().string())) << text;
}

struct Rate {
    int same = 0;
    int all = 0;
};

std::string sorted_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::stringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    return fmt::format("{}", fmt::join(lines, "\n"));
}

// Reading puts controllers into their order, which those that were added last do not have in what is stored.
void compare(Rate& rate, const char* what, const fs::path& wanted, const std::string& got, bool any_order = false) {
    rate.all++;
    const std::string expected = text_of(wanted);
    if (got == expected || (any_order && sorted_lines(got) == sorted_lines(expected))) {
        rate.same++;
    } else {
        keep(what, wanted, got);
    }
}

std::vector<fs::path> files(const fs::path& kind, const std::string& prefix) {
    std::vector<fs::path> result;
    for (const auto& entry : fs::recursive_directory_iterator(kind)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with(prefix) && name.ends_with(".xml")) result.push_back(entry.path());
    }
    return result;
}

Rate round_trip(const char* what, const std::vector<fs::path>& paths, const xml::Options& options) {
    Rate rate;
    for (const fs::path& path : paths) {
        std::string got;
        try {
            const auto domain = xml::parse<Domain>(text_of(path), options);
            got = xml::format(domain, options);
        } catch (const Error& error) {
            got = error.message();
        }
        compare(rate, what, path, got, true);
    }
    MESSAGE(std::string(what) << ": " << rate.same << " of " << rate.all);
    return rate;
}

// What the recording's QEMU 7.2 says.
class RecordedQemu : public model::Platform {
public:
    std::string default_arch() const override { return "x86_64"; }
    std::string emulator(model::DomainType, std::string_view arch) const override {
        if (arch == "i686") return "/usr/bin/qemu-system-i386";
        if (arch == "armv7l") return "/usr/bin/qemu-system-arm";
        if (arch == "ppc64le") return "/usr/bin/qemu-system-ppc64";
        return "/usr/bin/qemu-system-" + std::string(arch);
    }
    std::string machine(const Domain& d, std::string_view name) const override {
        const std::string& arch = d.os.arch;
        if (name.empty()) {
            if (arch == "x86_64" || arch == "i686") return "pc-i440fx-7.2";
            if (arch == "aarch64" || arch == "armv7l") return "virt-7.2";
            if (arch == "ppc64" || arch == "ppc64le") return "pseries-7.2";
            if (arch == "s390x") return "s390-ccw-virtio-7.2";
            if (arch == "riscv64") return "virt";
        }
        if (name == "pc") return "pc-i440fx-7.2";
        if (name == "q35") return "pc-q35-7.2";
        if (name == "virt" && arch != "riscv64") return "virt-7.2";
        if (name == "pseries") return "pseries-7.2";
        if (name == "s390-ccw-virtio") return "s390-ccw-virtio-7.2";
        return std::string(name);
    }
    std::string default_cpu(const Domain& d) const override {
        const std::string& arch = d.os.arch;
        if (arch == "x86_64" || arch == "i686") return d.emulator.ends_with("i386") ? "qemu32" : "qemu64";
        if (arch == "aarch64" || arch == "armv7l")
            return d.os.machine.starts_with("vexpress-a9") ? "cortex-a9" : "cortex-a15";
        if (arch == "ppc64" || arch == "ppc64le") return "POWER9";
        if (arch == "s390x") return "qemu";
        return "";
    }
};

}  // namespace

TEST_CASE("golden: definitions are completed as libvirtd stored them") {
    const fs::path folder = golden();
    if (folder.empty()) {
        MESSAGE("skipped: no shared/golden beside the repository");
        return;
    }
    Rate rate;
    Rate migratable;
    Rate again;
    RecordedQemu qemu;
    for (const fs::path& path : files(folder / "domain", "out-inactive")) {
        std::string got;
        try {
            auto domain = xml::parse<Domain>(text_of(path.parent_path() / "in.xml"));
            model::complete_for_qemu(domain, qemu);
            got = xml::format(domain);
            const fs::path beside = path.parent_path() / "out-migratable.xml";
            if (fs::exists(beside)) compare(migratable, "migratable", beside, model::format_migratable(domain, qemu));
            if (text_of(path.parent_path() / "expect.json").find("\"roundtrip\": true") != std::string::npos) {
                xml::Options secure;
                secure.secure = true;
                auto second = xml::parse<Domain>(xml::format(domain, secure));
                model::complete_for_qemu(second, qemu, false);
                compare(again, "again", path, xml::format(second));
            }
        } catch (const Error& error) {
            got = error.message();
        }
        compare(rate, "complete", path, got);
    }
    MESSAGE("defined again: " << again.same << " of " << again.all);
    CHECK(again.same == again.all);
    MESSAGE("migratable: " << migratable.same << " of " << migratable.all);
    CHECK(migratable.same >= 1052);
    MESSAGE("complete: " << rate.same << " of " << rate.all);
    CHECK(rate.same == rate.all);
    CHECK(rate.all > 500);
}

TEST_CASE("golden: what libvirtd refused is refused with its error code") {
    const fs::path folder = golden();
    if (folder.empty()) {
        MESSAGE("skipped: no shared/golden beside the repository");
        return;
    }
    Rate rate;
    RecordedQemu qemu;
    for (const auto& entry : fs::directory_iterator(folder / "domain")) {
        if (!fs::exists(entry.path() / "in.xml")) continue;
        const std::string expect = text_of(entry.path() / "expect.json");
        const size_t at = expect.find("\"define_error\": {");
        if (at == std::string::npos) continue;
        const size_t code = expect.find("\"code\": ", at) + 8;
        const size_t message = expect.find("\"message\": ", at) + 12;
        // What depends on the emulators of a host is the driver's to refuse, before anything else.
        const std::string sentence = expect.substr(message, expect.find('\n', message) - message);
        const auto of_driver = [&](const char* part) { return sentence.find(part) != std::string::npos; };
        if (of_driver("does not support virt type") || of_driver("does not support machine type") ||
            of_driver("Cannot check QEMU binary") || of_driver("preferred machine") ||
            of_driver("does not support os type") || of_driver("pidfile") || of_driver("QEMU binary /usr") ||
            of_driver("Failed to create file") || of_driver("Cannot delete directory") ||
            of_driver("No emulator found"))
            continue;
        std::string got = "accepted";
        rate.all++;
        try {
            auto domain = xml::parse<Domain>(text_of(entry.path() / "in.xml"));
            model::complete_for_qemu(domain, qemu);
        } catch (const Error& error) {
            got = fmt::format("{} {}", static_cast<int>(error.code()), error.message());
            if (static_cast<int>(error.code()) == std::atoi(expect.c_str() + code)) {
                rate.same++;
                continue;
            }
        }
        keep("errors", entry.path() / "expect.json",
             fmt::format("{} {}\n{}\n", std::atoi(expect.c_str() + code),
                         expect.substr(message, expect.find('\n', message) - message), got));
    }
    MESSAGE("errors: " << rate.same << " of " << rate.all);
    CHECK(rate.same >= 359);
}

TEST_CASE("golden: validation finds what libvirt's schema finds") {
    const fs::path folder = golden();
    if (folder.empty()) {
        MESSAGE("skipped: no shared/golden beside the repository");
        return;
    }
    Rate rate;
    for (const fs::path& path : files(folder / "domain", "out-inactive")) {
        const std::string expect = text_of(path.parent_path() / "expect.json");
        const bool good = expect.find("\"validate\": \"ok\"") != std::string::npos;
        xml::Options options;
        options.validate = true;
        std::string got = "accepted";
        try {
            static_cast<void>(xml::parse<Domain>(text_of(path.parent_path() / "in.xml"), options));
        } catch (const Error& error) {
            got = fmt::format("{} {}", static_cast<int>(error.code()), error.message());
        }
        rate.all++;
        if (good == (got == "accepted")) {
            rate.same++;
        } else {
            const size_t at = expect.find("\"message\"", expect.find("validate_error"));
            keep("validate", path,
                 fmt::format("{} {}\n", got, good ? "" : expect.substr(at, expect.find("}", at) - at)));
        }
    }
    MESSAGE("validate: " << rate.same << " of " << rate.all);
    CHECK(rate.same >= 1045);
}

TEST_CASE("golden: stored XML is written as it was read") {
    const fs::path folder = golden();
    if (folder.empty()) {
        MESSAGE("skipped: no shared/golden beside the repository");
        return;
    }
    const Rate inactive = round_trip("stored", files(folder / "domain", "out-inactive"), {});
    CHECK(inactive.all > 500);
    // One counts its consoles anew.
    CHECK(inactive.same >= inactive.all - 2);
    xml::Options options;
    options.inactive = false;
    const Rate live = round_trip("live", files(folder / "live", "out-live"), options);
    CHECK(live.same == live.all);
    auto test = files(folder / "testdriver", "domain-");
    const Rate test_driver = round_trip("test", test, options);
    CHECK(test_driver.same == test_driver.all);
    xml::Options secure;
    secure.secure = true;
    const Rate secured = round_trip("secure", files(folder / "domain", "out-secure.xml"), secure);
    CHECK(secured.same == secured.all);
}
