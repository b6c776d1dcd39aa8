#include "drivers/qemu/taints.h"

#include <doctest/doctest.h>

#include "drivers/qemu/capabilities/capabilities.h"
#include "model/domain/domain.h"

using namespace virtue;
using qemu::Taint;

TEST_CASE("what a definition brings along is told by libvirt's names, in libvirt's order") {
    model::Domain domain;
    qemu::QemuCapabilities capabilities;
    CHECK(qemu::taints_of(domain, capabilities, false).list().empty());
    domain.os.dtb = "/x.dtb";
    domain.qemu.arguments.push_back({"-S"});
    domain.qemu.removed.push_back({"usb-hub"});
    domain.interfaces.emplace_back();
    domain.interfaces.front().type = model::InterfaceType::ethernet;
    domain.interfaces.front().script = "/etc/up";
    std::string names;
    for (const Taint taint : qemu::taints_of(domain, capabilities, true).list()) {
        names += std::string(qemu::taint_name(taint)) + " ";
    }
    CHECK(names == "custom-argv high-privileges shell-scripts custom-dtb custom-hypervisor-feature ");
    CHECK(qemu::taint_note(3, Taint::custom_dtb) == "Domain id=3 is tainted: custom-dtb");
}

TEST_CASE("a machine and a CPU that QEMU will drop are named and taint the guest") {
    qemu::QemuCapabilities capabilities;
    qemu::MachineType machine;
    machine.name = "pc-i440fx-1.7";
    machine.deprecated = true;
    capabilities.machines.push_back(machine);
    qemu::CpuModel cpu;
    cpu.name = "Icelake-Client";
    cpu.deprecated = true;
    capabilities.tcg.cpu_models.push_back(cpu);
    model::Domain domain;
    domain.os.machine = "pc-i440fx-1.7";
    domain.cpu.emplace();
    domain.cpu->mode = model::CpuMode::custom;
    domain.cpu->model = "Icelake-Client";
    const auto words = qemu::deprecations_of(domain, capabilities);
    REQUIRE(words.size() == 2);
    CHECK(words[0] == "machine type 'pc-i440fx-1.7'");
    CHECK(words[1] == "CPU model 'Icelake-Client'");
    CHECK(qemu::taints_of(domain, capabilities, false).has(Taint::deprecated_config));
}

TEST_CASE("a taint counts once and is found by its name") {
    qemu::Taints taints;
    CHECK(taints.add(Taint::custom_monitor));
    CHECK_FALSE(taints.add(Taint::custom_monitor));
    CHECK(qemu::find_taint("custom-monitor") == Taint::custom_monitor);
    CHECK_FALSE(qemu::find_taint("custom"));
}
