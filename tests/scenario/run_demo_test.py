# deadline: 900
"""What a newcomer sees: ./dev run's main job ends well and leaves nothing; --stay leaves a guest one can reach."""

import glob
import os
import re
import subprocess
import sys

import harness


class RunDemo(harness.TestCase):
    def demo(self, *arguments):
        harness.program('virtued')
        harness.program('virtue')
        image = os.path.dirname(harness.guest().kernel)
        return subprocess.run([sys.executable, os.path.join(harness.ROOT, 'scripts/run-demo'), '--build', os.path.dirname(harness.BIN),
                               '--guest', image, *arguments], capture_output=True, text=True, check=False, timeout=800)

    def test_the_main_job_ends_well_and_leaves_nothing(self):
        before = set(glob.glob('/tmp/virtue-*'))
        result = self.demo()
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout, r'\| Linux virtue-guest [0-9.]+-\d+-cloud-amd64 x86_64')
        place = re.search(r'virtued runs in (\S+)', result.stdout).group(1)
        steps = [line.split(None, 2)[2] for line in result.stdout.splitlines() if re.match(r'\s*\d+\s+\d+  ', line)]
        self.assertEqual(steps[0], 'virtued takes connections')
        self.assertEqual(steps[-3:], ['shut down', 'undefined', 'virtued stopped'])
        self.assertNotIn(place, before)
        self.assertFalse(os.path.exists(place), 'the private folder is gone')
        self.assertEqual(harness.processes_below(place), [])

    def test_stay_leaves_a_guest_that_the_printed_address_reaches(self):
        result = self.demo('--stay')
        place = re.search(r'virtued runs in (\S+)', result.stdout).group(1)
        self.addCleanup(harness.shutil.rmtree, place, ignore_errors=True)
        self.addCleanup(harness.end_below, place)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        uri = re.search(r"LIBVIRT_DEFAULT_URI='([^']+)'", result.stdout).group(1)
        self.assertIn('demo', harness.run_virtue('list --name', uri=uri).stdout.split())
        self.assertEqual(harness.run_virsh('domstate demo', uri=uri).stdout.strip(), 'running')
        harness.run_virtue('destroy demo', uri=uri)
        pid = int(re.search(r'kill (\d+) &&', result.stdout).group(1))
        os.kill(pid, harness.signal.SIGTERM)
        harness.wait_for_end(pid)
