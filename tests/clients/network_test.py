#!/usr/bin/python3
"""Virtual networks with stock clients: bridges, dnsmasq, firewall tables, and that they outlive the daemon."""

import json
import os
import pathlib
import signal
import subprocess
import unittest

import private

NEEDS = ["/usr/bin/virsh", "/usr/bin/qemu-system-x86_64", "/usr/sbin/dnsmasq", "/usr/sbin/nft", "/usr/sbin/ip"]
load_tests = private.load_tests
VIRSH = ["virsh", "-q", "-c", "qemu:///system"]
NETWORK = """<network><name>{name}</name><forward mode='nat'/>
<bridge name='{bridge}'/><ip address='192.168.{net}.1' netmask='255.255.255.0'>
<dhcp><range start='192.168.{net}.2' end='192.168.{net}.254'/></dhcp></ip></network>"""


def ip(*words):
    return subprocess.run(["ip", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=True).stdout


def bridges():
    return sorted(link["ifname"] for link in json.loads(ip("-j", "link", "show", "type", "bridge") or "[]"))


def table():
    return subprocess.run(["nft", "list", "table", "inet", "virtue_network"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False).stdout


def dnsmasq_pid(name):
    """As its file tells it; 0 while there is none: dnsmasq removes it, makes it anew, and only then writes into it."""
    try:
        return int(pathlib.Path(f"/run/libvirt/network/{name}.pid").read_text() or 0)
    except FileNotFoundError:
        return 0


def is_alive(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def answers(address):
    """Whether a guest answers a ping."""
    return subprocess.run(["busybox", "ping", "-c", "1", "-W", "2", address.split("/")[0]], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


class Replaced:
    """A script in the place of a program, seen by nobody outside of the private world."""

    def __init__(self, path, script):
        self.path = path
        self.script = private.directory() / f"instead-of-{pathlib.Path(path).name}"
        self.script.write_text("#!/bin/sh\n" + script)
        self.script.chmod(0o755)

    def __enter__(self):
        subprocess.run(["mount", "--bind", str(self.script), self.path], check=True)

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.path], check=True)


class Case(unittest.TestCase):
    """The daemon, and virsh."""

    def setUp(self):
        pathlib.Path("/etc/libvirt/virtued.conf").write_text('auth_unix_rw = "none"\nauth_unix_ro = "none"\n')
        self.daemon = private.Daemon()
        self.addCleanup(lambda: self.daemon.stop())

    def virsh(self, *words, check=True):
        return self.daemon.run([*VIRSH, *words], check=check).strip()

    def define(self, name, bridge, net):
        path = private.directory() / f"{name}.xml"
        path.write_text(NETWORK.format(name=name, bridge=bridge, net=net))
        return str(path)

    def remove(self, name):
        self.virsh("net-destroy", name, check=False)
        self.virsh("net-undefine", name, check=False)

    def crash(self):
        """kill -9, and a new daemon."""
        self.daemon.process.kill()
        self.daemon.process.wait()
        self.daemon = private.Daemon()



class NetworkTest(Case):
    def test_a_network_from_definition_to_removal(self):
        path = self.define("plain", "virbr7", 77)
        self.virsh("net-define", path)
        self.assertTrue(os.path.exists("/etc/libvirt/qemu/networks/plain.xml"))
        self.virsh("net-autostart", "plain")
        self.assertEqual(os.readlink("/etc/libvirt/qemu/networks/autostart/plain.xml"),
                         "/etc/libvirt/qemu/networks/plain.xml")
        self.virsh("net-start", "plain")
        self.assertIn("already active", self.virsh("net-start", "plain", check=False))
        self.assertIn("192.168.77.1/24", ip("addr", "show", "virbr7"))
        self.assertIn('oifname "virbr7" reject', table())
        self.assertTrue(is_alive(dnsmasq_pid("plain")))
        self.assertEqual(self.virsh("net-list", "--all", "--name").split(), ["plain"])
        self.assertIn("<mac address=", self.virsh("net-dumpxml", "plain"))
        pid = dnsmasq_pid("plain")
        self.virsh("net-destroy", "plain")
        self.assertNotIn("virbr7", bridges())
        self.assertEqual(table(), "")
        self.assertFalse(is_alive(pid))
        self.virsh("net-undefine", "plain")
        self.assertFalse(os.path.lexists("/etc/libvirt/qemu/networks/autostart/plain.xml"))
        self.assertIn("not found", self.virsh("net-info", "plain", check=False))

    def test_a_running_network_outlives_the_daemon(self):
        self.virsh("net-define", self.define("lasting", "virbr8", 78))
        self.virsh("net-create", self.define("passing", "virbr9", 79))
        self.virsh("net-start", "lasting")
        live = self.virsh("net-dumpxml", "lasting")
        pid, rules = dnsmasq_pid("lasting"), table()
        self.crash()
        self.assertEqual(self.virsh("net-dumpxml", "lasting"), live)
        self.assertEqual(sorted(self.virsh("net-list", "--name").split()), ["lasting", "passing"])
        self.assertEqual(dnsmasq_pid("lasting"), pid)
        self.assertTrue(is_alive(pid))
        self.assertEqual(table(), rules)
        self.virsh("net-destroy", "passing")
        self.assertEqual(self.virsh("net-list", "--all", "--name").split(), ["lasting"])
        self.assertIn("virbr8", bridges())
        self.remove("lasting")
        self.assertEqual(bridges(), [])

    def test_dnsmasq_comes_back_whether_the_daemon_saw_its_end_or_not(self):
        self.virsh("net-create", self.define("served", "virbr10", 80))
        first = dnsmasq_pid("served")
        os.kill(first, signal.SIGKILL)
        second = private.wait_for("another dnsmasq", lambda: self.other_dnsmasq("served", first))
        self.daemon.process.kill()
        self.daemon.process.wait()
        os.kill(second, signal.SIGKILL)
        self.daemon = private.Daemon()
        private.wait_for("a third dnsmasq", lambda: self.other_dnsmasq("served", second))
        self.remove("served")

    @staticmethod
    def other_dnsmasq(name, former):
        pid = dnsmasq_pid(name)
        return pid if pid not in (0, former) and is_alive(pid) else None

    def test_flushed_rules_and_a_removed_bridge_come_back(self):
        subprocess.run(["nft", "add", "table", "inet", "another"], check=True)
        self.virsh("net-create", self.define("watched", "virbr11", 81))
        rules = table()
        self.assertIn("masquerade", rules)
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        private.wait_for("the rules", lambda: table() == rules)
        ip("link", "del", "virbr11")
        private.wait_for("the bridge", lambda: "virbr11" in bridges() and "192.168.81.1" in ip("addr"))
        self.remove("watched")
        subprocess.run(["nft", "add", "table", "inet", "another"], check=True)

    def test_another_programs_table_is_left_alone(self):
        subprocess.run(["nft", "-f", "-"], input="table inet another {\nchain mine {\ntype filter hook forward "
                       "priority 0\ntcp dport 7 drop\n}\n}\n", text=True, check=True)
        before = subprocess.run(["nft", "-a", "list", "table", "inet", "another"], stdout=subprocess.PIPE, text=True,
                                check=True).stdout
        self.virsh("net-create", self.define("polite", "virbr12", 82))
        self.remove("polite")
        after = subprocess.run(["nft", "-a", "list", "table", "inet", "another"], stdout=subprocess.PIPE, text=True,
                               check=True).stdout
        self.assertEqual(before, after)
        subprocess.run(["nft", "delete", "table", "inet", "another"], check=True)

    def test_taken_addresses_and_bridges_are_refused(self):
        self.virsh("net-create", self.define("first", "virbr13", 83))
        said = self.virsh("net-create", self.define("second", "virbr14", 83), check=False)
        self.assertIn("Network is already in use by interface virbr13", said)
        said = self.virsh("net-define", self.define("third", "virbr13", 84), check=False)
        self.assertIn("bridge name 'virbr13' already in use", said)
        self.assertEqual(bridges(), ["virbr13"])
        self.assertEqual(self.virsh("net-list", "--all", "--name").split(), ["first"])
        self.remove("first")

    def test_a_free_subnet_is_chosen_on_request(self):
        self.virsh("net-create", self.define("taken", "virbr16", 122))
        path = private.directory() / "wish.xml"
        path.write_text("<network><name>wish</name><forward mode='nat'/><ip family='ipv4' address='auto'><dhcp/></ip></network>")
        self.virsh("net-define", str(path))
        xml = self.virsh("net-dumpxml", "wish")
        # 192.168.122 is another network's, 123 is free; what was chosen is what the definition says from now on.
        self.assertIn("<ip family='ipv4' address='192.168.123.1' netmask='255.255.255.0'>", xml)
        self.assertIn("<range start='192.168.123.2' end='192.168.123.254'/>", xml)
        self.virsh("net-start", "wish")
        self.assertIn("192.168.123.1/24", ip("addr", "show", self.virsh("net-info", "wish").split()[-1]))
        path.write_text("<network><name>other</name><ip address='auto'><dhcp><range start='192.168.9.2' end='192.168.9.3'/>"
                        "</dhcp></ip></network>")
        self.assertIn("yet to be chosen", self.virsh("net-define", str(path), check=False))
        for name in ("taken", "wish"):
            self.remove(name)

    def test_dnsmasqs_own_words_are_in_the_error_and_nothing_stays(self):
        path = private.directory() / "bad.xml"
        path.write_text("<network xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'><name>bad</name>"
                        "<bridge name='virbr15'/><ip address='192.168.85.1' prefix='24'/><dnsmasq:options>"
                        "<dnsmasq:option value='no-such-option=1'/></dnsmasq:options></network>")
        self.assertIn("bad option", self.virsh("net-create", str(path), check=False))
        self.assertEqual(bridges(), [])
        self.assertEqual(table(), "")

    def test_an_update_reaches_the_running_network_and_the_definition(self):
        self.virsh("net-define", self.define("changing", "virbr16", 86))
        self.virsh("net-start", "changing")
        pid = dnsmasq_pid("changing")
        host = "<host mac='52:54:00:00:00:01' name='known' ip='192.168.86.9'/>"
        self.virsh("net-update", "changing", "add", "ip-dhcp-host", host, "--live", "--config")
        self.assertIn("known", self.virsh("net-dumpxml", "changing"))
        self.assertIn("known", self.virsh("net-dumpxml", "changing", "--inactive"))
        self.assertEqual(pathlib.Path("/var/lib/libvirt/dnsmasq/changing.hostsfile").read_text(),
                         "52:54:00:00:00:01,192.168.86.9,known\n")
        self.assertEqual(dnsmasq_pid("changing"), pid)
        self.virsh("net-update", "changing", "add", "dns-txt", "<txt name='a' value='b'/>", "--live")
        self.assertIn("txt-record=a,b", pathlib.Path("/var/lib/libvirt/dnsmasq/changing.conf").read_text())
        self.assertNotEqual(dnsmasq_pid("changing"), pid)
        self.assertNotIn("<txt", self.virsh("net-dumpxml", "changing", "--inactive"))
        self.remove("changing")

    def test_hooks_hear_of_each_step_and_may_refuse_a_start(self):
        heard = private.directory() / "heard"
        hooks = pathlib.Path("/etc/libvirt/hooks")
        hooks.mkdir(exist_ok=True)
        hook = hooks / "network"
        hook.write_text(f"#!/bin/sh\necho \"$*\" >> {heard}\ngrep -q \"<name>$1</name>\" || exit 1\n")
        hook.chmod(0o755)
        self.addCleanup(hook.unlink)
        self.virsh("net-create", self.define("hooked", "virbr18", 88))
        self.virsh("net-destroy", "hooked")
        self.assertEqual(heard.read_text().splitlines(),
                         ["hooked start begin -", "hooked started begin -", "hooked stopped end -"])
        hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
        said = self.virsh("net-create", str(private.directory() / "hooked.xml"), check=False)
        self.assertIn("Hook script execution failed", said)
        self.assertIn("not today", said)
        self.assertEqual(bridges(), [])

    def test_a_hook_that_hangs_delays_no_other_network(self):
        begun = private.directory() / "hook-begun"
        go = private.directory() / "hook-may-end"
        hook = pathlib.Path("/etc/libvirt/hooks/network")
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"""#!/bin/sh
case "$1" in slow*) touch {begun}; while [ ! -e {go} ]; do sleep 0.1; done ;; esac
""")
        hook.chmod(0o755)
        self.addCleanup(hook.unlink)
        slow = self.daemon.open([*VIRSH, "net-create", self.define("slow", "virbr31", 111)])
        self.addCleanup(slow.wait)
        self.addCleanup(go.touch)
        private.wait_for("the hook", begun.exists)
        other = self.define("other", "virbr32", 112)
        self.virsh("net-define", other)
        self.virsh("net-start", "other")
        self.virsh("net-update", "other", "add", "ip-dhcp-host",
                   "<host mac='52:54:00:00:00:01' name='known' ip='192.168.112.9'/>", "--live", "--config")
        self.virsh("net-autostart", "other")
        # What the slow one is to have is taken already, its name and its bridge.
        self.assertIn("already", self.virsh("net-define", self.define("third", "virbr31", 113), check=False))
        self.assertIn("already exists", self.virsh("net-define", self.define("slow", "virbr33", 113), check=False))
        self.assertEqual(bridges(), ["virbr32"])
        self.virsh("net-destroy", "other")
        self.virsh("net-undefine", "other")
        self.assertIsNone(slow.poll())
        go.touch()
        self.assertEqual(slow.wait(private.PATIENCE), 0)
        self.assertEqual(bridges(), ["virbr31"])
        self.virsh("net-destroy", "slow")

    def test_hooks_hear_of_ports_and_of_changes(self):
        heard = private.directory() / "heard-of-ports"
        hook = pathlib.Path("/etc/libvirt/hooks/network")
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"""#!/bin/sh
input=$(cat)
case $input in *"<networkport>"*"52:54:00:00:00:07"*) port=port ;; *) port=none ;; esac
case $input in *known*) change=known ;; *) change=none ;; esac
echo "$* $port $change" >> {heard}
[ ! -e {heard}.refuse ] || {{ echo no room >&2; exit 1; }}
""")
        hook.chmod(0o755)
        self.addCleanup(hook.unlink)
        self.virsh("net-create", self.define("hooked2", "virbr24", 94))
        path = private.directory() / "port.xml"
        path.write_text("<networkport><uuid>8f07fe28-0000-4000-8000-0000000000b1</uuid><owner><name>guest</name><uuid>8f07fe28-0000-4000-8000-0000000000aa</uuid>"
                        "</owner><mac address='52:54:00:00:00:07'/></networkport>")
        self.virsh("net-port-create", "hooked2", str(path))
        port = self.virsh("net-port-list", "hooked2").split()[0]
        self.virsh("net-update", "hooked2", "add", "ip-dhcp-host", "<host mac='52:54:00:00:00:01' name='known' ip='192.168.94.9'/>",
                   "--live")
        self.virsh("net-port-delete", "hooked2", port)
        self.assertEqual(heard.read_text().splitlines()[2:],
                         ["hooked2 port-created begin - port none", "hooked2 updated begin - none known",
                          "hooked2 port-deleted begin - port known"])
        # One that does not want a port, or a change, keeps it from happening.
        pathlib.Path(f"{heard}.refuse").write_text("")
        self.assertIn("no room", self.virsh("net-port-create", "hooked2", str(path), check=False))
        self.assertEqual(self.virsh("net-port-list", "hooked2"), "")
        self.assertIn("no room", self.virsh("net-update", "hooked2", "delete", "ip-dhcp-host", "<host name='known'/>", "--live",
                                            check=False))
        self.assertIn("known", self.virsh("net-dumpxml", "hooked2"))
        pathlib.Path(f"{heard}.refuse").unlink()
        self.remove("hooked2")

    def test_limits_of_a_network_and_floors_of_its_ports_are_set_on_its_bridge(self):
        # Not every kernel has the queues that libvirt asks for: what tc is told is what is looked at.
        said = private.directory() / "tc"
        path = self.define("slow", "virbr25", 95)
        text = pathlib.Path(path).read_text()
        limits = "<bandwidth><inbound average='1000' peak='5000' burst='1024'/><outbound average='128' burst='256'/></bandwidth>"
        pathlib.Path(path).write_text(text.replace("<bridge", limits + "<bridge"))

        def lines():
            return [line for line in said.read_text().splitlines() if " del " not in line] if said.exists() else []

        def told():
            so_far = lines()
            said.write_text("")
            return so_far
        port = private.directory() / "port.xml"

        def plug(floor):
            port.write_text(f"<networkport><uuid>8f07fe28-0000-4000-8000-{floor:012d}</uuid>"
                            "<owner><name>guest</name><uuid>8f07fe28-0000-4000-8000-0000000000aa</uuid></owner>"
                            f"<mac address='52:54:00:01:02:03'/><bandwidth><inbound average='100' floor='{floor}'/></bandwidth>"
                            "</networkport>")
            return self.virsh("net-port-create", "slow", str(port), check=False)
        with Replaced("/usr/sbin/tc", f"echo \"$*\" >> {said}\n"):
            self.virsh("net-create", path)
            whole = told()
            self.assertEqual(whole[0], "qdisc add dev virbr25 root handle 1: htb default 2")
            self.assertTrue(whole[1].startswith("class add dev virbr25 parent 1: classid 1:1 htb rate 1000kbps ceil 5000kbps"))
            self.assertIn("police rate 128kbps burst 256kb", whole[-1])
            plug(300)
            made = self.virsh("net-port-list", "slow").split()[0]
            self.assertIn("<bandwidth classID='3'>", self.virsh("net-port-dumpxml", "slow", made))
            floor = told()
            status = pathlib.Path("/run/libvirt/network/slow.xml").read_text()
            self.assertIn("<class_id bitmap='0-3'/>", status)
            self.assertIn("<floor sum='300'/>", status)
            self.assertTrue(floor[0].startswith("class add dev virbr25 parent 1:1 classid 1:3 htb rate 300kbps ceil 5000kbps"))
            self.assertIn("match u32 0x00010203 0xffffffff at -12 match u16 0x5254 0xffff at -14 flowid 1:3", floor[2])
            self.assertIn("classid 1:2 htb rate 4700kbps", floor[3])
            self.assertIn("would overcommit peak=5000", plug(4900))
            self.assertEqual(told(), [])
            # Another daemon knows of it, and all of it is on a bridge that is made anew.
            self.crash()
            ip("link", "del", "virbr25")
            private.wait_for("limits and floor", lambda: lines() == whole + floor)
            told()
            self.virsh("net-port-delete", "slow", made)
            self.assertIn("classid 1:2 htb rate 5000kbps", told()[-1])
            self.remove("slow")

    def test_clients_of_libvirts_network_daemon_find_it(self):
        self.virsh("net-create", self.define("shared", "virbr19", 89))
        self.assertEqual(self.daemon.run(["virsh", "-q", "-c", "network:///system", "net-list", "--name"]).split(),
                         ["shared"])
        self.remove("shared")

    def test_ports(self):
        self.virsh("net-create", self.define("ported", "virbr17", 87))
        path = private.directory() / "port.xml"
        path.write_text("<networkport><uuid>8f07fe28-0000-4000-8000-0000000000b3</uuid><owner><name>guest</name><uuid>8f07fe28-0000-4000-8000-0000000000aa</uuid>"
                        "</owner><mac address='52:54:00:00:00:07'/></networkport>")
        self.virsh("net-port-create", "ported", str(path))
        port = self.virsh("net-port-list", "ported").split()[0]
        self.assertIn("bridge='virbr17'", self.virsh("net-port-dumpxml", "ported", port))
        self.crash()
        self.assertIn(port, self.virsh("net-port-list", "ported"))
        self.assertIn("connections='1'", self.virsh("net-dumpxml", "ported"))
        self.virsh("net-port-delete", "ported", port)
        self.assertEqual(self.virsh("net-port-list", "ported"), "")
        self.remove("ported")


class GuestTest(Case):
    """Linux guests on a NAT network."""

    CARD = ("<interface type='network'><source network='{network}'/><mac address='{mac}'/><model type='virtio'/>"
            "</interface>")

    def start(self, name, mac, network, extra=""):
        xml = private.guest_xml(name).replace("<devices>", "<devices>" + self.CARD.format(mac=mac, network=network)
                                              + extra)
        path = private.directory() / f"{name}.xml"
        path.write_text(xml)
        return self.virsh("create", str(path), check=False)

    def address(self, name, source="lease"):
        """What domifaddr tells, once it tells one."""
        def ask():
            words = self.virsh("domifaddr", name, "--source", source, check=False).split()
            return words if len(words) == 4 else None
        return private.wait_for(f"the address of {name}", ask)

    def test_two_guests_get_addresses_and_keep_them_over_a_crash_of_the_daemon(self):
        self.virsh("net-create", self.define("home", "virbr20", 90))
        for number in (1, 2):
            said = self.start(f"guest{number}", f"52:54:00:00:00:0{number}", "home")
            self.assertEqual(said, "")
        device, mac, family, address = self.address("guest1")
        self.assertEqual((mac, family), ("52:54:00:00:00:01", "ipv4"))
        self.assertRegex(address, r"^192\.168\.90\.\d+/24$")
        self.assertRegex(device, r"^vnet\d$")
        listed = self.virsh("domiflist", "guest1").split()
        self.assertEqual(listed, [device, "network", "home", "virtio", mac])
        live = self.virsh("dumpxml", "guest1")
        self.assertRegex(live, r"<source network='home' portid='[0-9a-f-]{36}' bridge='virbr20'/>")
        self.assertIn("master virbr20", ip("link", "show", device))
        self.assertRegex(self.virsh("domifstat", "guest1", device), r"rx_packets [1-9]")
        second = self.address("guest2")
        self.assertNotEqual(second[3], address)
        leases = self.virsh("net-dhcp-leases", "home")
        self.assertIn(address, leases)
        private.wait_for("an answer of the guest", lambda: answers(address))
        self.assertEqual(self.address("guest1", "arp")[3].split("/")[0], address.split("/")[0])
        # Our shell asks every source at once, and tells each address once.
        merged = self.daemon.run([private.virtued().parent / "virtue", "-q", "-c", "qemu:///system", "domifaddr", "guest1",
                                  "--source", "any"]).split()
        self.assertEqual(merged, [device, mac, "ipv4", address])
        self.crash()
        self.assertEqual(self.address("guest1")[3], address)
        self.assertEqual(len(self.virsh("net-port-list", "home").split()), 2)
        self.assertIn("connections='2'", self.virsh("net-dumpxml", "home"))
        ip("link", "del", "virbr20")
        private.wait_for("the guests on the new bridge", lambda: "vnet" in ip("link", "show", "master", "virbr20")
                         if "virbr20" in bridges() else False)
        private.wait_for("an answer of the guest", lambda: answers(address))
        self.virsh("net-destroy", "home")
        self.virsh("net-create", str(private.directory() / "home.xml"))
        private.wait_for("the guest on the network that was stopped and started", lambda: answers(address))
        private.wait_for("the ports", lambda: len(self.virsh("net-port-list", "home").split()) == 2)
        self.virsh("destroy", "guest1")
        private.wait_for("the tap to go", lambda: device not in ip("-br", "link"))
        self.assertEqual(len(self.virsh("net-port-list", "home").split()), 1)
        self.virsh("destroy", "guest2")
        self.remove("home")

    def test_a_card_is_unplugged_from_guest_and_network(self):
        self.virsh("net-create", self.define("brief", "virbr23", 93))
        self.assertEqual(self.start("plugged", "52:54:00:00:00:05", "brief"), "")
        device = self.address("plugged")[0]
        self.virsh("detach-interface", "plugged", "network", "--mac", "52:54:00:00:00:05", "--live")
        private.wait_for("the tap to go", lambda: device not in ip("-br", "link"))
        private.wait_for("the port to go", lambda: self.virsh("net-port-list", "brief") == "")
        self.assertEqual(self.virsh("domiflist", "plugged"), "")
        self.virsh("destroy", "plugged")
        self.remove("brief")

    def test_a_card_needs_its_network(self):
        self.assertIn("no network with matching name 'absent'", self.start("alone", "52:54:00:00:00:03", "absent"))
        path = self.define("asleep", "virbr21", 91)
        self.virsh("net-define", path)
        said = self.start("alone", "52:54:00:00:00:03", "asleep")
        self.assertIn("network 'asleep' is not active", said)
        self.assertIn("net-start asleep", said)
        self.virsh("net-autostart", "asleep")
        self.assertEqual(self.start("alone", "52:54:00:00:00:03", "asleep"), "")
        self.assertIn("virbr21", bridges())
        self.virsh("destroy", "alone")
        self.remove("asleep")

    def test_cards_on_a_bridge_and_by_themselves(self):
        ip("link", "add", "br-own", "type", "bridge")
        ip("link", "set", "br-own", "up")
        self.virsh("net-create", self.define("third", "virbr22", 92))
        said = self.start("wired", "52:54:00:00:00:04", "third",
                          "<interface type='bridge'><source bridge='br-own'/><target dev='mytap'/>"
                          "<model type='virtio'/><port isolated='yes'/></interface>"
                          "<interface type='ethernet'><target dev='lone'/><model type='e1000'/></interface>")
        self.assertEqual(said, "")
        self.assertIn("master br-own", ip("link", "show", "mytap"))
        self.assertIn("isolated on", ip("-d", "link", "show", "mytap"))
        self.assertNotIn("master", ip("link", "show", "lone"))
        self.virsh("destroy", "wired")
        private.wait_for("the taps to go", lambda: "mytap" not in ip("-br", "link"))
        self.remove("third")
        ip("link", "del", "br-own")


if __name__ == "__main__":
    private.main()
