#!/usr/bin/python3
"""The recorded answers of libvirtd about pools, volumes and secrets (../shared/golden) against ours."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients"))
import private

GOLDEN = pathlib.Path(os.environ.get("VIRTUE_SHARED", private.ROOT.parent / "shared")) / "golden"
NEEDS = [str(GOLDEN / "tools" / "compare.py"), "/usr/bin/qemu-img"]
load_tests = private.load_tests
# Of errors only code and part are compared: ours name the place in the document.
LARGE = "vm-pool-"  # recorded by allocating 5 GiB each


class Golden(unittest.TestCase):
    def compare(self, daemon, cases):
        listed = private.directory() / "cases"
        listed.write_text("\n".join(cases) + "\n")
        done = subprocess.run(["/usr/bin/python3", NEEDS[0], "-m", "code", "--local", "-d", str(private.directory() / "diff"),
                               "-c", "qemu:///system", f"@{listed}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=daemon.environment, text=True, check=False, timeout=4 * private.PATIENCE)
        diffs = "".join(path.read_text() for path in private.directory().glob("diff/*/*"))
        self.assertEqual(done.returncode, 0, done.stdout[-4000:] + diffs[:20000])

    def cases(self, kind):
        return [f"{kind}/{name}" for name in (GOLDEN / kind / "open.txt").read_text().split()
                if not (kind == "vol" and name.startswith(LARGE))]

    def test_pools_and_secrets(self):
        with private.Daemon() as daemon:
            self.compare(daemon, self.cases("pool") + self.cases("secret"))

    def test_volumes(self):
        with private.Daemon() as daemon:
            self.compare(daemon, self.cases("vol"))


if __name__ == "__main__":
    private.main()
