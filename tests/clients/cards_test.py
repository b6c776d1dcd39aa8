#!/usr/bin/python3
"""Network cards of running guests with the stock Python binding: plugged, moved, limited and unplugged, with their taps,
macvtaps and ports; and what a running guest tells about itself."""

import json
import os
import pathlib
import subprocess
import unittest

import private
from network_test import Replaced

NEEDS = ["/usr/bin/virsh", "/usr/bin/qemu-system-x86_64", "/usr/sbin/dnsmasq", "/usr/sbin/ip",
         "/usr/lib/python3/dist-packages/libvirt.py"]
load_tests = private.load_tests

GUEST = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>{top}
<os><type arch='x86_64' machine='q35'>hvm</type></os><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<controller type='pci' index='0' model='pcie-root'/>{ports}{devices}</devices></domain>"""
PORTS = "".join(f"<controller type='pci' index='{i}' model='pcie-root-port'/>" for i in range(1, 9))
CARD = "<interface type='{kind}'><mac address='{mac}'/>{source}<model type='virtio'/>{more}</interface>"
NETWORK = """<network><name>plain</name><bridge name='virbr7'/><ip address='192.168.77.1' netmask='255.255.255.0'/>
</network>"""
LIVE = 1
MAC = "52:54:00:00:00:0{}"


def ip(*words):
    return subprocess.run(["ip", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout


def ports(bridge):
    """Names of the devices in a bridge."""
    return sorted(link["ifname"] for link in json.loads(ip("-j", "link", "show", "master", bridge) or "[]"))


def links():
    return {link["ifname"] for link in json.loads(ip("-j", "link"))}


class Case(unittest.TestCase):
    """The daemon, a connection and two bridges."""

    def setUp(self):
        import libvirt  # only in the private world: outside, another python may run this file
        self.libvirt = libvirt
        libvirt.registerErrorHandler(lambda *_: None, None)
        pathlib.Path("/etc/libvirt/virtued.conf").write_text('auth_unix_rw = "none"\nauth_unix_ro = "none"\n')
        self.daemon = private.Daemon()
        self.addCleanup(lambda: self.daemon.stop())
        self.connection = libvirt.open("qemu:///system")
        self.addCleanup(lambda: self.connection.close())
        for bridge in ("brone", "brtwo"):
            if bridge not in links():
                ip("link", "add", bridge, "type", "bridge")
                ip("link", "set", bridge, "up")

    def guest(self, name, devices="", top="", ports=PORTS):
        domain = self.connection.defineXML(GUEST.format(name=name, devices=devices, top=top, ports=PORTS))
        self.addCleanup(self.remove, domain)
        domain.createWithFlags(self.libvirt.VIR_DOMAIN_START_PAUSED)
        return domain

    def remove(self, domain):
        if domain.name() not in [each.name() for each in self.connection.listAllDomains()]:
            return
        if domain.isActive():
            domain.destroy()
        domain.undefine()

    def device(self, domain, mac):
        """The device on the host of the card with that MAC."""
        for part in domain.XMLDesc().split("<interface ")[1:]:
            part = part.split("</interface>")[0]
            if mac in part and "<target dev='" in part:
                return part.split("<target dev='")[1].split("'")[0]
        return ""

    def refused(self, code, function, *arguments):
        with self.assertRaises(self.libvirt.libvirtError) as raised:
            function(*arguments)
        self.assertEqual(raised.exception.get_error_code(), code, str(raised.exception))


class CardTest(Case):
    def test_a_card_on_a_bridge_comes_moves_and_goes_with_its_tap(self):
        domain = self.guest("bridged")
        card = CARD.format(kind="bridge", mac=MAC.format(1), source="<source bridge='brone'/>", more="")
        domain.attachDeviceFlags(card, LIVE)
        tap = self.device(domain, MAC.format(1))
        self.assertEqual(ports("brone"), [tap])
        self.assertEqual(len(domain.interfaceStats(tap)), 8)
        domain.updateDeviceFlags(card.replace("brone", "brtwo"), LIVE)
        self.assertEqual((ports("brone"), ports("brtwo")), ([], [tap]))
        self.assertIn("<source bridge='brtwo'/>", domain.XMLDesc())
        domain.updateDeviceFlags(card.replace("brone", "brtwo").replace("<model", "<link state='down'/><model"), LIVE)
        self.assertIn("<link state='down'/>", domain.XMLDesc())
        self.refused(self.libvirt.VIR_ERR_OPERATION_UNSUPPORTED, domain.updateDeviceFlags,
                     card.replace("'virtio'", "'e1000'"), LIVE)
        self.refused(self.libvirt.VIR_ERR_DEVICE_MISSING, domain.updateDeviceFlags, card.replace(":01'", ":77'"), LIVE)
        # The guest's firmware lets go of it once it runs; what matters here is what the end of the guest leaves.
        domain.destroy()
        private.wait_for("the tap to go", lambda: tap not in links())

    def test_a_card_that_is_unplugged_takes_its_tap_along(self):
        domain = self.guest("leaving")
        # From a USB bus it goes without the guest's consent.
        card = CARD.format(kind="bridge", mac=MAC.format(2), source="<source bridge='brone'/>",
                           more="<address type='usb' bus='0' port='1'/>").replace("'virtio'", "'usb-net'")
        domain.attachDeviceFlags(card, LIVE)
        tap = self.device(domain, MAC.format(2))
        self.assertEqual(ports("brone"), [tap])
        domain.detachDeviceFlags(card, LIVE)
        private.wait_for("the card to go", lambda: MAC.format(2) not in domain.XMLDesc())
        private.wait_for("its tap to go", lambda: tap not in links())
        domain.attachDeviceFlags(card, LIVE)
        self.assertEqual(len(ports("brone")), 1)

    def test_cards_of_a_network_a_macvtap_and_a_named_tap(self):
        network = self.connection.networkCreateXML(NETWORK)
        self.addCleanup(network.destroy)
        ip("link", "add", "lower", "type", "veth", "peer", "name", "lowerpeer")
        domain = self.guest("many")
        domain.attachDeviceFlags(CARD.format(kind="network", mac=MAC.format(3), source="<source network='plain'/>", more=""),
                                 LIVE)
        tap = self.device(domain, MAC.format(3))
        self.assertIn(tap, ports("virbr7"))
        self.assertEqual(len(network.listAllPorts()), 1)
        domain.attachDeviceFlags(CARD.format(kind="direct", mac=MAC.format(4), source="<source dev='lower' mode='bridge'/>",
                                             more=""), LIVE)
        macvtap = self.device(domain, MAC.format(4))
        self.assertIn("link/ether " + MAC.format(4), ip("link", "show", macvtap))
        domain.attachDeviceFlags(CARD.format(kind="ethernet", mac=MAC.format(5), source="<target dev='mytap'/>", more=""),
                                 LIVE)
        self.assertIn("mytap", links())
        figures = self.connection.domainListGetStats([domain], self.libvirt.VIR_DOMAIN_STATS_INTERFACE)[0][1]
        self.assertEqual([figures[f"net.{i}.name"] for i in range(3)], [tap, macvtap, "mytap"])
        # From the network to a bridge and back, with its port.
        card = CARD.format(kind="network", mac=MAC.format(3), source="<source network='plain'/>", more="")
        domain.updateDeviceFlags(CARD.format(kind="bridge", mac=MAC.format(3), source="<source bridge='brtwo'/>", more=""),
                                 LIVE)
        self.assertEqual((ports("virbr7"), ports("brtwo"), network.listAllPorts()), ([], [tap], []))
        domain.updateDeviceFlags(card, LIVE)
        self.assertEqual((ports("virbr7"), ports("brtwo"), len(network.listAllPorts())), ([tap], [], 1))
        # None of it stays behind a card that cannot be made.
        before = links()
        self.refused(self.libvirt.VIR_ERR_NO_NETWORK, domain.attachDeviceFlags,
                     CARD.format(kind="network", mac=MAC.format(6), source="<source network='none'/>", more=""), LIVE)
        with self.assertRaises(self.libvirt.libvirtError):
            domain.attachDeviceFlags(CARD.format(kind="bridge", mac=MAC.format(6), source="<source bridge='nobr'/>", more=""),
                                     LIVE)
        self.assertEqual(links(), before)
        domain.destroy()
        private.wait_for("all of it to go", lambda: not {tap, macvtap, "mytap"} & links())
        self.assertEqual(network.listAllPorts(), [])

    def test_limits_of_cards(self):
        card = CARD.format(kind="bridge", mac=MAC.format(7), source="<source bridge='brone'/>", more="")
        user = CARD.format(kind="user", mac=MAC.format(8), source="", more="")
        domain = self.guest("limited", devices=card + user)
        tap = self.device(domain, MAC.format(7))
        config = self.libvirt.VIR_DOMAIN_AFFECT_CONFIG
        domain.setInterfaceParameters(MAC.format(7), {"inbound.average": 1000, "inbound.peak": 2000, "inbound.burst": 512},
                                      config)
        self.assertEqual(domain.interfaceParameters(MAC.format(7), config)["inbound.peak"], 2000)
        self.assertEqual(domain.interfaceParameters(tap, LIVE)["inbound.average"], 0)
        domain.setInterfaceParameters(tap, {"inbound.average": 1000, "inbound.peak": 2000}, LIVE)
        self.assertEqual(domain.interfaceParameters(tap, LIVE)["inbound.average"], 1000)
        self.assertIn("<inbound average='1000' peak='2000'/>", domain.XMLDesc())
        shown = subprocess.run(["tc", "class", "show", "dev", tap], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertIn("htb 1:1", shown)
        domain.setInterfaceParameters(tap, {"inbound.average": 0}, LIVE)
        self.assertNotIn("<bandwidth>", domain.XMLDesc())
        shown = subprocess.run(["tc", "class", "show", "dev", tap], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertEqual(shown, "")
        self.refused(self.libvirt.VIR_ERR_INVALID_ARG, domain.interfaceParameters, "none", 0)
        self.refused(self.libvirt.VIR_ERR_CONFIG_UNSUPPORTED, domain.setInterfaceParameters, MAC.format(8),
                     {"inbound.average": 5}, LIVE)


    def test_a_floor_is_guaranteed_by_the_network_as_long_as_the_card_is_plugged_in(self):
        # Not every kernel has the queues that a network's limit asks for: what tc is told is what is looked at.
        said = private.directory() / "told-tc"
        slow = NETWORK.replace("plain", "slow").replace("virbr7", "virbr8").replace("77.1", "78.1")
        slow = slow.replace("<ip", "<bandwidth><inbound average='1000' peak='2000'/></bandwidth><ip")
        card = CARD.format(kind="network", mac=MAC.format(9), source="<source network='slow'/>", more="")
        libvirt = self.libvirt

        def told(words):
            lines = said.read_text().splitlines()
            return [line for line in lines if all(word in line for word in ("virbr8", *words))]
        with Replaced("/usr/sbin/tc", f"echo \"$*\" >> {said}\n"):
            network = self.connection.networkCreateXML(slow)
            domain = self.guest("floored", devices=card)
            domain.setInterfaceParameters(MAC.format(9), {"inbound.average": 100, "inbound.floor": 300}, LIVE)
            self.assertEqual(len(told(["class add", "classid 1:3", "rate 300kbps"])), 1)
            self.assertIn("<inbound average='100' floor='300'/>", network.listAllPorts()[0].XMLDesc())
            self.refused(libvirt.VIR_ERR_OPERATION_INVALID, domain.setInterfaceParameters, MAC.format(9),
                         {"inbound.average": 100, "inbound.floor": 2100}, LIVE)
            self.assertEqual(domain.interfaceParameters(MAC.format(9), LIVE)["inbound.floor"], 300)
            domain.setInterfaceParameters(MAC.format(9), {"inbound.average": 100, "inbound.floor": 0}, LIVE)
            self.assertEqual(len(told(["class change", "classid 1:2", "rate 2000kbps"])), 1)
            self.assertNotIn("floor=", network.listAllPorts()[0].XMLDesc())
            port = network.listAllPorts()[0]
            self.assertEqual(network.portLookupByUUIDString(port.UUIDString()).network().name(), "slow")
            port.setParameters({"inbound.average": 100, "inbound.floor": 400}, 0)
            self.assertEqual(port.parameters(), {"inbound.average": 100, "inbound.peak": 0, "inbound.floor": 400,
                                                 "inbound.burst": 0})
            self.assertEqual(len(told(["class add", "classid 1:3", "rate 400kbps"])), 1)
            self.refused(libvirt.VIR_ERR_OPERATION_INVALID, port.setParameters, {"inbound.average": 1, "inbound.floor": 2100}, 0)
            self.assertEqual(port.parameters()["inbound.floor"], 400)
            domain.destroy()
            private.wait_for("the end of the guarantee", lambda: told(["class del", "1:3"]) and not network.listAllPorts())
            network.destroy()


class RunningGuestTest(Case):
    """What a running guest tells about itself."""

    def test_statistics_name_the_whole_chain(self):
        folder = pathlib.Path("/var/lib/libvirt/images")
        folder.mkdir(parents=True, exist_ok=True)
        for words in (["base.qcow2", "8M"], ["-b", "base.qcow2", "-F", "qcow2", "top.qcow2"]):
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *words], cwd=folder, check=True)
        domain = self.guest("chain", top="<iothreads>2</iothreads>", devices="<disk type='file' device='disk'>"
                            "<driver name='qemu' type='qcow2'/><source file='/var/lib/libvirt/images/top.qcow2'/>"
                            "<target dev='vda' bus='virtio'/></disk>")
        libvirt = self.libvirt
        plain = self.connection.domainListGetStats([domain], 0)[0][1]
        self.assertEqual((plain["block.count"], plain["block.0.capacity"], plain["iothread.count"]), (1, 8 << 20, 2))
        self.assertEqual((plain["dirtyrate.calc_status"], plain["dirtyrate.calc_mode"]), (0, "page-sampling"))
        chain = self.connection.domainListGetStats([domain], libvirt.VIR_DOMAIN_STATS_BLOCK,
                                                   libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING)[0][1]
        self.assertEqual(chain["block.count"], 2)
        self.assertEqual((chain["block.1.name"], chain["block.1.path"]), ("vda", "/var/lib/libvirt/images/base.qcow2"))
        self.assertNotIn("block.1.rd.reqs", chain)

    def test_what_taints_a_guest_is_told_and_logged(self):
        import libvirt_qemu
        domain = self.guest("tainted")
        self.assertEqual(domain.messages(), [])
        libvirt_qemu.qemuMonitorCommand(domain, '{"execute":"query-version"}', 0)
        self.assertEqual(domain.messages(), ["tainted: custom monitor control commands issued"])
        log = pathlib.Path("/var/log/libvirt/qemu/tainted.log")
        private.wait_for("the line in the log", lambda: f"Domain id={domain.ID()} is tainted: custom-monitor" in log.read_text())

    def test_an_emulated_tpm_keeps_its_state_until_the_guest_is_undefined(self):
        if not os.path.exists("/usr/bin/swtpm_setup"):
            self.skipTest("swtpm is not installed")
        domain = self.guest("secure", devices="<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>")
        state = pathlib.Path("/var/lib/libvirt/swtpm", domain.UUIDString(), "tpm2")
        self.assertTrue(list(state.iterdir()))
        before = {path.name for path in state.iterdir()}
        domain.destroy()
        domain.createWithFlags(self.libvirt.VIR_DOMAIN_START_PAUSED)
        self.assertEqual({path.name for path in state.iterdir()} & before, before)
        domain.destroy()
        domain.undefine()
        self.assertFalse(state.exists())

    def test_memory_in_files_and_huge_pages_has_its_folders(self):
        domain = self.guest("filed", top="<memoryBacking><source type='file'/><access mode='shared'/></memoryBacking>")
        folder = pathlib.Path("/var/lib/libvirt/qemu/ram", f"{domain.ID()}-filed")
        self.assertTrue(folder.exists())
        domain.destroy()
        private.wait_for("the folder to go", lambda: not folder.exists())


if __name__ == "__main__":
    private.main()
