#!/usr/bin/python3
"""The recorded cases of a real libvirtd (../shared/golden), each played to our daemon as root in libvirt's place, in
private namespaces. Errors are compared by code and part; the rates are printed and must not fall."""

import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / "lib"), str(pathlib.Path(__file__).resolve().parent)]
import harness
import world

# What of each kind must be as recorded, in percent.
LEAST = {"live": 100.0, "device": 100.0, "snapshot": 100.0, "checkpoint": 100.0, "nodedev": 100.0, "interface": 100.0,
         "nwfilter": 100.0, "apierr": 100.0}
# Cases that cannot be equal, and why.
DIFFERENT = {
    "live/syn-audio-multi": "needs QEMU's module for PulseAudio, which comes with its windows",
    "device/hp-qemuhotplug-disk-cdrom-nochange": "an IDE disk is not stored where the machine has no IDE",
}


class Golden(harness.TestCase):
    def setUp(self):
        super().setUp()
        harness.needs("unshare", "nsenter", "qemu-system-x86_64")
        harness.needs_namespaces()
        self.tools = harness.shared("golden", "tools")
        self.place = tempfile.mkdtemp(prefix="vgd-")
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)

    def compare(self, kind):
        """Runs the cases of a kind in a world of their own; the share of cases that match, and what was printed."""
        private = world.World(self, f"{self.place}/{kind}")
        local = ["--local"] if kind == "live" else []
        cases = [f"{kind}/{case.parent.name}" for case in sorted(pathlib.Path(self.tools).parent.glob(f"{kind}/*/expect.json"))]
        cases = [case for case in cases if case not in DIFFERENT]
        printed = private.run(["/usr/bin/python3", f"{self.tools}/compare.py", "-m", "code", *local, *cases])
        private.end()
        total = re.search(r"(?m)^total\s+(\d+)/(\d+)", printed)
        self.assertIsNotNone(total, printed[-3000:])
        return 100 * int(total.group(1)) / max(1, int(total.group(2))), printed

    def test_kinds(self):
        # A file that the recorded snapshots found in their way.
        in_the_way = pathlib.Path("/tmp/foo")
        if not in_the_way.exists():
            in_the_way.write_text("in the way\n", encoding="ascii")
            self.addCleanup(in_the_way.unlink)
        for kind, least in LEAST.items():
            with self.subTest(kind=kind):
                rate, printed = self.compare(kind)
                print(f"{kind}: {rate:.2f} % as recorded")
                self.assertGreaterEqual(rate, least, printed[-6000:])


if __name__ == "__main__":
    unittest.main(verbosity=2)
