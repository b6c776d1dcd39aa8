#!/usr/bin/python3
"""The tools by which people make virtual machines, unmodified: virt-install, virt-clone, virt-xml and virt-manager."""

import contextlib
import os
import pathlib
import re
import select
import signal
import subprocess
import time
import unittest
import xml.etree.ElementTree as ElementTree

import private

NEEDS = ["/usr/bin/virsh", "/usr/bin/virt-install", "/usr/bin/virt-clone", "/usr/bin/virt-xml", "/usr/bin/qemu-system-x86_64",
         "/usr/bin/qemu-img", "/usr/sbin/dnsmasq", "/usr/share/misc/pci.ids"]
load_tests = private.load_tests
VIRSH = ["virsh", "-q", "-c", "qemu:///system"]
IMAGES = pathlib.Path("/var/lib/libvirt/images")
DEFAULT_NETWORK = """<network><name>default</name><forward mode='nat'/><bridge name='virbr0' stp='on' delay='0'/>
<ip address='192.168.122.1' netmask='255.255.255.0'>
<dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip></network>"""


class Case(unittest.TestCase):
    """The daemon with the pool and the network that the tools expect: default."""

    def setUp(self):
        pathlib.Path("/etc/libvirt/virtued.conf").write_text('auth_unix_rw = "none"\nauth_unix_ro = "none"\n')
        self.daemon = private.Daemon()
        self.daemon.environment["HOME"] = str(private.directory() / "home")
        self.addCleanup(lambda: self.daemon.stop())
        self.virsh("pool-create-as", "default", "dir", "--target", str(IMAGES))
        network = private.directory() / "default.xml"
        network.write_text(DEFAULT_NETWORK)
        self.virsh("net-create", str(network))
        self.addCleanup(self.virsh, "net-destroy", "default")
        self.addCleanup(self.virsh, "pool-destroy", "default")
        self.addCleanup(self.remove_guests)

    def virsh(self, *words, check=True):
        return self.daemon.run([*VIRSH, *words], check=check).strip()

    def remove_guests(self):
        for name in self.virsh("list", "--name").split():
            self.virsh("destroy", name, check=False)
        for name in self.virsh("list", "--all", "--name").split():
            self.virsh("undefine", name, "--nvram", "--remove-all-storage", check=False)

    def virt(self, tool, *words):
        return self.daemon.run([tool, "--connect", "qemu:///system", *words])

    def install(self, name, *words):
        return self.virt("virt-install", "--name", name, "--memory", "192", "--virt-type", "qemu", "--osinfo", "linux2020",
                         "--graphics", "none", "--noautoconsole", "--import", *words)

    def kernel(self):
        image = private.guest_image()
        return ["--boot", f"kernel={image}/vmlinuz,initrd={image}/initrd.img,kernel_args=console=ttyS0 quiet no_timer_check"]

    def definition(self, name, *words):
        return ElementTree.fromstring(self.virsh("dumpxml", name, *words))

    def state(self, name):
        return self.virsh("domstate", name)

    def ask(self, name, command, pattern):
        """Types a command at the guest's serial console until its answer comes; the match."""
        terminal = os.open(self.virsh("ttyconsole", name), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.addCleanup(os.close, terminal)
        heard = ""
        end = time.monotonic() + private.PATIENCE
        typed = 0.0
        while time.monotonic() < end:
            if "virtue-guest# " in heard and time.monotonic() - typed > 5:
                os.write(terminal, f"{command}\n".encode())
                typed = time.monotonic()
            elif not typed and time.monotonic() - end + private.PATIENCE > 3 and not heard.endswith("\n"):
                os.write(terminal, b"\n")
            if select.select([terminal], [], [], 1)[0]:
                heard += os.read(terminal, 4096).decode(errors="replace")
            found = re.search(pattern, heard)
            if found:
                return found
        raise AssertionError(f"no {pattern} on the console of {name}:\n{heard[-2000:]}")


class Install(Case):
    """virt-install."""

    def test_a_kernel_boots_with_an_imported_volume_and_gets_an_address(self):
        self.virsh("vol-create-as", "default", "made.qcow2", "123M", "--format", "qcow2")
        self.install("made", *self.kernel(), "--disk", "vol=default/made.qcow2,bus=virtio", "--network", "network=default")
        self.assertEqual(self.state("made"), "running")
        disk = self.definition("made", "--inactive").find("devices/disk")
        self.assertEqual(disk.find("driver").get("type"), "qcow2")
        self.assertEqual(disk.find("source").get("file") or disk.find("source").get("volume"),
                         str(IMAGES / "made.qcow2"))
        # The guest sees the volume, and the manager tells the address that the guest took.
        sectors = self.ask("made", "cat /sys/block/vda/size", r"\n(\d+)\r")
        self.assertEqual(int(sectors.group(1)) * 512, 123 << 20)
        address = private.wait_for("the guest's address", lambda: re.search(
            r"ipv4\s+(192\.168\.122\.\d+)/24", self.virsh("domifaddr", "made")))
        private.wait_for("an answer of the guest", lambda: subprocess.run(
            ["busybox", "ping", "-c", "1", "-W", "2", address.group(1)], stdout=subprocess.DEVNULL, check=False).returncode == 0)

    def test_the_seed_of_cloud_init_is_there_at_the_first_boot_only(self):
        seed = private.directory() / "user-data"
        seed.write_text("#cloud-config\nhostname: from-the-seed\n")
        os.chmod(seed, 0o644)
        printed = self.install("cloudy", *self.kernel(), "--disk", "size=1,pool=default,format=qcow2", "--network", "default",
                               "--cloud-init", f"user-data={seed}")
        self.assertIn("Domain creation completed", printed)
        cdroms = [disk for disk in self.definition("cloudy").findall("devices/disk") if disk.get("device") == "cdrom"]
        self.assertEqual(len(cdroms), 1)
        # QEMU holds the seed open; the tool has removed its file already.
        pid = int(next(pathlib.Path("/run/libvirt/qemu").glob("cloudy.pid")).read_text())
        seeds = []
        for path in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # it closes what it likes between our two looks
                seeds += [path.read_bytes()] if "cloudinit" in os.readlink(path) else []
        self.assertTrue(any(b"from-the-seed" in seed for seed in seeds), cdroms)
        self.assertIn("cloudy.qcow2", self.virsh("vol-list", "default"))
        for disk in self.definition("cloudy", "--inactive").findall("devices/disk"):
            source = disk.find("source")
            self.assertFalse(source is not None and "cloudinit" in source.get("file", ""))

    def test_what_cannot_be_installed_is_refused_with_the_reason(self):
        with self.assertRaises(AssertionError) as refused:
            self.install("lost", "--disk", "vol=default/nothing.qcow2", "--network", "none")
        self.assertIn("nothing.qcow2", str(refused.exception))
        with self.assertRaises(AssertionError) as refused:
            self.install("lost", "--disk", "none", "--network", "network=nowhere")
        self.assertIn("nowhere", str(refused.exception))
        self.assertEqual(self.virsh("list", "--all", "--name"), "")


class Change(Case):
    """virt-clone and virt-xml."""

    def setUp(self):
        super().setUp()
        self.virsh("vol-create-as", "default", "first.qcow2", "64M", "--format", "qcow2")
        subprocess.run(["qemu-io", "-c", "write -P 0x5a 1M 64k", str(IMAGES / "first.qcow2")], check=True,
                       stdout=subprocess.DEVNULL)
        self.install("first", "--disk", "vol=default/first.qcow2", "--network", "default", "--noreboot")
        self.virsh("destroy", "first", check=False)

    def test_a_clone_has_the_content_and_an_identity_of_its_own(self):
        self.virt("virt-clone", "--original", "first", "--name", "second", "--auto-clone")
        first, second = self.definition("first"), self.definition("second")
        for path in ("uuid", "devices/interface/mac"):
            texts = [ElementTree.tostring(root.find(path)).strip() for root in (first, second)]
            self.assertNotEqual(*texts)
        copy = second.find("devices/disk/source").get("file")
        self.assertNotEqual(copy, str(IMAGES / "first.qcow2"))
        compared = subprocess.run(["qemu-img", "compare", copy, str(IMAGES / "first.qcow2")], stdout=subprocess.PIPE,
                                  text=True, check=False)
        self.assertEqual(compared.returncode, 0, compared.stdout)
        self.assertIn(pathlib.Path(copy).name, self.virsh("vol-list", "default"))
        self.virsh("start", "second")
        self.assertEqual(self.state("second"), "running")

    def test_settings_and_devices_are_edited(self):
        self.virt("virt-xml", "first", "--edit", "--memory", "256", "--define")
        self.virt("virt-xml", "first", "--edit", "--vcpus", "2", "--define")
        self.virt("virt-xml", "first", "--add-device", "--disk", "size=1,pool=default,format=raw", "--define")
        root = self.definition("first")
        self.assertEqual(root.findtext("memory"), str(256 << 10))
        self.assertEqual(root.findtext("vcpu"), "2")
        self.assertEqual(len(root.findall("devices/disk")), 2)
        self.virt("virt-xml", "first", "--remove-device", "--disk", "2", "--define")
        self.assertEqual(len(self.definition("first").findall("devices/disk")), 1)

    def test_a_disk_is_added_to_the_running_guest(self):
        self.virsh("start", "first")
        self.virt("virt-xml", "first", "--add-device", "--disk", "size=1,pool=default,bus=virtio", "--update")
        for words in ((), ("--inactive",)):
            self.assertEqual(len(self.definition("first", *words).findall("devices/disk")), 2)


class Manager(Case):
    """virt-manager on a display of its own; what it logs, and the picture."""

    def setUp(self):
        for tool in ("virt-manager", "Xvfb", "dbus-run-session", "import", "identify"):
            if not os.path.exists(f"/usr/bin/{tool}"):
                self.skipTest(f"{tool} is not there")
        super().setUp()

    def start(self, command, **options):
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True,
                                 env=self.daemon.environment | options.pop("env", {}), **options)

        def end():
            os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        self.addCleanup(end)
        return child

    def display(self):
        reading, writing = os.pipe()
        with open(private.directory() / "xvfb.log", "wb") as log:
            self.start(["Xvfb", "-displayfd", str(writing), "-screen", "0", "1024x700x24", "-nolisten", "tcp"],
                       stdout=log, stderr=log, pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading) as told:
            return ":" + told.readline().strip()

    def picture(self, display):
        """The picture, and the number of colours in it."""
        path = private.directory() / "window.png"
        self.daemon.run(["import", "-display", display, "-window", "root", str(path)])
        if "VIRTUE_KEEP_PICTURE" in os.environ:
            pathlib.Path(os.environ["VIRTUE_KEEP_PICTURE"]).write_bytes(path.read_bytes())
        return int(self.daemon.run(["identify", "-format", "%k", str(path)]))

    def test_the_list_shows_our_guests(self):
        self.install("shown-one", "--disk", "none", "--network", "default")
        self.install("shown-two", "--disk", "none", "--network", "none")
        self.virsh("destroy", "shown-two")
        display = self.display()
        path = private.directory() / "manager.log"
        with open(path, "wb") as log:
            manager = self.start(["dbus-run-session", "--", "virt-manager", "--connect", "qemu:///system", "--no-fork", "--debug"],
                                 stdout=log, stderr=log,
                                 env={"DISPLAY": display, "NO_AT_BRIDGE": "1", "GSETTINGS_BACKEND": "memory",
                                      "PYTHONUNBUFFERED": "1"})

        def logged(text):
            self.assertIsNone(manager.poll(), path.read_text(errors="replace")[-3000:])
            return text in path.read_text(errors="replace")
        private.wait_for("its window", lambda: logged("Showing manager"))
        for line in ("domain=shown-one status=Running added", "domain=shown-two status=Shutoff added",
                     "network=default status=Active added", "pool=default status=Active added", "Using domain events",
                     "Using network events", "Using storage pool events", "Using node device events",
                     "conn=qemu:///system changed to state=Active"):
            private.wait_for(line, lambda line=line: logged(line))
        # An empty window of GTK has a few colours; the icons and names of guests bring dozens.
        private.wait_for("a picture of the list", lambda: self.picture(display) > 60)
        self.install("shown-three", "--disk", "none", "--network", "none")
        private.wait_for("the guest that was made meanwhile", lambda: logged("domain=shown-three status="))
        text = path.read_text(errors="replace")
        self.assertNotIn("Traceback", text)
        self.assertNotIn("Error polling connection", text)


if __name__ == "__main__":
    private.main()
