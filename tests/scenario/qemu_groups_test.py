# deadline: 600
"""Guests in control groups: what their definitions limit stands in the kernel's files before they run, is changed and
read while they run, and goes with them. Version 1, in which each controller has a tree; the daemon is told to use
groups, for one under another root does not by itself."""

import contextlib
import glob
import os
import re
import unittest

import harness

libvirt = harness.libvirt()
LIVE, CONFIG = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG
CONTROLLERS = ('cpu', 'cpuacct', 'cpuset', 'memory', 'blkio')
NAME = f'grouped{os.getpid()}'
TUNING = """<vcpu current='1'>2</vcpu><iothreads>1</iothreads>
<cputune><shares>500</shares><period>50000</period><quota>20000</quota><global_quota>90000</global_quota>
<emulator_quota>30000</emulator_quota><iothread_period>70000</iothread_period><vcpupin vcpu='0' cpuset='0'/></cputune>
<memtune><soft_limit unit='MiB'>400</soft_limit></memtune>
<numatune><memory mode='restrictive' nodeset='0'/></numatune>"""


def trees():
    """{controller: folder of its tree} of version 1, as far as groups can be made there."""
    found = {}
    with open('/proc/self/mountinfo', encoding='utf-8') as file:
        for line in file:
            words, _, rest = line.partition(' - ')
            kind, _, options = rest.split()[:3]
            folder = words.split()[4]
            if kind == 'cgroup' and os.access(f'{folder}/cgroup.procs', os.W_OK):
                found.update((option, folder) for option in options.split(',') if option in CONTROLLERS)
    probe = f'virtue-test-{os.getpid()}'
    for folder in set(found.values()):
        try:
            os.mkdir(f'{folder}/{probe}')
            os.rmdir(f'{folder}/{probe}')
        except OSError:
            found = {controller: place for controller, place in found.items() if place != folder}
    return found


TREES = trees() if os.geteuid() == 0 else {}


def remove_groups(pattern):
    """Removes groups that a failed test left, with those below them; waits for processes that are just ending."""
    for folder in sorted(glob.glob(pattern), reverse=True):
        for place, _, _ in os.walk(folder, topdown=False):
            with contextlib.suppress(AssertionError):
                harness.wait_until(lambda place=place: removed(place), 5)


def removed(folder):
    with contextlib.suppress(FileNotFoundError):
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            raise
        except OSError:
            return False
    return True


@unittest.skipUnless(set(CONTROLLERS) <= set(TREES), 'needs control groups of version 1 (cpu, cpuacct, cpuset, memory, blkio) that can be made here')
class Groups(harness.TestCase):
    def setUp(self):
        super().setUp()
        for folder in set(TREES.values()):
            if not os.path.exists(f'{folder}/machine'):
                self.addCleanup(removed, f'{folder}/machine')
            self.addCleanup(remove_groups, f'{folder}/machine/*{NAME}*')

    def begin(self, controllers=CONTROLLERS, tuning=TUNING):
        names = ', '.join(f'"{name}"' for name in controllers)
        self.daemon_ = self.daemon(config=f'auth_unix_rw = "none"\ncgroup_controllers = [{names}]\n')
        self.connection = self.daemon_.connect()
        self.domain = self.connection.defineXML(harness.minimal_xml(NAME).replace('<os>', tuning + '<os>'))

    def group(self, controller, below=''):
        """The folder of the guest's group; AssertionError if there is not exactly one."""
        found = glob.glob(f'{TREES[controller]}/machine/*-{NAME}.libvirt-qemu')
        self.assertEqual(len(found), 1, found)
        return os.path.join(found[0], below)

    def groups_left(self):
        return [folder for tree in set(TREES.values()) for folder in glob.glob(f'{tree}/machine/*{NAME}*')]

    def value(self, controller, path):
        with open(self.group(controller, path), encoding='utf-8') as file:
            return file.read().strip()

    def threads_below(self, controller):
        """{group: its number of threads}"""
        folder = self.group(controller)
        names = [name for name in os.listdir(folder) if os.path.isdir(f'{folder}/{name}')]
        return {name: len(self.value(controller, f'{name}/tasks').split()) for name in names}

    def all_gone(self):
        harness.wait_until(lambda: not self.groups_left(), what='the removal of the groups')

    def come_back(self):
        self.daemon_.start()
        self.connection = self.daemon_.connect()
        self.domain = self.connection.lookupByName(NAME)

    def test_a_definition_holds_from_the_start(self):
        self.begin()
        self.domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
        expected = {'cpu.shares': '500', 'cpu.cfs_quota_us': '90000', 'vcpu0/cpu.cfs_period_us': '50000', 'vcpu0/cpu.cfs_quota_us': '20000',
                    'emulator/cpu.cfs_quota_us': '30000', 'emulator/cpu.cfs_period_us': '100000', 'iothread1/cpu.cfs_period_us': '70000'}
        self.assertEqual({path: self.value('cpu', path) for path in expected}, expected)
        self.assertEqual(self.value('memory', 'memory.soft_limit_in_bytes'), str(400 << 20))
        self.assertEqual([self.value('cpuset', f'vcpu0/cpuset.{kind}') for kind in ('cpus', 'mems', 'memory_migrate')], ['0', '0', '1'])
        pid = str(self.daemon_.guest_pid(NAME))
        found = self.threads_below('cpu')
        self.assertEqual((found['vcpu0'], found['iothread1']), (1, 1))
        self.assertEqual(found.keys(), {'emulator', 'vcpu0', 'iothread1'})
        self.assertIn(pid, self.value('cpuset', 'emulator/tasks').split())
        for controller in ('memory', 'blkio'):
            # Its helper threads come and go while we look.
            harness.wait_until(lambda controller=controller: set(self.value(controller, 'tasks').split()) == set(os.listdir(f'/proc/{pid}/task')),
                               what=f'all threads in the group of {controller}')
        self.assertIn('<partition>/machine</partition>', self.domain.XMLDesc())
        self.assertNotIn('<partition>', self.domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        self.domain.destroy()
        self.all_gone()

    def test_virsh_changes_and_reads_a_running_guest(self):
        self.begin(tuning='')
        harness.start_event_loop()
        events = []
        listening = self.daemon_.connect()
        listening.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_TUNABLE, lambda _c, _d, told, _o: events.append(told), None)
        self.domain.create()
        virsh = lambda words: self.daemon_.virsh(words).stdout
        virsh(f'schedinfo {NAME} --live --set cpu_shares=300 vcpu_quota=25000 emulator_period=60000')
        self.assertEqual((self.value('cpu', 'cpu.shares'), self.value('cpu', 'vcpu0/cpu.cfs_quota_us'), self.value('cpu', 'emulator/cpu.cfs_period_us')), ('300', '25000', '60000'))
        self.assertRegex(virsh(f'schedinfo {NAME} --live'), r'cpu_shares +: 300\nvcpu_period +: 100000\nvcpu_quota +: 25000\nemulator_period *: 60000')
        harness.wait_until(lambda: events, what='the event about the changes')
        self.assertEqual(events, [{'cputune.cpu_shares': 300, 'cputune.vcpu_quota': 25000, 'cputune.emulator_period': 60000}])
        virsh(f'schedinfo {NAME} --live --set vcpu_quota=-1')
        self.assertEqual(self.value('cpu', 'vcpu0/cpu.cfs_quota_us'), '-1')
        virsh(f'memtune {NAME} --live --hard-limit 600000 --soft-limit 400000')
        self.assertEqual((self.value('memory', 'memory.limit_in_bytes'), self.value('memory', 'memory.soft_limit_in_bytes')), (str(600000 << 10), str(400000 << 10)))
        self.assertRegex(virsh(f'memtune {NAME} --live'), r'hard_limit +: 600000\nsoft_limit +: 400000\nswap_hard_limit *: unlimited')
        virsh(f'memtune {NAME} --live --hard-limit -1')
        self.assertEqual(self.domain.memoryParameters(LIVE)['hard_limit'], 9007199254740991)
        if os.path.exists(self.group('blkio', 'blkio.bfq.weight')):
            virsh(f'blkiotune {NAME} --live --weight 400')
            self.assertEqual((self.value('blkio', 'blkio.bfq.weight'), self.domain.blkioParameters(LIVE)['weight']), ('400', 400))
        self.refused(libvirt.VIR_ERR_SYSTEM_ERROR, self.domain.setBlkioParameters, {'device_read_iops_sec': '/dev/nowhere,5'}, LIVE)
        virsh(f'numatune {NAME} --live --nodeset 0')
        self.assertEqual(self.value('cpuset', 'vcpu0/cpuset.mems'), '0')
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.domain.setNumaParameters, {'numa_mode': 1}, LIVE)
        self.assertRegex(virsh(f'cpu-stats {NAME}'), r'(?s)CPU0:.*vcpu_time.*Total:.*cpu_time.*user_time')
        self.assertGreater(self.domain.getCPUStats(True)[0]['cpu_time'], 0)
        described = self.domain.XMLDesc()
        for part in ('<shares>300</shares>', '<quota>-1</quota>', '<emulator_period>60000</emulator_period>', "<soft_limit unit='KiB'>400000</soft_limit>"):
            self.assertIn(part, described)
        self.assertNotIn('<cputune>', self.domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        listening.close()

    def test_a_new_daemon_finds_the_group_again(self):
        self.begin()
        self.domain.create()
        self.daemon_.kill9()
        self.come_back()
        self.domain.setSchedulerParametersFlags({'cpu_shares': 800, 'iothread_quota': 40000}, LIVE)
        self.assertEqual((self.value('cpu', 'cpu.shares'), self.value('cpu', 'iothread1/cpu.cfs_quota_us')), ('800', '40000'))
        self.assertEqual(self.domain.schedulerParametersFlags(LIVE)['vcpu_quota'], 20000)
        self.daemon_.kill9()
        pid = self.daemon_.guest_pid(NAME)
        os.kill(pid, 9)
        harness.wait_for_end(pid)
        self.come_back()
        self.assertFalse(self.domain.isActive())
        self.all_gone()

    def test_threads_that_come_and_go(self):
        self.begin()
        self.domain.create()
        self.domain.setVcpus(2)
        self.domain.addIOThread(7, LIVE)
        found = self.threads_below('cpuset')
        self.assertEqual((found['vcpu0'], found['vcpu1'], found['iothread7']), (1, 1, 1))
        self.assertEqual(self.value('cpu', 'vcpu1/cpu.cfs_quota_us'), '20000')
        self.domain.delIOThread(7, LIVE)
        self.assertNotIn('iothread7', self.threads_below('cpu'))
        if os.cpu_count() > 1:
            # The group had only the first one.
            self.domain.pinVcpu(0, (False, True))
            self.assertEqual(self.value('cpuset', 'vcpu0/cpuset.cpus'), '1')
            self.assertEqual(self.domain.vcpus()[1][0][:2], (False, True))

    def test_what_the_host_cannot_limit_is_refused(self):
        for controllers, tuning, said in (
                (['cpu'], '<memtune><soft_limit>400000</soft_limit></memtune>', 'Memory cgroup is not available on this host'),
                (['cpu'], '<blkiotune><weight>500</weight></blkiotune>', 'Block I/O tuning is not available on this host'),
                (['memory'], '<cputune><shares>500</shares></cputune>', 'CPU tuning is not available on this host'),
                (['memory'], '<cputune><quota>20000</quota></cputune>', 'cgroup cpu is required for scheduler tuning'),
                (['none'], '<cputune><quota>20000</quota></cputune>', 'cgroup cpu is required for scheduler tuning')):
            with self.subTest(controllers=controllers, tuning=tuning):
                self.begin(controllers, tuning)
                error = self.refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, self.domain.create)
                self.assertIn(said, str(error))
                self.all_gone()
                self.daemon_.close()

    def test_leftovers_and_partitions(self):
        self.begin(tuning='<resource><partition>/nowhere</partition></resource>')
        self.refused(libvirt.VIR_ERR_SYSTEM_ERROR, self.domain.create)
        self.assertEqual(self.groups_left(), [])
        self.domain.undefine()
        self.domain = self.connection.defineXML(harness.minimal_xml(NAME))
        self.domain.create()
        before = os.path.basename(self.group('cpu').rstrip('/'))
        self.domain.destroy()
        self.all_gone()
        number = int(re.search(rf'-(\d+)-{NAME}', before)[1])
        later = f'{TREES["cpu"]}/machine/' + before.replace(f'-{number}-{NAME}', f'-{number + 1}-{NAME}')
        os.makedirs(f'{later}/vcpu9')
        self.domain.create()
        self.assertEqual(self.group('cpu', ''), f'{later}/')
        self.assertEqual(self.threads_below('cpu').keys(), {'emulator', 'vcpu0'})
        self.domain.destroy()
        self.all_gone()
        # A daemon that was killed in the middle of a start: it had made the guest's folder and its group.
        self.daemon_.kill9()
        os.makedirs(f'{later}/emulator')
        os.makedirs(os.path.join(self.daemon_.root, f'var/lib/libvirt/qemu/domain-{number + 1}-{NAME}'))
        self.come_back()
        self.all_gone()


if __name__ == '__main__':
    unittest.main(verbosity=2)
