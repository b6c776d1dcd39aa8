"""A full disk while defining: an error, the old definition intact, and nothing half-written."""

import os
import subprocess

import harness

libvirt = harness.libvirt()
harness.needs_root()


class FullDisk(harness.TestCase):
    def test_the_old_definition_stays_when_the_new_one_does_not_fit(self):
        daemon = self.daemon(start=False)
        folder = os.path.join(daemon.root, 'etc/libvirt/qemu')
        os.makedirs(folder)
        mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=256k,nr_inodes=200,mode=700', 'tmpfs', folder], capture_output=True, text=True, check=False)
        if mounted.returncode:
            self.skipTest(f'cannot mount a small tmpfs: {mounted.stderr.strip()}')
        self.addCleanup(subprocess.run, ['umount', '-l', folder], check=True)
        daemon.start()
        connection = daemon.connect()
        connection.defineXML(harness.minimal_xml('kept'))
        kept = connection.lookupByName('kept')
        before = kept.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        filler = os.open(os.path.join(folder, 'filler'), os.O_WRONLY | os.O_CREAT)
        try:
            while os.write(filler, b'x' * 4096):
                pass
        except OSError:
            pass
        os.close(filler)
        larger = before.replace('</domain>', f'<description>{"y" * 50000}</description></domain>')
        self.refused(libvirt.VIR_ERR_SYSTEM_ERROR, connection.defineXML, larger)
        self.refused(libvirt.VIR_ERR_SYSTEM_ERROR, connection.defineXML, harness.minimal_xml('new'))
        self.assertEqual(kept.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), before)
        self.refused(libvirt.VIR_ERR_NO_DOMAIN, connection.lookupByName, 'new')
        self.assertEqual(sorted(set(os.listdir(folder)) - {'autostart', 'networks'}), ['filler', 'kept.xml'])
        connection.close()
        daemon.kill9()
        daemon.start()
        connection = daemon.connect()
        self.assertEqual(connection.lookupByName('kept').XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), before)
