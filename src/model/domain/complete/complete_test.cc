#include "model/domain/complete/complete.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "model/domain/complete/migratable.h"

using namespace virtue;
using model::Domain;

namespace {

class Qemu : public model::Platform {
public:
    std::string emulator(model::DomainType, std::string_view arch) const override {
        return "/usr/bin/qemu-system-" + std::string(arch);
    }
    std::string machine(const Domain&, std::string_view name) const override {
        return name == "q35" ? "pc-q35-7.2" : name.empty() || name == "pc" ? "pc-i440fx-7.2" : std::string(name);
    }
    std::string default_cpu(const Domain&) const override { return "qemu64"; }
};

Domain guest(const std::string& devices, const char* machine = "q35", const std::string& more = {}) {
    return xml::parse<Domain>("<domain type='qemu'><name>a</name><memory>65536</memory>" + more +
                              "<os><type arch='x86_64' machine='" + machine + "'>hvm</type></os><devices>" + devices +
                              "</devices></domain>");
}

Domain completed(const std::string& devices, const char* machine = "q35", const std::string& more = {}) {
    Domain d = guest(devices, machine, more);
    model::complete_for_qemu(d, Qemu());
    return d;
}

ErrorCode refused(const std::string& devices, const char* machine = "q35", const std::string& more = {}) {
    try {
        static_cast<void>(completed(devices, machine, more));
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::ok;
}

size_t count(const Domain& d, model::ControllerType type) {
    return static_cast<size_t>(
        std::count_if(d.controllers.begin(), d.controllers.end(), [&](const auto& c) { return c.type == type; }));
}

constexpr const char* disk =
    "<disk type='file' device='disk'><source file='/a'/><target dev='vda' bus='virtio'/></disk>";

}  // namespace

TEST_CASE("an Express machine gets its buses, its own devices, and one port to spare") {
    const Domain d = completed(disk);
    CHECK(d.os.machine == "pc-q35-7.2");
    CHECK(d.emulator == "/usr/bin/qemu-system-x86_64");
    CHECK(d.uuid.has_value());
    CHECK(d.cpu->model == "qemu64");
    CHECK(d.memballoon.has_value());
    CHECK(d.inputs.size() == 2);
    // USB, disk and balloon have a port each; one is free.
    CHECK(count(d, model::ControllerType::pci) == 1 + 3 + 1);
    REQUIRE(d.disks[0].info.pci() != nullptr);
    CHECK(d.disks[0].info.pci()->bus == 2);
}

TEST_CASE("what is complete stays as it is") {
    Domain d = completed(disk);
    const std::string before = xml::format(d);
    model::complete_for_qemu(d, Qemu(), false);
    CHECK(xml::format(d) == before);
    Domain again = xml::parse<Domain>(before);
    model::complete_for_qemu(again, Qemu(), false);
    CHECK(again.uuid == d.uuid);
    CHECK(again.disks == d.disks);
}

TEST_CASE("more devices than slots bring a bridge") {
    std::string many;
    for (int i = 0; i < 40; i++) many += "<interface type='user'><model type='rtl8139'/></interface>";
    const Domain d = completed(many, "pc");
    CHECK(count(d, model::ControllerType::pci) == 2);
    CHECK(d.interfaces.back().info.pci()->bus == 1);
    for (size_t i = 0; i < d.interfaces.size(); i++)
        for (size_t j = 0; j < i; j++) CHECK_FALSE(d.interfaces[i].info.pci()->same_place(*d.interfaces[j].info.pci()));
}

TEST_CASE("the first console and the first serial port are one device") {
    const Domain d = completed("<console type='pty'/>");
    REQUIRE(d.serials.size() == 1);
    REQUIRE(d.consoles.size() == 1);
    CHECK(d.serials[0].target == model::SerialTarget::isa_serial);
    const Domain e = completed("<serial type='pty'/>");
    CHECK(e.consoles.size() == 1);
}

TEST_CASE("USB devices beyond the ports of the controller get hubs") {
    std::string many;
    for (int i = 0; i < 10; i++) many += "<input type='tablet' bus='usb'/>";
    const Domain d = completed("<controller type='usb' model='piix3-uhci'/>" + many, "pc");
    CHECK_FALSE(d.hubs.empty());
    CHECK(d.inputs.size() == 12);
}

TEST_CASE("a virtual keyboard, a screen and sound come with graphics") {
    const Domain d = completed("<graphics type='spice' autoport='yes'/>");
    REQUIRE(d.videos.size() == 1);
    CHECK(d.videos[0].primary);
    REQUIRE(d.audios.size() == 1);
    CHECK(d.audios[0].type == model::AudioType::spice);
}

TEST_CASE("contradictions are refused with libvirt's codes") {
    const std::string at = "<address type='pci' domain='0' bus='0' slot='5' function='0'/>";
    const std::string nic = "<interface type='user'><model type='virtio'/>" + at + "</interface>";
    CHECK(refused(nic) == ErrorCode::ok);
    CHECK(refused(nic + nic) == ErrorCode::xml_error);
    CHECK(refused(std::string(disk) + disk) == ErrorCode::xml_error);
    CHECK(refused("<disk type='file'><source file='/a'/><target dev='hda' bus='ide'/></disk>") ==
          ErrorCode::config_unsupported);
    CHECK(refused("<memballoon model='virtio'/>", "isapc") == ErrorCode::xml_error);
    CHECK(refused("<graphics type='vnc' passwd='far-too-long'/>") == ErrorCode::config_unsupported);
    CHECK(refused("", "q35", "<vcpu>4</vcpu><cpu><topology sockets='1' cores='2' threads='1'/></cpu>") ==
          ErrorCode::config_unsupported);
    CHECK(refused("<serial type='spiceport'><source channel='a'/></serial>") == ErrorCode::config_unsupported);
    CHECK(refused("<input type='mouse' bus='usb'><address type='usb' bus='7' port='1'/></input>") ==
          ErrorCode::xml_error);
}

TEST_CASE("numbers without measure are refused and not acted upon") {
    CHECK(refused("<controller type='pci' index='2000000000' model='pci-bridge'/>", "pc") == ErrorCode::xml_error);
    CHECK(refused("<disk type='file'><source file='/a'/><target dev='sda' bus='scsi'/>"
                  "<address type='drive' controller='4000000000' bus='0' target='0' unit='0'/></disk>") ==
          ErrorCode::config_unsupported);
    CHECK(refused("<serial type='pty'><target port='2147483647'/></serial><serial type='pty'/>") ==
          ErrorCode::config_unsupported);
    const auto of_card = [](const std::string& memory) { return refused("<video><model " + memory + "/></video>"); };
    CHECK(of_card("type='qxl' vram='4294967295'") == ErrorCode::overflow);
    CHECK(of_card("type='vga' vram='2147483649'") == ErrorCode::overflow);
    CHECK(of_card("type='qxl' vram='4194303'") == ErrorCode::overflow);
    CHECK(of_card("type='qxl' ram='4194305'") == ErrorCode::overflow);
    CHECK(of_card("type='qxl' vgamem='4294967295'") == ErrorCode::config_unsupported);
    CHECK(of_card("type='qxl' vram64='4294967295'") == ErrorCode::ok);
    CHECK(of_card("type='vga' vram='2147483648'") == ErrorCode::ok);
    std::string many;
    for (int i = 0; i < 5000; i++) many += "<hub type='usb'/>";
    CHECK(refused(many) == ErrorCode::xml_error);
}

TEST_CASE("without QEMU only what every driver does is filled in") {
    Domain d =
        guest("<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/></disk><interface type='user'/>", "");
    model::complete(d);
    CHECK(d.emulator.empty());
    CHECK_FALSE(d.memballoon.has_value());
    CHECK(d.interfaces[0].mac.has_value());
    CHECK(d.disks[0].readonly);
    CHECK(d.disks[0].info.address.drive.bus == 1);
    CHECK(count(d, model::ControllerType::ide) == 1);
}

TEST_CASE("migratable XML leaves out what old versions add by themselves") {
    const Domain d = completed("", "pc");
    const std::string all = xml::format(d);
    const std::string old = model::format_migratable(d, Qemu());
    for (const char* part : {"<audio", "keyboard", "piix3-uhci", "pci-root"}) {
        CHECK(all.find(part) != std::string::npos);
        CHECK(old.find(part) == std::string::npos);
    }
}
