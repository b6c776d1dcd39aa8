# deadline: 600
"""Snapshots and checkpoints of real guests: stock virsh and the stock Python binding against our daemon, real QEMU."""

import contextlib
import glob
import json
import os
import re
import socket
import unittest

import harness

libvirt = harness.libvirt()
harness.needs('qemu-img', 'qemu-io', 'virsh')

STATE = {'running': libvirt.VIR_DOMAIN_RUNNING, 'paused': libvirt.VIR_DOMAIN_PAUSED, 'off': libvirt.VIR_DOMAIN_SHUTOFF}


class Guest(harness.TestCase):
    """A guest with one qcow2 disk; its firmware finds nothing to boot and stays where it is."""

    disk_format = 'qcow2'

    def setUp(self):
        super().setUp()
        self.place = harness.private_directory()
        os.chmod(self.place, 0o755)
        self.addCleanup(harness.shutil.rmtree, self.place, ignore_errors=True)
        self.disk = os.path.join(self.place, 'vda.img')
        harness.run(['qemu-img', 'create', '-q', '-f', self.disk_format, self.disk, '16M'])
        self.server = self.daemon()
        self.connection = self.server.connect()
        disk = (f"<disk type='file' device='disk'><driver name='qemu' type='{self.disk_format}'/><source file='{self.disk}'/>"
                "<target dev='vda' bus='virtio'/></disk>")
        self.domain = self.connection.defineXML(harness.minimal_xml('snap', devices=disk))

    def virsh(self, arguments, **options):
        return harness.run_virsh(arguments, self.server.uri(), **options).stdout

    def state(self):
        return next(word for word, number in STATE.items() if number == self.domain.state()[0])

    def names(self, flags=0):
        return [snapshot.getName() for snapshot in self.domain.listAllSnapshots(flags)]

    def source(self, flags=0):
        return re.search(r"<source file='([^']+)'", self.domain.XMLDesc(flags)).group(1)

    def write(self, pattern, path=None):
        harness.run(['qemu-io', '-c', f'write -q -P {pattern} 0 64k', path or self.disk])

    def holds(self, pattern, path=None):
        result = harness.run(['qemu-io', '-U', '-r', '-c', f'read -q -P {pattern} 0 64k', path or self.disk], check=False)
        return 'verification failed' not in result.stdout + result.stderr

    def inside(self, path=None):
        return re.findall(r'^\d+\s+(\S+)', harness.run(['qemu-img', 'snapshot', '-U', '-l', path or self.disk]).stdout, re.M)


class Offline(Guest):
    def test_a_guest_goes_back_to_what_its_disk_held(self):
        self.write(1)
        self.virsh(['snapshot-create-as', 'snap', 'first', 'the first one'])
        self.write(2)
        self.virsh('snapshot-create-as snap second')
        self.assertEqual(self.inside(), ['first', 'second'])
        self.assertEqual(self.virsh('snapshot-current snap --name').strip(), 'second')
        self.assertEqual(self.virsh('snapshot-parent snap second').strip(), 'first')
        self.virsh('snapshot-revert snap first')
        self.assertTrue(self.holds(1))
        self.assertEqual(self.domain.snapshotCurrent().getName(), 'first')
        self.virsh('snapshot-revert snap second --paused')
        self.assertEqual(self.state(), 'paused')
        self.assertTrue(self.holds(2))

    def test_deleting_keeps_the_order_of_the_rest(self):
        for name in ('a', 'b', 'c'):
            self.domain.snapshotCreateXML(f'<domainsnapshot><name>{name}</name></domainsnapshot>')
        self.domain.snapshotLookupByName('b').delete()
        self.assertEqual(self.inside(), ['a', 'c'])
        self.assertEqual(self.domain.snapshotLookupByName('c').getParent().getName(), 'a')
        self.domain.snapshotLookupByName('a').delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN_ONLY)
        self.assertEqual(self.names(), ['a'])
        self.assertTrue(self.domain.snapshotLookupByName('a').isCurrent())
        self.domain.snapshotLookupByName('a').delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY)
        self.assertEqual((self.names(), self.inside()), ([], ['a']))

    def test_lists_know_roots_leaves_and_kinds(self):
        for name in ('a', 'b'):
            self.domain.snapshotCreateXML(f'<domainsnapshot><name>{name}</name></domainsnapshot>')
        self.domain.revertToSnapshot(self.domain.snapshotLookupByName('a'))
        self.domain.snapshotCreateXML('<domainsnapshot><name>x</name></domainsnapshot>', libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY)
        self.assertEqual(self.names(), ['a', 'b', 'x'])
        self.assertEqual(self.names(libvirt.VIR_DOMAIN_SNAPSHOT_LIST_ROOTS), ['a'])
        self.assertEqual(self.names(libvirt.VIR_DOMAIN_SNAPSHOT_LIST_LEAVES), ['b', 'x'])
        self.assertEqual(self.names(libvirt.VIR_DOMAIN_SNAPSHOT_LIST_EXTERNAL), ['x'])
        self.assertEqual(self.names(libvirt.VIR_DOMAIN_SNAPSHOT_LIST_NO_METADATA), [])
        self.assertEqual(self.domain.snapshotLookupByName('a').numChildren(), 2)
        self.assertEqual([d.name() for d in self.connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT)], ['snap'])
        self.assertEqual(self.connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_NO_SNAPSHOT), [])

    def test_a_new_file_over_the_disk(self):
        self.write(1)
        self.virsh('snapshot-create-as snap over --disk-only')
        overlay = os.path.join(self.place, 'vda.over')
        self.assertEqual(self.source(), overlay)
        self.assertIn(self.disk, harness.run(['qemu-img', 'info', overlay]).stdout)
        self.assertTrue(self.holds(1, overlay))
        self.refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, self.domain.revertToSnapshot, self.domain.snapshotCurrent())
        self.domain.create()
        self.assertEqual(self.state(), 'running')

    def test_deleting_a_new_file_writes_it_back(self):
        self.write(1)
        for name in ('one', 'two', 'three'):
            self.virsh(f'snapshot-create-as snap {name} --disk-only')
            self.write(len(name), os.path.join(self.place, 'vda.' + name))
        self.virsh('snapshot-delete snap two')
        self.assertEqual(self.names(), ['one', 'three'])
        self.assertEqual(sorted(os.listdir(self.place)), ['vda.img', 'vda.one', 'vda.three'])
        self.assertTrue(self.holds(3, os.path.join(self.place, 'vda.one')))
        self.virsh('snapshot-delete snap three')
        self.virsh('snapshot-delete snap one')
        self.assertEqual((self.names(), os.listdir(self.place), self.source()), ([], ['vda.img'], self.disk))
        self.assertTrue(self.holds(5))

    def test_they_outlive_the_daemon(self):
        for name in ('a', 'b'):
            self.domain.snapshotCreateXML(f'<domainsnapshot><name>{name}</name></domainsnapshot>')
        before = self.domain.snapshotLookupByName('b').getXMLDesc()
        self.server.kill9()
        self.server.start()
        self.connection = self.server.connect()
        self.domain = self.connection.lookupByName('snap')
        self.assertEqual(self.names(), ['a', 'b'])
        self.assertEqual(self.domain.snapshotCurrent().getName(), 'b')
        self.assertEqual(self.domain.snapshotLookupByName('b').getXMLDesc(), before)

    def test_undefine_and_rename(self):
        self.domain.snapshotCreateXML('<domainsnapshot><name>a</name></domainsnapshot>')
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.domain.undefine)
        self.domain.rename('other')
        self.assertEqual(self.names(), ['a'])
        self.server.restart()
        self.connection = self.server.connect()
        self.domain = self.connection.lookupByName('other')
        self.assertEqual(self.names(), ['a'])
        self.domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA)
        self.assertEqual(self.inside(), ['a'])
        self.assertEqual(self.connection.listAllDomains(), [])

    def test_what_cannot_be_is_refused(self):
        create = self.domain.snapshotCreateXML
        create('<domainsnapshot><name>a</name></domainsnapshot>')
        self.refused(libvirt.VIR_ERR_OPERATION_FAILED, create, '<domainsnapshot><name>a</name></domainsnapshot>')
        self.refused(libvirt.VIR_ERR_XML_DETAIL, create, '<domainsnapshot><name>a/b</name></domainsnapshot>')
        self.refused(libvirt.VIR_ERR_INVALID_ARG, create, '<domainsnapshot/>', libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE)
        self.refused(libvirt.VIR_ERR_NO_DOMAIN_SNAPSHOT, self.domain.snapshotLookupByName, 'none')
        self.refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, self.domain.checkpointCreateXML, '<domaincheckpoint/>')
        self.assertEqual(self.names(), ['a'])


class Raw(Guest):
    disk_format = 'raw'

    def test_a_raw_disk_keeps_none_inside(self):
        self.refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, self.domain.snapshotCreateXML, '<domainsnapshot><name>a</name></domainsnapshot>')
        self.assertEqual(self.names(), [])
        self.virsh('snapshot-create-as snap over --disk-only')
        self.assertEqual(self.names(), ['over'])


class Running(Guest):
    def setUp(self):
        super().setUp()
        self.domain.create()

    def tearDown(self):
        if self.domain.isActive():
            self.domain.destroy()
        super().tearDown()

    def test_memory_and_disk_come_back(self):
        self.virsh('snapshot-create-as snap live')
        self.assertEqual(self.state(), 'running')
        self.assertEqual(self.inside(), ['live'])
        text = self.virsh('snapshot-dumpxml snap live')
        self.assertIn("<state>running</state>", text)
        self.assertIn("<memory snapshot='internal'/>", text)
        self.domain.suspend()
        self.virsh('snapshot-revert snap live')
        self.assertEqual(self.domain.state(), [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_FROM_SNAPSHOT])
        self.virsh('snapshot-revert snap live --paused')
        self.assertEqual(self.domain.state(), [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_FROM_SNAPSHOT])
        self.domain.destroy()
        self.virsh('snapshot-revert snap live')
        self.assertEqual(self.state(), 'running')
        self.virsh('snapshot-delete snap live')
        self.assertEqual((self.names(), self.inside()), ([], []))

    def test_a_halt_ends_the_guest(self):
        self.virsh('snapshot-create-as snap last --halt')
        self.assertEqual(self.domain.state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT])
        self.assertEqual(self.names(), ['last'])

    def test_the_guest_goes_on_in_a_new_file(self):
        self.virsh('snapshot-create-as snap over --disk-only')
        overlay = os.path.join(self.place, 'vda.over')
        self.assertEqual(self.state(), 'running')
        self.assertEqual((self.source(), self.source(libvirt.VIR_DOMAIN_XML_INACTIVE)), (overlay, overlay))
        self.assertIn(overlay, self.virsh(['qemu-monitor-command', 'snap', '--hmp', 'info block']))
        self.assertIn('<state>disk-snapshot</state>', self.domain.snapshotCurrent().getXMLDesc())
        self.server.kill9()
        self.server.start()
        self.connection = self.server.connect()
        self.domain = self.connection.lookupByName('snap')
        self.assertEqual(self.source(), overlay)
        self.domain.destroy()
        self.domain.create()
        self.assertEqual(self.state(), 'running')

    def test_a_daemon_that_died_in_the_middle_is_made_up_for(self):
        """What QEMU did and the daemon did not come to write down is found when the next one starts."""
        overlay = os.path.join(self.place, 'vda.late')
        harness.run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', self.disk, '-u', overlay, '16M'])
        os.chmod(overlay, 0o666)
        monitor, = glob.glob(os.path.join(self.server.root, '**', 'monitor.sock'), recursive=True)
        self.server.kill9()
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as qemu:
            qemu.connect(monitor)
            with qemu.makefile('rw', encoding='utf-8') as lines:
                lines.readline()
                for command, arguments in (
                        ('qmp_capabilities', {}),
                        ('blockdev-add', {'driver': 'file', 'filename': overlay, 'node-name': 'libvirt-2-storage'}),
                        ('blockdev-add', {'driver': 'qcow2', 'file': 'libvirt-2-storage', 'node-name': 'libvirt-2-format', 'backing': None}),
                        ('blockdev-snapshot', {'node': 'libvirt-1-format', 'overlay': 'libvirt-2-format'})):
                    print(json.dumps({'execute': command, 'arguments': arguments}), file=lines, flush=True)
                    answer = {'event': ''}
                    while 'event' in answer:
                        answer = json.loads(lines.readline())
                    self.assertIn('return', answer, command)
        self.server.start()
        self.connection = self.server.connect()
        self.domain = self.connection.lookupByName('snap')
        harness.wait_until(lambda: self.source() == overlay, what='the disk in its new file')
        harness.wait_until(lambda: self.source(libvirt.VIR_DOMAIN_XML_INACTIVE) == overlay, what='the same for the next start')
        self.virsh('snapshot-create-as snap after --disk-only')
        self.virsh('snapshot-delete snap after')
        self.assertEqual(self.source(), overlay)

    def test_deleting_a_new_file_while_the_guest_writes(self):
        for name in ('one', 'two'):
            self.virsh(f'snapshot-create-as snap {name} --disk-only')
        write = 'qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend "write -P 9 0 64k"'
        self.virsh(['qemu-monitor-command', 'snap', '--hmp', write])
        self.virsh('snapshot-delete snap one')
        self.assertEqual(self.source(), os.path.join(self.place, 'vda.two'))
        self.virsh('snapshot-delete snap two')
        self.assertEqual((self.source(), self.source(libvirt.VIR_DOMAIN_XML_INACTIVE)), (self.disk, self.disk))
        self.assertEqual((self.names(), os.listdir(self.place)), ([], ['vda.img']))
        self.assertEqual(self.state(), 'running')
        self.domain.destroy()
        self.assertTrue(self.holds(9))

    def test_memory_in_a_file_and_the_disk_in_another(self):
        memory = os.path.join(self.place, 'memory')
        self.virsh(['snapshot-create-as', 'snap', 'both', '--memspec', memory, '--diskspec', 'vda,snapshot=external'])
        self.assertEqual(self.state(), 'running')
        self.assertEqual(self.source(), os.path.join(self.place, 'vda.both'))
        self.domain.destroy()
        self.connection.restore(memory)
        self.assertEqual(self.state(), 'running')

    def test_a_failure_leaves_all_as_it_was(self):
        document = "<domainsnapshot><name>no</name><disks><disk name='vda' snapshot='external'><source file='/nowhere/vda'/></disk></disks></domainsnapshot>"
        with self.assertRaises(libvirt.libvirtError):
            self.domain.snapshotCreateXML(document, libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY)
        self.assertEqual((self.names(), self.source(), self.state()), ([], self.disk, 'running'))

    def test_checkpoints_note_what_changes(self):
        self.virsh('checkpoint-create-as snap c1')
        self.virsh('checkpoint-create-as snap c2')
        self.assertEqual([c.getName() for c in self.domain.listAllCheckpoints()], ['c1', 'c2'])
        self.assertEqual(self.virsh('checkpoint-parent snap c2').strip(), 'c1')
        self.virsh(['qemu-monitor-command', 'snap', '--hmp', 'qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend "write 0 1M"'])
        self.assertIn("size='1048576'", self.virsh('checkpoint-dumpxml snap c1 --size --no-domain'))
        self.virsh('snapshot-create-as snap over --disk-only')
        self.assertIn("size='1048576'", self.virsh('checkpoint-dumpxml snap c1 --size --no-domain'))
        self.server.kill9()
        self.server.start()
        self.connection = self.server.connect()
        self.domain = self.connection.lookupByName('snap')
        self.assertEqual([c.getName() for c in self.domain.listAllCheckpoints()], ['c1', 'c2'])
        self.virsh('checkpoint-delete snap c1')
        self.assertEqual([c.getName() for c in self.domain.listAllCheckpoints(libvirt.VIR_DOMAIN_CHECKPOINT_LIST_ROOTS)], ['c2'])
        self.domain.destroy()
        self.refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, self.domain.checkpointLookupByName('c2').delete)
        self.domain.checkpointLookupByName('c2').delete(libvirt.VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY)
        self.assertEqual(self.domain.listAllCheckpoints(), [])


class Backup(Guest):
    """Copies of a disk that a guest goes on writing to."""

    def setUp(self):
        super().setUp()
        self.write(7)
        self.domain.create()

    def tearDown(self):
        if self.domain.isActive():
            self.domain.destroy()
        super().tearDown()

    def dirty(self, where):
        self.virsh(['qemu-monitor-command', 'snap', '--hmp', f'qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend "write -P 9 {where}"'])

    def document(self, mode, path, since='', server=''):
        place = 'target' if mode == 'push' else 'scratch'
        return (f"<domainbackup mode='{mode}'>{since and f'<incremental>{since}</incremental>'}{server}<disks>"
                f"<disk name='vda' type='file'><{place} file='{path}'/></disk></disks></domainbackup>")

    def begin(self, document, checkpoint=None):
        self.domain.backupBegin(document, checkpoint)

    def wait_for_end(self):
        harness.wait_until(lambda: self.domain.jobStats().get('type', 0) == libvirt.VIR_DOMAIN_JOB_NONE, what='the end of the backup')

    def test_a_full_copy_and_what_changed_since(self):
        full, changes = (os.path.join(self.place, name) for name in ('full', 'changes'))
        self.begin(self.document('push', full), '<domaincheckpoint><name>c1</name></domaincheckpoint>')
        self.wait_for_end()
        stats = self.domain.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED)
        self.assertEqual((stats['operation'], stats['success'], stats['disk_remaining']), (libvirt.VIR_DOMAIN_JOB_OPERATION_BACKUP, 1, 0))
        self.assertEqual(stats['disk_total'], 16 << 20)
        self.assertTrue(self.holds(7, full))
        self.assertEqual([c.getName() for c in self.domain.listAllCheckpoints()], ['c1'])
        self.dirty('1M 64k')
        self.begin(self.document('push', changes, 'c1'), '<domaincheckpoint><name>c2</name></domaincheckpoint>')
        self.wait_for_end()
        harness.run(['qemu-img', 'rebase', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', full, changes])
        told = harness.run(['qemu-io', '-r', '-c', 'read -q -P 9 1M 64k', '-c', 'read -q -P 7 0 64k', changes], check=False)
        self.assertNotIn('failed', told.stdout + told.stderr)
        self.domain.destroy()
        self.assertTrue(self.holds(7))

    def test_an_offer_by_the_network_stays_as_it_was(self):
        socket = os.path.join(self.place, 'open', 'nbd')
        os.mkdir(os.path.dirname(socket))
        os.chmod(os.path.dirname(socket), 0o777)
        scratch = os.path.join(self.place, 'scratch')
        self.begin(self.document('pull', scratch, server=f"<server transport='unix' socket='{socket}'/>"))
        self.assertIn("exportname='vda'", self.domain.backupGetXMLDesc())
        self.assertIn('Unbounded', self.virsh('domjobinfo snap'))
        self.dirty('0 64k')
        told = harness.run(['qemu-io', '-r', '-f', 'raw', '-c', 'read -q -P 7 0 64k', f'nbd+unix:///vda?socket={socket}'])
        self.assertNotIn('failed', told.stdout + told.stderr)
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.begin, '<domainbackup/>')
        # The next daemon knows of it.
        self.server.kill9()
        self.server.start()
        self.connection = self.server.connect()
        self.domain = self.connection.lookupByName('snap')
        harness.wait_until(lambda: 'Unbounded' in self.virsh('domjobinfo snap'), what='the backup under the new daemon')
        self.virsh('domjobabort snap')
        self.wait_for_end()
        self.refused(libvirt.VIR_ERR_NO_DOMAIN_BACKUP, self.domain.backupGetXMLDesc)
        self.assertFalse(os.path.exists(scratch))
        self.assertNotIn('backup-vda', self.virsh(['qemu-monitor-command', 'snap', '{"execute":"query-named-block-nodes"}']))

    def test_what_cannot_be_leaves_nothing(self):
        begin = self.begin
        target = os.path.join(self.place, 'copy')
        self.refused(libvirt.VIR_ERR_NO_DOMAIN_CHECKPOINT, begin, self.document('push', target, 'never'))
        self.refused(libvirt.VIR_ERR_XML_INVALID_SCHEMA, begin, "<domainbackup mode='pull'/>")
        server = "<server transport='unix' socket='/nowhere/nbd'/>"
        with self.assertRaises(libvirt.libvirtError):
            begin(self.document('pull', target, server=server))
        self.assertFalse(os.path.exists(target))
        self.assertNotIn('backup-vda', self.virsh(['qemu-monitor-command', 'snap', '{"execute":"query-named-block-nodes"}']))
        with open(target, 'w', encoding='utf-8') as file:
            file.write('mine')
        self.refused(libvirt.VIR_ERR_INVALID_ARG, begin, self.document('push', target))
        self.domain.destroy()
        self.refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, begin, '<domainbackup/>')
        self.refused(libvirt.VIR_ERR_NO_DOMAIN_BACKUP, self.domain.backupGetXMLDesc)


if __name__ == '__main__':
    unittest.main(verbosity=2)
