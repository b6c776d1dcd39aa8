#!/usr/bin/python3
"""Network filters with stock virsh: definitions, and what they do to real packets of a card on a bridge."""

import pathlib
import re
import subprocess
import unittest

import private

NEEDS = ["/usr/bin/virsh", "/usr/sbin/ip", "/usr/sbin/ebtables", "/usr/sbin/iptables", "/usr/bin/qemu-system-x86_64"]
load_tests = private.load_tests
VIRSH = ["virsh", "-q", "-c", "qemu:///system"]
MAC = "52:54:00:77:00:01"
BINDING = """<filterbinding><owner><name>guest</name><uuid>8f07fe28-0000-4000-8000-0000000000aa</uuid></owner>
<portdev name='card'/><mac address='52:54:00:77:00:01'/><filterref filter='{filter}'>{parameters}</filterref>
</filterbinding>"""
OWN_ADDRESS = """<filter name='own-address' chain='root'>
<rule action='accept' direction='out' priority='100'><arp arpsrcipaddr='$IP'/></rule>
<rule action='accept' direction='out' priority='100'><ip srcmacaddr='$MAC' srcipaddr='$IP'/></rule>
<rule action='drop' direction='out' priority='500'/></filter>"""


def run(*words, check=True):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=check)


class Case(unittest.TestCase):
    def setUp(self):
        pathlib.Path("/etc/libvirt/virtued.conf").write_text('auth_unix_rw = "none"\nauth_unix_ro = "none"\n')
        self.daemon = private.Daemon()
        self.addCleanup(lambda: self.daemon.stop())

    def virsh(self, *words, check=True):
        return self.daemon.run([*VIRSH, *words], check=check).strip()

    def written(self, name, text):
        path = private.directory() / name
        path.write_text(text)
        return str(path)


class Definitions(Case):
    def test_a_filter_from_definition_to_removal(self):
        before = self.virsh("nwfilter-list").splitlines()
        self.virsh("nwfilter-define", self.written("f.xml", OWN_ADDRESS))
        self.assertEqual(len(self.virsh("nwfilter-list").splitlines()), len(before) + 1)
        xml = self.virsh("nwfilter-dumpxml", "own-address")
        self.assertIn("<ip srcmacaddr='$MAC' srcipaddr='$IP'/>", xml)
        uuid = xml.split("<uuid>")[1].split("<")[0]
        self.assertEqual(self.virsh("nwfilter-dumpxml", uuid), xml)
        path = pathlib.Path("/etc/libvirt/nwfilter/own-address.xml")
        self.assertIn("virsh nwfilter-edit own-address", path.read_text())
        self.daemon.process.kill()
        self.daemon.process.wait()
        self.daemon = private.Daemon()
        self.assertEqual(self.virsh("nwfilter-dumpxml", "own-address"), xml)
        loop = "<filter name='own-address'><uuid>%s</uuid><filterref filter='own-address'/></filter>" % uuid
        self.assertIn("would introduce a loop", self.virsh("nwfilter-define", self.written("l.xml", loop), check=False))
        self.virsh("nwfilter-undefine", "own-address")
        self.assertFalse(path.exists())
        self.assertIn("no nwfilter", self.virsh("nwfilter-dumpxml", "own-address", check=False))

    def test_a_filter_of_any_name_is_there_after_a_restart(self):
        for name in ("two--lines", "end--&gt;&lt;evil", "name with -- blanks"):
            self.virsh("nwfilter-define", self.written("n.xml", f"<filter name='{name}' chain='root'/>"))
        before = self.virsh("nwfilter-list")
        self.assertIn("end--><evil", before)
        self.daemon.process.kill()
        self.daemon.process.wait()
        self.daemon = private.Daemon()
        self.assertEqual(self.virsh("nwfilter-list"), before)
        for path in pathlib.Path("/etc/libvirt/nwfilter").iterdir():
            # As libvirt's own daemon reads it, which takes no "--" in a comment.
            self.assertNotIn("--", path.read_text().split("<!--")[1].split("-->")[0], path.name)

    def test_a_guests_card_has_its_filter_while_it_runs(self):
        run("ip", "link", "add", "brg", "type", "bridge", "stp_state", "0")
        self.addCleanup(run, "ip", "link", "del", "brg")
        guest = ("<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><os><type machine='pc'>hvm</type></os>"
                 "<devices><interface type='bridge'><mac address='52:54:00:77:00:09'/><source bridge='brg'/>"
                 "<filterref filter='{filter}'><parameter name='IP' value='10.1.2.3'/></filterref></interface></devices></domain>")
        self.virsh("nwfilter-define", self.written("f.xml", OWN_ADDRESS))
        self.virsh("create", self.written("g.xml", guest.format(name="kept", filter="own-address")))
        device, used = self.virsh("nwfilter-binding-list").split()
        self.assertEqual(used, "own-address")
        self.assertIn(device, self.virsh("domiflist", "kept"))
        listing = run("ebtables", "-t", "nat", "-L").stdout
        self.assertIn("10.1.2.3", listing)
        self.assertIn(f"-i {device}", listing)
        self.assertIn("nwfilter is in use", self.virsh("nwfilter-undefine", "own-address", check=False))
        # The filter of a running guest's card can be taken away, and put back.
        card = self.virsh("dumpxml", "kept").split("<interface")[1].split("</interface>")[0]
        bare = "<interface" + re.sub(r"<filterref.*</filterref>", "", card, flags=re.S) + "</interface>"
        self.virsh("update-device", "kept", self.written("bare.xml", bare), "--live")
        self.assertEqual(self.virsh("nwfilter-binding-list"), "")
        self.assertNotIn("10.1.2.3", run("ebtables", "-t", "nat", "-L").stdout)
        self.virsh("update-device", "kept", self.written("card.xml", f"<interface{card}</interface>"), "--live")
        self.assertEqual(self.virsh("nwfilter-binding-list").split(), [device, "own-address"])
        self.virsh("destroy", "kept")
        private.wait_for("the rules to go", lambda: device not in run("ebtables", "-t", "nat", "-L").stdout)
        self.assertEqual(self.virsh("nwfilter-binding-list"), "")
        self.virsh("nwfilter-undefine", "own-address")
        # Without its filter a guest does not start, and its card is gone again.
        said = self.virsh("create", self.written("g.xml", guest.format(name="lost", filter="nothing")), check=False)
        self.assertIn("referenced filter 'nothing' is missing", said)
        self.assertEqual(self.virsh("list", "--all", "--name"), "")
        self.assertNotIn("vnet", run("ip", "-br", "link").stdout)


class Packets(Case):
    """A network namespace stands for the guest: its card `eth` is the other end of `card`, a port of the bridge."""

    def setUp(self):
        super().setUp()
        run("ip", "netns", "add", "guest")
        run("ip", "link", "add", "card", "type", "veth", "peer", "name", "eth", "address", MAC, "netns", "guest")
        run("ip", "link", "add", "brf", "type", "bridge", "stp_state", "0")
        run("ip", "link", "set", "card", "master", "brf")
        run("ip", "addr", "add", "10.77.0.1/24", "dev", "brf")
        for name in ("card", "brf"):
            run("ip", "link", "set", name, "up")
        for address in ("10.77.0.2/24", "10.77.0.3/24"):
            run("ip", "-n", "guest", "addr", "add", address, "dev", "eth")
        run("ip", "-n", "guest", "link", "set", "eth", "up")
        self.addCleanup(run, "ip", "netns", "del", "guest")
        self.addCleanup(run, "ip", "link", "del", "brf")
        self.virsh("nwfilter-define", self.written("f.xml", OWN_ADDRESS))
        self.addCleanup(self.virsh, "nwfilter-undefine", "own-address")
        self.addCleanup(self.virsh, "nwfilter-binding-delete", "card", check=False)

    def bind(self, *parameters):
        text = "".join(f"<parameter name='{name}' value='{value}'/>" for name, value in parameters)
        return self.virsh("nwfilter-binding-create", self.written("b.xml", BINDING.format(filter="own-address", parameters=text)))

    @staticmethod
    def forget_neighbours():
        run("ip", "-n", "guest", "neigh", "flush", "all")
        run("ip", "neigh", "flush", "dev", "brf")

    def reaches(self, source):
        """Whether the guest gets an answer when it uses that address."""
        self.forget_neighbours()
        return run("ip", "netns", "exec", "guest", "busybox", "ping", "-c", "2", "-W", "2", "-I", source, "10.77.0.1",
                   check=False).returncode == 0

    def answered(self, source):
        """Waits for an answer: what a new card sends at first may be lost."""
        private.wait_for(f"an answer to {source}", lambda: self.reaches(source))

    def test_a_guest_uses_its_own_address_only(self):
        self.answered("10.77.0.2")
        self.answered("10.77.0.3")
        self.bind(("IP", "10.77.0.2"))
        self.answered("10.77.0.2")
        self.assertFalse(self.reaches("10.77.0.3"))
        self.assertIn("nwfilter is in use", self.virsh("nwfilter-undefine", "own-address", check=False))
        self.assertEqual(self.virsh("nwfilter-binding-list").split(), ["card", "own-address"])
        # The rules outlive the daemon, and the next one knows them.
        self.daemon.process.kill()
        self.daemon.process.wait()
        self.assertFalse(self.reaches("10.77.0.3"))
        self.daemon = private.Daemon()
        self.assertIn("<parameter name='IP' value='10.77.0.2'/>", self.virsh("nwfilter-binding-dumpxml", "card"))
        self.answered("10.77.0.2")
        self.assertFalse(self.reaches("10.77.0.3"))
        # A filter that changes changes what its cards may do.
        uuid = self.virsh("nwfilter-dumpxml", "own-address").split("<uuid>")[1].split("<")[0]
        changed = f"<filter name='own-address'><uuid>{uuid}</uuid></filter>"
        self.virsh("nwfilter-define", self.written("c.xml", changed))
        self.answered("10.77.0.3")
        self.virsh("nwfilter-define", self.written("d.xml", OWN_ADDRESS.replace("<rule", f"<uuid>{uuid}</uuid><rule", 1)))
        self.assertFalse(self.reaches("10.77.0.3"))
        self.virsh("nwfilter-binding-delete", "card")
        self.answered("10.77.0.3")
        self.assertNotIn("card", run("ebtables", "-t", "nat", "-L").stdout)

    def test_the_address_is_learned_from_the_first_packet(self):
        self.bind()
        self.answered("10.77.0.2")
        private.wait_for("the complete filter", lambda: "10.77.0.2" in run("ebtables", "-t", "nat", "-L").stdout)
        self.answered("10.77.0.2")
        self.assertFalse(self.reaches("10.77.0.3"))

    def test_what_was_put_in_place_for_a_learned_address_goes_with_its_binding_after_a_restart(self):
        both = OWN_ADDRESS.replace("</filter>", "<rule action='accept' direction='in'><all dstipaddr='$IP'/></rule>"
                                   "<rule action='drop' direction='in' priority='400'><arp arpsrcipaddr='10.77.0.9'/></rule></filter>")
        uuid = self.virsh("nwfilter-dumpxml", "own-address").split("<uuid>")[1].split("<")[0]
        self.virsh("nwfilter-define", self.written("both.xml", both.replace("<rule", f"<uuid>{uuid}</uuid><rule", 1)))
        self.bind()
        self.answered("10.77.0.2")

        def in_place():
            return [line for tool in ("ebtables-save", "iptables-save")
                    for line in run(tool).stdout.splitlines() if "card" in line]
        private.wait_for("the complete filter", lambda: any("FI-card" in line for line in in_place()))
        # Nobody asks the guest whether it is still there, some seconds later: the answer would tell its address anew.
        self.forget_neighbours()
        self.daemon.process.kill()
        self.daemon.process.wait()
        self.daemon = private.Daemon()
        # The next daemon has yet to learn it again, and knows what is there.
        private.wait_for("the filter of a card without address",
                         lambda: (rules := in_place()) and not any("FI-card" in line for line in rules))
        self.virsh("nwfilter-binding-delete", "card")
        self.assertEqual(in_place(), [])

    def test_a_filter_that_cannot_be_kept_changes_no_card(self):
        self.bind(("IP", "10.77.0.2"))
        folder = "/etc/libvirt/nwfilter"
        run("mount", "--bind", folder, folder)
        run("mount", "-o", "remount,bind,ro", folder)
        self.addCleanup(run, "umount", folder, check=False)
        uuid = self.virsh("nwfilter-dumpxml", "own-address").split("<uuid>")[1].split("<")[0]
        said = self.virsh("nwfilter-define", self.written("c.xml", f"<filter name='own-address'><uuid>{uuid}</uuid></filter>"),
                          check=False)
        run("umount", folder)
        self.assertIn("Read-only file system", said)
        self.assertIn("<rule", self.virsh("nwfilter-dumpxml", "own-address"))
        self.answered("10.77.0.2")
        self.assertFalse(self.reaches("10.77.0.3"))

    def test_a_filter_that_cannot_be_built_binds_nothing(self):
        said = self.virsh("nwfilter-binding-create", self.written("b.xml", BINDING.format(
            filter="own-address", parameters="<parameter name='CTRL_IP_LEARNING' value='none'/>")), check=False)
        self.assertIn("unresolvable variables", said)
        self.assertEqual(self.virsh("nwfilter-binding-list"), "")
        self.answered("10.77.0.3")


if __name__ == "__main__":
    private.main()
