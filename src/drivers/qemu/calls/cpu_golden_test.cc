// Runs libvirt's recorded comparisons and baselines of CPUs ($VIRTUE_SHARED/golden/cpu) and prints how many agree.
#include <cstdlib>
#include <map>

#include <doctest/doctest.h>
#include <boost/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "driver/cpu_xml.h"
#include "drivers/qemu/capabilities/cache.h"
#include "drivers/qemu/capabilities/hypervisor_cpu.h"
#include "io/files.h"

using namespace virtue;
using namespace virtue::qemu;

namespace {

constexpr io::Milliseconds patience{120000};

struct Rate {
    int right = 0;
    int all = 0;
};

// The <cpu> elements of a document, one after another, as the recording took them out of it.
std::vector<std::string> cpus_of(const std::string& text) {
    std::vector<std::string> cpus;
    for (size_t at = 0; (at = text.find("<cpu", at)) != std::string::npos;) {
        const char after = text[at + 4];
        const size_t open = text.find('>', at);
        if (open == std::string::npos) break;
        if (isalnum(static_cast<unsigned char>(after)) != 0) {
            at = open;
            continue;
        }
        size_t end = open + 1;
        if (text[open - 1] != '/') {
            end = text.find("</cpu>", at);
            if (end == std::string::npos) break;
            end += 6;
        }
        cpus.push_back(text.substr(at, end - at));
        at = end;
    }
    return cpus;
}

// "27 31 XML error: …", or what came back.
template <typename Call>
std::string outcome(Call call) {
    try {
        return call();
    } catch (const Error& error) {
        return fmt::format("{} {} {}", static_cast<int>(error.code()), static_cast<int>(error.domain()),
                           error.message());
    }
}

std::string recorded(const boost::json::object& expect, const std::string& folder, const std::string& facet) {
    const boost::json::value* value = expect.if_contains(facet);
    if (value == nullptr) return "(not recorded)";
    if (value->is_int64()) return std::to_string(value->as_int64());
    if (value->is_string()) return io::read_file(folder + "/" + facet + ".xml", 1 << 20);
    const boost::json::object& error = value->as_object();
    return fmt::format("{} {} {}", error.at("code").as_int64(), error.at("domain").as_int64(),
                       std::string(error.at("message").as_string()));
}

class Runner {
public:
    explicit Runner(const HypervisorCpu& x86, const HypervisorCpu& ppc64) : x86_(x86), ppc64_(ppc64) {}

    void run(const std::string& folder, const std::string& name) {
        const auto expect = boost::json::parse(io::read_file(folder + "/expect.json", 1 << 20)).as_object();
        const std::vector<std::string> cpus = cpus_of(io::read_file(folder + "/in.xml", 1 << 20));
        if (cpus.empty()) return;
        const HypervisorCpu& emulator = name.starts_with("ppc64") ? ppc64_ : x86_;
        auto check = [&](const std::string& facet, const std::string& got) {
            const std::string wanted = recorded(expect, folder, facet);
            Rate& rate = rates[facet];
            rate.all++;
            if (trim(got) == trim(wanted)) {
                rate.right++;
            } else if (getenv("VIRTUE_GOLDEN_SHOW") != nullptr) {
                MESSAGE(name, " ", facet, "\n-", wanted, "\n+", got);
            }
        };
        if (cpus.size() == 1) {
            for (uint32_t flags : {0u, 1u}) {
                auto compare = [&] { return std::to_string(static_cast<int>(emulator.compare(cpus[0], flags))); };
                check(flags == 0 ? "hv_compare" : "hv_compare_fail", outcome(compare));
            }
        }
        constexpr const char* suffixes[] = {"", "_expand", "_migratable"};
        for (uint32_t flags : {0u, 1u, 2u}) {
            check(std::string("baseline") + suffixes[flags],
                  outcome([&] { return driver::baseline_of_hosts(cpus, flags); }));
            check(std::string("hv_baseline") + suffixes[flags],
                  outcome([&] { return emulator.baseline(cpus, flags); }));
        }
    }

    std::map<std::string, Rate> rates;

private:
    const HypervisorCpu& x86_;
    const HypervisorCpu& ppc64_;
};

}  // namespace

TEST_CASE("CPUs are compared and combined as libvirt does") {
    const char* shared = getenv("VIRTUE_SHARED");
    const std::string golden = std::string(shared != nullptr ? shared : "/work/shared") + "/golden/cpu";
    if (io::list_folder(golden).empty()) {
        MESSAGE("skipped: no golden data at ", golden);
        return;
    }
    io::Loop loop;
    CapabilitiesCache::Options options;
    options.search_path = "/usr/bin";
    options.probe_time = patience;
    CapabilitiesCache cache(loop, options);
    const std::string binary = cache.default_emulator("x86_64");
    if (binary.empty()) {
        MESSAGE("skipped: no QEMU for x86_64 is installed");
        return;
    }
    const CapabilitiesRef probed = loop.run_until(cache.get(binary, io::Deadline::after(patience)));
    QemuCapabilities power;
    power.binary = "/usr/bin/qemu-system-ppc64";
    power.arch = "ppc64";
    const HypervisorCpu x86{*probed, "x86_64", false};
    const HypervisorCpu ppc64{power, "ppc64", false};
    Runner runner(x86, ppc64);
    const std::string names = io::read_file(golden + "/open.txt", 1 << 20);
    for (std::string_view name : split_lines(names)) {
        runner.run(golden + "/" + std::string(name), std::string(name));
    }
    for (const auto& [facet, rate] : runner.rates) {
        MESSAGE(facet, ": ", rate.right, " of ", rate.all);
        CHECK(rate.right * 100 >= rate.all * 99);
        CHECK(rate.all > 50);
    }
}
