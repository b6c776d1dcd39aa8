#!/usr/bin/python3
"""The mock hypervisor by stock clients: 860 calls through python3-libvirt on Debian's in-process test:///default and,
through virtued, on ours. Values, errors and events must be the same; our errors about documents say more."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import private

HERE = pathlib.Path(__file__).resolve().parent
PLAY = HERE / "test_driver" / "play.py"
PYTHON = "/usr/bin/python3"  # Debian's, which finds Debian's python3-libvirt

# Errors about the content of a document: ours name the place in it, so that only code and part are compared.
WORDED_OTHERWISE = {21, 27, 67}
DEVICE_DOCUMENT = [1, 22]  # the node device parser calls all its errors internal


def has_python_libvirt():
    return subprocess.run([PYTHON, "-c", "import libvirt"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def play(uri, directory):
    directory.mkdir()
    done = subprocess.run([PYTHON, str(PLAY), uri, str(directory)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=private.PATIENCE, check=False)
    if done.returncode != 0:
        raise AssertionError(f"play.py {uri} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def comparable(answer):
    """What must be equal of a step's answer."""
    error = answer.get("error")
    if error and (error[0] in WORDED_OTHERWISE or error[:2] == DEVICE_DOCUMENT):
        return {"error": error[:2]}
    return answer


class TestDriver(unittest.TestCase):
    """Both played once, compared step by step."""

    @classmethod
    def setUpClass(cls):
        if private.virtued() is None:
            raise unittest.SkipTest("virtued is not built")
        if not has_python_libvirt():
            raise unittest.SkipTest("python3-libvirt is not there")
        cls.place = tempfile.TemporaryDirectory(prefix="vtd-")
        cls.addClassCleanup(cls.place.cleanup)
        place = pathlib.Path(cls.place.name)
        log = open(place / "log", "wb")
        cls.addClassCleanup(log.close)
        (place / "root").mkdir()
        daemon = subprocess.Popen([str(private.virtued()), "--root", str(place / "root"), "--session"], stdout=log,
                                  stderr=log, stdin=subprocess.DEVNULL,
                                  env=os.environ | {"HOME": str(place), "XDG_RUNTIME_DIR": str(place / "run")})
        cls.addClassCleanup(daemon.wait, private.PATIENCE)
        cls.addClassCleanup(daemon.terminate)
        sockets = []
        end = time.monotonic() + private.PATIENCE
        while not sockets or not private.listens(str(sockets[0])):
            if daemon.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"virtued does not listen:\n{(place / 'log').read_text()[-2000:]}")
            time.sleep(0.05)
            with contextlib.suppress(FileNotFoundError):  # a folder that the daemon made for a moment only
                sockets = list((place / "root").rglob("libvirt-sock"))
        cls.ours = play(f"test+unix:///default?socket={sockets[0]}", place / "ours")
        cls.theirs = play("test:///default", place / "theirs")

    def test_answers(self):
        self.assertEqual([step for step, _ in self.theirs], [step for step, _ in self.ours])
        for (step, theirs), (_, ours) in zip(self.theirs[:-1], self.ours[:-1]):
            with self.subTest(step):
                self.assertEqual(comparable(theirs), comparable(ours))

    def test_events(self):
        self.assertEqual(self.theirs[-1][0], "events")
        kinds = sorted({event[0] for event in self.theirs[-1][1]})
        for kind in kinds:
            # Within one kind the order is the order of what happened.
            with self.subTest(kind):
                self.assertEqual([event for event in self.theirs[-1][1] if event[0] == kind],
                                 [event for event in self.ours[-1][1] if event[0] == kind])


if __name__ == "__main__":
    private.main() if private.INSIDE in os.environ else unittest.main(verbosity=2)
