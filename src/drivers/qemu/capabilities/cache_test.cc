#include "drivers/qemu/capabilities/cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include <doctest/doctest.h>

#include "base/error.h"
#include "drivers/qemu/capabilities/guest_digest.h"
#include "drivers/qemu/capabilities/probe.h"
#include "io/files.h"
#include "io/gate.h"

using namespace virtue;
using namespace virtue::qemu;

namespace {

constexpr io::Milliseconds patience{120000};
const std::string emulator = "/usr/bin/qemu-system-x86_64";

struct Folder {
    std::string path;
    Folder() {
        char name[] = "/tmp/virtue-caps-XXXXXX";
        REQUIRE(mkdtemp(name) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    void write_script(const std::string& name, const std::string& text) const {
        const std::string file = path + "/" + name;
        io::write_file_atomically(file, text, 0755);
    }
};

CapabilitiesCache::Options options_in(const Folder& folder) {
    CapabilitiesCache::Options options;
    options.folder = folder.path + "/cache";
    options.search_path = "/usr/bin:" + folder.path;
    options.probe_time = patience;
    return options;
}

CapabilitiesRef get(io::Loop& loop, CapabilitiesCache& cache, const std::string& binary) {
    return loop.run_until(cache.get(binary, io::Deadline::after(patience)));
}

}  // namespace

TEST_CASE("QEMU tells what it can do") {
    io::Loop loop;
    ProbeOptions options;
    options.binary = emulator;
    const QemuCapabilities found = loop.run_until(probe_binary(loop, options, io::Deadline::after(patience)));
    CHECK(found.arch == "x86_64");
    CHECK(found.version >= 7000000);
    CHECK(found.canonical_machine("q35").starts_with("pc-q35-"));
    CHECK(found.find_machine("")->alias == "pc");
    CHECK(found.find_machine("pc")->default_ram == "pc.ram");
    CHECK(found.find_machine("no-such") == nullptr);
    CHECK(found.has_command("query-status"));
    CHECK(found.has_device("virtio-blk-pci"));
    CHECK(found.has_property("virtio-blk-pci", "num-queues"));
    CHECK(found.has_option("sandbox.spawn"));
    CHECK(!found.kvm);
    CHECK(found.tcg.host_model.at("sse2") == "true");
    CHECK(QemuCapabilities::from_json(Json::parse(found.to_json().to_text())) == found);
}

TEST_CASE("capabilities are probed once and found again by the next daemon") {
    io::Loop loop;
    Folder folder;
    CapabilitiesRef first;
    {
        CapabilitiesCache cache(loop, options_in(folder));
        CHECK(cache.find(emulator) == nullptr);
        first = get(loop, cache, emulator);
        CHECK(get(loop, cache, emulator) == first);
        CHECK(cache.find(emulator) == first);
    }
    CapabilitiesCache next(loop, options_in(folder));
    CapabilitiesRef second = get(loop, next, emulator);
    CHECK(second->tcg == first->tcg);
    CHECK(second->to_json().remove("kvm-reason") == first->to_json().remove("kvm-reason"));
    CHECK(io::list_folder(folder.path + "/cache").size() == 1);
}

TEST_CASE("what nobody uses is let go of, and read from its file when somebody asks again") {
    io::Loop loop;
    Folder folder;
    CapabilitiesCache cache(loop, options_in(folder));
    CapabilitiesRef used = get(loop, cache, emulator);
    cache.forget_unused("");
    CHECK(cache.find(emulator) == used);
    const std::vector<MachineType> machines = used->machines;
    used.reset();
    cache.forget_unused(emulator);
    CHECK(cache.find(emulator) != nullptr);
    cache.forget_unused("");
    CHECK(cache.find(emulator) == nullptr);
    CHECK(get(loop, cache, emulator)->machines == machines);
}

TEST_CASE("the digest of the guests counts for the emulators that it was made of, as they were") {
    Folder folder;
    const std::string script = folder.path + "/qemu-system-test";
    folder.write_script("qemu-system-test", "#!/bin/sh\n");
    const std::vector<std::pair<std::string, std::string>> emulators = {{"x86_64", script}, {"vax", ""}};
    const std::string key = guest_digest_key(emulators, false);
    CHECK_FALSE(read_guest_digest(folder.path, key));
    write_guest_digest(folder.path, key, "<guest/>\n");
    CHECK(read_guest_digest(folder.path, guest_digest_key(emulators, false)) == "<guest/>\n");
    CHECK_FALSE(read_guest_digest(folder.path, guest_digest_key(emulators, true)));
    CHECK_FALSE(read_guest_digest(folder.path, guest_digest_key({{"i686", script}}, false)));
    folder.write_script("qemu-system-test", "#!/bin/sh\nexit 0\n");
    CHECK_FALSE(read_guest_digest(folder.path, guest_digest_key(emulators, false)));
    CHECK_FALSE(read_guest_digest("", key));
}

TEST_CASE("a changed binary is probed again, and a damaged cache file counts as none") {
    io::Loop loop;
    Folder folder;
    const std::string script = folder.path + "/qemu-system-test";
    folder.write_script("qemu-system-test", "#!/bin/sh\nexec " + emulator + " \"$@\"\n");
    CapabilitiesCache cache(loop, options_in(folder));
    CapabilitiesRef first = get(loop, cache, script);
    folder.write_script("qemu-system-test", "#!/bin/sh\n\nexec " + emulator + " \"$@\"\n");
    CHECK(cache.find(script) == nullptr);
    CapabilitiesRef second = get(loop, cache, script);
    CHECK(second != first);
    CHECK(second->machines == first->machines);
    for (const std::string& name : io::list_folder(folder.path + "/cache")) {
        io::write_file_atomically(folder.path + "/cache/" + name, "{\"format\":1,", 0644);
    }
    CapabilitiesCache next(loop, options_in(folder));
    CHECK(get(loop, next, script)->tcg == second->tcg);
}

TEST_CASE("a binary that does not start is reported with its last words") {
    io::Loop loop;
    Folder folder;
    const std::string script = folder.path + "/qemu-system-broken";
    folder.write_script("qemu-system-broken", "#!/bin/sh\necho 'error while loading shared libraries' >&2\nexit 127\n");
    CapabilitiesCache cache(loop, options_in(folder));
    CHECK_THROWS_WITH_AS(
        get(loop, cache, script),
        ("internal error: Failed to probe QEMU binary with QMP: " + script + ": error while loading shared libraries")
            .c_str(),
        Error);
    CHECK_THROWS_AS(get(loop, cache, folder.path + "/absent"), Error);
}

TEST_CASE("emulators are found by architecture") {
    io::Loop loop;
    Folder folder;
    // No emulator of today is called so: whatever is installed on this host, it is not found elsewhere.
    folder.write_script("qemu-system-lm32", "#!/bin/sh\n");
    CapabilitiesCache cache(loop, options_in(folder));
    CHECK(cache.default_emulator("x86_64") == emulator);
    CHECK(cache.default_emulator("lm32") == folder.path + "/qemu-system-lm32");
    CHECK(cache.default_emulator("vax").empty());
}

TEST_CASE("KVM counts only when it runs guests fast, and the reason is told otherwise") {
    const KvmState state = probe_kvm();
    if (state.usable) {
        CHECK(state.instructions_per_second >= slowest_usable_kvm);
        CHECK(state.reason.empty());
    } else {
        CHECK(state.reason.find("/dev/kvm") != std::string::npos);
        MESSAGE(state.reason);
    }
}
