# deadline: 600
"""Processors and I/O threads of a guest: counted, switched one by one, plugged while it runs, and put on the host's
CPUs, through the stock Python binding."""

import os
import re
import unittest

import harness

libvirt = harness.libvirt()
LIVE, CONFIG = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG

FIRST = min(os.sched_getaffinity(0))  # a container may have others than CPU 0
ONLY_FIRST = tuple(number == FIRST for number in range(os.cpu_count()))

XML = f"""<domain type='qemu'><name>many</name><memory unit='MiB'>32</memory>
<vcpu placement='static' current='2'>5</vcpu><iothreads>2</iothreads>
<cputune><vcpupin vcpu='1' cpuset='{FIRST}'/><iothreadpin iothread='1' cpuset='{FIRST}'/></cputune>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator><memballoon model='none'/></devices></domain>"""


def switches(domain, flags=0):
    """[(enabled, hotpluggable)] of <vcpus>."""
    return re.findall(r"<vcpu id='\d+' enabled='(\w+)'(?: hotpluggable='(\w+)')?", domain.XMLDesc(flags))


class Vcpus(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.daemon_ = self.daemon()
        self.connection = self.daemon_.connect()
        self.domain = self.connection.defineXML(XML)

    def tearDown(self):
        if self.domain.isActive():
            self.domain.destroy()
        self.domain.undefine()
        super().tearDown()

    def start(self):
        self.domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)

    def threads(self):
        """{name: (policy, priority)} of all threads of the guest's QEMU; its first one is 'main'."""
        pid = self.daemon_.guest_pid('many')
        found = {}
        for thread in map(int, os.listdir(f'/proc/{pid}/task')):
            with open(f'/proc/{pid}/task/{thread}/comm', encoding='utf-8') as file:
                name = 'main' if thread == pid else file.read().strip()
            found[name] = os.sched_getscheduler(thread), os.sched_getparam(thread).sched_priority
        return found

    def test_threads_are_scheduled_as_the_definition_says(self):
        self.domain = self.connection.defineXML(self.domain.XMLDesc().replace(
            '</cputune>', "<emulatorsched scheduler='batch'/><vcpusched vcpus='1-2' scheduler='idle'/>"
            "<iothreadsched iothreads='2' scheduler='batch'/></cputune>"))
        self.start()
        found = self.threads()
        vcpus = {name: found[name][0] for name in found if name.startswith('CPU ')}
        self.assertEqual(found['main'][0], os.SCHED_BATCH)
        self.assertEqual(vcpus, {'CPU 0/TCG': os.SCHED_OTHER, 'CPU 1/TCG': os.SCHED_IDLE})
        self.assertEqual([found[f'IO iothread{number}'][0] for number in (1, 2)], [os.SCHED_OTHER, os.SCHED_BATCH])
        # One that comes while the guest runs, too.
        self.domain.setVcpus(3)
        self.assertEqual(self.threads()['CPU 2/TCG'][0], os.SCHED_IDLE)

    def test_a_scheduler_that_cannot_be_had_is_refused_with_the_kernel_s_word(self):
        wrong = "<vcpusched vcpus='0' scheduler='fifo' priority='{}'/></cputune>"
        text = self.domain.XMLDesc()
        self.domain = self.connection.defineXML(text.replace('</cputune>', wrong.format(100)))
        said = self.refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, self.start)
        self.assertIn('Scheduler priority 100 out of range [1, 99]', str(said))
        self.assertFalse(self.domain.isActive())
        self.domain = self.connection.defineXML(text.replace('</cputune>', wrong.format(1)))
        try:
            self.start()
        except libvirt.libvirtError as error:
            # A container may give no real-time threads to anybody.
            self.assertIn('Cannot set scheduler parameters for pid', str(error))
        else:
            self.assertEqual(self.threads()['CPU 0/TCG'], (os.SCHED_FIFO, 1))

    def test_counts_of_a_definition(self):
        self.assertEqual([self.domain.vcpusFlags(flags) for flags in (0, CONFIG, libvirt.VIR_DOMAIN_VCPU_MAXIMUM)], [2, 2, 5])
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.domain.maxVcpus)
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.setVcpusFlags, 6, CONFIG)
        self.domain.setVcpusFlags(3, CONFIG)
        self.assertIn("current='3'>5</vcpu>", self.domain.XMLDesc())
        self.assertEqual(switches(self.domain), [])
        self.domain.setVcpusFlags(4, CONFIG | libvirt.VIR_DOMAIN_VCPU_HOTPLUGGABLE)
        self.assertEqual(switches(self.domain), [('yes', 'no')] * 3 + [('yes', 'yes'), ('no', 'yes')])
        self.domain.setVcpusFlags(6, CONFIG | libvirt.VIR_DOMAIN_VCPU_MAXIMUM)
        self.assertEqual((self.domain.vcpusFlags(), switches(self.domain)[5]), (4, ('no', '')))

    def test_one_by_one_in_a_definition(self):
        self.domain.setVcpu('3', 1, CONFIG)
        self.assertEqual(switches(self.domain), [('yes', 'no'), ('yes', 'no'), ('no', 'yes'), ('yes', 'yes'), ('no', 'yes')])
        for wrong, code in (('0', libvirt.VIR_ERR_INVALID_ARG), ('9', libvirt.VIR_ERR_INVALID_ARG), ('x', libvirt.VIR_ERR_INVALID_ARG), ('', libvirt.VIR_ERR_INVALID_ARG)):
            self.refused(code, self.domain.setVcpu, wrong, 1, CONFIG)
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.domain.setVcpu, '3', 0, LIVE)
        # One that cannot be unplugged must not stand behind one that is off.
        self.domain.setVcpusFlags(2, CONFIG)
        self.domain.setVcpusFlags(3, CONFIG)
        self.domain.setVcpu('1', 0, CONFIG)
        self.assertEqual(self.domain.vcpusFlags(), 2)

    def test_plugged_while_it_runs(self):
        self.start()
        self.assertEqual(switches(self.domain), [])
        self.domain.setVcpus(3)
        self.assertEqual(switches(self.domain), [('yes', 'no')] * 2 + [('yes', 'yes')] + [('no', 'yes')] * 2)
        self.assertEqual(self.domain.info()[3], 3)
        self.assertEqual([info[0] for info in self.domain.vcpus()[0]], [0, 1, 2])
        self.assertEqual(self.domain.vcpusFlags(CONFIG), 2)
        self.domain.setVcpu('4', 1, LIVE)
        self.assertEqual([info[0] for info in self.domain.vcpus()[0]], [0, 1, 2, 4])
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.setVcpu, '4', 1, LIVE)
        self.refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, self.domain.setVcpu, '1', 0, LIVE)
        self.refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, self.domain.setVcpus, 1)
        # A daemon that comes later knows of them.
        self.daemon_.kill9()
        self.daemon_.start()
        self.connection = self.daemon_.connect()
        self.domain = self.connection.lookupByName('many')
        self.assertEqual([info[0] for info in self.domain.vcpus()[0]], [0, 1, 2, 4])
        self.domain.setVcpusFlags(5, LIVE | CONFIG)
        self.assertEqual((self.domain.info()[3], self.domain.vcpusFlags(CONFIG)), (5, 5))

    def test_those_that_can_be_unplugged_are_there_from_the_start(self):
        self.domain.setVcpu('3', 1, CONFIG)
        self.start()
        self.assertEqual([info[0] for info in self.domain.vcpus()[0]], [0, 1, 3])
        self.assertIn("<vcpu id='3' enabled='yes' hotpluggable='yes' order='3'/>", self.domain.XMLDesc())

    def test_the_guest_s_own_switches_need_its_agent(self):
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.vcpusFlags, libvirt.VIR_DOMAIN_VCPU_GUEST)
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.domain.setGuestVcpus, '0', 1)
        self.domain.create()
        self.refused(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, self.domain.setGuestVcpus, '0', 1)
        self.refused(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, self.domain.vcpusFlags, libvirt.VIR_DOMAIN_VCPU_GUEST)
        self.refused(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, self.domain.setVcpusFlags, 1, libvirt.VIR_DOMAIN_VCPU_GUEST)

    def test_threads_run_where_the_definition_wants_them(self):
        self.start()
        maps = dict(zip([info[0] for info in self.domain.vcpus()[0]], self.domain.vcpus()[1]))
        self.assertEqual(maps[1], ONLY_FIRST)
        self.assertEqual({number: cpus for number, cpus in self.domain.ioThreadInfo()}[1], list(ONLY_FIRST))

    def test_iothreads(self):
        def numbers(flags):
            return sorted(number for number, _ in self.domain.ioThreadInfo(flags))

        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.domain.addIOThread, 3, LIVE)
        self.start()
        self.domain.addIOThread(3, LIVE | CONFIG)
        self.domain.addIOThread(7, LIVE)
        self.assertEqual((numbers(LIVE), numbers(CONFIG)), ([1, 2, 3, 7], [1, 2, 3]))
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.addIOThread, 7, LIVE)
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.addIOThread, 0, CONFIG)
        self.domain.setIOThreadParams(7, {'poll_max_ns': 7000, 'poll_grow': 2, 'thread_pool_max': 9}, LIVE)
        self.assertIn("<iothread id='7' thread_pool_max='9'/>", self.domain.XMLDesc())
        self.refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, self.domain.setIOThreadParams, 3, {'poll_max_ns': 7000}, CONFIG)
        self.refused(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, self.domain.setIOThreadParams, 3, {'bogus': 1}, CONFIG)
        self.domain.pinIOThread(3, ONLY_FIRST, LIVE | CONFIG)
        self.assertIn(f"<iothreadpin iothread='3' cpuset='{FIRST}'/>", self.domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.pinIOThread, 9, ONLY_FIRST, LIVE)
        self.domain.delIOThread(3, LIVE | CONFIG)
        self.assertEqual((numbers(LIVE), numbers(CONFIG)), ([1, 2, 7], [1, 2]))
        self.assertNotIn("iothread='3'", self.domain.XMLDesc())
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.delIOThread, 3, CONFIG)


if __name__ == '__main__':
    unittest.main(verbosity=2)
