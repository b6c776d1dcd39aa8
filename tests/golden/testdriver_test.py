#!/usr/bin/python3
"""The recorded answers of libvirt's mock hypervisor (../shared/golden/testdriver) against ours, default and from files."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients"))
import private

GOLDEN = pathlib.Path(os.environ.get("VIRTUE_SHARED", private.ROOT.parent / "shared")) / "golden"
COMPARE = GOLDEN / "tools" / "compare.py"
# Of a document's errors only code and part are compared: ours name the place in it.
CASES = ["default", "empty", "nonexistent", "testdefault"]


class Golden(unittest.TestCase):
    def test_recorded_answers(self):
        if private.virtued() is None:
            self.skipTest("virtued is not built")
        if not COMPARE.exists():
            self.skipTest(f"{COMPARE} is not there: the reference material is no part of the project")
        with tempfile.TemporaryDirectory(prefix="vtg-") as place, open(f"{place}/log", "wb") as log:
            os.mkdir(f"{place}/root")
            daemon = subprocess.Popen([str(private.virtued()), "--root", f"{place}/root", "--session"], stdout=log,
                                      stderr=log, stdin=subprocess.DEVNULL,
                                      env=os.environ | {"HOME": place, "XDG_RUNTIME_DIR": f"{place}/run"})
            try:
                sockets = []
                end = time.monotonic() + private.PATIENCE
                while not sockets or not private.listens(str(sockets[0])):
                    self.assertIsNone(daemon.poll(), "virtued ended")
                    self.assertLess(time.monotonic(), end, "virtued does not listen")
                    time.sleep(0.05)
                    with contextlib.suppress(FileNotFoundError):  # a folder that the daemon made for a moment only
                        sockets = list(pathlib.Path(f"{place}/root").rglob("libvirt-sock"))
                done = subprocess.run(["/usr/bin/python3", str(COMPARE), "-m", "code", "-d", f"{place}/diff",
                                       "-c", f"test+unix:///default?socket={sockets[0]}",
                                       *[f"testdriver/{case}" for case in CASES]],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                                      timeout=private.PATIENCE)
                diffs = "".join(path.read_text() for path in pathlib.Path(place).glob("diff/*/*"))
                self.assertEqual(done.returncode, 0, done.stdout + diffs[:20000])
            finally:
                daemon.terminate()
                daemon.wait(private.PATIENCE)


if __name__ == "__main__":
    unittest.main(verbosity=2)
