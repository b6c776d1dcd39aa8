#!/usr/bin/python3
"""Pools, volumes and secrets by stock clients: virsh, python3-libvirt, qemu-img and a real guest."""

import base64
import contextlib
import hashlib
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import threading
import unittest

import private

NEEDS = ["/usr/bin/virsh", "/usr/bin/qemu-img", "/usr/lib/python3/dist-packages/libvirt.py"]
load_tests = private.load_tests
URI = "qemu:///system"
PLACE = "/var/lib/libvirt/images"


def pool_xml(name, path, kind="dir", source=""):
    return f"<pool type='{kind}'><name>{name}</name>{source}<target><path>{path}</path></target></pool>"


def volume_xml(name, capacity, fmt="raw", allocation=None, more="", target=""):
    part = f"<allocation>{allocation}</allocation>" if allocation is not None else ""
    return (f"<volume><name>{name}</name><capacity>{capacity}</capacity>{part}"
            f"<target><format type='{fmt}'/>{target}</target>{more}</volume>")


def names(pool):
    return sorted(pool.listVolumes())


class WithDaemon(unittest.TestCase):
    """A daemon with one running pool."""

    @classmethod
    def setUpClass(cls):
        import libvirt
        cls.libvirt = libvirt
        libvirt.registerErrorHandler(lambda *_: None, None)
        cls.daemon = private.Daemon()
        cls.addClassCleanup(lambda: cls.daemon.stop())
        cls.open()
        cls.path = f"{PLACE}/pool"
        cls.pool = cls.connection.storagePoolDefineXML(pool_xml("pool", cls.path))
        cls.pool.build()
        cls.pool.create()

    @classmethod
    def open(cls):
        cls.connection = cls.libvirt.open(URI)

    def virsh(self, *words, check=True):
        return self.daemon.run(["virsh", "-q", "-c", URI, *words], check=check)

    def refused(self, code, function, *arguments):
        with self.assertRaises(self.libvirt.libvirtError) as caught:
            function(*arguments)
        self.assertEqual(caught.exception.get_error_code(), code, caught.exception)
        return str(caught.exception)

    def kill_daemon(self):
        """kill -9, and a new daemon."""
        os.kill(self.daemon.process.pid, signal.SIGKILL)
        self.daemon.process.wait()
        type(self).daemon = private.Daemon()
        self.open()
        type(self).pool = self.connection.storagePoolLookupByName("pool")

    def wait_for_orphans(self):
        """Waits for the end of what a killed daemon had run. It may not even have begun to make its files: what is not
        yet its program goes by the daemon's name."""
        tools = {"qemu-img", "scrub", "parted", "virtued"}

        def orphans():
            found = []
            for entry in map(int, filter(str.isdigit, os.listdir("/proc"))):
                with contextlib.suppress(OSError):
                    status = pathlib.Path(f"/proc/{entry}/status").read_text()
                    if status.split()[1] in tools and "\nState:\tZ" not in status and entry != self.daemon.process.pid:
                        found.append(entry)
            return found
        private.wait_for("the end of what the killed daemon ran", lambda: not orphans())


class PoolsLive(WithDaemon):
    def test_a_pool_from_definition_to_its_end(self):
        path = f"{PLACE}/life"
        self.virsh("pool-define-as", "life", "dir", "--target", path)
        definition = pathlib.Path("/etc/libvirt/storage/life.xml")
        self.assertIn("virsh pool-edit life", definition.read_text())
        self.assertEqual(definition.stat().st_mode & 0o777, 0o600)
        self.assertIn("cannot open directory", self.virsh("pool-start", "life", check=False))
        self.virsh("pool-build", "life")
        self.assertTrue(os.path.isdir(path))
        self.virsh("pool-start", "life")
        self.assertIn("<poolstate>", pathlib.Path("/run/libvirt/storage/life.xml").read_text())
        self.virsh("pool-autostart", "life")
        self.assertEqual(os.readlink("/etc/libvirt/storage/autostart/life.xml"), str(definition))
        info = self.virsh("pool-info", "life")
        for word in ("running", "Persistent:     yes", "Autostart:      yes", "Capacity:"):
            self.assertIn(word, info)
        self.assertIn("<mode>0711</mode>", self.virsh("pool-dumpxml", "life"))
        self.assertEqual(self.connection.storagePoolLookupByTargetPath(path + "/").name(), "life")
        self.assertIn("still active", self.virsh("pool-undefine", "life", check=False))
        self.virsh("pool-destroy", "life")
        self.assertFalse(os.path.exists("/run/libvirt/storage/life.xml"))
        self.virsh("pool-delete", "life")
        self.assertFalse(os.path.exists(path))
        self.virsh("pool-undefine", "life")
        self.assertFalse(definition.exists())
        self.assertFalse(os.path.lexists("/etc/libvirt/storage/autostart/life.xml"))

    def test_two_pools_never_share_a_source_or_a_name(self):
        code = self.libvirt.VIR_ERR_OPERATION_FAILED
        self.assertIn("conflict", self.refused(code, self.connection.storagePoolDefineXML, pool_xml("other", self.path)))
        self.refused(code, self.connection.storagePoolDefineXML, pool_xml("pool", "/elsewhere"))

    def test_a_folder_that_vanishes_stops_the_pool_with_a_reason(self):
        path = f"{PLACE}/vanish"
        pool = self.connection.storagePoolDefineXML(pool_xml("vanish", path))
        pool.build()
        pool.create()
        os.rmdir(path)
        text = self.refused(self.libvirt.VIR_ERR_SYSTEM_ERROR, pool.refresh)
        self.assertIn(path, text)
        self.assertFalse(pool.isActive())
        pool.build()
        pool.create()
        pool.destroy()
        pool.undefine()

    def test_pools_outlive_kill_9_and_a_transient_one_too(self):
        path = f"{PLACE}/transient"
        os.makedirs(path)
        self.connection.storagePoolCreateXML(pool_xml("transient", path))
        self.pool.createXML(volume_xml("stays", 4096))
        self.pool.setAutostart(1)
        self.kill_daemon()
        self.assertTrue(self.pool.isActive())
        self.assertEqual(self.pool.autostart(), 1)
        self.assertIn("stays", names(self.pool))
        transient = self.connection.storagePoolLookupByName("transient")
        self.assertTrue(transient.isActive())
        self.assertFalse(transient.isPersistent())
        transient.destroy()
        self.refused(self.libvirt.VIR_ERR_NO_STORAGE_POOL, self.connection.storagePoolLookupByName, "transient")
        # After a boot nothing runs but what is started by itself.
        self.pool.destroy()
        self.kill_daemon()
        private.wait_for("the pool to be started by itself", self.pool.isActive)
        self.pool.setAutostart(0)
        self.pool.storageVolLookupByName("stays").delete()

    def test_events_tell_what_becomes_of_a_pool(self):
        path = f"{PLACE}/events"
        with self.daemon.open(["stdbuf", "-oL", "virsh", "-c", URI, "pool-event", "--event", "lifecycle", "--loop"],
                              stdout=subprocess.PIPE, text=True) as watcher:
            heard = []

            def listen():
                for line in watcher.stdout:
                    heard.append(line)
            thread = threading.Thread(target=listen)
            thread.start()
            marker = self.connection.storagePoolDefineXML(pool_xml("marker", "/marker"))

            def subscribed():
                self.connection.storagePoolDefineXML(marker.XMLDesc())
                return heard
            private.wait_for("the watcher to subscribe", subscribed)
            pool = self.connection.storagePoolDefineXML(pool_xml("events", path))
            for step in (pool.build, pool.create, pool.destroy, pool.delete, pool.undefine):
                step()
            private.wait_for("the last event", lambda: any("undefined" in line.lower() for line in heard))
            watcher.terminate()
            thread.join()
            marker.undefine()
        text = "".join(line for line in heard if "events" in line).lower()
        order = [text.find(word) for word in ("defined", "created", "started", "stopped", "deleted", "undefined")]
        self.assertNotIn(-1, order, text)
        self.assertEqual(order, sorted(order), text)


class VolumesLive(WithDaemon):
    def tearDown(self):
        for volume in self.pool.listAllVolumes():
            volume.delete()
        self.assertEqual(os.listdir(self.path), [])

    def image(self, name):
        return subprocess.run(["qemu-img", "info", f"{self.path}/{name}"], capture_output=True, text=True, check=True).stdout

    def test_every_format_is_made_by_name_and_seen_again_after_a_refresh(self):
        for fmt in ("raw", "qcow2", "qcow", "vmdk", "vdi", "vpc", "qed"):
            with self.subTest(format=fmt):
                volume = self.pool.createXML(volume_xml("disk." + fmt, 8 << 20, fmt))
                self.assertIn(f"file format: {fmt}", self.image("disk." + fmt))
                self.pool.refresh()
                again = self.connection.storageVolLookupByPath(volume.path())
                self.assertIn(f"<format type='{fmt}'/>", again.XMLDesc())
                self.assertGreaterEqual(again.info()[1], 8 << 20)
                self.assertEqual(self.connection.storageVolLookupByKey(volume.key()).name(), volume.name())
                self.assertEqual(volume.storagePoolLookupByVolume().name(), "pool")
        self.assertNotIn(".new", " ".join(os.listdir(self.path)))

    def test_sparse_and_allocated(self):
        self.pool.createXML(volume_xml("sparse", 64 << 20, allocation=0))
        self.assertEqual(os.stat(f"{self.path}/sparse").st_blocks, 0)
        self.pool.createXML(volume_xml("full", 4 << 20))
        self.assertGreaterEqual(os.stat(f"{self.path}/full").st_blocks * 512, 4 << 20)
        self.assertEqual(os.stat(f"{self.path}/full").st_mode & 0o777, 0o600)
        self.refused(self.libvirt.VIR_ERR_STORAGE_VOL_EXIST, self.pool.createXML, volume_xml("full", 1))

    def test_a_chain_and_a_clone_of_its_top(self):
        self.pool.createXML(volume_xml("base", 8 << 20, "qcow2"))
        backing = f"<backingStore><path>{self.path}/base</path><format type='qcow2'/></backingStore>"
        top = self.pool.createXML(volume_xml("top", 8 << 20, "qcow2", more=backing))
        subprocess.run(["qemu-io", "-c", "write -P 7 0 64k", f"{self.path}/top"], check=True, stdout=subprocess.DEVNULL)
        self.pool.refresh()
        self.assertIn(f"<path>{self.path}/base</path>", top.XMLDesc())
        self.pool.createXMLFrom(volume_xml("flat", 0, "raw"), top)
        content = pathlib.Path(f"{self.path}/flat").read_bytes()
        self.assertEqual(len(content), 8 << 20)
        self.assertEqual(content[:65536], b"\7" * 65536)
        larger = self.pool.createXMLFrom(volume_xml("larger", 16 << 20, "qcow2"), top)
        self.assertEqual(larger.info()[1], 16 << 20)
        self.virsh("vol-clone", "top", "clone", "--pool", "pool")
        self.assertIn("backing file", self.image("clone"))

    def test_what_a_guest_wrote_into_a_header_is_not_read_for_it(self):
        subprocess.run(["qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", "/etc/shadow", "-F", "raw",
                        f"{self.path}/evil", "1M"], check=True)
        self.pool.refresh()
        evil = self.pool.storageVolLookupByName("evil")
        if not private.REFERENCE:
            text = self.refused(self.libvirt.VIR_ERR_OPERATION_DENIED, self.pool.createXMLFrom,
                                volume_xml("copy", 0, "raw"), evil)
            self.assertIn("/etc/shadow", text)
        self.assertNotIn("copy", os.listdir(self.path))

    def test_resize(self):
        raw = self.pool.createXML(volume_xml("raw", 4 << 20, allocation=0))
        raw.resize(8 << 20)
        self.assertEqual(raw.info()[1], 8 << 20)
        raw.resize(1 << 20, self.libvirt.VIR_STORAGE_VOL_RESIZE_DELTA)
        self.assertEqual(os.path.getsize(raw.path()), 9 << 20)
        self.refused(self.libvirt.VIR_ERR_INVALID_ARG, raw.resize, 2 << 20)
        raw.resize(2 << 20, self.libvirt.VIR_STORAGE_VOL_RESIZE_SHRINK)
        raw.resize(3 << 20, self.libvirt.VIR_STORAGE_VOL_RESIZE_ALLOCATE)
        self.assertGreaterEqual(raw.info()[2], 3 << 20)
        qcow2 = self.pool.createXML(volume_xml("qcow2", 4 << 20, "qcow2"))
        qcow2.resize(16 << 20)
        self.assertIn("16 MiB", self.image("qcow2"))

    def stream(self):
        return self.connection.newStream()

    def test_upload_and_download(self):
        volume = self.pool.createXML(volume_xml("data", 8 << 20))
        data = os.urandom(3 << 20)
        stream = self.stream()
        volume.upload(stream, 1 << 20, len(data))
        left = [data]

        def give(_stream, size, _opaque):
            head, left[0] = left[0][:size], left[0][size:]
            return head
        stream.sendAll(give, None)
        stream.finish()
        self.assertEqual(pathlib.Path(volume.path()).read_bytes()[1 << 20:4 << 20], data)
        got = []
        stream = self.stream()
        volume.download(stream, 1 << 20, len(data))
        stream.recvAll(lambda _stream, part, _opaque: got.append(part), None)
        stream.finish()
        self.assertEqual(hashlib.sha256(b"".join(got)).digest(), hashlib.sha256(data).digest())

    def test_holes_stay_holes_on_the_way_out_and_in(self):
        holes = private.directory() / "holes"
        self.pool.createXML(volume_xml("holes", 64 << 20, allocation=0))
        with open(f"{self.path}/holes", "r+b") as file:
            file.seek(32 << 20)
            file.write(b"x" * 65536)
        self.virsh("vol-download", "holes", str(holes), "--pool", "pool", "--sparse")
        self.assertEqual(os.path.getsize(holes), 64 << 20)
        self.assertLess(os.stat(holes).st_blocks * 512, 1 << 20)
        self.pool.createXML(volume_xml("again", 64 << 20, allocation=0))
        self.virsh("vol-upload", "again", str(holes), "--pool", "pool", "--sparse")
        self.assertLess(os.stat(f"{self.path}/again").st_blocks * 512, 1 << 20)
        subprocess.run(["cmp", f"{self.path}/holes", f"{self.path}/again"], check=True)
        os.unlink(holes)

    def test_an_image_that_was_uploaded_is_seen_as_what_it_is(self):
        image = str(private.directory() / "up.qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "1G"], check=True)
        volume = self.pool.createXML(volume_xml("up", 1 << 20))
        self.virsh("vol-upload", "up", image, "--pool", "pool")
        private.wait_for("the volume to be looked at", lambda: "type='qcow2'" in volume.XMLDesc())
        self.assertEqual(volume.info()[1], 1 << 30)

    def test_wiped_is_gone(self):
        volume = self.pool.createXML(volume_xml("secret", 1 << 20))
        pathlib.Path(volume.path()).write_bytes(b"treasure" * (1 << 17))
        volume.wipe()
        self.assertEqual(pathlib.Path(volume.path()).read_bytes(), bytes(1 << 20))
        self.refused(self.libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, volume.wipePattern,
                     self.libvirt.VIR_STORAGE_VOL_WIPE_ALG_TRIM)
        if shutil.which("scrub"):
            volume.wipePattern(self.libvirt.VIR_STORAGE_VOL_WIPE_ALG_RANDOM)
            self.assertNotEqual(pathlib.Path(volume.path()).read_bytes(), bytes(1 << 20))

    def test_a_full_disk_leaves_no_half_volume(self):
        path = f"{PLACE}/small"
        os.makedirs(path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", path], check=True)
        self.addCleanup(subprocess.run, ["umount", path], check=True)
        pool = self.connection.storagePoolCreateXML(pool_xml("small", path))
        self.addCleanup(pool.destroy)
        text = self.refused(self.libvirt.VIR_ERR_SYSTEM_ERROR, pool.createXML, volume_xml("big", 20 << 20))
        self.assertIn("No space left", text)
        with self.assertRaises(self.libvirt.libvirtError):
            pool.createXML(volume_xml("big", 20 << 20, "qcow2"), self.libvirt.VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA)
        self.assertEqual(os.listdir(path), [])
        self.assertEqual(names(pool), [])
        pool.createXML(volume_xml("fits", 1 << 20))
        self.assertEqual(names(pool), ["fits"])

    def test_eight_clients_at_once_hinder_nobody(self):
        problems = []

        def work(number):
            connection = self.libvirt.open(URI)
            pool = connection.storagePoolLookupByName("pool")
            for round_ in range(6):
                try:
                    fmt = "qcow2" if round_ % 3 == 0 else "raw"
                    volume = pool.createXML(volume_xml(f"v{number}-{round_}", 1 << 20, fmt))
                    pool.refresh()
                    volume.delete()
                except self.libvirt.libvirtError as error:
                    problems.append(str(error))
            connection.close()
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        self.assertEqual(names(self.pool), [])

    def test_a_volume_in_use_by_an_upload_is_not_deleted(self):
        volume = self.pool.createXML(volume_xml("busy", 1 << 20))
        stream = self.stream()
        volume.upload(stream, 0, 0)
        stream.send(b"x" * 1000)
        if not private.REFERENCE:
            self.refused(self.libvirt.VIR_ERR_OPERATION_INVALID, volume.delete)
        other = self.pool.createXML(volume_xml("free", 1 << 20))
        other.delete()
        stream.finish()
        private.wait_for("the upload to let go", lambda: self.pool.refresh() == 0)

    def test_files_that_come_and_go_by_themselves(self):
        pathlib.Path(self.path, "came").write_bytes(b"x" * 1000)
        os.symlink("/nowhere", f"{self.path}/dangling")
        os.mkfifo(f"{self.path}/fifo")
        os.mkdir(f"{self.path}/folder")
        pathlib.Path(self.path, "broken.qcow2").write_bytes(b"QFI\xfb\0\0\0\2" + b"\xff" * 5000)
        self.pool.refresh()
        self.assertEqual(names(self.pool), ["broken.qcow2", "came", "folder"])
        self.assertIn("type='dir'", self.pool.storageVolLookupByName("folder").XMLDesc())
        for name in ("came", "fifo", "dangling", "broken.qcow2"):
            os.unlink(f"{self.path}/{name}")
        self.pool.refresh()
        self.assertEqual(names(self.pool), ["folder"])

    def test_kill_9_while_a_volume_is_made_leaves_nothing_half(self):
        self.pool.createXML(volume_xml("source", 256 << 20, allocation=0))
        with open(f"{self.path}/source", "r+b") as file:
            file.write(os.urandom(1 << 20) * 64)
        self.pool.refresh()
        cloning = self.daemon.open(["virsh", "-c", URI, "vol-clone", "source", "half", "--pool", "pool"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        private.wait_for("the clone to begin", lambda: len(os.listdir(self.path)) > 1 or cloning.poll() is not None)
        self.kill_daemon()
        cloning.wait()
        self.wait_for_orphans()
        self.pool.refresh()
        if "half" in names(self.pool):  # it was complete already
            subprocess.run(["cmp", f"{self.path}/source", f"{self.path}/half"], check=True)
        else:
            self.assertEqual(os.listdir(self.path), ["source"])


class Secrets(WithDaemon):
    def define(self, usage, more="", kind="volume", element="volume"):
        return self.connection.secretDefineXML(
            f"<secret {more}><usage type='{kind}'><{element}>{usage}</{element}></usage></secret>")

    def test_a_secret_is_kept_and_told(self):
        secret = self.define("/images/one")
        self.addCleanup(lambda: self.connection.secretLookupByUUIDString(secret.UUIDString()).undefine())
        self.refused(self.libvirt.VIR_ERR_NO_SECRET, secret.value)
        secret.setValue(b"open sesame")
        value = pathlib.Path(f"/etc/libvirt/secrets/{secret.UUIDString()}.base64")
        self.assertEqual(base64.b64decode(value.read_text()), b"open sesame")
        self.assertEqual(value.stat().st_mode & 0o777, 0o600)
        self.assertNotIn("sesame", secret.XMLDesc())
        self.refused(self.libvirt.VIR_ERR_INTERNAL_ERROR, self.define, "/images/one")
        self.kill_daemon()
        again = self.connection.secretLookupByUsage(self.libvirt.VIR_SECRET_USAGE_TYPE_VOLUME, "/images/one")
        self.assertEqual(again.value(), b"open sesame")
        self.assertIn("/images/one", self.virsh("secret-list"))

    def test_private_is_told_to_nobody_and_ephemeral_never_on_disk(self):
        secret = self.define("/images/private", "ephemeral='yes' private='yes'")
        secret.setValue(b"whisper")
        self.refused(self.libvirt.VIR_ERR_INVALID_SECRET, secret.value)
        folder = "/etc/libvirt/secrets"
        self.assertFalse([name for name in os.listdir(folder) if secret.UUIDString() in name] if os.path.isdir(folder) else [])
        secret.undefine()
        self.assertNotIn("/images/private", self.virsh("secret-list"))

    def test_an_encrypted_volume_and_a_guest_that_reads_it(self):
        secret = self.define("luks-test", kind="volume")
        self.addCleanup(secret.undefine)
        secret.setValue(b"passphrase")
        reference = f"<encryption format='luks'><secret type='passphrase' uuid='{secret.UUIDString()}'/></encryption>"
        volume = self.pool.createXML(volume_xml("luks", 4 << 20, target=reference))
        self.addCleanup(volume.delete)
        info = subprocess.run(["qemu-img", "info", volume.path()], capture_output=True, text=True, check=True).stdout
        self.assertIn("file format: luks", info)
        self.assertEqual(volume.info()[1], 4 << 20)
        self.assertIn(secret.UUIDString(), volume.XMLDesc())
        plain = self.pool.createXMLFrom(volume_xml("plain", 0), volume)
        self.addCleanup(plain.delete)
        self.assertEqual(os.path.getsize(plain.path()), 4 << 20)
        volume.resize(8 << 20)
        self.assertEqual(volume.info()[1], 8 << 20)
        disk = (f"<disk type='volume' device='disk'><driver name='qemu' type='raw'/>"
                f"<source pool='pool' volume='luks'>{reference}</source><target dev='vda' bus='virtio'/></disk>")
        guest = self.connection.createXML(
            f"<domain type='qemu'><name>luks</name><memory unit='MiB'>64</memory>"
            f"<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>{disk}</devices></domain>")
        self.addCleanup(guest.destroy)
        self.assertEqual(guest.state()[0], self.libvirt.VIR_DOMAIN_RUNNING)
        pid = pathlib.Path("/run/libvirt/qemu/luks.pid").read_text().strip()
        self.assertNotIn("passphrase", pathlib.Path(f"/proc/{pid}/cmdline").read_text())


class GuestsOnVolumes(WithDaemon):
    def guest(self, volume, pool="pool", fmt="qcow2"):
        return (f"<domain type='qemu'><name>guest</name><memory unit='MiB'>64</memory>"
                f"<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>"
                f"<disk type='volume' device='disk'><driver name='qemu' type='{fmt}'/>"
                f"<source pool='{pool}' volume='{volume}'/><target dev='vda' bus='virtio'/></disk></devices></domain>")

    def test_a_guest_opens_the_volume_that_its_disk_names(self):
        volume = self.pool.createXML(volume_xml("disk", 16 << 20, "qcow2"))
        guest = self.connection.defineXML(self.guest("disk"))
        guest.create()
        pid = pathlib.Path("/run/libvirt/qemu/guest.pid").read_text().strip()
        self.assertIn(volume.path(), pathlib.Path(f"/proc/{pid}/cmdline").read_text())
        live = guest.XMLDesc()
        self.assertIn("<source pool='pool' volume='disk'", live)
        path = volume.path()
        owner = os.stat(path).st_uid
        self.kill_daemon()
        guest = self.connection.lookupByName("guest")
        guest.destroy()
        if owner != 0:
            self.assertEqual(os.stat(path).st_uid, 0)
        guest.undefine()
        self.pool.storageVolLookupByName("disk").delete()

    def test_what_is_missing_is_named(self):
        self.refused(self.libvirt.VIR_ERR_NO_STORAGE_VOL, self.connection.createXML, self.guest("nothing"))
        self.refused(self.libvirt.VIR_ERR_NO_STORAGE_POOL, self.connection.createXML, self.guest("disk", "nowhere"))
        self.connection.storagePoolDefineXML(pool_xml("stopped", "/stopped"))
        text = self.refused(self.libvirt.VIR_ERR_CONFIG_UNSUPPORTED, self.connection.createXML, self.guest("disk", "stopped"))
        self.assertIn("not active", text)
        self.connection.storagePoolLookupByName("stopped").undefine()


class RealDevices(WithDaemon):
    """File systems and partitions on a loop device."""

    def loop(self, megabytes, *options):
        backing = str(private.directory() / f"loop-{megabytes}")
        with open(backing, "wb") as file:
            file.truncate(megabytes << 20)
        for path, kind, number in [("/dev/loop-control", stat.S_IFCHR, os.makedev(10, 237)),
                                   *[(f"/dev/loop{n}", stat.S_IFBLK, os.makedev(7, n)) for n in range(64)]]:
            if not os.path.exists(path):
                os.mknod(path, kind | 0o600, number)
        made = subprocess.run(["losetup", "-f", "--show", *options, backing], capture_output=True, text=True, check=False)
        if made.returncode:
            self.skipTest(f"no loop device: {made.stderr.strip()}")
        device = made.stdout.strip()
        self.addCleanup(subprocess.run, ["losetup", "-d", device], check=True)
        return device

    def forget(self, name):
        pool = self.connection.storagePoolLookupByName(name)
        if pool.isActive():
            pool.destroy()
        pool.undefine()

    def test_a_file_system_is_made_mounted_and_left(self):
        device = self.loop(32)
        path = f"{PLACE}/mounted"
        source = f"<source><device path='{device}'/><format type='ext4'/></source>"
        pool = self.connection.storagePoolDefineXML(pool_xml("mounted", path, "fs", source))
        pool.build(self.libvirt.VIR_STORAGE_POOL_BUILD_OVERWRITE)
        text = self.refused(self.libvirt.VIR_ERR_STORAGE_PROBE_FAILED if not private.REFERENCE else
                            self.libvirt.VIR_ERR_OPERATION_INVALID, pool.build,
                            self.libvirt.VIR_STORAGE_POOL_BUILD_NO_OVERWRITE)
        self.assertIn(device, text)
        pool.create()
        self.assertTrue(os.path.ismount(path))
        pool.createXML(volume_xml("inside", 1 << 20))
        self.assertIn("inside", names(pool))
        self.kill_daemon()
        pool = self.connection.storagePoolLookupByName("mounted")
        self.assertTrue(pool.isActive())
        pool.destroy()
        self.assertFalse(os.path.ismount(path))
        pool.undefine()

    @unittest.skipUnless(shutil.which("parted"), "needs parted")
    def test_a_device_in_a_folder_is_not_deleted(self):
        path = f"{self.path}/device"
        os.symlink(self.loop(1), path)
        self.addCleanup(self.pool.refresh)
        self.addCleanup(os.unlink, path)
        self.pool.refresh()
        volume = self.pool.storageVolLookupByName("device")
        self.assertEqual(volume.info()[0], self.libvirt.VIR_STORAGE_VOL_BLOCK)
        self.refused(self.libvirt.VIR_ERR_NO_SUPPORT, volume.delete)
        self.assertTrue(os.path.islink(path))

    def test_a_disk_is_partitioned(self):
        device = self.loop(64)
        source = f"<source><device path='{device}'/><format type='gpt'/></source>"
        pool = self.connection.storagePoolDefineXML(pool_xml("parts", "/dev", "disk", source))
        pool.build(self.libvirt.VIR_STORAGE_POOL_BUILD_OVERWRITE)
        pool.create()
        self.assertEqual(names(pool), [])
        first = os.path.basename(device) + "p1"
        self.assertIn(first, self.refused(self.libvirt.VIR_ERR_INVALID_ARG, pool.createXML,
                                          "<volume><name>wrong</name><capacity unit='MiB'>8</capacity></volume>"))
        volume = pool.createXML(f"<volume><name>{first}</name><capacity unit='MiB'>8</capacity></volume>")
        self.assertEqual(volume.info()[1], 8 << 20)
        self.assertIn(f"<device path='{device}'>", volume.XMLDesc())
        volume.delete()
        pool.refresh()
        self.assertEqual(names(pool), [])
        pool.destroy()
        pool.undefine()

    @unittest.skipUnless(shutil.which("parted"), "needs parted")
    def test_a_partition_is_made_of_a_volume_and_tells_when_it_was_not_finished(self):
        device = self.loop(200, "-P")
        name = os.path.basename(device) + "p1"
        over = threading.Event()

        def make_nodes():
            """There is no device manager in here."""
            while not over.wait(0.01):
                node = pathlib.Path(f"/dev/{name}")
                try:
                    number = pathlib.Path(f"/sys/block/{os.path.basename(device)}/{name}/dev").read_text()
                except OSError:
                    node.unlink(missing_ok=True)
                    continue
                wanted = os.makedev(*map(int, number.split(":")))
                if node.exists() and node.stat().st_rdev != wanted:
                    node.unlink()
                if not node.exists():
                    os.mknod(node, stat.S_IFBLK | 0o600, wanted)
        manager = threading.Thread(target=make_nodes)
        manager.start()
        self.addCleanup(manager.join)
        self.addCleanup(over.set)
        source = self.pool.createXML(volume_xml("source", 96 << 20))
        self.addCleanup(lambda: self.pool.storageVolLookupByName("source").delete())
        path = source.path()
        with open(path, "r+b") as file:
            for _ in range(96):
                file.write(os.urandom(1 << 20))
        parts = self.connection.storagePoolDefineXML(pool_xml(
            "copies", "/dev", "disk", f"<source><device path='{device}'/><format type='gpt'/></source>"))
        parts.build(self.libvirt.VIR_STORAGE_POOL_BUILD_OVERWRITE)
        self.addCleanup(self.forget, "copies")
        parts.create()
        wanted = f"<volume><name>{name}</name><capacity unit='MiB'>96</capacity></volume>"
        parts.createXMLFrom(wanted, source)
        subprocess.run(["cmp", "-n", str(96 << 20), path, f"/dev/{name}"], check=True)
        self.assertNotIn("<job", parts.storageVolLookupByName(name).XMLDesc())
        parts.storageVolLookupByName(name).delete()
        # The daemon is killed in the middle.
        document = private.directory() / "part.xml"
        document.write_text(wanted)
        client = self.daemon.open(["virsh", "-q", "-c", URI, "vol-create-from", "copies", str(document), "source",
                                   "--inputpool", "pool"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def began():
            try:
                return "<job operation='clone'" in parts.storageVolLookupByName(name).XMLDesc() or client.poll() is not None
            except self.libvirt.libvirtError:
                return False
        private.wait_for("the copy to begin", began)
        private.wait_for("the partition", lambda: os.path.exists(f"/dev/{name}") or client.poll() is not None)
        self.kill_daemon()
        client.wait()
        self.wait_for_orphans()
        parts = self.connection.storagePoolLookupByName("copies")
        parts.refresh()
        if names(parts) == [name]:
            same = subprocess.run(["cmp", "-s", "-n", str(96 << 20), path, f"/dev/{name}"], check=False)
            told = parts.storageVolLookupByName(name).XMLDesc()
            self.assertTrue(same.returncode == 0 or "<job operation='clone' interrupted='yes'/>" in told, told)
            parts.storageVolLookupByName(name).delete()
        self.assertEqual(names(parts), [])

    @unittest.skipUnless(shutil.which("lvcreate"), "needs lvm2")
    def test_a_volume_group_is_made_found_and_removed(self):
        device = self.loop(48)
        group = f"vt{os.getpid()}x{os.path.basename(str(private.directory()))[4:]}"
        source = f"<source><device path='{device}'/><name>{group}</name><format type='lvm2'/></source>"
        pool = self.connection.storagePoolDefineXML(pool_xml("group", f"/dev/{group}", "logical", source))
        self.addCleanup(subprocess.run, ["vgremove", "-q", "-f", group], check=False, stderr=subprocess.DEVNULL)
        self.assertIn(group, self.refused(self.libvirt.VIR_ERR_CONFIG_UNSUPPORTED, pool.create))
        pool.build()
        found = self.connection.findStoragePoolSources("logical", None)
        self.assertIn(f"<name>{group}</name>", found)
        self.assertIn(f"<device path='{device}'/>", found)
        pool.create()
        self.assertGreater(pool.info()[1], 40 << 20)
        self.assertEqual(names(pool), [])
        # Whether the kernel can map one is not known before it is tried.
        mapper = "device-mapper" in pathlib.Path("/proc/misc").read_text()
        wanted = "<volume><name>one</name><capacity unit='MiB'>8</capacity></volume>"
        if mapper:
            self.assertEqual(pool.createXML(wanted).info()[1], 8 << 20)
            pool.storageVolLookupByName("one").delete()
        else:
            code = self.libvirt.VIR_ERR_INTERNAL_ERROR if private.REFERENCE else self.libvirt.VIR_ERR_OPERATION_UNSUPPORTED
            text = self.refused(code, pool.createXML, wanted)
            self.assertIn("libdevmapper" if private.REFERENCE else "modprobe dm_mod", text)
        self.assertEqual(names(pool), [])
        pool.destroy()
        pool.delete()
        self.assertNotIn(group, self.connection.findStoragePoolSources("logical", None))
        pool.undefine()

    def test_sources_that_need_a_server_say_whom_they_asked(self):
        for kind in ("netfs", "iscsi"):
            with self.subTest(kind=kind):
                self.refused(self.libvirt.VIR_ERR_INVALID_ARG, self.connection.findStoragePoolSources, kind, None)
                asked = "<source><host name='127.0.0.1'/></source>"
                with self.assertRaises(self.libvirt.libvirtError) as caught:
                    self.connection.findStoragePoolSources(kind, asked)
                text = str(caught.exception)
                tool = {"netfs": "showmount", "iscsi": "iscsiadm"}[kind]
                self.assertTrue("127.0.0.1" in text or f"'{tool}'" in text, text)
        self.refused(self.libvirt.VIR_ERR_NO_SUPPORT, self.connection.findStoragePoolSources, "dir", None)

    def test_what_cannot_be_had_here_says_what_it_needs(self):
        for kind, source, word in (
                ("rbd", "<source><name>images</name><host name='ceph'/></source>", "Ceph"),
                ("gluster", "<source><name>images</name><host name='gluster'/></source>", "Gluster"),
                ("logical", "<source><name>no-such-group</name></source>", "no-such-group"),
                ("netfs", "<source><host name='127.0.0.1'/><dir path='/exports'/></source>", "127.0.0.1:/exports")):
            with self.subTest(kind=kind):
                pool = self.connection.storagePoolDefineXML(pool_xml("far-" + kind, "/far", kind, source))
                with self.assertRaises(self.libvirt.libvirtError) as caught:
                    pool.create()
                self.assertIn(word, str(caught.exception))
                pool.undefine()


if __name__ == "__main__":
    private.main()
