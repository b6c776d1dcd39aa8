# deadline: 600
"""kill -9 of the daemon at random moments of a copy of a running guest's disk, of its making and of the switch to it:
what the definitions say afterwards is what QEMU works with, and the next copy can be begun."""

import contextlib
import os
import random
import re
import threading
import time

import unittest

import harness

harness.needs('qemu-img')
libvirt = harness.libvirt()

ROUNDS = 40 if harness.SOAK else 5
LONGEST = 0.5  # seconds of work before a kill
PIVOT = libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT


def copy_and_switch(domain, path):
    """As far as it gets before the daemon is killed."""
    with contextlib.suppress(libvirt.libvirtError):
        place = f"<disk type='file'><source file='{path}'/><driver type='qcow2'/></disk>"
        domain.blockCopy('vda', place, None, libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB)
        while (info := domain.blockJobInfo('vda')) and info['cur'] != info['end']:
            time.sleep(0.002)
        domain.blockJobAbort('vda', PIVOT)


class CopyKills(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.started = self.daemon()
        self.folder = self.directory()
        os.chmod(self.folder, 0o755)

    def source(self, domain, flags=0):
        return re.search(r"<source file='([^']*)'", domain.XMLDesc(flags)).group(1)

    def test_the_definitions_say_what_qemu_works_with(self):
        first = os.path.join(self.folder, 'first.qcow2')
        harness.run(['qemu-img', 'create', '-q', '-f', 'qcow2', first, '16M'])
        disk = (f"<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{first}'/>"
                "<target dev='vda' bus='virtio'/></disk>")
        domain = self.started.connect().defineXML(harness.minimal_xml('copied', devices=disk))
        domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
        for number in range(ROUNDS):
            path = os.path.join(self.folder, f'copy{number}.qcow2')
            work = threading.Thread(target=copy_and_switch, args=(domain, path))
            work.start()
            time.sleep(random.uniform(0, LONGEST))
            self.started.kill9()
            work.join()
            self.started.start()
            domain = self.started.connect().lookupByName('copied')
            harness.wait_for_monitor(domain)
            harness.wait_until(lambda: self.settle(domain), what='the end of the copy')
            self.check(domain, f'round {number}')
        domain.destroy()

    def settle(self, domain):
        """Gives up what is left of the copy; true once there is none."""
        with contextlib.suppress(libvirt.libvirtError):
            domain.blockJobAbort('vda')
        return not domain.blockJobInfo('vda') and '<mirror' not in domain.XMLDesc()

    def check(self, domain, where):
        blocks = self.started.virsh(['qemu-monitor-command', 'copied', '{"execute":"query-block"}']).stdout
        real = re.search(r'"inserted":.*?"file":"([^"]*)"', blocks).group(1)
        shown = self.source(domain)
        self.assertTrue(real == shown or f'"filename": "{shown}"' in real.replace('\\', ''), f'{where}: QEMU has {real}, shown is {shown}')
        self.assertEqual(self.source(domain, libvirt.VIR_DOMAIN_XML_INACTIVE), shown, where)


if __name__ == '__main__':
    unittest.main(verbosity=2)
