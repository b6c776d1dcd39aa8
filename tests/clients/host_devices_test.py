#!/usr/bin/python3
"""The host's devices and network interfaces with stock clients: what virt-install and virt-manager ask for first."""

import json
import os
import pathlib
import subprocess
import threading
import unittest
import xml.etree.ElementTree as ElementTree

import private

NEEDS = ["/usr/bin/virsh", "/usr/sbin/ip", "/usr/lib/python3/dist-packages/libvirt.py"]
load_tests = private.load_tests
VIRSH = ["virsh", "-q", "-c", "qemu:///system"]


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Case(unittest.TestCase):
    def setUp(self):
        pathlib.Path("/etc/libvirt/virtued.conf").write_text('auth_unix_rw = "none"\nauth_unix_ro = "none"\n')
        self.daemon = private.Daemon()
        self.addCleanup(lambda: self.daemon.stop())

    def virsh(self, *words, check=True):
        return self.daemon.run([*VIRSH, *words], check=check).strip()

    def veth(self, name, peer):
        ip("link", "add", name, "type", "veth", "peer", "name", peer)
        self.addCleanup(subprocess.run, ["ip", "link", "del", name], stderr=subprocess.DEVNULL, check=False)


class NodeDevices(Case):
    """virsh nodedev-*."""

    def test_every_pci_device_is_listed_and_tells_its_place(self):
        listed = self.virsh("nodedev-list", "--cap", "pci").split()
        there = sorted("pci_" + name.replace(":", "_").replace(".", "_")
                       for name in os.listdir("/sys/bus/pci/devices")) if os.path.isdir("/sys/bus/pci") else []
        self.assertEqual(sorted(listed), there)
        for name in listed[:4]:
            root = ElementTree.fromstring(self.virsh("nodedev-dumpxml", name))
            path = root.findtext("path")
            vendor = pathlib.Path(path, "vendor").read_text().strip()
            self.assertEqual(root.find("capability/vendor").get("id"), vendor)
            self.assertEqual(int(root.findtext("capability/slot")), int(path[-4:-2], 16))

    def test_the_tree_hangs_on_the_computer(self):
        lines = self.virsh("nodedev-list", "--tree").splitlines()
        self.assertEqual(lines[0], "computer")
        self.assertTrue(any("net_lo_00_00_00_00_00_00" in line for line in lines), lines)

    def test_a_card_that_comes_and_goes_is_seen_and_told(self):
        import libvirt
        libvirt.virEventRegisterDefaultImpl()
        stopped = threading.Event()

        def turn():
            while not stopped.is_set():
                libvirt.virEventRunDefaultImpl()
        libvirt.virEventAddTimeout(200, lambda *_: None, None)
        loop = threading.Thread(target=turn)
        loop.start()
        self.addCleanup(loop.join)
        self.addCleanup(stopped.set)
        connection = libvirt.open("qemu:///system")
        self.addCleanup(connection.close)
        heard = []
        connection.nodeDeviceEventRegisterAny(None, libvirt.VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE,
                                              lambda _c, device, event, *_: heard.append((device.name(), event)), None)
        connection.listAllDevices()
        self.veth("vtst0", "vtst1")
        mac = pathlib.Path("/sys/class/net/vtst0/address").read_text().strip().replace(":", "_")
        name = "net_vtst0_" + mac
        private.wait_for("the new card", lambda: (name, libvirt.VIR_NODE_DEVICE_EVENT_CREATED) in heard)
        self.assertIn(name, [device.name() for device in connection.listAllDevices(
            libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET)])
        ip("link", "del", "vtst0")
        private.wait_for("its end", lambda: (name, libvirt.VIR_NODE_DEVICE_EVENT_DELETED) in heard)
        with self.assertRaises(libvirt.libvirtError) as refused:
            connection.nodeDeviceLookupByName(name)
        self.assertEqual(refused.exception.get_error_code(), libvirt.VIR_ERR_NO_NODE_DEVICE)

    def test_what_cannot_be_done_here_is_refused_in_words(self):
        self.assertIn("not a PCI device", self.virsh("nodedev-reset", "computer", check=False))
        self.assertIn("Device is already active", self.virsh("nodedev-start", "computer", check=False))
        self.assertIn("no node device with matching name 'nope'", self.virsh("nodedev-dumpxml", "nope", check=False))
        xml = private.directory() / "hba.xml"
        xml.write_text("<device><capability type='scsi_host'><capability type='fc_host'/></capability></device>")
        self.assertIn("vport capable device", self.virsh("nodedev-create", str(xml), check=False))


class Interfaces(Case):
    """virsh iface-*."""

    def test_a_bridge_shows_its_ports(self):
        self.veth("vtst0", "vtst1")
        ip("link", "add", "brtst", "type", "bridge", "stp_state", "0")
        self.addCleanup(ip, "link", "del", "brtst")
        ip("link", "set", "vtst0", "master", "brtst")
        for name in ("vtst0", "vtst1", "brtst"):
            ip("link", "set", name, "up")
        for name in ("vtst1", "brtst"):
            place = pathlib.Path("/sys/class/net", name, "operstate")
            private.wait_for(f"{name} to work", lambda place=place: place.read_text().strip() == "up")
        active = [line.split()[0] for line in self.virsh("iface-list").splitlines()]
        self.assertIn("brtst", active)
        self.assertIn("vtst1", active)
        self.assertNotIn("vtst0", active)  # a port is shown in its bridge
        self.assertIn("lo", self.virsh("iface-list", "--all"))
        root = ElementTree.fromstring(self.virsh("iface-dumpxml", "brtst"))
        self.assertEqual(root.get("type"), "bridge")
        self.assertEqual([port.get("name") for port in root.findall("bridge/interface")], ["vtst0"])
        link = json.loads(subprocess.run(["ip", "-j", "link", "show", "vtst1"], stdout=subprocess.PIPE, check=True).stdout)
        self.assertEqual(self.virsh("iface-mac", "vtst1"), link[0]["address"])
        self.assertEqual(self.virsh("iface-name", link[0]["address"]), "vtst1")

    def test_the_setup_of_the_host_is_left_to_the_host(self):
        refused = self.virsh("iface-begin", check=False)
        self.assertIn("not supported by the connection driver: virInterfaceChangeBegin", refused)


if __name__ == "__main__":
    private.main()
