#include "model/domain/abi.h"

#include <string>

#include <doctest/doctest.h>

using namespace virtue;
using model::Domain;

namespace {

const std::string base = R"(<domain type='qemu'><name>vm</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>
<title>one</title><memory unit='MiB'>512</memory><vcpu>2</vcpu>
<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
<features><acpi/><vmport state='off'/></features>
<cpu mode='custom' match='exact'><model>qemu64</model><feature policy='require' name='ssse3'/></cpu>
<devices>
<disk type='file' device='disk'><source file='/a.img'/><target dev='vda' bus='virtio'/>
<address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></disk>
<disk type='file' device='disk'><source file='/b.img'/><target dev='vdb' bus='virtio'/></disk>
<interface type='user'><mac address='52:54:00:01:02:03'/><model type='virtio'/></interface>
</devices></domain>)";

std::string change(const std::string& from, const std::string& to) {
    std::string text = base;
    const size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    const auto target = xml::parse<Domain>(text.replace(at, from.size(), to));
    const auto found = model::abi_difference(xml::parse<Domain>(base), target);
    return found ? found->path + ": " + found->sentence : "";
}

}  // namespace

TEST_CASE("abi: what the host alone sees may change") {
    CHECK(change("/a.img", "/elsewhere.img") == "");
    CHECK(change("<title>one</title>", "<title>two</title>") == "");
    CHECK(change("<title>one</title>", "<on_crash>restart</on_crash>") == "");
}

TEST_CASE("abi: what the guest sees is told with its place, in libvirt's words") {
    CHECK(change("<name>vm</name>", "<name>other</name>") ==
          "/domain/name: Target domain name 'other' does not match source 'vm'");
    CHECK(change(">512<", ">1024<") == "/domain/memory: Target domain max memory 1048576 does not match source 524288");
    CHECK(change("pc-q35-7.2", "pc-q35-6.2") ==
          "/domain/os/type/machine: Target domain machine type pc-q35-6.2 does not match source pc-q35-7.2");
    CHECK(change("<vmport state='off'/>", "") ==
          "/domain/features/vmport: State of feature 'vmport' differs: source: 'off', destination: 'default'");
    CHECK(change("qemu64", "Nehalem") == "/domain/cpu/model: Target CPU model Nehalem does not match source qemu64");
    CHECK(change("policy='require'", "policy='disable'") ==
          "/domain/cpu/feature/policy: Target CPU feature policy disable does not match source require");
    CHECK(change("52:54:00:01:02:03", "52:54:00:01:02:04") ==
          "/domain/devices/interface/mac/address: Target network card mac 52:54:00:01:02:04 does not match source "
          "52:54:00:01:02:03");
    CHECK(change("bus='0x01'", "bus='0x02'") ==
          "/domain/devices/disk[1]/address: Target device PCI address 0000:02:00.0 does not match source 0000:01:00.0");
    CHECK(change("dev='vdb' bus='virtio'", "dev='vdb' bus='scsi'") ==
          "/domain/devices/disk[2]/target/bus: Target disk bus scsi does not match source virtio");
    CHECK(change("</devices>", "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng></devices>") ==
          "/domain/devices/rng: Target domain RNG device count 1 does not match source 0");
}

TEST_CASE("abi: the refusal has libvirt's code") {
    auto source = xml::parse<Domain>(base);
    auto target = source;
    CHECK_NOTHROW(model::check_abi(source, target));
    target.vcpus.maximum = 4;
    try {
        model::check_abi(source, target);
        FAIL("accepted");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::config_unsupported);
        CHECK(std::string(error.message()).find("Target domain vCPU max 4 does not match source 2") !=
              std::string::npos);
    }
}
