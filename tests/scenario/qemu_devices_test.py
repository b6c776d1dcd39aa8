# deadline: 600
"""Devices that come and go while the guest runs and in its definition, through the stock Python binding."""

import os
import re
import threading

import unittest

import harness

libvirt = harness.libvirt()
harness.start_event_loop()

LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
CONFIG = libvirt.VIR_DOMAIN_AFFECT_CONFIG


class Aliases:
    """Collects the aliases that device events name."""

    def __init__(self, connection, event):
        self.seen = []
        self.changed = threading.Condition()
        connection.domainEventRegisterAny(None, event, self.take, None)

    def take(self, _, __, alias, *___):
        with self.changed:
            self.seen.append(alias)
            self.changed.notify_all()

    def wait(self, alias):
        with self.changed:
            if not self.changed.wait_for(lambda: alias in self.seen, harness.PATIENCE):
                raise AssertionError(f'{alias} is not among {self.seen}')


class Devices(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.root = harness.private_directory()
        self.connection = self.daemon().connect()
        devices = ("<controller type='usb' model='qemu-xhci'/><controller type='virtio-serial'/>"
                   "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><target dev='sda' bus='scsi'/><readonly/></disk>"
                   "<controller type='scsi' model='virtio-scsi'/>"
                   "<interface type='user'><mac address='52:54:00:11:22:33'/><model type='virtio'/></interface>")
        document = harness.minimal_xml('plug', devices=devices).replace('<controller type="usb" model="none"/>', '')
        self.domain = self.connection.defineXML(document)
        self.addCleanup(self.remove)

    def remove(self):
        if self.domain.isActive():
            self.domain.destroy()
        self.domain.undefine()

    def image(self, name):
        path = os.path.join(self.root, name)
        with open(path, 'wb') as file:
            file.truncate(1 << 20)
        os.chmod(self.root, 0o755)
        return path

    def disk(self, name, target, bus):
        return (f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{self.image(name)}'/>"
                f"<target dev='{target}' bus='{bus}'/></disk>")

    def test_a_usb_disk_is_plugged_and_unplugged_and_events_name_it(self):
        self.domain.create()
        added = Aliases(self.connection, libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_ADDED)
        removed = Aliases(self.connection, libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED)
        disk = self.disk('usb.img', 'sdb', 'usb')
        self.domain.attachDeviceFlags(disk, LIVE)
        alias = re.search(r"<target dev='sdb'.*?<alias name='([^']+)'", self.domain.XMLDesc(), re.S).group(1)
        added.wait(alias)
        self.assertEqual(self.domain.blockInfo('sdb')[0], 1 << 20)
        self.refused(libvirt.VIR_ERR_OPERATION_FAILED, self.domain.attachDeviceFlags, disk, LIVE)
        self.domain.detachDeviceFlags(disk, LIVE)
        removed.wait(alias)
        self.assertNotIn('usb.img', self.domain.XMLDesc())
        self.assertNotIn('usb.img', self.domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        # Everything behind it is gone, too: the same disk fits in again.
        self.domain.attachDeviceFlags(disk, LIVE)

    def test_what_is_put_into_the_definition_waits_for_the_next_start(self):
        self.domain.create()
        self.domain.attachDeviceFlags(self.disk('later.img', 'vdb', 'virtio'), CONFIG)
        self.assertNotIn('later.img', self.domain.XMLDesc())
        self.domain.destroy()
        self.domain.create()
        self.assertIn('later.img', self.domain.XMLDesc())
        self.domain.detachDeviceFlags(self.disk('later.img', 'vdb', 'virtio'), CONFIG)
        self.assertIn('later.img', self.domain.XMLDesc())
        self.assertNotIn('later.img', self.domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        self.refused(libvirt.VIR_ERR_DEVICE_MISSING, self.domain.detachDeviceFlags, self.disk('no.img', 'vdz', 'virtio'), CONFIG)

    def test_a_failed_plug_leaves_nothing_behind(self):
        self.domain.create()
        before = self.domain.XMLDesc()
        rng = "<rng model='virtio'><backend model='random'>/nonexistent/device</backend></rng>"
        with self.assertRaises(libvirt.libvirtError):
            self.domain.attachDeviceFlags(rng, LIVE)
        with self.assertRaises(libvirt.libvirtError):
            self.domain.attachDeviceFlags(rng, LIVE | CONFIG)
        self.assertEqual(self.domain.XMLDesc(), before)
        self.assertNotIn('nonexistent', self.domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        self.domain.attachDeviceFlags(rng.replace('/nonexistent/device', '/dev/urandom'), LIVE | CONFIG)
        self.assertIn('/dev/urandom', self.domain.XMLDesc())

    def test_a_medium_is_changed_and_a_link_goes_down(self):
        self.domain.create()
        drive = "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>%s<target dev='sda' bus='scsi'/><readonly/></disk>"
        self.domain.updateDeviceFlags(drive % f"<source file='{self.image('cd.iso')}'/>", LIVE)
        self.assertEqual(self.domain.blockInfo('sda')[0], 1 << 20)
        self.domain.updateDeviceFlags(drive % '', LIVE)
        self.assertNotIn('cd.iso', self.domain.XMLDesc())
        card = "<interface type='user'><mac address='52:54:00:11:22:33'/><model type='virtio'/><link state='down'/></interface>"
        self.domain.updateDeviceFlags(card, LIVE)
        self.assertIn("<link state='down'/>", self.domain.XMLDesc())
        self.refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, self.domain.updateDeviceFlags, card.replace("'virtio'", "'e1000'"), LIVE)

    def test_channels_and_inputs_come_and_go_by_alias(self):
        self.domain.create()
        self.domain.attachDeviceFlags("<channel type='pty'><target type='virtio' name='org.example.0'/></channel>", LIVE)
        self.assertRegex(self.domain.XMLDesc(), r"<source path='/dev/pts/\d+'/>\s*<target type='virtio' name='org.example.0'")
        self.domain.attachDeviceFlags("<input type='tablet' bus='usb'><alias name='ua-pen'/></input>", LIVE)
        self.domain.detachDeviceAlias('ua-pen', LIVE)
        harness.wait_until(lambda: 'ua-pen' not in self.domain.XMLDesc())
        self.refused(libvirt.VIR_ERR_DEVICE_MISSING, self.domain.detachDeviceAlias, 'ua-pen', LIVE)

    def test_the_command_line_is_shown_for_a_document(self):
        text = self.connection.domainXMLToNative('qemu-argv', self.domain.XMLDesc(), 0)
        self.assertIn('"driver":"qemu-xhci"', text)
        self.assertNotIn('\n', text)
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.connection.domainXMLToNative, 'vmware-vmx', self.domain.XMLDesc(), 0)


if __name__ == '__main__':
    unittest.main(verbosity=2)
