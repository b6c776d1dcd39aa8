#!/usr/bin/python3
# soak-deadline: 3600
"""`virtue up` takes an unchanged cloud image to a guest that lets its owner in, and `virtue down` takes it away."""

import json
import os
import pathlib
import subprocess
import unittest

import private

NEEDS = ["/usr/bin/qemu-system-x86_64", "/usr/bin/qemu-img", "/usr/bin/ssh-keygen", "/usr/sbin/dnsmasq", "/usr/sbin/nft"]
IMAGE_NEEDS = ["/usr/bin/mmdebstrap", "/usr/bin/ssh"]
VIRTUE = private.ROOT / "build" / os.environ.get("VIRTUE_PRESET", "dev") / "bin" / "virtue"
BOOT = 1500  # seconds: systemd and cloud-init under emulation, on a busy machine
NETWORK = """<network><name>default</name><forward mode='nat'/><bridge name='virbr0'/>
<ip address='192.168.122.1' netmask='255.255.255.0'><dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp>
</ip></network>"""


def load_tests(loader, tests, pattern):
    """The image comes from the package archive, which a private world does not reach: it is made before."""
    if os.environ.get("VIRTUE_SOAK") and private.INSIDE not in os.environ and not private.obstacle(NEEDS + IMAGE_NEEDS):
        made = subprocess.run([str(private.ROOT / "scripts" / "cloud-image"), "--quiet"], stdout=subprocess.PIPE,
                              text=True, check=True, timeout=1800)
        os.environ["VIRTUE_CLOUD"] = made.stdout.strip()
    return private.load_tests(loader, tests, pattern)


class Case(unittest.TestCase):
    """A daemon with the default network, and a key of ours."""

    def setUp(self):
        pathlib.Path("/etc/libvirt/virtued.conf").write_text('auth_unix_rw = "none"\nauth_unix_ro = "none"\n')
        self.daemon = private.Daemon()
        self.addCleanup(self.daemon.stop)
        self.place = private.directory()
        self.key = self.place / "key"
        if not self.key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        network = self.place / "default.xml"
        network.write_text(NETWORK)
        if not json.loads(self.virtue("-o", "json", "net-list", "--all")):
            self.virtue("net-define", network)

    def virtue(self, *words, check=True, seconds=private.PATIENCE):
        done = subprocess.run([VIRTUE, "-c", "qemu:///system", *map(str, words)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, check=False, timeout=seconds)
        if check and done.returncode != 0:
            self.fail(f"virtue {words} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout if check else done

    def nothing_is_left(self):
        self.assertEqual(json.loads(self.virtue("-o", "json", "list", "--all")), [])
        volumes = [row["name"] for row in json.loads(self.virtue("-o", "json", "vol-list", "default"))]
        self.assertEqual([name for name in volumes if not name.endswith(".base")], [])


class Command(Case):
    """What is made and what is left, without waiting for a guest to come up."""

    def up(self, *words):
        """An image with nothing in it, and a kernel that starts beside it."""
        image = self.place / "disk.qcow2"
        if not image.exists():
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "64M"], check=True)
        guest = private.guest_image()
        return ["up", image, "--kernel", guest / "vmlinuz", "--initrd", guest / "initrd.img",
                "--append", "console=ttyS0 no_timer_check", "--ssh-key", f"{self.key}.pub", "--user", "anna", *words]

    def test_what_fails_leaves_nothing(self):
        taken = self.virtue(*self.up("--network", "nowhere"), check=False)
        self.assertEqual(taken.returncode, 1)
        self.assertIn("there is no network 'nowhere'", taken.stderr)
        wrong = self.virtue(*self.up("--checksum", "sha256:" + "0" * 64), check=False)
        self.assertIn("is not what its checksum says", wrong.stderr)
        huge = self.virtue(*self.up("--memory", "4000000G", "--no-wait"), check=False)
        self.assertEqual(huge.returncode, 1)
        self.nothing_is_left()

    def test_a_name_is_found_and_the_image_is_shared(self):
        for name in ("disk", "disk-2"):
            made = json.loads(self.virtue("-o", "json", *self.up("--no-wait", "--memory", "256")))
            self.assertEqual(made["name"], name)
        volumes = [row["name"] for row in json.loads(self.virtue("-o", "json", "vol-list", "default"))]
        self.assertEqual(len([name for name in volumes if name.endswith(".base")]), 1)
        again = self.virtue(*self.up("--name", "disk"), check=False)
        self.assertIn("there is a domain 'disk' already", again.stderr)
        for name in ("disk", "disk-2"):
            self.virtue("down", name, "--force")
        self.nothing_is_left()


@unittest.skipUnless(os.environ.get("VIRTUE_SOAK"), "makes and boots a whole Debian under emulation: run it with --soak")
class Login(Case):
    """From an image file to a login, in one command."""

    def setUp(self):
        why = private.obstacle(IMAGE_NEEDS)
        if why:
            self.skipTest(why)
        super().setUp()

    def ssh(self, target, *words):
        return subprocess.run(["ssh", "-i", self.key, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o",
                               f"UserKnownHostsFile={self.place}/known", "-o", "ConnectTimeout=60", target, *words],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                              check=False, timeout=private.PATIENCE)

    def up(self, *words):
        cloud = pathlib.Path(os.environ["VIRTUE_CLOUD"])
        return ["up", cloud / "disk.qcow2", "--kernel", cloud / "vmlinuz", "--initrd", cloud / "initrd.img", "--append",
                "root=/dev/vda ro console=ttyS0 quiet no_timer_check", "--ssh-key", f"{self.key}.pub", "--user", "anna",
                "--memory", "768",
                "--timeout", BOOT, *words]

    def test_from_an_image_to_a_login_and_back(self):
        made = json.loads(self.virtue("-o", "json", *self.up("--name", "web-1", "--disk", "3G"), seconds=BOOT + 300))
        self.assertEqual((made["name"], made["user"]), ("web-1", "anna"))
        self.assertEqual(made["ssh"], f"ssh anna@{made['address']}")
        self.assertIn("answers ssh", [step["step"] for step in made["timeline"]])
        for step in made["timeline"]:
            print(f"rate: up: {step['at_ms']} ms: {step['step']}")
        target = f"anna@{made['address']}"
        said = self.ssh(target, "hostname; sudo id -u; cat /var/lib/cloud/data/instance-id")
        self.assertEqual(said.stdout.split()[:2], ["web-1", "0"], said.stderr)
        instance = said.stdout.split()[2]
        self.assertEqual(instance, made["uuid"])
        # The file system took the whole disk.
        size = self.ssh(target, "cat /sys/block/vda/size; df --output=size -B 1M / | tail -1").stdout.split()
        self.assertEqual(int(size[0]) * 512, 3 << 30)
        self.assertGreater(int(size[1]), 2500)

        before = self.ssh(target, "cat /proc/sys/kernel/random/boot_id").stdout
        self.ssh(target, "sudo systemctl reboot")
        private.wait_for("the guest to be back", lambda: self.ssh(target, "cat /proc/sys/kernel/random/boot_id").stdout
                         not in ("", before), BOOT)
        self.assertEqual(self.ssh(target, "cat /var/lib/cloud/data/instance-id").stdout.strip(), instance)

        self.virtue("down", "web-1", "--timeout", 300, seconds=600)
        # It was asked and went by itself.
        self.assertIn("shutting down, reason=shutdown", pathlib.Path("/var/log/libvirt/qemu/web-1.log").read_text())
        self.nothing_is_left()


if __name__ == "__main__":
    private.main()
