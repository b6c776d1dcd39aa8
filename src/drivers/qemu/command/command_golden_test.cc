// Command lines against those that libvirt 9.0 gave for the same definitions and the same QEMU (golden data beside the
// repository; skipped where it is absent). VIRTUE_GOLDEN_DIFF=FOLDER writes what differs, one file a case.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/capabilities/cache.h"
#include "drivers/qemu/capabilities/firmware.h"
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/golden_folder.h"
#include "io/files.h"
#include "model/domain/domain.h"

using namespace virtue;
using namespace virtue::qemu;

namespace {

constexpr io::Milliseconds patience{120000};
const std::string golden = golden_folder();

std::string quote(const std::string& word) {
    constexpr std::string_view safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%_-+=:,./";
    if (!word.empty() && word.find_first_not_of(safe) == std::string::npos) return word;
    std::string out = "'";
    for (char c : word) out += c == '\'' ? std::string("'\"'\"'") : std::string(1, c);
    return out + "'";
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

// One option a line, as the golden files have it, with what differs at every run masked.
std::string comparable(const LaunchPlan& plan) {
    std::string text;
    for (const std::string& variable : plan.environment) text += quote(variable) + "\n";
    std::string line;
    for (const std::string& argument : plan.arguments) {
        if (argument.starts_with('-') && argument.size() > 1 && !line.empty()) {
            text += line + "\n";
            line = quote(argument);
        } else {
            line += line.empty() ? quote(argument) : " " + quote(argument);
        }
    }
    text += line + "\n";
    for (std::string_view key : {"\"fd\":\"", "\"vhostfd\":\""}) {
        for (size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
            const size_t start = at + key.size();
            text.replace(start, text.find('"', start) - start, "@FD@");
        }
    }
    const size_t base = text.find("-rtc base=2");
    if (base != std::string::npos) text.replace(base + 10, 19, "@TIME@");
    return text;
}

// A started guest's: the number of the guest and of its monitor's descriptor are masked, and lines are continued.
std::string comparable_started(const LaunchPlan& plan) {
    std::string text = comparable(plan);
    replace_all(text, "/domain-1-", "/domain-@ID@-");
    replace_all(text, "/qemu/ram/1-", "/qemu/ram/@ID@-");
    replace_all(text, "libvirt/qemu/1-", "libvirt/qemu/@ID@-");
    const size_t fd = text.find("charmonitor,fd=");
    if (fd != std::string::npos) text.replace(fd + 15, text.find(',', fd + 15) - fd - 15, "@FD@");
    text.pop_back();
    replace_all(text, "\n", " \\\n");
    return text + "\n";
}

struct Rate {
    int good = 0;
    int all = 0;
    double percent() const { return all == 0 ? 0 : 100.0 * good / all; }
};

class Runner {
public:
    Runner() : cache_(loop_, options()) {}

    Rate run(const std::string& kind, const std::string& input, const std::string& wanted_file, bool started) {
        Rate rate;
        const char* diff = getenv("VIRTUE_GOLDEN_DIFF");
        for (const std::string& name : io::list_folder(golden + kind)) {
            const std::string folder = golden + kind + "/" + name + "/";
            if (access((folder + wanted_file).c_str(), R_OK) != 0) continue;
            if (access((folder + input).c_str(), R_OK) != 0) continue;
            const std::string wanted = io::read_file(folder + wanted_file, 1 << 22);
            // Only emulators that this host has can be asked what they can do.
            if (wanted.find("\n/usr/bin/qemu-system-x86_64") == std::string::npos &&
                wanted.find("\n/usr/bin/qemu-system-i386") == std::string::npos) {
                continue;
            }
            // Passwords, where there are any, are in a file of their own.
            const bool secret = access((folder + "out-secure.xml").c_str(), R_OK) == 0;
            const std::string got =
                build(io::read_file(folder + (secret ? "out-secure.xml" : input), 1 << 22), started);
            rate.all++;
            if (got == wanted) {
                rate.good++;
            } else if (diff != nullptr) {
                io::write_file_atomically(fmt::format("{}/{}", diff, name), got, 0644);
            }
        }
        return rate;
    }

private:
    static CapabilitiesCache::Options options() {
        CapabilitiesCache::Options options;
        options.search_path = "/usr/bin";
        options.probe_time = patience;
        return options;
    }

    std::string build(const std::string& text, bool started) {
        try {
            auto domain = xml::parse<model::Domain>(text);
            if (!started) show_without_host(domain);
            choose_firmware(domain, firmwares_, LaunchPaths{});
            assign_aliases(domain);
            LaunchContext context;
            context.capabilities = loop_.run_until(cache_.get(domain.emulator, io::Deadline::after(patience)));
            context.environment["PATH"] = "@PATH@";
            if (!started) return comparable(build_command(domain, std::move(context)));
            context.domain_id = 1;
            context.monitor = Fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
            return comparable_started(build_command(domain, std::move(context)));
        } catch (const Error& error) {
            return "error: " + error.message() + "\n";
        }
    }

    io::Loop loop_;
    CapabilitiesCache cache_;
    std::vector<Firmware> firmwares_ = read_firmwares({"/usr/share/qemu/firmware"});
};

}  // namespace

TEST_CASE("command lines equal libvirt's for the same definitions") {
    if (golden.empty()) {
        MESSAGE("skipped: needs ../shared/golden, which is not part of the repository (VIRTUE_SHARED names it)");
        return;
    }
    Runner runner;
    const Rate rate = runner.run("domain", "out-inactive.xml", "argv.txt", false);
    MESSAGE(fmt::format("{} of {} command lines are equal ({:.1f} %)", rate.good, rate.all, rate.percent()));
    REQUIRE(rate.all > 0);
    CHECK(rate.percent() >= 94.0);
    const Rate live = runner.run("live", "out-inactive.xml", "argv-start.txt", true);
    MESSAGE(fmt::format("{} of {} command lines of started guests are equal ({:.1f} %)", live.good, live.all,
                        live.percent()));
    CHECK(live.percent() >= 85.0);
}
