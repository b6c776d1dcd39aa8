#include "drivers/nodedev/devices.h"

#include <doctest/doctest.h>

#include "host/fake_files_for_test.h"
#include "io/loop.h"

using namespace virtue;
using namespace virtue::nodedev;

namespace {

void put_card(host::FakeFiles& fake, const std::string& address) {
    const std::string path = "/sys/devices/pci0000:00/" + address;
    fake.put(path + "/uevent", "PCI_CLASS=20000\nPCI_ID=8086:10CA\n");
    fake.put(path + "/vendor", "0x8086\n");
    fake.put(path + "/device", "0x10ca\n");
    fake.link(path + "/subsystem", "/sys/bus/pci");
    fake.link("/sys/bus/pci/devices/" + address, path);
}

}  // namespace

TEST_CASE("a device that cannot be read hides no other one") {
    host::FakeFiles fake;
    put_card(fake, "0000:00:01.0");
    put_card(fake, "0000:00:02.0");
    // The members of its group are no folder: what a device that is just going away may show.
    fake.link("/sys/devices/pci0000:00/0000:00:01.0/iommu_group", "/sys/kernel/iommu_groups/31");
    fake.put("/sys/kernel/iommu_groups/31/devices", "");
    io::Loop loop;
    Devices devices(loop, host::SystemFiles(fake.root()), "", [](const std::string&, Change) {});
    io::Deadline patience = io::Deadline::after(io::Milliseconds(300000));
    loop.run_until(devices.ready(patience));
    CHECK(devices.all().contains("computer"));
    CHECK(devices.all().contains("pci_0000_00_02_0"));
    CHECK_FALSE(devices.all().contains("pci_0000_00_01_0"));
    loop.run_until(devices.close());
}
