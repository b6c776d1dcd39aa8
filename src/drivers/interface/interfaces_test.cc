#include "drivers/interface/interfaces.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "host/fake_files_for_test.h"
#include "xml/mapper.h"

using namespace virtue;
using namespace virtue::interface;

namespace {

void put_card(host::FakeFiles& fake, const std::string& name, const std::string& mac, const std::string& more = "") {
    const std::string path = "/sys/devices/virtual/net/" + name;
    fake.put(path + "/uevent", more + "INTERFACE=" + name + "\n");
    fake.put(path + "/address", mac + "\n");
    fake.put(path + "/operstate", "up\n");
    fake.put(path + "/speed", "1000\n");
    fake.put(path + "/mtu", "1500\n");
    fake.link("/sys/class/net/" + name, path);
}

}  // namespace

TEST_CASE("a bond in a bridge shows its cards, and the tap of a guest is left out") {
    host::FakeFiles fake;
    put_card(fake, "br0", "52:54:00:00:00:01", "DEVTYPE=bridge\n");
    put_card(fake, "bond0", "52:54:00:00:00:02", "DEVTYPE=bond\n");
    put_card(fake, "eth0", "52:54:00:00:00:02");
    put_card(fake, "vnet3", "fe:54:00:00:00:03");
    const std::string devices = "/sys/devices/virtual/net/";
    fake.put(devices + "br0/bridge/forward_delay", "200\n");
    fake.put(devices + "br0/bridge/stp_state", "1\n");
    fake.put(devices + "br0/brif/bond0/x", "");
    fake.put(devices + "br0/brif/vnet3/x", "");
    fake.put(devices + "bond0/brport/state", "3\n");
    fake.put(devices + "bond0/bonding/mode", "active-backup 1\n");
    fake.put(devices + "bond0/bonding/miimon", "100\n");
    fake.put(devices + "bond0/bonding/updelay", "7\n");
    fake.put(devices + "bond0/bonding/use_carrier", "1\n");
    fake.put(devices + "bond0/slave_eth0/x", "");
    const host::SystemFiles files(fake.root());
    CHECK(xml::format(describe_interface(files, "br0")) == R"(<interface type='bridge' name='br0'>
  <mtu size='1500'/>
  <bridge stp='on' delay='200'>
    <interface type='bond' name='bond0'>
      <bond mode='active-backup'>
        <miimon freq='100' updelay='7' carrier='netif'/>
        <interface type='ethernet' name='eth0'>
          <link speed='1000' state='up'/>
          <mac address='52:54:00:00:00:02'/>
        </interface>
      </bond>
    </interface>
  </bridge>
</interface>
)");
    std::string names;
    for (const Listed& interface : list_interfaces(files)) names += interface.name + " ";
    CHECK(names == "br0 eth0 vnet3 ");
    CHECK_THROWS_AS(find_interface_by_mac(files, "52:54:00:00:00:02"), Error);
    CHECK(find_interface_by_mac(files, "52:54:00:00:00:01").name == "br0");
}

TEST_CASE("a VLAN names its tag and the card below") {
    host::FakeFiles fake;
    put_card(fake, "eth0.42", "52:54:00:00:00:01", "DEVTYPE=vlan\n");
    fake.put("/proc/net/vlan/eth0.42", "eth0.42  VID: 42\t REORDER_HDR: 1  dev->priv_flags: 1021\nDevice: eth0\n");
    CHECK(xml::format(describe_interface(host::SystemFiles(fake.root()), "eth0.42")) ==
          R"(<interface type='vlan' name='eth0.42'>
  <mtu size='1500'/>
  <vlan tag='42'>
    <interface name='eth0'/>
  </vlan>
</interface>
)");
}
