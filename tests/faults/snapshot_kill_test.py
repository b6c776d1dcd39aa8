# deadline: 600
"""The daemon killed in the middle of snapshots, merges and backups of a running guest: what the guest writes to, what the
daemon says and what the next start takes stay the same thing."""

import json
import os
import re
import subprocess
import time
import unittest

import harness

libvirt = harness.libvirt()
harness.needs('qemu-img', 'qemu-io', 'virsh')

# Seconds from the beginning of a command to the kill: before, in the middle of and behind what it does.
DELAYS = (0.0, 0.01, 0.03, 0.05, 0.08, 0.12, 0.2)


class Killed(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.place = harness.private_directory()
        os.chmod(self.place, 0o755)
        self.addCleanup(harness.shutil.rmtree, self.place, ignore_errors=True)
        self.disk = os.path.join(self.place, 'vda.img')
        harness.run(['qemu-img', 'create', '-q', '-f', 'qcow2', self.disk, '16M'])
        harness.run(['qemu-io', '-c', 'write -q -P 5 0 64k', self.disk])
        self.server = self.daemon()
        disk = (f"<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{self.disk}'/>"
                "<target dev='vda' bus='virtio'/></disk>")
        self.domain = self.server.connect().defineXML(harness.minimal_xml('snap', devices=disk))
        self.domain.create()

    def virsh(self, arguments):
        return harness.run_virsh(arguments, self.server.uri()).stdout

    def interrupt(self, arguments, delay):
        """Begins a command of virsh and kills the daemon after `delay` seconds; then there is a new one."""
        with subprocess.Popen(['virsh', '-c', self.server.uri(), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            time.sleep(0.05 + delay)
            self.server.kill9()
            child.wait(120)
        self.server.start()
        self.domain = self.server.connect().lookupByName('snap')
        harness.wait_for_monitor(self.domain)
        harness.wait_until(lambda: self.domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING, what='the guest running on')

    def written_to(self):
        """The file that QEMU itself has open for the disk."""
        told = json.loads(self.virsh(['qemu-monitor-command', 'snap', '{"execute":"query-block"}']))
        return next(block['inserted']['file'] for block in told['return'] if 'virtio-disk0' in block['qdev'])

    def source(self, flags=0):
        return re.search(r"<source file='([^']+)'", self.domain.XMLDesc(flags)).group(1)

    def same_everywhere(self):
        def agree():
            return self.source() == self.written_to() == self.source(libvirt.VIR_DOMAIN_XML_INACTIVE)
        harness.wait_until(agree, what='one answer to what the disk is')
        for snapshot in self.domain.listAllSnapshots():
            self.assertIn(f'<name>{snapshot.getName()}</name>', snapshot.getXMLDesc())

    def holds(self):
        self.domain.destroy()
        told = harness.run(['qemu-io', '-r', '-c', 'read -q -P 5 0 64k', self.source()], check=False)
        self.assertNotIn('failed', told.stdout + told.stderr)
        self.domain.create()
        self.assertEqual(self.domain.state()[0], libvirt.VIR_DOMAIN_RUNNING)

    def test_in_new_files_over_the_disk(self):
        for number, delay in enumerate(DELAYS):
            self.interrupt(['snapshot-create-as', 'snap', f'over{number}', '--disk-only'], delay)
            self.same_everywhere()
        self.holds()

    def test_in_snapshots_with_memory(self):
        for number, delay in enumerate(DELAYS):
            self.interrupt(['snapshot-create-as', 'snap', f'inside{number}'], delay)
            self.same_everywhere()
        self.holds()

    def test_in_merging(self):
        for number, delay in enumerate(DELAYS):
            name = f'gone{number}'
            self.virsh(['snapshot-create-as', 'snap', name, '--disk-only'])
            self.interrupt(['snapshot-delete', 'snap', name], delay)
            self.same_everywhere()
        self.holds()

    def test_in_backups(self):
        for number, delay in enumerate(DELAYS):
            target = os.path.join(self.place, f'copy{number}')
            document = os.path.join(self.place, 'backup.xml')
            with open(document, 'w', encoding='utf-8') as file:
                file.write(f"<domainbackup><disks><disk name='vda' type='file'><target file='{target}'/></disk></disks></domainbackup>")
            self.interrupt(['backup-begin', 'snap', document], delay)
            harness.wait_until(lambda: self.domain.jobStats().get('type', 0) == libvirt.VIR_DOMAIN_JOB_NONE, what='the end of the backup')
            nodes = self.virsh(['qemu-monitor-command', 'snap', '{"execute":"query-named-block-nodes"}'])
            self.assertNotIn('backup-vda', nodes)
        self.holds()


if __name__ == '__main__':
    unittest.main(verbosity=2)
