#!/usr/bin/python3
# deadline: 600
"""What goes wrong around storage: folders that vanish, full disks, broken and lying images, two daemons on one pool,
daemons that are killed."""

import contextlib
import ctypes
import os
import pathlib
import random
import subprocess
import time

import private
from storage_test import NEEDS, PLACE, URI, RealDevices, WithDaemon, names, pool_xml, volume_xml  # noqa: F401

load_tests = private.load_tests
CONFIGURATION = 'auth_unix_rw = "none"\nauth_unix_ro = "none"\n'
QCOW2 = "<driver name='qemu' type='qcow2'/>"
RAW = "<driver name='qemu' type='raw'/>"


def disk_xml(source, target="vda", bus="virtio", driver=QCOW2, device="disk"):
    return (f"<disk type='file' device='{device}'>{driver}<source file='{source}'/>"
            f"<target dev='{target}' bus='{bus}'/></disk>")


def guest_xml(*disks, name="guest"):
    return (f"<domain type='qemu'><name>{name}</name><memory unit='MiB'>64</memory>"
            f"<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>{''.join(disks)}</devices></domain>")


def open_files(name):
    """What a guest's QEMU has open."""
    pid = pathlib.Path(f"/run/libvirt/qemu/{name}.pid").read_text().strip()
    found = set()
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it closes what it likes between our two looks
            found.add(os.readlink(entry))
    return found


def exchange(draft, other):
    """Two files change names in one step, if the first has grown and is still there; whether they did."""
    with contextlib.suppress(FileNotFoundError):
        renamed = ctypes.CDLL(None).renameat2  # at the current folder, and RENAME_EXCHANGE
        return os.path.getsize(draft) > 16 << 20 and renamed(-100, draft.encode(), -100, other.encode(), 2) == 0
    return False


def make_image(path, size, *options):
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *options, path, size], check=True)


class Case(WithDaemon):
    def tearDown(self):
        self.pool.refresh()
        for volume in self.pool.listAllVolumes():
            volume.delete()
        self.assertEqual(os.listdir(self.path), [])

    def small_pool(self, name, megabytes):
        path = f"{PLACE}/{name}"
        os.makedirs(path)
        self.addCleanup(os.rmdir, path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", path], check=True)
        self.addCleanup(subprocess.run, ["umount", path], check=True)
        pool = self.connection.storagePoolCreateXML(pool_xml(name, path))
        self.addCleanup(pool.destroy)
        return pool, path

    def fill(self, name, megabytes):
        volume = self.pool.createXML(volume_xml(name, megabytes << 20))
        with open(volume.path(), "r+b") as file:
            for _ in range(megabytes):
                file.write(os.urandom(1 << 20))
        self.pool.refresh()
        return volume


class Places(Case):
    """Where volumes lie."""

    def test_a_folder_that_vanishes_is_named_and_hinders_nobody_else(self):
        path = f"{PLACE}/vanish"
        pool = self.connection.storagePoolDefineXML(pool_xml("vanish", path))
        pool.build()
        pool.create()
        pool.createXML(volume_xml("inside", 1 << 20))
        os.rename(path, path + ".away")
        text = self.refused(self.libvirt.VIR_ERR_SYSTEM_ERROR, pool.createXML, volume_xml("new", 1 << 20))
        self.assertIn(path, text)
        self.assertIn("No such file or directory", text)
        self.refused(self.libvirt.VIR_ERR_SYSTEM_ERROR, pool.storageVolLookupByName("inside").info)
        self.assertEqual(names(pool), ["inside"])
        self.pool.createXML(volume_xml("fine", 1 << 20)).delete()
        # A daemon that comes meanwhile says so and goes on without it.
        self.kill_daemon()
        pool = self.connection.storagePoolLookupByName("vanish")
        self.assertFalse(pool.isActive())
        self.assertIn("storage pool 'vanish' was running and is not any more", self.daemon.log.read_text())
        self.assertIn(path, self.refused(self.libvirt.VIR_ERR_SYSTEM_ERROR, pool.create))
        os.rename(path + ".away", path)
        pool.create()
        self.assertEqual(names(pool), ["inside"])
        pool.storageVolLookupByName("inside").delete()
        pool.destroy()
        pool.delete()
        pool.undefine()

    def test_a_full_disk_in_the_middle_of_a_copy_leaves_no_half_volume(self):
        source = self.fill("source", 12)
        pool, path = self.small_pool("full", 8)
        for fmt in ("raw", "qcow2", "vmdk"):
            with self.subTest(format=fmt):
                with self.assertRaises(self.libvirt.libvirtError) as caught:
                    pool.createXMLFrom(volume_xml("copy", 0, fmt), source)
                self.assertIn("No space left on device", str(caught.exception))
                self.assertIn(f"{path}/copy", str(caught.exception))
                self.assertEqual(os.listdir(path), [])
                self.assertEqual(names(pool), [])
        self.assertEqual(os.listdir(self.path), ["source"])

    def test_a_full_disk_stops_an_upload_with_the_reason(self):
        source = self.fill("source", 12)
        pool, path = self.small_pool("full", 8)
        volume = pool.createXML(volume_xml("target", 12 << 20, allocation=0))
        said = self.virsh("vol-upload", "target", source.path(), "--pool", "full", check=False)
        self.assertIn("No space left on device", said)
        if not private.REFERENCE:
            private.wait_for("the upload to be over", lambda: "<job operation='upload' interrupted='yes'/>"
                             in volume.XMLDesc())
        volume.delete()
        self.assertEqual(os.listdir(path), [])

    def test_a_full_disk_leaves_a_volume_at_the_size_that_it_had(self):
        pool, path = self.small_pool("full", 8)
        volume = pool.createXML(volume_xml("grows", 1 << 20))
        allocate = self.libvirt.VIR_STORAGE_VOL_RESIZE_ALLOCATE
        with self.assertRaises(self.libvirt.libvirtError):
            volume.resize(20 << 20, allocate)
        # Space that went since the pool was looked at last.
        pathlib.Path(path, "other").write_bytes(b"x" * (5 << 20))
        text = self.refused(self.libvirt.VIR_ERR_SYSTEM_ERROR, volume.resize, 6 << 20, allocate)
        self.assertIn("No space left", text)
        self.assertEqual(volume.info()[1], 1 << 20)
        self.assertEqual(os.path.getsize(volume.path()), 1 << 20)

    def second_daemon(self):
        """Another daemon, with folders of its own, that sees the same files; a connection to it."""
        root = private.directory() / "second"
        configuration = root / "etc" / "libvirt" / "virtued.conf"
        configuration.parent.mkdir(parents=True)
        configuration.write_text(CONFIGURATION)
        second = subprocess.Popen([private.virtued(), "--root", root], stdin=subprocess.DEVNULL, start_new_session=True,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def end():
            second.terminate()
            second.wait(private.PATIENCE)
        self.addCleanup(end)

        path = root / "run" / "libvirt" / "libvirt-sock"

        def listens():
            self.assertIsNone(second.poll())
            return private.listens(str(path))
        private.wait_for("the second daemon", listens)
        other = self.libvirt.open(f"qemu+unix:///system?socket={path}")
        self.addCleanup(other.close)
        return other

    def test_two_daemons_share_a_folder_and_neither_takes_from_the_other(self):
        if private.REFERENCE:
            self.skipTest("a second libvirtd needs a world of its own")
        theirs = self.second_daemon().storagePoolCreateXML(pool_xml("pool", self.path))
        source = self.fill("source", 128)
        theirs.refresh()
        # While one copies, the other looks at the folder: what is being made is left alone.
        copying = self.daemon.open(["virsh", "-q", "-c", URI, "vol-clone", "source", "copy", "--pool", "pool"])
        while copying.poll() is None:
            theirs.refresh()
            self.assertIn(names(theirs), (["source"], ["copy", "source"]))
        self.assertEqual(copying.returncode, 0)
        subprocess.run(["cmp", f"{self.path}/source", f"{self.path}/copy"], check=True)
        # A name that only the other knows is not taken a second time.
        theirs.createXML(volume_xml("theirs", 1 << 20))
        self.assertIn("already exists", self.refused(self.libvirt.VIR_ERR_OPERATION_INVALID, self.pool.createXML,
                                                     volume_xml("theirs", 2 << 20)))
        self.assertEqual(os.path.getsize(f"{self.path}/theirs"), 1 << 20)
        theirs.destroy()
        source.delete()


class Images(Case):
    """What stands in an image."""

    def broken(self):
        """Images that begin as qcow2 and are none, by name."""
        good = pathlib.Path(self.path, "good")
        make_image(good, "16M", "-o", "compat=1.1")
        content = good.read_bytes()
        good.unlink()
        made = {
            "cut": content[:100],
            "garbage": content[:8] + os.urandom(4096),
            "tables": content[:40] + b"\xff" * 8 + content[48:],  # the place of its first table
            "version": content[:4] + b"\0\0\0\x09" + content[8:],
            "huge": content[:24] + b"\x7f" + b"\xff" * 7 + content[32:],
        }
        for name, data in made.items():
            pathlib.Path(self.path, name).write_bytes(data)
        return sorted(made)

    def test_a_broken_image_is_listed_and_refused_with_its_name(self):
        made = self.broken()
        self.pool.refresh()
        self.assertEqual(names(self.pool), made)
        refused = 0
        for name in made:
            with self.subTest(image=name):
                volume = self.pool.storageVolLookupByName(name)
                volume.info()
                path = volume.path()
                # A guest that is told that it is a qcow2 does not start, and the file is as it was.
                with self.assertRaises(self.libvirt.libvirtError):
                    self.connection.createXML(guest_xml(disk_xml(path)))
                self.assertEqual(os.stat(path).st_uid, 0)
                if "type='qcow2'" not in volume.XMLDesc():
                    continue  # it is seen as what it is: bytes
                with self.assertRaises(self.libvirt.libvirtError) as caught:
                    self.pool.createXMLFrom(volume_xml("copy", 0, "raw"), volume)
                self.assertIn(path, str(caught.exception))
                refused += 1
                self.assertEqual(sorted(os.listdir(self.path)), made)
        self.assertGreater(refused, 0)
        self.assertEqual(self.connection.listAllDomains(), [])

    def test_a_guest_that_writes_a_header_gets_no_file_of_the_host(self):
        """A raw disk stays raw, whatever its guest wrote to its beginning."""
        lying = f"{self.path}/lying"
        make_image(lying, "1M", "-u", "-b", "/etc/shadow", "-F", "raw")
        self.pool.refresh()
        by_volume = ("<disk type='volume' device='disk'><source pool='pool' volume='lying'/>"
                     "<target dev='vda' bus='virtio'/></disk>")
        for disk in (disk_xml(lying, driver=""), disk_xml(lying, driver=RAW), by_volume):
            with self.subTest(disk=disk):
                guest = self.connection.createXML(guest_xml(disk))
                opened = open_files("guest")
                live = guest.XMLDesc()
                guest.destroy()
                self.assertIn(lying, opened)
                self.assertNotIn("/etc/shadow", opened)
                self.assertNotIn("shadow", live)
        self.assertEqual(os.stat("/etc/shadow").st_uid, 0)

    def test_a_header_without_the_format_of_the_next_image_is_not_guessed_from(self):
        middle, top = f"{self.path}/middle", f"{self.path}/top"
        make_image(middle, "1M")
        make_image(top, "1M")
        for image, backing in ((middle, "/etc/shadow"), (top, middle)):
            subprocess.run(["qemu-img", "rebase", "-q", "-u", "-f", "qcow2", "-b", backing, "-F", "raw", image], check=True)
            data = pathlib.Path(image).read_bytes()
            # The extension that tells the format of the next one.
            self.assertIn(b"\xe2\x79\x2a\xca", data)
            pathlib.Path(image).write_bytes(data.replace(b"\xe2\x79\x2a\xca", b"\x12\x34\x56\x78", 1))
        with self.assertRaises(self.libvirt.libvirtError) as caught:
            self.connection.createXML(guest_xml(disk_xml(top)))
        self.assertIn(f"format of backing image '{middle}'", str(caught.exception))
        self.assertEqual(os.stat(middle).st_uid, 0)


    def test_a_copy_follows_no_chain_out_of_the_pools(self):
        """The image is a volume, and so is the one below it; what that one names is not."""
        middle, top = f"{self.path}/middle", f"{self.path}/top"
        make_image(middle, "1M", "-u", "-b", "/etc/shadow", "-F", "raw")
        make_image(top, "1M", "-u", "-b", middle, "-F", "qcow2")
        self.pool.refresh()
        text = self.refused(self.libvirt.VIR_ERR_OPERATION_DENIED, self.pool.createXMLFrom, volume_xml("copy", 0),
                            self.pool.storageVolLookupByName("top"))
        self.assertIn("/etc/shadow", text)
        self.assertNotIn("copy", os.listdir(self.path))

    def test_an_image_whose_content_lies_elsewhere_is_neither_copied_nor_resized(self):
        """qcow2's data file, which a guest's header may name as well."""
        victim = private.directory() / "victim"
        image = f"{self.path}/elsewhere"
        make_image(image, "1M", "-o", f"data_file={victim},data_file_raw=on")
        victim.write_bytes(b"secret" + bytes((1 << 20) - 6))
        self.pool.refresh()
        volume = self.pool.storageVolLookupByName("elsewhere")
        denied = self.libvirt.VIR_ERR_OPERATION_DENIED
        self.refused(denied, self.pool.createXMLFrom, volume_xml("copy", 0), volume)
        self.refused(denied, volume.resize, 2 << 20)
        self.assertEqual(os.listdir(self.path), ["elsewhere"])
        self.assertEqual(victim.read_bytes(), b"secret" + bytes((1 << 20) - 6))

    def test_sizes_beyond_all_files_change_nothing(self):
        volume = self.pool.createXML(volume_xml("disk", 64 << 20, "qcow2"))
        for flags in ([], ["--shrink"]):
            said = self.virsh("vol-resize", "disk", str(2**64 - 100), "--pool", "pool", *flags, check=False)
            self.assertIn("cannot become so large", said)
            self.assertEqual(volume.info()[1], 64 << 20)
        sparse = self.libvirt.VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM
        raw = self.pool.createXML(volume_xml("raw", 4096))
        stream = self.connection.newStream()
        with self.assertRaises(self.libvirt.libvirtError):
            raw.upload(stream, 2**63 - 10, 0, sparse)
            stream.sendHole(100)
            stream.finish()
        private.wait_for("the upload to let go", lambda: "<job" not in raw.XMLDesc() or "interrupted" in raw.XMLDesc())
        self.assertEqual(os.stat(raw.path()).st_size, 4096)

    def test_a_volume_that_became_a_fifo_keeps_nobody_waiting(self):
        path = self.pool.createXML(volume_xml("pipe", 1 << 20)).path()
        os.unlink(path)
        os.mkfifo(path)
        self.assertIn("is a FIFO", self.virsh("vol-info", "pipe", "--pool", "pool", check=False))
        self.assertIn("is a FIFO", self.virsh("vol-clone", "pipe", "copy", "--pool", "pool", check=False))
        os.unlink(path)

    def test_an_image_that_was_replaced_by_hand_is_seen_by_the_next_refresh(self):
        volume = self.pool.createXML(volume_xml("disk", 1 << 20))
        self.pool.refresh()
        make_image(volume.path(), "32M")
        self.assertIn("<format type='raw'/>", volume.XMLDesc())
        self.pool.refresh()
        self.assertIn("<format type='qcow2'/>", volume.XMLDesc())
        self.assertEqual(volume.info()[1], 32 << 20)

    def test_a_draft_that_was_replaced_by_a_link_gives_nobody_a_file_of_the_host(self):
        """Whoever owns the pool's folder may rename what the daemon makes there."""
        victim = private.directory() / "host-file"
        victim.write_bytes(b"mine")
        os.chmod(victim, 0o600)
        self.fill("source", 64)
        wanted = private.directory() / "copy.xml"
        wanted.write_text(volume_xml("copy", 0, "qcow2", target="<permissions><mode>0666</mode></permissions>"))
        # On the same file system, so that it can change places with a draft.
        link = f"{PLACE}/link"
        os.symlink(victim, link)
        self.addCleanup(os.unlink, link)
        while True:
            copying = self.daemon.open(["virsh", "-q", "-c", URI, "vol-create-from", "pool", wanted, "source",
                                        "--inputpool", "pool"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                       text=True)
            swapped = False
            while copying.poll() is None and not swapped:
                for name in os.listdir(self.path):
                    swapped = swapped or name.startswith(".virtue-") and exchange(f"{self.path}/{name}", link)
            said = copying.stderr.read()
            copying.stderr.close()
            copying.wait()
            if swapped:
                break
            self.assertEqual(said, "")
            self.pool.storageVolLookupByName("copy").delete()
        self.assertNotEqual(copying.returncode, 0)
        self.assertIn("copy", said)
        self.assertEqual(victim.stat().st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(self.path), ["source"])


class OnOwnDisk(Case):
    """A pool on a file system of its own, whose disk can be looked at as a power cut would leave it."""

    loop = RealDevices.loop

    def setUp(self):
        self.device = self.loop(96)
        self.backing = str(private.directory() / "loop-96")
        subprocess.run(["mkfs.ext4", "-q", self.device], check=True)
        self.place = private.directory() / "place"
        self.place.mkdir()
        self.addCleanup(self.place.rmdir)
        # Nothing gets to this disk by itself.
        subprocess.run(["mount", "-o", "commit=600", self.device, self.place], check=True)
        self.addCleanup(subprocess.run, ["umount", self.place], check=True)
        folder = self.place / "folder"
        folder.mkdir()
        subprocess.run(["sync", "-f", folder], check=True)
        self.own = self.connection.storagePoolCreateXML(pool_xml("own", str(folder)))
        self.addCleanup(self.own.destroy)

    def after_a_power_cut(self):
        """The pool's files and their sizes and contents, as the disk has them now."""
        copy, place = str(private.directory() / "copy"), private.directory() / "copied"
        subprocess.run(["cp", "--sparse=always", self.backing, copy], check=True)
        place.mkdir()
        subprocess.run(["mount", "-o", "loop", copy, place], check=True)
        try:
            return {path.name: None if path.is_dir() else path.read_bytes() for path in (place / "folder").iterdir()}
        finally:
            subprocess.run(["umount", place], check=True)
            place.rmdir()
            os.unlink(copy)

    def test_a_volume_that_was_reported_is_there_after_a_power_cut(self):
        source = self.pool.createXML(volume_xml("source", 1 << 20))
        with open(source.path(), "r+b") as file:
            file.write(os.urandom(1 << 20))
        self.pool.refresh()
        below = f"<backingStore><path>{self.place}/folder/plain</path><format type='qcow2'/></backingStore>"
        for name, xml, origin in [("holes", volume_xml("holes", 4 << 20, allocation=0), None),
                                  ("blocks", volume_xml("blocks", 1 << 20), None),
                                  ("plain", volume_xml("plain", 4 << 20, "qcow2"), None),
                                  ("above", volume_xml("above", 4 << 20, "qcow2", more=below), None),
                                  ("copied", volume_xml("copied", 1 << 20), source),
                                  ("converted", volume_xml("converted", 1 << 20, "qcow2"), source),
                                  ("parts", volume_xml("parts", 4 << 20, "vmdk"), None),
                                  ("folder", volume_xml("folder", 0, "dir"), None)]:
            with self.subTest(name=name):
                volume = self.own.createXMLFrom(xml, origin) if origin else self.own.createXML(xml)
                found = self.after_a_power_cut()
                self.assertIn(name, found)
                if name != "folder":
                    self.assertEqual(found[name], pathlib.Path(volume.path()).read_bytes())
        source.delete()

    def test_a_disk_that_hangs_hinders_nobody_else(self):
        subprocess.run(["fsfreeze", "-f", self.place], check=True)
        waiting = []
        try:
            for name, form in (("holes", "raw"), ("image", "qcow2"), ("parts", "vmdk")):
                waiting.append(self.daemon.open(["virsh", "-q", "-c", URI, "vol-create-as", "own", name, "1M", "--format",
                                                 form, "--allocation", "0"], stdout=subprocess.DEVNULL))
            for count in range(20):
                self.virsh("vol-create-as", "pool", f"free-{count}", "1M", "--allocation", "0")
                self.virsh("vol-delete", f"free-{count}", "--pool", "pool")
            self.assertEqual([one.poll() for one in waiting], [None] * 3)
        finally:
            subprocess.run(["fsfreeze", "-u", self.place], check=True)
        self.assertEqual([one.wait(private.PATIENCE) for one in waiting], [0] * 3)
        self.assertEqual(names(self.own), ["holes", "image", "parts"])


class Killed(Case):
    """kill -9 of the daemon in the middle."""

    def kill_in(self, command, began, after):
        """Starts a client's command and kills the daemon some time after `began()`."""
        client = self.daemon.open(["virsh", "-q", "-c", URI, *command], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        private.wait_for("the operation to begin", lambda: began() or client.poll() is not None)
        time.sleep(after)
        self.kill_daemon()
        client.wait()
        self.wait_for_orphans()
        self.pool.refresh()

    @staticmethod
    def moments():
        """Some moments after the beginning, in seconds: other ones in each run."""
        return [0.0, random.random() * 0.05, random.random() * 0.2]

    def test_a_volume_is_made_whole_or_not_at_all(self):
        forms = [("raw", []), ("qcow2", ["--prealloc-metadata"]), ("vmdk", []), ("vdi", [])]
        for after in self.moments():
            for fmt, options in forms:
                with self.subTest(after=after, format=fmt):
                    name = f"made.{fmt}"
                    self.kill_in(["vol-create-as", "pool", name, "200M", "--format", fmt, *options],
                                 lambda: os.listdir(self.path), after)
                    if name in os.listdir(self.path):
                        volume = self.pool.storageVolLookupByName(name)
                        self.assertEqual(volume.info()[1], 200 << 20)
                        if fmt == "raw":
                            self.assertGreaterEqual(os.stat(volume.path()).st_blocks * 512, 200 << 20)
                        subprocess.run(["qemu-img", "info", "-f", fmt, volume.path()], check=True, stdout=subprocess.DEVNULL)
                        volume.delete()
                    self.assertEqual(os.listdir(self.path), [])

    def test_a_copy_is_whole_or_not_there(self):
        self.fill("source", 96)
        for after in self.moments():
            for fmt in ("raw", "qcow2", "vmdk"):
                with self.subTest(after=after, format=fmt):
                    document = private.directory() / "copy.xml"
                    document.write_text(volume_xml("copy", 0, fmt))
                    self.kill_in(["vol-create-from", "pool", str(document), "source", "--inputpool", "pool"],
                                 lambda: len(os.listdir(self.path)) > 1, after)
                    if "copy" in os.listdir(self.path):
                        same = subprocess.run(["qemu-img", "compare", "-f", "raw", "-F", fmt, f"{self.path}/source",
                                               f"{self.path}/copy"], check=False, stdout=subprocess.DEVNULL)
                        self.assertEqual(same.returncode, 0)
                        self.pool.storageVolLookupByName("copy").delete()
                    self.assertEqual(os.listdir(self.path), ["source"])

    def test_a_half_wiped_volume_tells_it(self):
        path = self.fill("secret", 96).path()
        content = pathlib.Path(path).read_bytes()
        for after in self.moments():
            with self.subTest(after=after):
                pathlib.Path(path).write_bytes(content)
                self.pool.refresh()
                volume = self.pool.storageVolLookupByName("secret")
                self.kill_in(["vol-wipe", "secret", "--pool", "pool"],
                             lambda: "<job operation='wipe'" in volume.XMLDesc(), after)  # pylint: disable=W0640
                volume = self.pool.storageVolLookupByName("secret")
                now = pathlib.Path(path).read_bytes()
                self.assertEqual(len(now), len(content))
                if not private.REFERENCE and now != content and now.strip(b"\0"):
                    self.assertIn("<job operation='wipe' interrupted='yes'/>", volume.XMLDesc())
                volume.wipe()
                self.assertNotIn("<job", volume.XMLDesc())

    def test_a_volume_has_the_old_size_or_the_new_one(self):
        raw = self.fill("raw", 4).path()
        content = pathlib.Path(raw).read_bytes()
        qcow2 = self.pool.createXML(volume_xml("qcow2", 64 << 20, "qcow2")).path()
        size = 64
        for after in self.moments():
            for name in ("raw", "qcow2"):
                with self.subTest(after=after, volume=name):
                    before = self.pool.storageVolLookupByName(name).info()[1]
                    size += 1
                    self.kill_in(["vol-resize", name, f"{size}M", "--pool", "pool"], lambda: True, after)
                    # Whatever program was at it lets go, and the image is sound.
                    private.wait_for("the image to be free", lambda: subprocess.run(
                        ["qemu-img", "check", "-q", "-f", "qcow2", qcow2], check=False).returncode == 0)
                    self.assertIn(self.pool.storageVolLookupByName(name).info()[1], (before, size << 20))
        self.assertEqual(pathlib.Path(raw).read_bytes()[:4 << 20], content)


if __name__ == "__main__":
    private.main()
