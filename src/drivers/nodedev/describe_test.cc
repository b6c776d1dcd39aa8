#include "drivers/nodedev/describe.h"

#include <doctest/doctest.h>

#include "host/fake_files_for_test.h"
#include "xml/mapper.h"

using namespace virtue;
using namespace virtue::nodedev;

namespace {

/// A device of the kernel's tree, found through its bus or class.
void put_device(host::FakeFiles& fake, const std::string& path, const std::string& subsystem,
                const std::string& uevent) {
    fake.put(path + "/uevent", uevent);
    fake.link(path + "/subsystem", "/sys/bus/" + subsystem);
    fake.link("/sys/bus/" + subsystem + "/devices/" + host::last_part(path), path);
}

std::string xml_of(const host::FakeFiles& fake, const std::string& path) {
    const host::SystemFiles files(fake.root());
    const auto device = host::read_tree_device(files, path);
    REQUIRE(device.has_value());
    const auto described = describe(files, *device);
    return described ? xml::format(*described) : "";
}

bool has(const std::string& text, const std::string& part) {
    const bool found = text.find(part) != std::string::npos;
    if (!found) MESSAGE("missing ", part, " in\n", text);
    return found;
}

const std::string card = "/sys/devices/pci0000:00/0000:00:01.0/0000:02:10.7";

void put_card(host::FakeFiles& fake) {
    put_device(fake, card, "pci", "DRIVER=igbvf\nPCI_CLASS=20000\nPCI_ID=8086:10CA\n");
    fake.put(card + "/vendor", "0x8086\n");
    fake.put(card + "/device", "0x10ca\n");
    fake.put(card + "/numa_node", "1\n");
    fake.link(card + "/driver", "/sys/bus/pci/drivers/igbvf");
    fake.link(card + "/iommu_group", "/sys/kernel/iommu_groups/31");
    fake.link(card + "/physfn", "/sys/devices/pci0000:00/0000:00:01.0/0000:02:00.1");
    fake.put("/sys/kernel/iommu_groups/31/devices/0000:02:10.7/x", "");
    fake.put("/usr/share/misc/pci.ids",
             "# ids\n0001  Nobody\n\t10ca  wrong vendor\n8086  Intel Corporation\n\t0001  other\n"
             "\t10ca  82576 Virtual Function\n\t\t0001 0001  sub\n8087  Later\n");
}

}  // namespace

TEST_CASE("a virtual function of a network card tells its parent function, its group, its place and its names") {
    host::FakeFiles fake;
    put_card(fake);
    const std::string xml = xml_of(fake, card);
    CHECK(has(xml, "<name>pci_0000_02_10_7</name>"));
    CHECK(has(xml, "<name>igbvf</name>"));
    CHECK(has(xml, "<class>0x020000</class>"));
    CHECK(has(xml, "<slot>16</slot>"));
    CHECK(has(xml, "<product id='0x10ca'>82576 Virtual Function</product>"));
    CHECK(has(xml, "<vendor id='0x8086'>Intel Corporation</vendor>"));
    CHECK(has(
        xml,
        "<capability type='phys_function'>\n      <address domain='0x0000' bus='0x02' slot='0x00' function='0x1'/>"));
    CHECK(has(xml, "<iommuGroup number='31'>\n      <address domain='0x0000' bus='0x02' slot='0x10' function='0x7'/>"));
    CHECK(has(xml, "<numa node='1'/>"));
}

TEST_CASE("an express card tells what its link can do and what it does") {
    host::FakeFiles fake;
    put_card(fake);
    std::string configuration(256, '\0');
    configuration[0x06] = 0x10;  // it has a list of capabilities
    configuration[0x34] = 0x50;
    configuration[0x50] = 0x01;  // power management, then
    configuration[0x51] = 0x60;
    configuration[0x60] = 0x10;  // PCI Express: an endpoint
    configuration[0x6c] = 0x42;  // 5 GT/s, width 4
    configuration[0x6f] = 0x02;  // port 2
    configuration[0x72] = 0x11;  // 2.5 GT/s, width 1
    fake.put(card + "/config", configuration);
    const std::string xml = xml_of(fake, card);
    CHECK(has(xml, "<link validity='cap' port='2' speed='5' width='4'/>"));
    CHECK(has(xml, "<link validity='sta' speed='2.5' width='1'/>"));
}

TEST_CASE("a SCSI disk and its host are shown with what udev's rules found") {
    host::FakeFiles fake;
    const std::string host = "/sys/devices/pci0000:00/ata1/host0";
    const std::string unit = host + "/target0:0:0/0:0:0:0";
    put_device(fake, host, "scsi", "DEVTYPE=scsi_host\n");
    fake.put("/sys/class/scsi_host/host0/unique_id", "1\n");
    put_device(fake, unit, "scsi", "DEVTYPE=scsi_device\n");
    fake.put(unit + "/type", "0\n");
    put_device(fake, unit + "/block/sda", "block", "MAJOR=8\nMINOR=0\nDEVNAME=sda\nDEVTYPE=disk\n");
    fake.put(unit + "/block/sda/size", "1000\n");
    fake.put(unit + "/block/sda/queue/logical_block_size", "512\n");
    fake.put(unit + "/block/sda/device/vendor", "ATA     \n");
    fake.put("/run/udev/data/b8:0", "S:disk/by-id/ata-Z\nE:ID_BUS=ata\nE:ID_TYPE=disk\nE:ID_SERIAL=Model-1_S2\n");
    CHECK(has(xml_of(fake, host), "<name>scsi_host0</name>"));
    CHECK(has(xml_of(fake, host), "<unique_id>1</unique_id>"));
    CHECK(has(xml_of(fake, unit), "<name>scsi_0_0_0_0</name>"));
    CHECK(has(xml_of(fake, unit), "<type>disk</type>"));
    const std::string disk = xml_of(fake, unit + "/block/sda");
    CHECK(has(disk, "<name>block_sda_Model_1_S2</name>"));
    CHECK(has(disk, "<devnode type='dev'>/dev/sda</devnode>\n  <devnode type='link'>/dev/disk/by-id/ata-Z</devnode>"));
    CHECK(has(disk, "<bus>ata</bus>\n    <drive_type>disk</drive_type>"));
    CHECK(has(disk, "<vendor>ATA</vendor>"));
    CHECK(has(disk, "<size>512000</size>"));
}

TEST_CASE("a CD drive is called cdrom and tells of its medium; a loop device and a partition are not shown") {
    host::FakeFiles fake;
    put_device(fake, "/sys/devices/x/sr0", "block", "MAJOR=11\nMINOR=0\nDEVNAME=sr0\nDEVTYPE=disk\n");
    fake.put("/run/udev/data/b11:0", "E:ID_CDROM=1\nE:ID_CDROM_MEDIA=1\nE:ID_FS_LABEL=Debian\nE:ID_SERIAL=DVD\n");
    fake.put("/sys/devices/x/sr0/size", "8\n");
    fake.put("/sys/devices/x/sr0/queue/logical_block_size", "2048\n");
    const std::string xml = xml_of(fake, "/sys/devices/x/sr0");
    CHECK(has(xml, "<drive_type>cdrom</drive_type>"));
    CHECK(has(xml, "<media_available>1</media_available>"));
    CHECK(has(xml, "<media_label>Debian</media_label>"));
    put_device(fake, "/sys/devices/virtual/loop0", "block", "DEVNAME=loop0\nDEVTYPE=disk\n");
    CHECK(xml_of(fake, "/sys/devices/virtual/loop0").empty());
    put_device(fake, "/sys/devices/x/sda1", "block", "DEVNAME=sda1\nDEVTYPE=partition\n");
    CHECK(xml_of(fake, "/sys/devices/x/sda1").empty());
}

TEST_CASE("a USB device is named by the database, or in its own words") {
    host::FakeFiles fake;
    const std::string path = "/sys/devices/pci0000:00/usb1/1-1";
    put_device(fake, path, "usb", "DEVTYPE=usb_device\nBUSNUM=001\nDEVNUM=005\nDEVNAME=bus/usb/001/005\n");
    fake.put(path + "/idVendor", "1d6b\n");
    fake.put(path + "/idProduct", "0002\n");
    fake.put(path + "/product", "Stick\n");
    const std::string xml = xml_of(fake, path);
    CHECK(has(xml, "<name>usb_1_1</name>"));
    CHECK(has(xml, "<devnode type='dev'>/dev/bus/usb/001/005</devnode>"));
    CHECK(has(xml, "<bus>1</bus>\n    <device>5</device>"));
    CHECK(has(xml, "<product id='0x0002'>Stick</product>"));
    CHECK(has(xml, "<vendor id='0x1d6b'/>"));
}

TEST_CASE("the machine tells what its firmware says") {
    host::FakeFiles fake;
    fake.put("/sys/devices/virtual/dmi/id/product_name", "Standard PC\n");
    fake.put("/sys/devices/virtual/dmi/id/bios_date", "04/01/2014\n");
    const std::string xml =
        xml::format(describe_computer(host::SystemFiles(fake.root()), "8f07fe28-753f-2729-d76d-bdbd892f949a"));
    CHECK(has(xml, "<name>computer</name>"));
    CHECK(has(xml, "<product>Standard PC</product>"));
    CHECK(has(xml, "<uuid>8f07fe28-753f-2729-d76d-bdbd892f949a</uuid>"));
    CHECK(has(xml, "<release_date>04/01/2014</release_date>"));
}

TEST_CASE("messages of the kernel and of udevd are understood, others are not") {
    const auto parse = [](const std::string& text) { return host::parse_uevent({text.data(), text.size()}); };
    using namespace std::string_literals;
    const auto added = parse("add@/devices/x\0ACTION=add\0DEVPATH=/devices/x\0SUBSYSTEM=net\0"s);
    REQUIRE(added.has_value());
    CHECK(added->action == "add");
    CHECK(added->path == "/sys/devices/x");
    const auto moved = parse("libudev\0\xfe\xed\xca\xfe\x28\0\0\0\x28\0\0\0\x40\0\0\0................"s +
                             "ACTION=move\0DEVPATH=/devices/b\0DEVPATH_OLD=/devices/a\0"s);
    REQUIRE(moved.has_value());
    CHECK(moved->old_path == "/sys/devices/a");
    CHECK_FALSE(parse("libudev\0\xfe\xed\xca\xff\x28\0\0\0\x28\0\0\0\x40\0\0\0ACTION=add\0DEVPATH=/d\0"s).has_value());
    CHECK_FALSE(parse("nonsense").has_value());
}
