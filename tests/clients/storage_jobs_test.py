#!/usr/bin/python3
# deadline: 600
"""Long operations on volumes: how far they are, how they are given up, and that nobody waits for them."""

import os
import pty
import re
import shutil
import signal
import subprocess
import threading
import unittest

import private
from storage_test import NEEDS, URI, WithDaemon, names, volume_xml  # noqa: F401

load_tests = private.load_tests
VIRTUE = private.ROOT / "build" / os.environ.get("VIRTUE_PRESET", "dev") / "bin" / "virtue"
BIG = 512 << 20
TRIES = 10  # where the daemon may be through with it before this machine lets us look
JOB = re.compile(r"<job operation='(\w+)' done='(\d+)' total='(\d+)'/>")
SHOWN = re.compile(rb"Clone of source: \[ *\d+ %\]")
WIPE_INTERRUPTED = "<job operation='wipe' interrupted='yes'/>"


class Background(threading.Thread):
    """A call in a thread of its own; finish() raises what it raised."""

    def __init__(self, function):
        super().__init__(daemon=True)
        self.function = function
        self.error = None
        self.start()

    def run(self):
        try:
            self.function()
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def finish(self):
        self.join(private.PATIENCE)
        if self.is_alive():
            raise AssertionError("the call does not end")
        if self.error:
            raise self.error


@unittest.skipIf(private.REFERENCE, "libvirt tells nothing of what is done to a volume")
class Jobs(WithDaemon):
    def tearDown(self):
        private.wait_for("all volumes to be gone", self.remove_all)
        self.assertEqual(os.listdir(self.path), [])

    def remove_all(self):
        """True once it is done: what was given up may hold its volumes for another moment."""
        for volume in self.pool.listAllVolumes():
            try:
                volume.delete()
            except self.libvirt.libvirtError as error:
                if error.get_error_code() != self.libvirt.VIR_ERR_NO_STORAGE_VOL:
                    self.assertIn("in use", str(error))
        return not self.pool.listAllVolumes()

    def fill(self, name, size=BIG):
        """A volume full of bytes that nobody can leave out."""
        volume = self.pool.createXML(volume_xml(name, size))
        block = os.urandom(1 << 20)
        with open(volume.path(), "r+b") as file:
            for _ in range(size >> 20):
                file.write(block)
        self.pool.refresh()
        return volume

    def elsewhere(self):
        """The pool on a connection of its own."""
        connection = self.libvirt.open(URI)
        self.addCleanup(connection.close)
        return connection.storagePoolLookupByName("pool")

    def job(self, name):
        """(operation, done, total) of the volume's job, or nothing."""
        try:
            found = JOB.search(self.pool.storageVolLookupByName(name).XMLDesc())
        except self.libvirt.libvirtError as error:
            if error.get_error_code() != self.libvirt.VIR_ERR_NO_STORAGE_VOL:
                raise
            return None
        return (found.group(1), int(found.group(2)), int(found.group(3))) if found else None

    def copy(self, pool, source, name, fmt="raw"):
        return Background(lambda: pool.createXMLFrom(volume_xml(name, 0, fmt), pool.storageVolLookupByName(source)))

    def test_nobody_waits_for_a_wipe_and_everybody_sees_how_far_it_is(self):
        self.fill("secret")
        self.pool.createXML(volume_xml("other", 1 << 20))
        pool = self.elsewhere()
        for _ in range(TRIES):
            wiping = Background(lambda: pool.storageVolLookupByName("secret").wipe())
            seen = []
            while wiping.is_alive():
                told = self.job("secret")
                seen += [told] if told else []
                self.assertEqual(names(self.pool), ["other", "secret"])
                self.assertEqual(self.pool.storageVolLookupByName("other").info()[1], 1 << 20)
                self.pool.createXML(volume_xml("quick", 1 << 20)).delete()
                self.pool.refresh()
            wiping.finish()
            if seen:
                break
        self.assertTrue(seen, "the wipe was over at once, each time")
        self.assertEqual({(operation, total) for operation, _, total in seen}, {("wipe", BIG)})
        progress = [done for _, done, _ in seen]
        self.assertEqual(progress, sorted(progress))
        self.assertIsNone(self.job("secret"))
        with open(f"{self.path}/secret", "rb") as file:
            self.assertFalse(any(part.strip(b"\0") for part in iter(lambda: file.read(1 << 20), b"")))

    def test_what_is_being_wiped_is_not_copied(self):
        self.fill("secret")
        pool = self.elsewhere()
        for _ in range(TRIES):
            wiping = Background(lambda: pool.storageVolLookupByName("secret").wipe())
            private.wait_for("the wipe to begin", lambda: self.job("secret") or not wiping.is_alive())
            try:
                half = self.pool.createXMLFrom(volume_xml("half", 0), self.pool.storageVolLookupByName("secret"))
            except self.libvirt.libvirtError as error:
                self.assertEqual(error.get_error_code(), self.libvirt.VIR_ERR_OPERATION_INVALID, str(error))
                self.assertIn("still in use", str(error))
                return wiping.finish()
            # The wipe was over before the copy began: then nothing of it stands in the copy, and it is tried again.
            wiping.finish()
            with open(half.path(), "rb") as file:
                self.assertFalse(any(part.strip(b"\0") for part in iter(lambda: file.read(1 << 20), b"")))
            half.delete()
        return self.fail("the wipe was over before it could be disturbed, each time")

    def test_copies_and_wipes_of_independent_volumes_go_on_together(self):
        for name in ("one", "two", "three"):
            self.fill(name, 128 << 20)
        wiped = self.elsewhere()
        # One source may be read twice at a time.
        running = [self.copy(self.elsewhere(), "one", "one.copy"), self.copy(self.elsewhere(), "two", "two.copy", "qcow2"),
                   self.copy(self.elsewhere(), "one", "one.again"),
                   Background(lambda: wiped.storageVolLookupByName("three").wipe())]
        while any(call.is_alive() for call in running):
            self.pool.refresh()
            self.assertIn("two", names(self.pool))
        for call in running:
            call.finish()
        for copy in ("one.copy", "one.again"):
            subprocess.run(["cmp", f"{self.path}/one", f"{self.path}/{copy}"], check=True)
        compared = subprocess.run(["qemu-img", "compare", "-f", "raw", "-F", "qcow2", f"{self.path}/two",
                                   f"{self.path}/two.copy"], check=False, stdout=subprocess.DEVNULL)
        self.assertEqual(compared.returncode, 0)

    def test_a_copy_grows_in_the_eyes_of_others(self):
        self.fill("source")
        for _ in range(TRIES):
            copying = self.copy(self.elsewhere(), "source", "copy")
            grown = []
            while copying.is_alive():
                told = self.job("copy")
                if told:
                    self.assertEqual(told[0], "clone")
                    grown.append(self.pool.storageVolLookupByName("copy").info()[2])
            copying.finish()
            if [size for size in grown if 0 < size < BIG]:
                break
            self.pool.storageVolLookupByName("copy").delete()
        self.assertTrue([size for size in grown if 0 < size < BIG], grown)
        self.assertEqual(self.pool.storageVolLookupByName("copy").info()[1], BIG)

    def give_up(self, command, name):
        """Starts a client's command, and ends the client when its job is under way."""
        client = self.daemon.open(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            told = private.wait_for("the job to begin", lambda: self.job(name) or client.poll() is not None)
            if told is True:
                self.skipTest("this machine does it in no time")
        finally:
            client.kill()
            client.wait()

    def test_a_copy_ends_with_its_client_and_leaves_nothing(self):
        self.fill("source")
        for fmt in ("raw", "qcow2"):
            with self.subTest(format=fmt):
                document = private.directory() / "copy.xml"
                document.write_text(volume_xml("copy", 0, fmt))
                self.give_up(["virsh", "-q", "-c", URI, "vol-create-from", "pool", str(document), "source", "--inputpool",
                              "pool"], "copy")
                private.wait_for("the copy to be gone", lambda: os.listdir(self.path) == ["source"])
                private.wait_for("the lists to know it", lambda: names(self.pool) == ["source"])
        # Nothing holds the source any more.
        private.wait_for("the source to be free", self.can_delete)

    def can_delete(self):
        try:
            self.pool.storageVolLookupByName("source").delete()
        except self.libvirt.libvirtError as error:
            self.assertIn("in use", str(error))
            return False
        return True

    @unittest.skipUnless(shutil.which("scrub"), "needs scrub")
    def test_a_wipe_that_was_given_up_is_told_of_until_another_one_is_done(self):
        volume = self.fill("secret", 64 << 20)
        self.give_up(["virsh", "-q", "-c", URI, "vol-wipe", "secret", "--pool", "pool", "--algorithm", "gutmann"], "secret")
        private.wait_for("the wipe to end", lambda: self.job("secret") is None)
        self.assertIn(WIPE_INTERRUPTED, volume.XMLDesc())
        self.kill_daemon()
        volume = self.pool.storageVolLookupByName("secret")
        self.assertIn(WIPE_INTERRUPTED, volume.XMLDesc())
        volume.wipe()
        self.assertNotIn("<job", volume.XMLDesc())

    def test_an_upload_tells_how_far_it_is_and_that_it_was_given_up(self):
        volume = self.pool.createXML(volume_xml("data", 4 << 20))
        stream = self.connection.newStream()
        volume.upload(stream, 0, 4 << 20)
        stream.send(b"x" * (128 << 10))
        private.wait_for("the bytes to be told of", lambda: self.job("data") == ("upload", 128 << 10, 4 << 20))
        stream.abort()
        private.wait_for("the upload to be over", lambda: self.job("data") is None)
        private.wait_for("the volume to be looked at", lambda: "<job operation='upload' interrupted='yes'/>"
                         in volume.XMLDesc())
        # Such a document is good for another volume.
        self.pool.createXML(volume.XMLDesc().replace("data", "another")).delete()
        content = private.directory() / "content"
        content.write_bytes(os.urandom(4 << 20))
        self.virsh("vol-upload", "data", str(content), "--pool", "pool")
        private.wait_for("the volume to be whole", lambda: "<job" not in volume.XMLDesc())

    def test_the_shell_shows_the_progress_and_ctrl_c_ends_the_copy(self):
        self.fill("source")
        # The copy may be over before the interrupt arrives.
        for _ in range(10):
            shown, code = self.interrupted_copy()
            if code != 0:
                break
            self.pool.storageVolLookupByName("copy").delete()
        if code == 0 and not SHOWN.search(shown):
            self.skipTest("this machine does it in no time")
        self.assertRegex(shown, SHOWN)
        self.assertNotEqual(code, 0)
        private.wait_for("the copy to be gone", lambda: os.listdir(self.path) == ["source"])
        private.wait_for("the lists to know it", lambda: names(self.pool) == ["source"])

    def interrupted_copy(self):
        """Starts a copy at a terminal and presses Ctrl-C as soon as it tells how far it is; what it showed, and its code."""
        ours, its = pty.openpty()
        client = self.daemon.open([str(VIRTUE), "-c", URI, "vol-clone", "source", "copy", "--pool", "pool"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=its)
        os.close(its)
        shown = b""
        interrupted = False
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
            if not interrupted and SHOWN.search(shown):
                client.send_signal(signal.SIGINT)
                interrupted = True
        os.close(ours)
        return shown, client.wait()


if __name__ == "__main__":
    private.main()
