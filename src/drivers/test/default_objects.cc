#include "drivers/test/default_objects.h"

#include "drivers/test/domains.h"

namespace virtue::test {
namespace {

constexpr const char* default_domain = R"(
<domain type='test'>
  <name>test</name>
  <uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
  <memory unit='KiB'>8388608</memory>
  <currentMemory unit='KiB'>2097152</currentMemory>
  <vcpu>2</vcpu>
  <os>
    <type>hvm</type>
  </os>
  <devices>
    <disk type='file' device='disk'>
      <source file='/guest/diskimage1'/>
      <target dev='vda' bus='virtio'/>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </disk>
    <interface type='network'>
      <mac address='aa:bb:cc:dd:ee:ff'/>
      <source network='default' bridge='virbr0'/>
      <target dev='testnet0'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0'/>
    </interface>
    <memballoon model='virtio'>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'/>
    </memballoon>
  </devices>
</domain>)";

constexpr const char* default_network = R"(
<network>
  <name>default</name>
  <uuid>dd8fe884-6c02-601e-7551-cca97df1c5df</uuid>
  <bridge name='virbr0'/>
  <forward/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/>
    </dhcp>
  </ip>
</network>)";

constexpr const char* default_interface = R"(
<interface type='ethernet' name='eth1'>
  <start mode='onboot'/>
  <mac address='aa:bb:cc:dd:ee:ff'/>
  <mtu size='1492'/>
  <protocol family='ipv4'>
    <ip address='192.168.0.5' prefix='24'/>
    <route gateway='192.168.0.1'/>
  </protocol>
</interface>)";

constexpr const char* default_pool = R"(
<pool type='dir'>
  <name>default-pool</name>
  <uuid>dfe224cb-28fb-8dd0-c4b2-64eb3f0f4566</uuid>
  <target>
    <path>/default-pool</path>
  </target>
</pool>)";

constexpr const char* default_computer = R"(
<device>
  <name>computer</name>
  <capability type='system'>
    <hardware>
      <vendor>Libvirt</vendor>
      <version>Test driver</version>
      <serial>123456</serial>
      <uuid>11111111-2222-3333-4444-555555555555</uuid>
    </hardware>
    <firmware>
      <vendor>Libvirt</vendor>
      <version>Test Driver</version>
      <release_date>01/22/2007</release_date>
    </firmware>
  </capability>
</device>)";

/// A Fibre Channel adapter of the mock host, or a port on one.
model::NodeDevice adapter(const char* name, const char* parent, uint32_t host, uint32_t unique_id, model::FcHost fc,
                          bool makes_ports) {
    model::NodeDeviceCapability capability;
    capability.type = model::NodeDeviceType::scsi_host;
    capability.scsi_host.host = host;
    capability.scsi_host.unique_id = unique_id;
    capability.scsi_host.fc_host = std::move(fc);
    if (makes_ports) capability.scsi_host.vports = model::VportOperations{};
    model::NodeDevice device;
    device.name = name;
    device.parent = parent;
    device.capabilities.push_back(std::move(capability));
    return device;
}

}  // namespace

static void add_mock_adapters(Instance& in) {
    std::vector<model::NodeDevice> devices{
        adapter("scsi_host1", "computer", 1, 0, {"2000000012341234", "1000000012341234", "2000000043214321"}, true),
        adapter("scsi_host2", "computer", 2, 1, {"2000000056785678", "1000000056785678", "2000000087658765"}, true),
        adapter("scsi_host11", "scsi_host1", 11, 10, {"2000000034563456", "1000000034563456", "2000000043214321"},
                false)};
    for (model::NodeDevice& device : devices) {
        std::string name = device.name;
        in.node_devices[name] = std::move(device);
    }
}

void fill_default(Instance& in) {
    Guest& guest = assign(in, read_definition(in, default_domain), false);
    start(in, guest, api::domain_running_unknown);
    assign_network(in, model::Network::parse(default_network), false).active = true;
    model::HostInterface interface = model::HostInterface::parse(default_interface);
    in.interfaces.all.emplace(interface.name, MockInterface{interface, true});
    assign_pool(in, model::Pool::parse(default_pool), false).active = true;
    in.node_devices.emplace("computer", model::NodeDevice::parse(default_computer));
    add_mock_adapters(in);
}

}  // namespace virtue::test
