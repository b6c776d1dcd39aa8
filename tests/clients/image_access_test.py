#!/usr/bin/python3
"""Images in folders that the guest's user may not enter: what is said, and the setting by which they work all the same."""

import os
import pathlib
import subprocess

import private
from storage_faults_test import CONFIGURATION, NEEDS, RAW, disk_xml, guest_xml, make_image, open_files  # noqa: F401
from storage_test import WithDaemon

load_tests = private.load_tests


class Homes(WithDaemon):
    """Images in folders that the guest's user may not enter."""

    def setUp(self):
        if private.REFERENCE:
            self.skipTest("libvirt has no such setting")
        self.home = private.directory() / "anna"
        self.home.mkdir(mode=0o700)
        self.addCleanup(lambda: subprocess.run(["rm", "-rf", self.home], check=True))
        self.images = self.home / "images"
        self.images.mkdir()
        os.chmod(self.images, 0o755)
        for name in ("base", "disk", "more"):
            make_image(self.images / name, "16M")
        make_image(self.images / "top", "16M", "-b", self.images / "base", "-F", "qcow2")
        (self.images / "cd").write_bytes(bytes(1 << 20))
        for image in self.images.iterdir():
            os.chown(image, 1234, 1234)
            os.chmod(image, 0o600)

    def owners(self):
        return {path.name: path.stat().st_uid for path in self.images.iterdir()}

    def configure(self, more=""):
        """A new daemon, with other settings."""
        pathlib.Path("/etc/libvirt/virtued.conf").write_text(CONFIGURATION + more)
        self.kill_daemon()

    def test_the_error_names_the_folder_and_the_command_that_helps(self):
        self.configure()
        guest = self.connection.defineXML(guest_xml(disk_xml(self.images / "top")))
        self.addCleanup(lambda: self.connection.lookupByName("guest").undefine())
        before = self.owners()
        text = self.refused(self.libvirt.VIR_ERR_SYSTEM_ERROR, guest.create)
        self.assertIn(f"'{self.images}/top'", text)
        self.assertIn("Permission denied", text)
        self.assertIn(f"the folder '{self.home}' is closed to the user 'libvirt-qemu'", text)
        self.assertIn(f"setfacl -m u:libvirt-qemu:x '{self.home}'", text)
        self.assertIn("open_images = 1", text)
        self.assertEqual(self.owners(), before)
        # The same for a disk that is to be plugged.
        running = self.connection.createXML(guest_xml(name="running"))
        try:
            text = self.refused(self.libvirt.VIR_ERR_SYSTEM_ERROR, running.attachDevice, disk_xml(self.images / "more"))
            self.assertIn(f"the folder '{self.home}' is closed", text)
            self.assertEqual(self.owners(), before)
        finally:
            running.destroy()
        # What the command does, as far as a mode can.
        os.chmod(self.home, 0o711)
        guest.create()
        guest.destroy()
        self.assertEqual(self.owners(), before)

    def test_a_file_whose_owner_stays_is_named_itself(self):
        self.configure("dynamic_ownership = 0\n")
        os.chmod(self.home, 0o711)
        text = self.refused(self.libvirt.VIR_ERR_SYSTEM_ERROR, self.connection.createXML,
                            guest_xml(disk_xml(self.images / "disk")))
        self.assertIn("the file is closed to the user 'libvirt-qemu'", text)
        self.assertIn(f"setfacl -m u:libvirt-qemu:rw '{self.images}/disk'", text)
        os.chmod(self.images / "disk", 0o666)
        self.connection.createXML(guest_xml(disk_xml(self.images / "disk"))).destroy()

    def test_with_the_setting_images_in_a_home_directory_just_work(self):
        self.configure("open_images = 1\n")
        before = self.owners()
        cdrom = disk_xml(self.images / "cd", "hdc", "ide", RAW, "cdrom")
        guest = self.connection.createXML(guest_xml(disk_xml(self.images / "top"), cdrom, "<controller type='usb'/>"))
        self.addCleanup(self.end_guests)
        self.assertEqual(self.owners(), before)
        for name in ("top", "base", "cd"):
            self.assertIn(f"{self.images}/{name}", open_files("guest"))
        self.assertIn(f"<source file='{self.images}/top'", guest.XMLDesc())
        # QEMU reads and writes what it was given.
        for words in ("write -P 7 0 64k", "flush"):  # its end need not be an orderly one
            self.virsh("qemu-monitor-command", "guest", "--hmp",
                       f'qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend "{words}"')
        # A disk comes and goes, a medium is changed.
        more = disk_xml(self.images / "more", "sdb", "usb")
        guest.attachDevice(more)
        self.assertIn(f"{self.images}/more", open_files("guest"))
        guest.detachDevice(more)
        private.wait_for("QEMU to close the disk", lambda: f"{self.images}/more" not in open_files("guest"))
        guest.updateDeviceFlags(disk_xml(self.images / "disk", "hdc", "ide", device="cdrom"))
        self.assertIn(f"{self.images}/disk", open_files("guest"))
        private.wait_for("QEMU to close the medium", lambda: f"{self.images}/cd" not in open_files("guest"))
        self.assertEqual(self.owners(), before)
        # A daemon without the setting knows what another one did.
        self.configure()
        guest = self.connection.lookupByName("guest")
        self.assertEqual(guest.state()[0], self.libvirt.VIR_DOMAIN_RUNNING)
        guest.destroy()
        self.assertEqual(self.owners(), before)
        shown = subprocess.run(["qemu-io", "-r", "-c", "read -P 7 0 64k", self.images / "top"], check=True,
                               capture_output=True, text=True).stdout
        self.assertIn("read 65536/65536 bytes", shown)
        self.assertNotIn("verification failed", shown)

    def end_guests(self):
        for guest in self.connection.listAllDomains():
            guest.destroy()

    def test_what_is_not_there_is_said_with_the_setting_too(self):
        self.configure("open_images = 1\n")
        text = self.refused(self.libvirt.VIR_ERR_SYSTEM_ERROR, self.connection.createXML,
                            guest_xml(disk_xml(self.images / "nothing")))
        self.assertIn(f"'{self.images}/nothing': No such file or directory", text)


if __name__ == "__main__":
    private.main()
