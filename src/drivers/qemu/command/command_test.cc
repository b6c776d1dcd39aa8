#include "drivers/qemu/command/command.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <doctest/doctest.h>

#include "base/error.h"
#include "drivers/qemu/capabilities/cache.h"
#include "drivers/qemu/capabilities/firmware.h"
#include "drivers/qemu/monitor/monitor.h"
#include "io/files.h"
#include "io/process.h"
#include "model/domain/domain.h"

using namespace virtue;
using namespace virtue::qemu;

namespace {

constexpr io::Milliseconds patience{120000};

const char* const small_guest = R"(<domain type='qemu'>
  <name>a,b</name>
  <uuid>2e362f22-100f-54a9-b150-70a6e6c0a24f</uuid>
  <memory unit='MiB'>64</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type><boot dev='hd'/></os>
  <features><acpi/></features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'><driver name='qemu' type='raw' cache='none'/><source file='@FOLDER@/disk, with comma'/>
      <target dev='vda' bus='virtio'/><address type='pci' domain='0' bus='0' slot='3' function='0'/></disk>
    <disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/>
      <address type='drive' controller='0' bus='1' target='0' unit='0'/></disk>
    <controller type='pci' index='0' model='pci-root'/>
    <controller type='ide' index='0'><address type='pci' domain='0' bus='0' slot='1' function='1'/></controller>
    <controller type='usb' index='0' model='piix3-uhci'>
      <address type='pci' domain='0' bus='0' slot='1' function='2'/></controller>
    <controller type='virtio-serial' index='0'><address type='pci' domain='0' bus='0' slot='4' function='0'/></controller>
    <interface type='user'><mac address='52:54:00:00:00:01'/><model type='virtio'/>
      <address type='pci' domain='0' bus='0' slot='5' function='0'/></interface>
    <serial type='pty'><target type='isa-serial' port='0'><model name='isa-serial'/></target></serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/>
      <address type='virtio-serial' controller='0' bus='0' port='1'/></channel>
    <input type='tablet' bus='usb'><address type='usb' bus='0' port='1'/></input>
    <graphics type='vnc' port='5999' autoport='no'><listen type='address' address='127.0.0.1'/></graphics>
    <video><model type='cirrus' vram='16384' heads='1'/>
      <address type='pci' domain='0' bus='0' slot='2' function='0'/></video>
    <memballoon model='virtio'><address type='pci' domain='0' bus='0' slot='6' function='0'/></memballoon>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend>
      <address type='pci' domain='0' bus='0' slot='7' function='0'/></rng>
  </devices>
</domain>)";

struct Fixture {
    io::Loop loop;
    CapabilitiesCache cache;
    std::string folder;

    Fixture() : cache(loop, options()) {
        char name[] = "/tmp/virtue-command-XXXXXX";
        REQUIRE(mkdtemp(name) != nullptr);
        folder = name;
    }
    ~Fixture() { std::filesystem::remove_all(folder); }
    static CapabilitiesCache::Options options() {
        CapabilitiesCache::Options options;
        options.search_path = "/usr/bin";
        options.probe_time = patience;
        return options;
    }
    model::Domain domain(std::string text = small_guest) const {
        const size_t at = text.find("@FOLDER@");
        if (at != std::string::npos) text.replace(at, 8, folder);
        auto result = xml::parse<model::Domain>(text);
        assign_aliases(result);
        return result;
    }
    LaunchContext context() {
        LaunchContext result;
        result.domain_id = 7;
        result.capabilities = loop.run_until(cache.get("/usr/bin/qemu-system-x86_64", io::Deadline::after(patience)));
        result.paths = {folder, folder, folder};
        result.environment["PATH"] = "/usr/bin:/bin";
        return result;
    }
};

bool has(const LaunchPlan& plan, const std::string& argument) {
    return std::find(plan.arguments.begin(), plan.arguments.end(), argument) != plan.arguments.end();
}

std::string refusal(auto function) {
    try {
        function();
    } catch (const Error& error) {
        return error.message();
    }
    return "no error";
}

}  // namespace

TEST_CASE("QEMU takes the command line of a guest and waits paused") {
    Fixture fixture;
    model::Domain domain = fixture.domain();
    LaunchPlan plan = build_command(domain, fixture.context());
    CHECK(has(plan, "guest=a,,b,debug-threads=on"));
    io::write_file_atomically(fixture.folder + "/disk, with comma", std::string(1 << 20, '\0'), 0600);
    io::make_folders(plan.guest_folder, 0700);
    // The channel's folder is the guest's own here, since all paths of the test lie in one.
    io::write_file_atomically(plan.master_key_path, std::string(32, 'k'), 0600);
    // VNC would need a port of the host, which another test may have.
    auto vnc = std::find(plan.arguments.begin(), plan.arguments.end(), "-vnc");
    REQUIRE(vnc != plan.arguments.end());
    CHECK(vnc[1] == "127.0.0.1:99");
    vnc[1] = "none";
    io::ProcessOptions options;
    options.arguments = plan.arguments;
    options.environment = plan.environment;
    auto process = io::Process::spawn(fixture.loop, options);
    std::unique_ptr<Monitor> monitor = fixture.loop.run_until(
        Monitor::connect(fixture.loop, plan.monitor_path, domain.name, {}, io::Deadline::after(patience)));
    const Json status = fixture.loop.run_until(monitor->command("query-status", {}, io::Deadline::after(patience)));
    CHECK(status.at("status").as_string() == "prelaunch");
    const Json blocks = fixture.loop.run_until(monitor->command("query-block", {}, io::Deadline::after(patience)));
    CHECK(blocks.items().size() == 2);
    CHECK(blocks.items()[0].at("qdev").as_string() == "/machine/peripheral/virtio-disk0/virtio-backend");
    monitor.reset();
    process->signal(SIGKILL);
    fixture.loop.run_until(process->wait(io::Deadline::after(patience)));
}

TEST_CASE("descriptors that the driver opened are passed on") {
    Fixture fixture;
    model::Domain domain = fixture.domain();
    domain.interfaces.front().type = model::InterfaceType::bridge;
    CHECK(refusal([&] { build_command(domain, fixture.context()); }) ==
          "internal error: no tap device was opened for interface 'net0'");
    LaunchContext context = fixture.context();
    Fd tap(dup(0));
    const std::string number = std::to_string(tap.get());
    context.interface_fds["net0"].taps.push_back(std::move(tap));
    const LaunchPlan plan = build_command(domain, std::move(context));
    CHECK(has(plan, R"({"type":"tap","fd":")" + number + R"(","id":"hostnet0"})"));
    REQUIRE(plan.descriptors.size() == 1);
    CHECK(std::to_string(plan.descriptors[0].child_number) == number);
}

TEST_CASE("names of folders are cut after 20 characters, not inside one") {
    CHECK(short_name(3, "web") == "domain-3-web");
    CHECK(short_name(3, "0123456789012345678901234") == "domain-3-01234567890123456789");
    CHECK(short_name(1, "ääääääääääääääääääääää") == "domain-1-ääääääääääääääääääää");
}

TEST_CASE("a guest that asks for UEFI gets the first description that fits") {
    Fixture fixture;
    model::Domain domain = fixture.domain();
    domain.os.firmware = model::OsFirmware::efi;
    Firmware secure{"",
                    {"uefi"},
                    "flash",
                    "/code.secure",
                    "raw",
                    "/vars.secure",
                    "raw",
                    {{"x86_64", {"pc-q35-*"}}},
                    {"requires-smm", "secure-boot"}};
    Firmware plain{"", {"uefi"}, "flash", "/code", "raw", "/vars", "raw", {{"x86_64", {"pc-i440fx-*", "pc-q35-*"}}},
                   {}};
    const std::vector<Firmware> all{secure, plain};
    model::Domain first = domain;
    choose_firmware(first, all, LaunchPaths{});
    CHECK(first.os.loader->path == "/code");
    CHECK(first.os.nvram->source.path == "/var/lib/libvirt/qemu/nvram/a,b_VARS.fd");
    model::Domain second = domain;
    second.os.machine = "pc-q35-7.2";
    choose_firmware(second, all, LaunchPaths{});
    CHECK(second.os.loader->path == "/code.secure");
    CHECK(second.features.smm_on());
    model::Domain third = domain;
    third.os.firmware_features.push_back({"secure-boot", true});
    CHECK(refusal([&] { choose_firmware(third, all, LaunchPaths{}); }) ==
          "operation failed: Unable to find any firmware to satisfy 'efi'");
}
