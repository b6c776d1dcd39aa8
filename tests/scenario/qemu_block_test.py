# deadline: 900
"""Block jobs of running guests, and what else is done to their disks, through the stock Python binding and virsh."""

import os
import re
import threading
import xml.etree.ElementTree

import unittest

import harness

harness.needs('qemu-img')
libvirt = harness.libvirt()
harness.start_event_loop()

LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
CONFIG = libvirt.VIR_DOMAIN_AFFECT_CONFIG
PAUSED = libvirt.VIR_DOMAIN_START_PAUSED
TRANSIENT = libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB
PIVOT = libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT


class Events:
    """Collects what events of one kind tell."""

    def __init__(self, connection, event):
        self.seen = []
        self.changed = threading.Condition()
        connection.domainEventRegisterAny(None, event, self.take, None)

    def take(self, _, __, *what):
        with self.changed:
            self.seen.append(what[:-1])
            self.changed.notify_all()

    def wait(self, what):
        with self.changed:
            if not self.changed.wait_for(lambda: what in self.seen, harness.PATIENCE):
                raise AssertionError(f'{what} is not among {self.seen}')


class BlockTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.started = self.daemon()
        self.connection = self.started.connect()
        self.folder = self.directory()
        os.chmod(self.folder, 0o755)
        self.domain = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def image(self, name, form='qcow2', size='16M', below=None, relative=False):
        path = self.path(name)
        base = ['-F', 'qcow2', '-b', os.path.basename(below) if relative else below] if below else []
        harness.run(['qemu-img', 'create', '-q', '-f', form, *base, path, *([] if below else [size])])
        return path

    def chain(self, count, size='16M', relative=False):
        """Images that lie above one another, the lowest first; each holds a little data of its own."""
        paths = []
        for number in range(count):
            paths.append(self.image(f'layer{number}.qcow2', size=size, below=paths[-1] if paths else None, relative=relative))
            harness.run(['qemu-io', '-f', 'qcow2', '-c', f'write -P {number + 1} {number}M 1M', paths[-1]])
        return paths

    def disk(self, path, target='vda', form='qcow2', more=''):
        return (f"<disk type='file' device='disk'><driver name='qemu' type='{form}'/><source file='{path}'/>"
                f"<target dev='{target}' bus='virtio'/>{more}</disk>")

    def start(self, *disks):
        self.domain = self.connection.defineXML(harness.minimal_xml('blocks', devices=''.join(disks)))
        self.addCleanup(self.remove)
        self.domain.createWithFlags(PAUSED)
        return self.domain

    def remove(self):
        if self.domain.isActive():
            self.domain.destroy()
        self.domain.undefine()

    def layers(self, target='vda', flags=0):
        """The files of a disk from the top down, as the definition shows them."""
        document = xml.etree.ElementTree.fromstring(self.domain.XMLDesc(flags))
        layer = next(disk for disk in document.iter('disk') if disk.find('target').get('dev') == target)
        found = []
        while layer is not None and layer.find('source') is not None:
            found.append(layer.find('source').get('file'))
            layer = layer.find('backingStore')
        return found

    def write(self, command, alias='virtio-disk0'):
        """Lets QEMU itself write to a disk, as the guest would."""
        self.started.virsh(['qemu-monitor-command', 'blocks', '--hmp', f'qemu-io -d /machine/peripheral/{alias}/virtio-backend "{command}"'])

    def job_ready(self, target='vda'):
        def ready():
            info = self.domain.blockJobInfo(target)
            return info and info['cur'] == info['end']
        harness.wait_until(ready, what='a block job at its end')

    def data_is(self, path, number, where):
        result = harness.run(['qemu-io', '-r', '-U', '-c', f'read -P {number} {where}M 1M', path], check=False)
        self.assertNotIn('verification failed', result.stdout)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


class Chains(BlockTest):
    def test_the_live_definition_shows_the_layers_that_are_in_the_images(self):
        paths = self.chain(3, relative=True)
        self.start(self.disk(paths[2]), self.disk(self.image('plain.raw', 'raw'), 'vdb', 'raw'))
        self.assertEqual(self.layers(), paths[::-1])
        self.assertEqual(self.layers(flags=libvirt.VIR_DOMAIN_XML_INACTIVE), paths[2:])
        text = self.domain.XMLDesc()
        self.assertEqual(re.findall(r"<(?:source file|backingStore type)='[^']*' index='(\d+)'", text), ['2', '3', '4', '1'])
        self.assertEqual(text.count('<backingStore/>'), 2)

    def test_a_missing_layer_is_named(self):
        paths = self.chain(2)
        os.unlink(paths[0])
        with self.assertRaises(libvirt.libvirtError) as caught:
            self.start(self.disk(paths[1]))
        self.assertEqual(caught.exception.get_error_code(), libvirt.VIR_ERR_SYSTEM_ERROR)
        self.assertIn(f"Cannot access backing file '{paths[0]}'", str(caught.exception))

    def test_an_image_is_not_opened_as_what_its_content_pretends(self):
        # The header of the top image does not tell the format of the next, which claims to have a next one itself.
        paths = self.chain(2)
        top = self.path('top.qcow2')
        harness.run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', paths[1], top])
        with open(top, 'r+b') as file:
            head = file.read(4096)
            file.seek(head.index(b'\xe2\x79\x2a\xca'))
            file.write(b'\x12\x34\x56\x78')
        with self.assertRaises(libvirt.libvirtError) as caught:
            self.start(self.disk(top))
        self.assertEqual(caught.exception.get_error_code(), libvirt.VIR_ERR_OPERATION_INVALID)
        self.assertIn('was not specified in the image metadata', str(caught.exception))


class Jobs(BlockTest):
    def setUp(self):
        super().setUp()
        self.by_path = Events(self.connection, libvirt.VIR_DOMAIN_EVENT_ID_BLOCK_JOB)
        self.by_target = Events(self.connection, libvirt.VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2)

    def test_a_pull_makes_the_top_image_stand_alone(self):
        paths = self.chain(3)
        self.start(self.disk(paths[2]))
        self.domain.blockRebase('vda', paths[0])
        self.by_target.wait(('vda', libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_PULL, libvirt.VIR_DOMAIN_BLOCK_JOB_COMPLETED))
        self.by_path.wait((paths[2], libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_PULL, libvirt.VIR_DOMAIN_BLOCK_JOB_COMPLETED))
        self.assertEqual(self.layers(), [paths[2], paths[0]])
        self.domain.blockPull('vda')
        harness.wait_until(lambda: self.layers() == [paths[2]])
        harness.wait_until(lambda: self.domain.blockJobInfo('vda') == {})
        self.domain.destroy()
        for number in range(3):
            self.data_is(paths[2], number + 1, number)
        self.assertNotIn('backing file', harness.run(['qemu-img', 'info', paths[2]]).stdout)

    def test_a_commit_puts_a_layer_into_the_one_below(self):
        paths = self.chain(3, relative=True)
        self.start(self.disk(paths[2]))
        self.started.virsh(['blockcommit', 'blocks', 'vda', '--top', 'vda[2]', '--base', paths[0], '--keep-relative', '--delete', '--wait'])
        self.assertEqual(self.layers(), [paths[2], paths[0]])
        self.assertFalse(os.path.exists(paths[1]))
        self.domain.destroy()
        self.assertIn('backing file: layer0.qcow2', harness.run(['qemu-img', 'info', paths[2]]).stdout)
        self.data_is(paths[2], 2, 1)

    def test_an_active_commit_is_pivoted_and_the_definition_follows(self):
        paths = self.chain(2)
        self.start(self.disk(paths[1]))
        self.domain.blockCommit('vda', None, None, 0, libvirt.VIR_DOMAIN_BLOCK_COMMIT_ACTIVE)
        self.by_target.wait(('vda', libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT, libvirt.VIR_DOMAIN_BLOCK_JOB_READY))
        self.assertRegex(self.domain.XMLDesc(), r"<mirror type='file' job='active-commit' ready='yes'>")
        self.refused(libvirt.VIR_ERR_BLOCK_COPY_ACTIVE, self.domain.blockPull, 'vda')
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.domain.save, self.path('x.save'))
        self.domain.blockJobAbort('vda', PIVOT)
        self.by_path.wait((paths[0], libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT, libvirt.VIR_DOMAIN_BLOCK_JOB_COMPLETED))
        self.assertEqual(self.layers(), [paths[0]])
        self.assertEqual(self.layers(flags=libvirt.VIR_DOMAIN_XML_INACTIVE), [paths[0]])
        self.domain.destroy()
        self.data_is(paths[0], 2, 1)
        self.domain.create()

    def test_a_copy_is_given_up_or_switched_over_to(self):
        paths = self.chain(2)
        self.start(self.disk(paths[1]))
        copy = self.path('copy.raw')
        where = f"<disk type='file'><source file='{copy}'/><driver type='raw'/></disk>"
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.domain.blockCopy, 'vda', where, None, 0)
        self.domain.blockCopy('vda', where, None, TRANSIENT)
        self.job_ready()
        self.assertIn(f"<mirror type='file' file='{copy}' format='raw' job='copy' ready='yes'>", self.domain.XMLDesc())
        self.domain.blockJobAbort('vda')
        self.by_target.wait(('vda', libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_COPY, libvirt.VIR_DOMAIN_BLOCK_JOB_CANCELED))
        self.assertNotIn('<mirror', self.domain.XMLDesc())
        # The file is there now: only who says so writes over it.
        self.refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, self.domain.blockCopy, 'vda', where, None, TRANSIENT)
        self.domain.blockCopy('vda', where, None, TRANSIENT | libvirt.VIR_DOMAIN_BLOCK_COPY_REUSE_EXT)
        self.job_ready()
        self.domain.blockJobAbort('vda', PIVOT)
        self.assertEqual(self.layers(), [copy])
        self.assertIn(f"<source file='{copy}'/>", self.domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        self.domain.destroy()
        self.data_is(copy, 1, 0)
        self.data_is(copy, 2, 1)

    def test_a_shallow_copy_shares_what_lies_below(self):
        paths = self.chain(2)
        self.start(self.disk(paths[1]))
        copy = self.path('copy.qcow2')
        self.started.virsh(['blockcopy', 'blocks', 'vda', copy, '--shallow', '--transient-job', '--wait', '--pivot', '--timeout', '100'])
        self.assertEqual(self.layers(), [copy, paths[0]])
        self.domain.destroy()
        self.assertIn(f'backing file: {paths[0]}', harness.run(['qemu-img', 'info', copy]).stdout)
        self.data_is(copy, 2, 1)

    def test_a_slow_copy_has_a_speed_and_goes_away_with_its_nodes(self):
        top = self.image('slow.raw', 'raw', '8M')
        self.start(self.disk(top, form='raw'))
        self.write('write -P 7 0 8M')
        where = f"<disk type='file'><source file='{self.path('slow.copy')}'/><driver type='qcow2'/></disk>"
        self.domain.blockCopy('vda', where, {'bandwidth': 65536}, TRANSIENT)
        self.assertEqual(self.domain.blockJobInfo('vda', libvirt.VIR_DOMAIN_BLOCK_JOB_INFO_BANDWIDTH_BYTES)['bandwidth'], 65536)
        self.refused(libvirt.VIR_ERR_BLOCK_COPY_ACTIVE, self.domain.blockJobAbort, 'vda', PIVOT)
        self.refused(libvirt.VIR_ERR_BLOCK_COPY_ACTIVE, self.domain.detachDeviceFlags, self.disk(top, form='raw'), LIVE)
        self.domain.blockJobSetSpeed('vda', 131072, libvirt.VIR_DOMAIN_BLOCK_JOB_SPEED_BANDWIDTH_BYTES)
        self.assertEqual(self.domain.blockJobInfo('vda', 1)['bandwidth'], 131072)
        self.domain.blockJobAbort('vda')
        self.assertEqual(self.domain.blockJobInfo('vda'), {})
        nodes = self.started.virsh(['qemu-monitor-command', 'blocks', '{"execute":"query-named-block-nodes"}']).stdout
        self.assertNotIn('slow.copy', nodes)
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.blockJobAbort, 'vda')

    def test_a_copy_goes_on_while_the_daemon_is_killed(self):
        top = self.image('long.raw', 'raw', '8M')
        self.start(self.disk(top, form='raw'))
        self.write('write -P 9 0 8M')
        copy = self.path('long.copy')
        self.domain.blockCopy('vda', f"<disk type='file'><source file='{copy}'/><driver type='raw'/></disk>", {'bandwidth': 1 << 20}, TRANSIENT)
        self.started.kill9()
        self.started.start()
        self.connection = self.started.connect()
        self.domain = self.connection.lookupByName('blocks')
        self.assertIn('<mirror', self.domain.XMLDesc())
        self.assertEqual(self.domain.blockJobInfo('vda')['type'], libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_COPY)
        self.domain.blockJobSetSpeed('vda', 0)
        harness.wait_until(lambda: "ready='yes'" in self.domain.XMLDesc())
        self.started.kill9()
        self.started.start()
        self.connection = self.started.connect()
        self.domain = self.connection.lookupByName('blocks')
        self.domain.blockJobAbort('vda', PIVOT)
        self.assertEqual(self.layers(), [copy])
        self.assertEqual(self.layers(flags=libvirt.VIR_DOMAIN_XML_INACTIVE), [copy])
        self.domain.destroy()
        self.data_is(copy, 9, 7)

    def test_a_pull_that_ended_while_there_was_no_daemon_is_noted(self):
        paths = self.chain(2)
        self.start(self.disk(paths[1]))
        self.domain.blockPull('vda', 1 << 16, libvirt.VIR_DOMAIN_BLOCK_PULL_BANDWIDTH_BYTES)
        self.started.kill9()
        self.started.start()
        self.connection = self.started.connect()
        self.domain = self.connection.lookupByName('blocks')
        if self.domain.blockJobInfo('vda'):
            try:
                self.domain.blockJobSetSpeed('vda', 0)
            except libvirt.libvirtError as error:
                # It came to its end since we asked.
                self.assertEqual(error.get_error_code(), libvirt.VIR_ERR_INVALID_ARG, str(error))
        harness.wait_until(lambda: self.layers() == [paths[1]])

    def test_a_pull_that_is_given_up_leaves_the_layers_as_they_were(self):
        paths = self.chain(2)
        self.start(self.disk(paths[1]))
        self.domain.blockPull('vda', 4096, libvirt.VIR_DOMAIN_BLOCK_PULL_BANDWIDTH_BYTES)
        self.refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, self.domain.blockCommit, 'vda', None, None, 0, libvirt.VIR_DOMAIN_BLOCK_COMMIT_ACTIVE)
        self.domain.blockJobAbort('vda', libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_ASYNC)
        self.by_target.wait(('vda', libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_PULL, libvirt.VIR_DOMAIN_BLOCK_JOB_CANCELED))
        self.assertEqual(self.layers(), paths[::-1])
        self.assertEqual(self.domain.blockJobInfo('vda'), {})
        self.domain.blockPull('vda')
        harness.wait_until(lambda: self.layers() == [paths[1]])

    def test_a_guest_that_is_destroyed_takes_its_jobs_along(self):
        paths = self.chain(2)
        self.start(self.disk(paths[1]))
        where = f"<disk type='file'><source file='{self.path('copy.qcow2')}'/><driver type='qcow2'/></disk>"
        self.domain.blockCopy('vda', where, {'bandwidth': 4096}, TRANSIENT)
        self.domain.destroy()
        self.domain.createWithFlags(PAUSED)
        self.assertNotIn('<mirror', self.domain.XMLDesc())
        self.assertEqual(self.domain.blockJobInfo('vda'), {})
        self.assertEqual(self.layers(), paths[::-1])

    def test_what_cannot_be_begun_leaves_nothing(self):
        paths = self.chain(2)
        self.start(self.disk(paths[1]))
        before = self.domain.XMLDesc()
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.blockRebase, 'vda', '/nonexistent')
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.blockCommit, 'vda', None, None)
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.blockPull, 'vdz')
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.blockCopy, 'vda', "<disk type='file'><source file='relative'/></disk>", None, TRANSIENT)
        folder = f"<disk type='file'><source file='{self.path('no/such/folder')}'/></disk>"
        with self.assertRaises(libvirt.libvirtError):
            self.domain.blockCopy('vda', folder, None, TRANSIENT)
        self.assertEqual(self.domain.XMLDesc(), before)


class Disks(BlockTest):
    def test_a_disk_grows_while_the_guest_runs(self):
        self.start(self.disk(self.image('a.qcow2')), self.disk(self.image('b.raw', 'raw'), 'vdb', 'raw'))
        self.started.virsh(['blockresize', 'blocks', 'vda', '32M'])
        self.assertEqual(self.domain.blockInfo('vda')[0], 32 << 20)
        os.truncate(self.path('b.raw'), 24 << 20)
        self.domain.blockResize('vdb', 0, 2 | libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
        self.assertEqual(self.domain.blockInfo('vdb')[0], 24 << 20)
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.blockResize, 'vdz', 1)
        self.domain.destroy()
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.domain.blockResize, 'vda', 1)

    def test_the_size_of_a_disk_is_told_whether_it_runs_or_not(self):
        self.image('volume.qcow2', size='48M')
        pool = self.connection.storagePoolCreateXML(f"<pool type='dir'><name>images</name><target><path>{self.folder}</path></target></pool>")
        self.addCleanup(pool.destroy)
        self.start("<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/><source pool='images' volume='volume.qcow2'/>"
                   "<target dev='vda' bus='virtio'/></disk>")
        running = self.domain.blockInfo('vda')
        self.domain.destroy()
        stopped = self.domain.blockInfo('vda')
        self.assertEqual((running[0], stopped[0]), (48 << 20, 48 << 20))
        self.assertEqual(stopped[2], os.path.getsize(self.path('volume.qcow2')))
        details = self.started.virsh(['domblklist', 'blocks', '--details']).stdout
        self.assertRegex(details, r'volume\s+disk\s+vda\s+volume.qcow2')

    def test_disks_and_memory_can_be_looked_into(self):
        path = self.image('a.raw', 'raw')
        with open(path, 'r+b') as file:
            file.write(b'hello world')
        self.start(self.disk(path, form='raw'), self.disk(self.image('b.qcow2'), 'vdb'))
        self.assertEqual(self.domain.blockPeek('vda', 6, 5), b'world')
        self.refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, self.domain.blockPeek, 'vdb', 0, 5)
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.blockPeek, 'vda', 1 << 40, 5)
        # A PC begins with a far jump at the end of its first megabyte.
        self.assertEqual(self.domain.memoryPeek(0xffff0, 1, libvirt.VIR_MEMORY_PHYSICAL), b'\xea')

    def test_a_threshold_is_told_when_it_is_passed(self):
        path = self.image('a.raw', 'raw')
        passed = Events(self.connection, libvirt.VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD)
        self.start(self.disk(path, form='raw'))
        self.domain.setBlockThreshold('vda', 4096)
        self.write('write 0 64k')
        passed.wait(('vda', path, 4096, 61440))
        passed.wait(('vda[1]', path, 4096, 61440))
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.setBlockThreshold, 'vda[7]', 4096)

    def test_limits_are_set_kept_and_told(self):
        told = Events(self.connection, libvirt.VIR_DOMAIN_EVENT_ID_TUNABLE)
        self.start(self.disk(self.image('a.raw', 'raw'), form='raw'), self.disk(self.image('b.raw', 'raw'), 'vdb', 'raw'))
        self.started.virsh(['blkdeviotune', 'blocks', 'vda', '--total-bytes-sec', '1000000', '--total-bytes-sec-max', '2000000',
                            '--total-bytes-sec-max-length', '3', '--group-name', 'pair', '--live', '--config'])
        told.wait(({'blkdeviotune.disk': 'vda', 'blkdeviotune.total_bytes_sec': 1000000, 'blkdeviotune.total_bytes_sec_max': 2000000,
                    'blkdeviotune.total_bytes_sec_max_length': 3, 'blkdeviotune.group_name': 'pair'},))
        self.assertEqual(self.domain.blockIoTune('vda')['total_bytes_sec_max'], 2000000)
        # A disk that joins the group has its limits.
        self.domain.setBlockIoTune('vdb', {'group_name': 'pair'}, LIVE)
        self.assertEqual(self.domain.blockIoTune('vdb')['total_bytes_sec'], 1000000)
        self.domain.setBlockIoTune('vdb', {'total_bytes_sec': 1500000}, LIVE)
        self.assertEqual(self.domain.blockIoTune('vda')['total_bytes_sec'], 1500000)
        self.assertEqual(self.domain.blockIoTune('vda', CONFIG)['total_bytes_sec'], 1000000)
        self.refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, self.domain.setBlockIoTune, 'vda', {'total_bytes_sec': 0}, LIVE)
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.setBlockIoTune, 'vda', {'total_iops_sec': 5, 'read_iops_sec': 5}, LIVE)
        self.domain.attachDeviceFlags(self.disk(self.image('c.raw', 'raw'), 'vdc', 'raw', '<iotune><read_iops_sec>700</read_iops_sec></iotune>'), LIVE)
        self.assertEqual(self.domain.blockIoTune('vdc')['read_iops_sec'], 700)
        self.domain.destroy()
        self.domain.createWithFlags(PAUSED)
        tune = self.domain.blockIoTune('vda')
        self.assertEqual((tune['total_bytes_sec'], tune['group_name'], tune['total_bytes_sec_max_length']), (1000000, 'pair', 3))

    def test_an_image_comes_as_a_descriptor(self):
        path = self.image('private.raw', 'raw')
        os.chmod(self.folder, 0o700)
        document = harness.minimal_xml('blocks', devices=self.disk(path, form='raw').replace("<source ", "<source fdgroup='mine' "))
        self.domain = self.connection.defineXML(document)
        self.addCleanup(self.remove)
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.create)
        file = os.open(path, os.O_RDWR)
        self.domain.FDAssociate('mine', [file])
        os.close(file)
        self.domain.createWithFlags(PAUSED)
        self.write('write -P 5 0 1M')
        self.assertEqual(self.layers(), [path])
        self.domain.destroy()
        self.data_is(path, 5, 0)

    def test_what_the_end_of_the_guest_means_can_be_changed(self):
        self.start()
        self.started.virsh(['set-lifecycle-action', 'blocks', 'poweroff', 'restart', '--live'])
        self.assertIn('<on_poweroff>restart</on_poweroff>', self.domain.XMLDesc())
        self.assertIn('<on_poweroff>destroy</on_poweroff>', self.domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        self.refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, self.domain.setLifecycleAction, 1, 3, CONFIG)

    def test_a_saved_definition_is_changed_and_saving_is_told(self):
        done = Events(self.connection, libvirt.VIR_DOMAIN_EVENT_ID_JOB_COMPLETED)
        self.start()
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.domain.managedSaveDefineXML, self.domain.XMLDesc(), 0)
        self.domain.managedSave()
        harness.wait_until(lambda: done.seen)
        self.assertEqual(done.seen[0][0]['operation'], libvirt.VIR_DOMAIN_JOB_OPERATION_SAVE)
        changed = self.domain.managedSaveGetXMLDesc().replace('</name>', '</name><title>changed</title>')
        self.domain.managedSaveDefineXML(changed, 0)
        self.assertIn('<title>changed</title>', self.domain.managedSaveGetXMLDesc())
        self.domain.managedSaveRemove()
        self.domain.createWithFlags(PAUSED)
        self.domain.saveParams({'file': self.path('guest.save')}, 0)
        self.connection.restoreParams({'file': self.path('guest.save')}, 0)
        self.assertTrue(self.domain.isActive())


if __name__ == '__main__':
    unittest.main(verbosity=2)
