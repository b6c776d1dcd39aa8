#!/usr/bin/python3
# deadline: 600
# soak-deadline: 3600
"""Every recorded domain that libvirt makes a command line for is really started here, paused: QEMU takes it, or it lacks a
resource of this host, or it has the very arguments that libvirt has and this QEMU refuses them. A tenth of them in the everyday run, all with --soak."""

import collections
import json
import os
import re
import shutil
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', 'lib'), HERE]
import harness
import world

# What QEMU says of things that this host does not have.
LACKING = (
    r'No such file or directory', r'No such device', r'Permission denied', r'Connection refused', r'Network is unreachable',
    r'Operation not permitted', r'Address family for hostname not supported', r'Temporary failure in name resolution',
    r'Name or service not known', r'Cannot assign requested address', r'Address already in use', r'Connection timed out',
    r'Cannot allocate memory', r'cannot set up guest memory', r'os_mem_prealloc', r'Failed to initialize PA context',
    r'do you want to install qemu-', r'no drm render node available', r'insufficient space', r'Connection reset by peer',
    r"Couldn't open dtb file", r"Could not open '/dev/all",
    r'linux kernel too old', r'cannot get SG_IO version number', r'does not fit in FAT',
)


class Startable(harness.TestCase):
    def test_qemu_takes_what_we_make_of_recorded_domains(self):
        harness.needs('unshare', 'nsenter', 'qemu-system-x86_64')
        harness.needs_namespaces()
        golden = harness.shared('golden')
        place = tempfile.mkdtemp(prefix='vgs-')
        self.addCleanup(shutil.rmtree, place, ignore_errors=True)
        private = world.World(self, f'{place}/w')
        step = 1 if os.environ.get('VIRTUE_SOAK') else 10
        script = os.path.join(HERE, 'start_all.py')
        printed = private.run(['/usr/bin/python3', script, str(golden), str(step), '0'], timeout=3500)
        outcomes = collections.Counter()
        faults = []
        for line in printed.splitlines():
            self.assertTrue(line.startswith('{'), printed[-3000:])
            one = json.loads(line)
            outcomes[one['outcome']] += 1
            lacking = any(re.search(pattern, one['message']) for pattern in LACKING)
            # An argument that libvirt has as well, word for word, is the document's.
            if one['outcome'] == 'ended' and not lacking and not one['same']:
                faults.append(f'{one["case"]}: {one["message"]}')
        print(f'rate: recorded domains started paused: {outcomes["accepted"]} accepted by QEMU, {outcomes["ended"]} refused '
              f'by it for what they ask for or this host lacks, {outcomes["refused"]} refused before, '
              f'{outcomes["undefined"]} not defined')
        self.assertGreater(outcomes['accepted'], 20)
        self.assertEqual(faults, [])


if __name__ == '__main__':
    unittest.main(verbosity=2)
