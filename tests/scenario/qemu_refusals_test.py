# deadline: 600
"""What libvirtd 9.0.0 refuses about a guest that does not run, and with which error: clients tell cases apart by code
and domain, so ours are the same. Recorded from it, through the stock Python binding."""

import unittest

import harness

libvirt = harness.libvirt()

# (error code, error domain): [(method, arguments)]
REFUSED = {
    (1, 10): [
        ('sendKey', (0, 0, [9999], 1, 0))],
    (8, 0): [
        ('setVcpu', ('', 0, 0)), ('setGuestVcpus', ('x', 0, 0))],
    (8, 10): [
        ('vcpusFlags', (8,)), ('vcpusFlags', (16,)), ('vcpuPinInfo', (4,)), ('emulatorPinInfo', (4,)), ('ioThreadInfo', (4,)), ('vcpuPinInfo', (8,)),
        ('emulatorPinInfo', (8,)), ('ioThreadInfo', (8,)), ('setVcpusFlags', (1, 64)), ('setVcpusFlags', (2, 0)), ('setVcpu', ('0', 0, 0)),
        ('setVcpu', ('0', 0, 4)), ('setGuestVcpus', ('0', 2, 0)), ('setGuestVcpus', ('0', 1, 4)), ('pinVcpuFlags', (99, (True, False), 0)),
        ('pinVcpuFlags', (0, (True, False), 8)), ('pinEmulator', ((False, False), 0)), ('pinEmulator', ((True, True), 8)), ('addIOThread', (0, 0)),
        ('addIOThread', (0, 4)), ('pinIOThread', (0, (True, False), 0)), ('pinIOThread', (0, (True, False), 4)),
        ('setIOThreadParams', (1, {'poll_max_ns': 1000}, 4)), ('setIOThreadParams', (0, {'poll_max_ns': 1}, 0)), ('delIOThread', (1, 4)),
        ('setMemoryFlags', (1, 8)), ('setMemoryStatsPeriod', (0, 4)), ('getCPUStats', (True, 1)),
        ('setLaunchSecurityState', ({'sev-secret': 'x'}, 1)), ('guestInfo', (128, 0)), ('guestInfo', (0, 1)), ('authorizedSSHKeysGet', ('root', 1)),
        ('authorizedSSHKeysSet', ('root', ['a b c'], 4)), ('fsFreeze', (None, 1)), ('fsThaw', (None, 1)), ('fsInfo', (1,)), ('fSTrim', (None, 0, 1)),
        ('getTime', (1,)), ('hostname', (3,)), ('hostname', (4,)), ('setTime', (None, 2)), ('setUserPassword', ('root', 'x', 2)),
        ('interfaceAddresses', (0, 1)), ('agentSetResponseTimeout', (-3, 0)), ('agentSetResponseTimeout', (5, 1)), ('startDirtyRateCalc', (1, 4)),
        ('startDirtyRateCalc', (1, 8)), ('migrateSetMaxDowntime', (100, 1)), ('migrateSetCompressionCache', (1048576, 1)),
        ('migrateStartPostCopy', (1,)), ('migrateSetMaxSpeed', (50, 2)), ('abortJobFlags', (2,)), ('jobStats', (4,)), ('jobStats', (8,)),
        ('managedSaveRemove', (1,)), ('hasManagedSaveImage', (1,)),
        ('messages', (4,)), ('controlInfo', (1,)), ('state', (1,)), ('blockInfo', ('vdz', 0)), ('blockInfo', ('vda', 1)),
        ('blockStatsFlags', ('vda', 8)), ('pMSuspendForDuration', (9, 0, 0)), ('pMSuspendForDuration', (1, 0, 1)), ('pMWakeup', (1,)),
        ('sendKey', (0, 0, [1], 1, 1)), ('injectNMI', (1,)), ('destroyFlags', (9,)), ('reset', (1,)), ('shutdownFlags', (64,)), ('reboot', (64,)),
        ('managedSave', (64,)), ('rename', ('zz', 1)), ('createWithFlags', (1024,)), ('undefineFlags', (1024,)), ('attachDeviceFlags', ('<x/>', 8)),
        ('detachDeviceFlags', ('<x/>', 8)), ('updateDeviceFlags', ('<x/>', 8)), ('attachDeviceFlags', ('<x/>', 64)),
        ('detachDeviceFlags', ('<x/>', 64)), ('updateDeviceFlags', ('<x/>', 64)),
        ('detachDeviceAlias', ('nope', 8)), ('setBlkioParameters', ({'weight': 500}, 8)), ('setMemoryParameters', ({'hard_limit': 1048576}, 8)),
        ('setNumaParameters', ({'numa_mode': 0, 'numa_nodeset': '0'}, 8)), ('setSchedulerParametersFlags', ({'cpu_shares': 100}, 8)),
        ('hasCurrentSnapshot', (1,)), ('XMLDesc', (1048576,))],
    (8, 20): [
        ('vcpusFlags', (3,)), ('vcpuPinInfo', (3,)), ('emulatorPinInfo', (3,)), ('ioThreadInfo', (3,)), ('setVcpus', (0,)),
        ('setVcpusFlags', (0, 0)), ('setIOThreadParams', (1, {}, 0)), ('delIOThread', (0, 0)), ('setMemoryFlags', (0, 0)),
        ('setMemoryStatsPeriod', (-1, 0)), ('sendProcessSignal', (0, 15, 0)), ('perfEvents', (3,)), ('setPerfEvents', ({'cmt': True}, 3)),
        ('setLaunchSecurityState', ({}, 0)), ('authorizedSSHKeysSet', ('root', ['a b c'], 3)), ('startDirtyRateCalc', (1, 3)), ('jobStats', (2,)),
        ('metadata', (2, None, 0)), ('metadata', (0, None, 8)),
        ('setMetadata', (2, '<a/>', None, 'u:x', 0)), ('blockInfo', ('', 0)), ('sendKey', (99, 0, [1], 1, 0)), ('rename', ('',)),
        ('blkioParameters', (3,)), ('memoryParameters', (3,)), ('numaParameters', (3,)), ('schedulerParametersFlags', (3,)),
        ('FDAssociate', ('x', [], 0))],
    (35, 20): [
        ('setMetadata', (2, '<a', 'k', 'u:x', 0)), ('attachDeviceFlags', ('', 0)), ('detachDeviceFlags', ('', 0)), ('updateDeviceFlags', ('', 0))],
    (38, 10): [
        ('managedSaveRemove', (0,))],
    (55, 10): [
        ('setVcpusFlags', (1, 8)), ('setGuestVcpus', ('0', 0, 0)), ('vcpus', ()),
        ('setIOThreadParams', (1, {'thread_pool_min': 9, 'thread_pool_max': 4}, 0)), ('guestInfo', (0, 0)), ('authorizedSSHKeysGet', ('root', 0)),
        ('authorizedSSHKeysSet', ('root', ['a b c'], 0)), ('fSTrim', (None, 0, 0)), ('managedSaveGetXMLDesc', (0,)), ('pMSuspendForDuration', (0, 0, 0)), ('shutdown', ()), ('shutdownFlags', (0,)),
        ('attachDeviceFlags', ('<disk type="file"><source file="/x"/><target dev="vda" bus="virtio"/></disk>', 0))],
    (55, 20): [
        ('vcpusFlags', (1,)), ('maxVcpus', ()), ('vcpuPinInfo', (1,)), ('emulatorPinInfo', (1,)), ('ioThreadInfo', (1,)), ('setVcpus', (1,)),
        ('setVcpusFlags', (1, 1)), ('setVcpu', ('0', 0, 1)), ('pinVcpuFlags', (0, (True, False), 1)), ('pinVcpu', (0, (True, False))),
        ('addIOThread', (1, 1)), ('pinIOThread', (0, (True, False), 1)), ('setIOThreadParams', (1, {'poll_max_ns': 1000}, 1)),
        ('delIOThread', (1, 1)), ('setMemoryFlags', (1, 1)), ('setMemory', (200000,)), ('setMemoryStatsPeriod', (0, 1)), ('memoryStats', ()),
        ('getCPUStats', (True, 0)), ('perfEvents', (1,)), ('setPerfEvents', ({'cmt': True}, 1)), ('fsFreeze', (None, 0)), ('fsThaw', (None, 0)),
        ('fsInfo', (0,)), ('setUserPassword', ('root', 'x', 0)), ('getTime', (0,)), ('hostname', (0,)), ('interfaceAddresses', (0, 0)),
        ('startDirtyRateCalc', (1, 0)), ('migrateSetMaxDowntime', (100, 0)), ('migrateSetCompressionCache', (1048576, 0)),
        ('migrateStartPostCopy', (0,)), ('migrateGetMaxSpeed', (1,)), ('migrateSetMaxSpeed', (50, 1)), ('abortJobFlags', (0,)), ('abortJob', ()),
        ('jobStats', (0,)), ('jobInfo', ()), ('controlInfo', (0,)),
        ('diskErrors', (0,)), ('interfaceStats', ('vnet0',)), ('blockStats', ('vda',)), ('blockStatsFlags', ('vdz', 0)), ('pMWakeup', (0,)),
        ('sendKey', (0, 0, [1], 1, 0)), ('injectNMI', (0,)), ('suspend', ()), ('resume', ()), ('destroy', ()), ('destroyFlags', (0,)),
        ('reset', (0,)), ('reboot', (0,)), ('managedSave', (0,)), ('openGraphicsFD', (0, 0)),
        ('attachDeviceFlags', ('<x/>', 1)), ('detachDeviceFlags', ('<x/>', 1)), ('updateDeviceFlags', ('<x/>', 1)),
        ('detachDeviceAlias', ('nope', 1)), ('blkioParameters', (1,)), ('memoryParameters', (1,)), ('numaParameters', (1,)),
        ('schedulerParametersFlags', (1,)), ('setBlkioParameters', ({'weight': 500}, 1)), ('setMemoryParameters', ({'hard_limit': 1048576}, 1)),
        ('setNumaParameters', ({'numa_mode': 0, 'numa_nodeset': '0'}, 1)), ('setSchedulerParametersFlags', ({'cpu_shares': 100}, 1))],
    (67, 10): [
        ('setIOThreadParams', (1, {'poll_max_ns': 1099511627776}, 0)), ('startDirtyRateCalc', (0, 0))],
    (67, 20): [
        ('updateDeviceFlags', ('<x/>', 0)), ('attachDeviceFlags', ('<x/>', 0)),
        ('detachDeviceFlags', ('<x/>', 0))],
    (72, 10): [
        ('snapshotCurrent', (0,)), ('snapshotLookupByName', ('x', 0))],
    (74, 0): [
        ('setIOThreadParams', (1, {'bogus': 1}, 0)), ('setLaunchSecurityState', ({'bogus': 'y'}, 0))],
    (74, 10): [
        ('fsThaw', (['/'], 0)), ('fSTrim', ('/', 0, 0)), ('pMSuspendForDuration', (0, 1, 0))],
    (80, 20): [
        ('metadata', (0, None, 0))],
    (82, 10): [
        ('migrateSetMaxSpeed', (8796093022208, 0))],
    (84, 10): [
        ('setIOThreadParams', (1, {'poll_max_ns': 1000}, 0)), ('setLaunchSecurityState', ({'sev-secret': 'x', 'sev-secret-header': 'y'}, 0)),
        ('setTime', ({'seconds': 1, 'nseconds': 2}, 0))],
    (103, 10): [
        ('checkpointLookupByName', ('x', 0))],
}

DISKS = ''.join(f"<disk type='file' device='disk'><source file='/nowhere/{name}'/><target dev='{name}' bus='virtio'/></disk>" for name in ('vda', 'vdb'))
CARD = "<interface type='user'><mac address='52:54:00:00:00:11'/><model type='virtio'/></interface>"


class Refusals(harness.TestCase):
    def test_a_guest_that_does_not_run(self):
        with self.daemon() as daemon:
            connection = daemon.connect()
            domain = connection.defineXML(f"<domain type='qemu'><name>off</name><memory unit='MiB'>214</memory><iothreads>1</iothreads><os><type arch='x86_64' machine='pc'>hvm</type></os>"
                                          f"<features><acpi/></features><devices>{DISKS}{CARD}</devices></domain>")
            for (code, source), calls in REFUSED.items():
                for method, arguments in calls:
                    with self.subTest(method=method, arguments=arguments):
                        error = self.refused(code, getattr(domain, method), *arguments)
                        self.assertEqual(error.get_error_domain(), source, str(error))


if __name__ == '__main__':
    unittest.main(verbosity=2)
