# deadline: 600
"""How much of the host a guest may take, through the stock Python binding: kept in its definition; a guest that runs is
in no cgroup of its own."""

import os
import unittest

import harness

libvirt = harness.libvirt()


@unittest.skipIf(os.geteuid() != 0, "a user's own daemon has no such limits")
class Tune(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.daemon_ = self.daemon()
        self.connection = self.daemon_.connect()
        self.domain = self.connection.defineXML(harness.minimal_xml('tuned'))

    def tearDown(self):
        if self.domain.isActive():
            self.domain.destroy()
        self.domain.undefine()
        super().tearDown()

    def test_memory_limits(self):
        unlimited = 9007199254740991  # VIR_DOMAIN_MEMORY_PARAM_UNLIMITED
        self.assertEqual(self.domain.memoryParameters(), dict.fromkeys(['hard_limit', 'soft_limit', 'swap_hard_limit'], unlimited))
        self.domain.setMemoryParameters({'hard_limit': 200000, 'swap_hard_limit': 300000})
        self.assertEqual(self.domain.memoryParameters(), {'hard_limit': 200000, 'soft_limit': unlimited, 'swap_hard_limit': 300000})
        self.assertIn("<hard_limit unit='KiB'>200000</hard_limit>", self.domain.XMLDesc())
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.setMemoryParameters, {'hard_limit': 400000})
        self.domain.setMemoryParameters({'hard_limit': unlimited, 'swap_hard_limit': unlimited})
        self.assertNotIn('<memtune>', self.domain.XMLDesc())

    def test_shares_and_quotas(self):
        self.assertEqual(self.domain.schedulerType(), ('posix', 9))
        self.domain.setSchedulerParameters({'cpu_shares': 500, 'vcpu_period': 50000, 'vcpu_quota': -1})
        found = self.domain.schedulerParameters()
        self.assertEqual([found[name] for name in ('cpu_shares', 'vcpu_period', 'vcpu_quota', 'emulator_quota')], [500, 50000, -1, 0])
        self.assertIn('<shares>500</shares>', self.domain.XMLDesc())
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.setSchedulerParameters, {'vcpu_period': 10})

    def test_weights_of_devices(self):
        self.domain.setBlkioParameters({'weight': 500, 'device_weight': '/dev/sda,300,/dev/sdb,400'})
        self.assertEqual(self.domain.blkioParameters()['device_weight'], '/dev/sda,300,/dev/sdb,400')
        self.domain.setBlkioParameters({'device_weight': '/dev/sda,0'})
        found = self.domain.blkioParameters()
        self.assertEqual((found['weight'], found['device_weight']), (500, '/dev/sdb,400'))
        for wrong in ('/dev/sda', '/dev/sda,x', 'sda,300', '/dev/sda,5'):
            self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.setBlkioParameters, {'device_weight': wrong})

    def test_placement(self):
        self.assertEqual(self.domain.numaParameters(), {'numa_mode': 0, 'numa_nodeset': ''})
        self.domain.setNumaParameters({'numa_mode': libvirt.VIR_DOMAIN_NUMATUNE_MEM_PREFERRED, 'numa_nodeset': '0'})
        self.assertEqual(self.domain.numaParameters(), {'numa_mode': libvirt.VIR_DOMAIN_NUMATUNE_MEM_PREFERRED, 'numa_nodeset': '0'})
        self.assertIn("<memory mode='preferred' nodeset='0'/>", self.domain.XMLDesc())

    def test_performance_counters(self):
        self.assertFalse(any(self.domain.perfEvents().values()))
        self.domain.setPerfEvents({'page_faults': True, 'task_clock': True, 'cmt': False})
        self.assertIn("<event name='page_faults' enabled='yes'/>", self.domain.XMLDesc())
        self.domain.setPerfEvents({'page_faults': False})
        self.assertTrue(self.domain.perfEvents()['task_clock'])
        self.assertFalse(self.domain.perfEvents()['page_faults'])
        self.domain.create()
        self.refused(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, self.domain.setPerfEvents, {'cmt': True})
        self.domain.setPerfEvents({'page_faults': True}, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        counted = lambda: {name: value for name, value in self.connection.domainListGetStats(
            [self.domain], libvirt.VIR_DOMAIN_STATS_PERF)[0][1].items()}
        self.assertEqual(counted().keys(), {'perf.page_faults', 'perf.task_clock'})
        self.assertTrue(harness.wait_until(lambda: counted()['perf.task_clock'] > 0))
        self.assertFalse(self.domain.perfEvents(libvirt.VIR_DOMAIN_AFFECT_CONFIG)['page_faults'])
        self.daemon_.kill9()
        self.daemon_.start()
        self.connection = self.daemon_.connect()
        self.domain = self.connection.lookupByName('tuned')
        self.assertEqual(counted().keys(), {'perf.page_faults', 'perf.task_clock'})
        self.domain.setPerfEvents({'task_clock': False})
        self.assertEqual(counted().keys(), {'perf.page_faults'})

    def test_a_running_guest_has_no_limits_to_change(self):
        self.domain.create()
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.domain.memoryParameters)
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.domain.setMemoryParameters, {'hard_limit': 200000})
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.domain.schedulerType)
        self.domain.setMemoryParameters({'hard_limit': 200000}, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        self.assertEqual(self.domain.memoryParameters(libvirt.VIR_DOMAIN_AFFECT_CONFIG)['hard_limit'], 200000)
        self.daemon_.kill9()
        self.daemon_.start()
        self.connection = self.daemon_.connect()
        self.domain = self.connection.lookupByName('tuned')
        self.assertEqual(self.domain.memoryParameters(libvirt.VIR_DOMAIN_AFFECT_CONFIG)['hard_limit'], 200000)


if __name__ == '__main__':
    unittest.main(verbosity=2)
