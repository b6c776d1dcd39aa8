# deadline: 600
"""Definitions that contradict themselves, and with which error libvirtd 9.0.0 refuses each: recorded from it. What it
takes is taken, and stored as it stores it."""

import unittest

import harness

libvirt = harness.libvirt()

GUEST = ("<domain type='qemu'><name>m</name><memory unit='MiB'>64</memory><vcpu>2</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>"
         "{body}<devices>{devices}</devices></domain>")
NUMA = "<cpu><numa>{}</numa></cpu>"
NVME = "<disk type='nvme' device='disk'><source type='{}' namespace='1'><address domain='0' bus='1' slot='0' function='0'/></source><target dev='vda' bus='virtio'/></disk>"
SHARED = "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>"


def disk(target, bus, more="", driver="", words="", device="disk"):
    return (f"<disk type='file' device='{device}'><driver name='qemu' type='raw' {driver}/><source file='/a'/>"
            f"<target dev='{target}' bus='{bus}' {words}/>{more}</disk>")


def drive(bus, target, place):
    return disk(target, bus, f"<address type='drive' controller='0' unit='0' {place}/>")


def guest(body="", devices=""):
    return GUEST.format(body=body, devices=devices)


# (error code, error domain): definitions
REFUSED = {
    (1, 20): [
        guest(NUMA.format("<cell id='0' cpus='0' memory='32768'/><cell id='1' cpus='5' memory='32768'/>")),
        guest(devices=disk("fda", "fdc", device="cdrom")),
        guest(devices="<input type='mouse' bus='xen'/>")],
    (27, 20): [
        guest(devices=NVME.format("unix")),
        guest(SHARED, "<disk type='vhostuser' device='disk'><source type='pci' path='/s'/><target dev='vda' bus='virtio'/></disk>"),
        guest(devices=disk("sda", "scsi", words="removable='on'")),
        guest(devices="<interface type='user'><ip address='1.2.3.4' prefix='33'/></interface>"),
        guest(devices="<interface type='user'><ip address='::1' family='ipv6' prefix='200'/></interface>"),
        guest(devices="<interface type='hostdev'><source/></interface>"),
        guest("<vcpus><vcpu id='5' enabled='yes'/></vcpus>")],
    (67, 10): [
        guest(devices=drive("sata", "sda", "bus='1' target='0'")),
        guest(devices=drive("sata", "sda", "bus='0' target='1'")),
        guest(devices=disk("sda", "sata", "<wwn>5000c50015ea71ac</wwn>")),
        guest(devices=disk("sda", "sata", "<readonly/>")),
        guest(devices=disk("hda", "ide", "<readonly/>")),
        guest(devices=disk("fda", "fdc", "<transient/>", device="floppy")),
        guest(devices=disk("fda", "fdc", driver="copy_on_read='on'", device="floppy")),
        guest("<clock offset='utc'><timer name='armvtimer'/></clock>")],
    (67, 20): [
        *(guest(devices=disk("sda", bus, driver=option)) for bus in ("sata", "scsi", "usb")
          for option in ("queues='2'", "event_idx='on'", "ioeventfd='on'")),
        *(guest(devices=disk("sda", bus, words="tray='open'")) for bus in ("sata", "scsi", "usb")),
        guest(devices=disk("vda", "virtio", words="tray='open'")),
        guest(devices="<channel type='pty'><target type='guestfwd' address='::1' port='4600'/></channel>")],
}
# What is taken, and a part of what is stored.
TAKEN = [
    (guest("<vcpus><vcpu id='0' enabled='yes' hotpluggable='no'/><vcpu id='1' enabled='no' hotpluggable='yes'/></vcpus>"),
     "<vcpu placement='static' current='1'>2</vcpu>"),
    (guest(devices="<video><model type='none' heads='2'/></video>"), "<model type='none'/>"),
    (guest(devices=NVME.format("pci")), "<source type='pci' managed='yes' namespace='1'>"),
    (guest(NUMA.format("<cell id='0' memory='32768'/><cell id='1' cpus='0-1' memory='32768'/>")), "<cell id='1' cpus='0-1'"),
]


class Definitions(harness.TestCase):
    def test_what_is_refused_and_taken(self):
        with self.daemon() as daemon:
            connection = daemon.connect()
            for (code, source), definitions in REFUSED.items():
                for definition in definitions:
                    with self.subTest(definition=definition):
                        error = self.refused(code, connection.defineXML, definition)
                        self.assertEqual(error.get_error_domain(), source, str(error))
            for definition, stored in TAKEN:
                with self.subTest(definition=definition):
                    domain = connection.defineXML(definition)
                    self.assertIn(stored, domain.XMLDesc())
                    domain.undefine()


if __name__ == '__main__':
    unittest.main(verbosity=2)
