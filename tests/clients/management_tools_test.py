#!/usr/bin/python3
# deadline: 600
"""Programs that people run hosts with, unmodified: libvirt's D-Bus service (Cockpit), the Ruby binding (Vagrant),
Pacemaker's resource agent, and the collectors of collectd and Prometheus."""

import os
import re
import unittest
import urllib.request

import private

NEEDS = ("/usr/bin/virsh", "/usr/bin/qemu-system-x86_64", "/usr/sbin/libvirt-dbus", "/usr/bin/gdbus", "/usr/bin/ruby",
         "/usr/lib/ruby/vendor_ruby/libvirt.rb", "/usr/lib/ocf/resource.d/heartbeat/VirtualDomain",
         "/usr/lib/collectd/virt.so", "/usr/bin/prometheus-libvirt-exporter")
load_tests = private.load_tests

NETWORK = """<network><name>lan</name><forward mode='nat'/><bridge name='virbr60'/>
<ip address='192.168.160.1' netmask='255.255.255.0'><dhcp><range start='192.168.160.2' end='192.168.160.9'/></dhcp></ip>
</network>"""
POOL = "<pool type='dir'><name>images</name><target><path>/var/lib/libvirt/images</path></target></pool>"
DISK = "/var/lib/libvirt/images/disk.img"
DEVICES = f"""<interface type='network'><source network='lan'/></interface>
<disk type='file'><source file='{DISK}'/><target dev='vda' bus='virtio'/></disk>"""


def guest(name, devices=""):
    """A definition with a line for the name, as the agent's search for it wants."""
    xml = private.guest_xml(name).replace("<name>", "\n<name>").replace("</name>", "</name>\n")
    return xml.replace("<devices>", "<devices>" + devices)


def written(name, text):
    path = private.directory() / name
    path.write_text(text)
    return str(path)


class Ruby(unittest.TestCase):
    SCRIPT = r"""
require "libvirt"
host = Libvirt::open("qemu:///system")
guest = host.define_domain_xml(File.read(ARGV[0]))
guest.create
puts "#{guest.name} #{guest.active?} #{guest.persistent?} #{guest.state.inspect} #{guest.vcpus.length} #{guest.os_type}"
puts host.list_all_domains.map(&:name).inspect, host.node_memory_stats.keys.inspect
pool = host.define_storage_pool_xml(ARGV[1])
pool.build
pool.create
volume = pool.create_volume_xml("<volume><name>made</name><capacity>1048576</capacity></volume>")
stream = host.stream
volume.upload(stream, 0, 5)
stream.send("hello")
stream.finish
stream = host.stream
volume.download(stream, 0, 5)
read = ""
stream.recvall(read) { |data, _| read << data; data.length }
stream.finish
puts read, pool.list_volumes.inspect, volume.info.capacity
network = host.define_network_xml(ARGV[2])
network.create
puts "#{network.active?} #{network.bridge_name} #{network.dhcp_leases.inspect}"
network.destroy
network.undefine
guest.destroy
guest.undefine
begin
  host.lookup_domain_by_name("linux")
rescue Libvirt::RetrieveError => error
  puts error.libvirt_code
end
"""

    def test_a_guest_a_volume_and_a_network(self):
        with private.Daemon() as daemon:
            said = daemon.run(["ruby", written("life.rb", self.SCRIPT), written("guest.xml", guest("linux")), POOL, NETWORK])
        self.assertEqual(said.splitlines(), [
            "linux true true [1, 1] 1 hvm", '["linux"]', '["total", "free"]',
            "hello", '["made"]', "1048576", "true virbr60 []", "42"])


class DBus(unittest.TestCase):
    BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"""
    HOST = "/org/libvirt/QEMU"

    def call(self, path, method, *arguments):
        return self.daemon.run(["gdbus", "call", "--system", "--timeout", str(private.PATIENCE), "-d", "org.libvirt",
                                "-o", path, "-m", method, *arguments])

    def make(self, method, xml, *more):
        """Has an object made and returns its path."""
        return self.call(self.HOST, f"org.libvirt.Connect.{method}", xml, *more).split("'")[1]

    def look(self, path, kind):
        return self.call(path, "org.freedesktop.DBus.Properties.GetAll", f"org.libvirt.{kind}")

    def use(self):
        private.wait_for("the service on the bus", lambda: "org.libvirt" in self.daemon.run(
            ["gdbus", "call", "--system", "-d", "org.freedesktop.DBus", "-o", "/", "-m", "org.freedesktop.DBus.ListNames"],
            check=False))
        self.assertIn("'LibVersion': <<uint64 9000000>>", self.look(self.HOST, "Connect"))
        signals = private.directory() / "signals"
        with open(signals, "wb") as output:
            watcher = self.daemon.open(["gdbus", "monitor", "--system", "-d", "org.libvirt"], stdout=output)

        def heard(text):
            return text in signals.read_text(errors="replace")

        # Until it listens it is told nothing: there is something to hear for so long.
        marker = guest("marker").replace("</name>", "</name><uuid>8f07fe28-0000-4000-8000-0000000000dd</uuid>")

        def subscribed():
            self.call(self.make("DomainDefineXML", marker), "org.libvirt.Domain.Undefine", "0")
            return heard("DomainEvent (")
        private.wait_for("the watcher to listen", subscribed)
        domain = self.make("DomainDefineXML", guest("linux"))
        self.call(domain, "org.libvirt.Domain.Create", "0")
        self.assertIn("'Active': <<true>>", self.look(domain, "Domain"))
        self.assertEqual(self.call(domain, "org.libvirt.Domain.GetState", "0").strip(), "((1, 1),)")
        self.assertIn("'vcpu.maximum': <<uint32 1>>", self.call(domain, "org.libvirt.Domain.GetStats", "0", "0"))
        network = self.make("NetworkDefineXML", NETWORK)
        self.call(network, "org.libvirt.Network.Create")
        self.assertIn("'Active': <<true>>", self.look(network, "Network"))
        pool = self.make("StoragePoolDefineXML", POOL, "0")
        self.call(pool, "org.libvirt.StoragePool.Build", "0")
        self.call(pool, "org.libvirt.StoragePool.Create", "0")
        volume = self.call(pool, "org.libvirt.StoragePool.StorageVolCreateXML",
                           "<volume><name>made</name><capacity>1048576</capacity></volume>", "0").split("'")[1]
        self.assertIn("'/var/lib/libvirt/images/made'", self.look(volume, "StorageVol"))
        self.call(domain, "org.libvirt.Domain.Destroy", "0")
        self.call(domain, "org.libvirt.Domain.Undefine", "0")
        self.call(network, "org.libvirt.Network.Destroy")
        # Defined, started, stopped, undefined, as libvirt counts them.
        for event in ("0, 0", "2, 0", "5, 1", "1, 0"):
            wanted = f"DomainEvent (objectpath '{domain}', {event})"
            private.wait_for(wanted, lambda wanted=wanted: heard(wanted))
        watcher.terminate()
        watcher.wait()

    def test_the_service_tells_and_changes_what_there_is(self):
        path = private.directory() / "bus"
        with private.Daemon() as self.daemon:
            self.daemon.environment["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={path}"
            bus = self.daemon.open(["dbus-daemon", "--config-file", written("bus.conf", self.BUS.format(path=path)),
                                    "--nofork"])
            private.wait_for("the bus", lambda: private.listens(str(path)))
            service = self.daemon.open(["/usr/sbin/libvirt-dbus", "--system"])
            try:
                self.use()
            finally:
                for process in (service, bus):
                    process.terminate()
                    process.wait()


class Host(unittest.TestCase):
    """One host with a guest on a network and a disk, as Pacemaker and the collectors see it."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = private.Daemon()
        cls.addClassCleanup(cls.daemon.stop)
        os.makedirs(os.path.dirname(DISK), exist_ok=True)
        with open(DISK, "wb") as disk:
            disk.truncate(1 << 20)
        cls.daemon.run(["virsh", "net-define", written("net.xml", NETWORK)])
        cls.daemon.run(["virsh", "net-start", "lan"])
        cls.addClassCleanup(cls.daemon.run, ["virsh", "net-destroy", "lan"])
        cls.daemon.environment |= {
            "OCF_ROOT": "/usr/lib/ocf", "OCF_RESOURCE_INSTANCE": "vm", "HA_RSCTMP": str(private.directory()),
            "HA_LOGFACILITY": "none", "OCF_RESKEY_CRM_meta_timeout": "60000", "OCF_RESKEY_hypervisor": "qemu:///system",
            "OCF_RESKEY_force_stop": "true", "OCF_RESKEY_config": written("linux.xml", guest("linux", DEVICES))}
        cls.agent("start")
        cls.addClassCleanup(cls.daemon.run, ["virsh", "destroy", "linux"], check=False)

    @classmethod
    def agent(cls, action):
        """What the agent ended with."""
        agent = "/usr/lib/ocf/resource.d/heartbeat/VirtualDomain"
        return int(cls.daemon.run(["sh", "-c", f"{agent} {action} >&2; echo $?"]).splitlines()[-1])

    def test_pacemakers_agent(self):
        running, not_running = 0, 7
        self.assertEqual(self.agent("validate-all"), 0)
        self.assertEqual(self.agent("monitor"), running)
        self.assertEqual(self.agent("stop"), 0)
        self.assertEqual(self.agent("monitor"), not_running)
        self.assertNotIn("linux", self.daemon.run(["virsh", "list", "--all", "--name"]))
        self.assertEqual(self.agent("start"), 0)
        self.assertEqual(self.agent("monitor"), running)

    def test_collectd(self):
        folder = private.directory() / "collected"
        configuration = f"""Hostname "host"
BaseDir "{folder}"
PIDFile "{folder}.pid"
PluginDir "/usr/lib/collectd"
Interval 1
LoadPlugin csv
<Plugin csv>
 DataDir "{folder}"
</Plugin>
LoadPlugin virt
<Plugin virt>
 Connection "qemu:///system"
 RefreshInterval 1
 ExtraStats "cpu_util disk domain_state pcpu vcpu memory disk_physical disk_allocation disk_capacity"
</Plugin>
"""
        collector = self.daemon.open(["collectd", "-f", "-C", written("collectd.conf", configuration)])
        try:
            for kind in ("memory-total", "virt_vcpu-0", "disk_octets-vda", "disk_capacity-vda", "if_octets-vnet",
                         "domain_state", "virt_cpu_total"):
                private.wait_for(kind, lambda kind=kind: list(folder.glob(f"linux/virt/{kind}*")))
        finally:
            collector.terminate()
            collector.wait()

    def test_the_exporter_for_prometheus(self):
        exporter = self.daemon.open(["prometheus-libvirt-exporter"])
        address = "http://127.0.0.1:9177/metrics"

        def page():
            try:
                with urllib.request.urlopen(address, timeout=60) as answer:
                    return answer.read().decode()
            except OSError:
                return ""
        try:
            text = private.wait_for("the exporter", page)
        finally:
            exporter.terminate()
            exporter.wait()
        self.assertIn("\nlibvirt_up 1\n", text)
        self.assertIn("\nlibvirt_domains_number 1\n", text)
        self.assertRegex(text, r'libvirt_domain_info_memory_usage_bytes{domain="linux",.*} 2.68435456e\+08')
        self.assertRegex(text, r'libvirt_domain_block_stats_read_bytes_total{domain="linux",source_file="%s",.*}'
                         % re.escape(DISK))
        self.assertRegex(text, r'libvirt_domain_interface_stats_receive_bytes_total{domain="linux",source_bridge="virbr60"')


if __name__ == "__main__":
    private.main()
