#!/usr/bin/python3
# deadline: 420
"""Pools whose files do not answer, as on a mount whose server is gone: nobody else waits for them."""

import ctypes
import os
import stat
import subprocess

import private
from storage_test import NEEDS, PLACE, URI, WithDaemon, names, pool_xml, volume_xml  # noqa: F401

load_tests = private.load_tests
QCOW2 = "<driver name='qemu' type='qcow2'/>"
MNT_DETACH = 2


def fuse_device():
    """The device by which a file system's server is reached; the private world's /dev has none."""
    path = private.directory() / "fuse"
    if not path.exists():
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(10, 229))
    return os.open(path, os.O_RDWR | os.O_CLOEXEC)


def mount_dead(path):
    """Mounts a file system whose server never answers; returns what keeps it from failing instead."""
    server = fuse_device()
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"dead", path.encode(), b"fuse", ctypes.c_ulong(0), options) != 0:
        raise OSError(ctypes.get_errno(), f"cannot mount {path}")
    return server


class HungStorage(WithDaemon):
    def setUp(self):
        try:
            os.close(fuse_device())
        except OSError as error:
            self.skipTest(f"a file system whose server is gone is played with FUSE: {error}")

    def dead_pool(self, name):
        """A running pool with a volume 'inside', whose files do not answer any more; and its server."""
        path = f"{PLACE}/{name}"
        pool = self.connection.storagePoolDefineXML(pool_xml(name, path))
        pool.build()
        pool.create()
        pool.createXML(volume_xml("inside", 8 << 20))
        server = mount_dead(path)
        self.addCleanup(ctypes.CDLL(None).umount2, path.encode(), MNT_DETACH)
        return pool, server

    def ask_in_background(self, pool):
        """Clients that ask for what cannot be had, of every sort and more of each than the pool has threads."""
        asked = (["vol-wipe", "inside"], ["vol-resize", "inside", "16M"], ["vol-clone", "inside", "copy"],
                 ["vol-info", "inside"], ["vol-create-as", "NAME", "1M", "--format", "raw"],
                 ["vol-create-as", "NAME", "1M", "--format", "qcow2"], ["vol-download", "inside", "/dev/null"])
        return [self.daemon.open(["virsh", "-q", "-c", URI, words[0], "--pool", pool,
                                  *(f"new{number}-{turn}" if word == "NAME" else word for word in words[1:])],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for turn in range(2) for number, words in enumerate(asked)]

    def work_in_the_other_pool(self):
        volume = self.pool.createXML(volume_xml("fine", 64 << 20, "qcow2"))
        self.assertEqual(volume.info()[1], 64 << 20)
        copy = self.pool.createXMLFrom(volume_xml("copy", 0, "raw"), volume)
        self.pool.refresh()
        self.assertEqual(names(self.pool), ["copy", "fine"])
        guest = self.connection.createXML(
            "<domain type='qemu'><name>guest</name><memory unit='MiB'>64</memory>"
            "<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>"
            f"<disk type='file' device='disk'>{QCOW2}<source file='{volume.path()}'/>"
            "<target dev='vda' bus='virtio'/></disk></devices></domain>")
        guest.destroy()
        copy.delete()
        volume.delete()

    def test_a_pool_that_hangs_delays_no_other(self):
        dead = [self.dead_pool(name) for name in ("dead1", "dead2")]
        clients = [client for pool, _ in dead for client in self.ask_in_background(pool.name())]
        # They have come as far as they come when a look at a volume is given up.
        said = self.virsh("vol-info", "inside", "--pool", "dead1")
        self.assertIn("8.00 MiB", said)
        self.work_in_the_other_pool()
        for pool, _ in dead:
            self.assertIn("inside", names(pool))
            self.assertIn(pool.name(), pool.XMLDesc())
        self.assertIsNone(self.daemon.process.poll())
        # A server that is given up at last ends what waits for it.
        for _, server in dead:
            os.close(server)
        for client in clients:
            client.wait(private.PATIENCE)
        self.work_in_the_other_pool()


if __name__ == "__main__":
    private.main()
