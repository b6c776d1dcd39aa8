#!/usr/bin/python3
# deadline: 900
"""Virtual networks where something is in the way: taken bridges and subnets, dnsmasq and nft that fail, and a daemon that
is killed at any point of a start or a stop. Each is a clear error with nothing left behind, or is put right."""

import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import private
from network_test import Replaced, bridges, dnsmasq_pid, ip, is_alive, table

NEEDS = ["/usr/bin/virsh", "/usr/sbin/dnsmasq", "/usr/sbin/nft", "/usr/sbin/ip",
         "/usr/lib/python3/dist-packages/libvirt.py"]
load_tests = private.load_tests
CONFIGURATION = 'auth_unix_rw = "none"\nauth_unix_ro = "none"\n'
NAT = """<network><name>{name}</name><forward mode='nat'/><bridge name='{bridge}'/>{more}
<ip address='192.168.{net}.1' netmask='255.255.255.0'><dhcp><range start='192.168.{net}.2' end='192.168.{net}.254'/></dhcp>
</ip></network>"""
CYCLES = int(os.environ.get("VIRTUE_KILL_CYCLES") or 8)
STATE = pathlib.Path("/run/libvirt/network")


def servers(name):
    """The pids of all dnsmasq processes of a network."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"/{name}.conf".encode() in (entry / "cmdline").read_bytes() and is_alive(int(entry.name)):
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


class Case(unittest.TestCase):
    """The daemon and a connection to it."""

    configuration = ""

    def setUp(self):
        import libvirt  # only in the private world: outside, another python may run this file
        self.libvirt = libvirt
        libvirt.registerErrorHandler(lambda *_: None, None)
        pathlib.Path("/etc/libvirt/virtued.conf").write_text(CONFIGURATION + self.configuration)
        self.connection = None
        self.start()
        self.addCleanup(self.finish)

    def start(self):
        self.daemon = private.Daemon()
        self.connection = self.libvirt.open("qemu:///system")

    def finish(self):
        if self.daemon.process.poll() is None:
            for network in self.connection.listAllNetworks():
                if network.isActive():
                    network.destroy()
                if network.name() in self.connection.listDefinedNetworks():
                    network.undefine()
            self.connection.close()
            self.daemon.stop()

    def again(self, number=signal.SIGKILL, meanwhile=lambda: None):
        self.daemon.process.send_signal(number)
        self.daemon.process.wait()
        meanwhile()
        self.start()

    def refused(self, code, words, function, *arguments):
        with self.assertRaises(self.libvirt.libvirtError) as raised:
            function(*arguments)
        self.assertEqual(raised.exception.get_error_code(), code, str(raised.exception))
        self.assertIn(words, str(raised.exception))

    def nothing_of(self, name, bridge):
        """Asserts that a network leaves no trace in the kernel, the process table and the state folder."""
        self.assertNotIn(bridge, bridges())
        private.wait_for("the end of the rules", lambda: bridge not in table())
        private.wait_for("the end of dnsmasq", lambda: not servers(name))
        self.assertEqual([path.name for path in STATE.glob(f"{name}.*") if path.suffix in (".xml", ".changing", ".ports")], [])

    def whole(self, name, bridge, net):
        """Asserts that a network runs with all that belongs to it."""
        self.assertIn(f"192.168.{net}.1/24", ip("addr", "show", bridge))
        self.assertIn(f'oifname "{bridge}"', table())
        self.assertIn("masquerade", table())
        private.wait_for("dnsmasq", lambda: dnsmasq_pid(name) in servers(name))
        self.assertTrue((STATE / f"{name}.xml").exists())
        self.assertFalse((STATE / f"{name}.changing").exists())


class Faults(Case):
    def test_a_bridge_of_somebody_else_is_left_alone(self):
        ip("link", "add", "virbr50", "type", "bridge")
        self.addCleanup(ip, "link", "del", "virbr50")
        network = self.connection.networkDefineXML(NAT.format(name="robber", bridge="virbr50", net=150, more=""))
        self.refused(self.libvirt.VIR_ERR_SYSTEM_ERROR, "virbr50", network.create)
        self.assertEqual(bridges(), ["virbr50"])
        self.assertEqual(table(), "")
        self.again()
        self.assertEqual(bridges(), ["virbr50"])
        self.assertFalse(self.connection.networkLookupByName("robber").isActive())

    def test_overlapping_subnets_are_refused_whoever_has_them(self):
        self.connection.networkCreateXML(NAT.format(name="first", bridge="virbr51", net=151, more=""))
        second = self.connection.networkDefineXML(NAT.format(name="second", bridge="virbr52", net=151, more=""))
        error = self.libvirt.VIR_ERR_INTERNAL_ERROR
        self.refused(error, "Network is already in use by interface virbr51", second.create)
        wide = NAT.format(name="wide", bridge="virbr53", net=0, more="").replace("255.255.255.0", "255.255.0.0")
        self.refused(error, "Network is already in use by interface virbr51", self.connection.networkCreateXML, wide)
        ip("link", "add", "lan", "type", "veth", "peer", "name", "lanpeer")
        self.addCleanup(ip, "link", "del", "lan")
        ip("addr", "add", "10.7.0.1/16", "dev", "lan")
        ip("link", "set", "lan", "up")
        inside = NAT.format(name="inside", bridge="virbr54", net=0, more="").replace("192.168.0.", "10.7.3.")
        self.refused(error, "Network is already in use by interface lan", self.connection.networkCreateXML, inside)
        self.assertEqual(bridges(), ["virbr51"])
        self.whole("first", "virbr51", 151)

    def test_dnsmasq_that_cannot_listen_is_quoted_and_nothing_stays(self):
        network = self.connection.networkDefineXML(NAT.format(name="deaf", bridge="virbr55", net=155, more=""))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("0.0.0.0", 67))
            self.refused(self.libvirt.VIR_ERR_INTERNAL_ERROR, "Address already in use", network.create)
        self.nothing_of("deaf", "virbr55")
        network.create()
        self.whole("deaf", "virbr55", 155)

    def test_nft_that_refuses_is_quoted_and_nothing_stays(self):
        network = self.connection.networkDefineXML(NAT.format(name="bare", bridge="virbr56", net=156, more=""))
        with Replaced("/usr/sbin/nft", "echo 'Error: Could not process rule: Operation not permitted' >&2\nexit 1\n"):
            self.refused(self.libvirt.VIR_ERR_INTERNAL_ERROR, "Operation not permitted", network.create)
        self.nothing_of("bare", "virbr56")
        network.create()
        self.whole("bare", "virbr56", 156)

    def test_rules_that_cannot_be_put_back_at_once_come_back_later(self):
        self.connection.networkCreateXML(NAT.format(name="patient", bridge="virbr57", net=157, more=""))
        rules = table()
        real = shutil.copy("/usr/sbin/nft", private.directory() / "nft")
        with Replaced("/usr/sbin/nft", "exit 1\n"):
            subprocess.run([real, "flush", "ruleset"], check=True)
            private.wait_for("an attempt", lambda: "could not be put back" in self.daemon.log.read_text(errors="replace"))
        private.wait_for("the rules", lambda: table() == rules)

    def test_a_bridge_that_was_removed_while_no_daemon_ran_comes_back(self):
        self.connection.networkCreateXML(NAT.format(name="back", bridge="virbr58", net=158, more=""))
        self.again(meanwhile=lambda: ip("link", "del", "virbr58"))
        self.whole("back", "virbr58", 158)
        # Not when somebody took its subnet meanwhile: then it runs no longer, and says so.
        def taken():
            ip("link", "del", "virbr58")
            ip("link", "add", "lan", "type", "veth", "peer", "name", "lanpeer")
            ip("addr", "add", "192.168.158.9/24", "dev", "lan")
            ip("link", "set", "lan", "up")
        self.addCleanup(ip, "link", "del", "lan")
        self.again(meanwhile=taken)
        self.assertEqual(self.connection.listNetworks(), [])
        self.nothing_of("back", "virbr58")


class NoDnsmasq(Case):
    configuration = 'dnsmasq = "/nowhere/dnsmasq"\n'

    def test_a_missing_dnsmasq_is_named_and_nothing_stays(self):
        network = self.connection.networkDefineXML(NAT.format(name="mute", bridge="virbr60", net=160, more=""))
        with self.assertRaises(self.libvirt.libvirtError) as raised:
            network.create()
        self.assertIn("/nowhere/dnsmasq", str(raised.exception))
        self.nothing_of("mute", "virbr60")


class Kills(Case):
    """kill -9 in the middle: of each program that the daemon runs, and at random moments."""

    # Kills the daemon before or after the real program, when it is told to, and says when that program is done. What
    # the daemon runs beside a start or a stop, to look after the rules for instance, is not meant: `under_way` tells.
    SCRIPT = """point() {{
    [ "$(cat {folder}/point 2>/dev/null)" = "$1" ] && {under_way} || return
    rm {folder}/point
    kill -9 $(cat {folder}/pid)
    killed=yes
}}
point "{name} before"
{real} "$@"
code=$?
point "{name} after"
[ -z "$killed" ] || echo > {folder}/done
exit $code
"""
    CHANGING = f"ls {STATE}/*.changing > /dev/null 2>&1"

    def prepare(self, name, path):
        """A script that stands for a program."""
        folder = private.directory()
        real = folder / f"real-{name}"
        if not real.exists():
            shutil.copy(path, real)
        return Replaced(path, self.SCRIPT.format(folder=folder, name=name, real=real, under_way=self.CHANGING))

    def cut_off(self, point, function):
        """Calls with the daemon to be killed at a point; then starts another."""
        folder = private.directory()
        (folder / "pid").write_text(str(self.daemon.process.pid))
        (folder / "done").unlink(missing_ok=True)
        (folder / "point").write_text(point)
        with self.assertRaises(self.libvirt.libvirtError, msg=point):
            function()
        self.daemon.process.wait()
        self.assertFalse((folder / "point").exists())
        private.wait_for("the program that killed it", (folder / "done").exists)
        self.start()

    def test_a_start_or_stop_that_is_cut_off_leaves_nothing_half_made(self):
        folder = private.directory()
        hook = pathlib.Path("/etc/libvirt/hooks/network")
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\n" + self.SCRIPT.format(folder=folder, name="hook-$2", real="true", under_way="true"))
        hook.chmod(0o755)
        self.addCleanup(hook.unlink)
        self.connection.networkCreateXML(NAT.format(name="neighbour", bridge="virbr71", net=171, more=""))
        self.connection.networkDefineXML(NAT.format(name="cut", bridge="virbr70", net=170, more=""))
        limits = "<bandwidth><inbound average='1000'/></bandwidth>"
        with self.prepare("nft", "/usr/sbin/nft"), self.prepare("dnsmasq", "/usr/sbin/dnsmasq"), self.prepare("tc", "/usr/sbin/tc"):
            for point in ("hook-start before", "nft before", "nft after", "dnsmasq before", "dnsmasq after",
                          "hook-started before"):
                with self.subTest(start=point):
                    self.cut_off(point, lambda: self.connection.networkLookupByName("cut").create())
                    self.assertFalse(self.connection.networkLookupByName("cut").isActive())
                    self.nothing_of("cut", "virbr70")
                    self.whole("neighbour", "virbr71", 171)
            with self.subTest(start="transient"):
                self.cut_off("tc before", lambda: self.connection.networkCreateXML(
                    NAT.format(name="passing", bridge="virbr72", net=172, more=limits)))
                self.nothing_of("passing", "virbr72")
                self.assertEqual(sorted(self.connection.listNetworks()), ["neighbour"])
                self.assertEqual(list(pathlib.Path("/var/lib/libvirt/dnsmasq").glob("passing.*")), [])
            for point in ("nft before", "nft after", "hook-stopped before"):
                with self.subTest(stop=point):
                    network = self.connection.networkLookupByName("cut")
                    network.create()
                    self.whole("cut", "virbr70", 170)
                    self.cut_off(point, network.destroy)
                    self.assertFalse(self.connection.networkLookupByName("cut").isActive())
                    self.nothing_of("cut", "virbr70")
                    self.whole("neighbour", "virbr71", 171)
            # After all that it starts.
            self.connection.networkLookupByName("cut").create()
            self.whole("cut", "virbr70", 170)

    def test_killed_at_any_moment_a_network_runs_or_does_not(self):
        seed = int(os.environ.get("VIRTUE_KILL_SEED") or time.time_ns() % 1000000)
        chance = random.Random(seed)
        self.connection.networkDefineXML(NAT.format(name="kept", bridge="virbr73", net=173, more=""))
        for cycle in range(CYCLES):
            connection = self.libvirt.open("qemu:///system")

            def work():
                try:
                    while True:
                        network = connection.networkLookupByName("kept")
                        if network.isActive():
                            network.destroy()
                        else:
                            network.create()
                        connection.networkCreateXML(NAT.format(name="brief", bridge="virbr74", net=174, more="")).destroy()
                except self.libvirt.libvirtError:
                    pass
            thread = threading.Thread(target=work)
            thread.start()
            time.sleep(chance.random() * 0.6)
            self.again(meanwhile=thread.join)
            with self.subTest(seed=seed, cycle=cycle):
                active = self.connection.listNetworks()
                for name, bridge, net in (("kept", "virbr73", 173), ("brief", "virbr74", 174)):
                    if name in active:
                        self.whole(name, bridge, net)
                    else:
                        self.nothing_of(name, bridge)
                self.assertEqual(self.connection.listDefinedNetworks() + [name for name in active if name != "brief"], ["kept"])
            if "brief" in active:
                self.connection.networkLookupByName("brief").destroy()


class Autostart(Case):
    def test_networks_that_a_killed_daemon_did_not_come_to_start_are_started_by_the_next(self):
        for number in (1, 2):
            network = self.connection.networkDefineXML(NAT.format(name=f"auto{number}", bridge=f"virbr8{number}",
                                                                  net=180 + number, more=""))
            network.setAutostart(1)
        private.wait_for("the mark", (STATE / "autostarted").exists)
        # As after a start of the host, with a daemon that is killed at the start of the second network.
        folder = private.directory()
        real = shutil.copy("/usr/sbin/dnsmasq", folder / "real-dnsmasq")

        def meanwhile():
            (STATE / "autostarted").unlink()
            (folder / "count").write_text("")
        script = f"""echo >> {folder}/count
[ $(wc -l < {folder}/count) != 2 ] || {{ until [ -s {folder}/pid ]; do sleep 0.01; done; kill -9 $(cat {folder}/pid); killed=yes; }}
{real} "$@"
code=$?
[ -z "$killed" ] || echo > {folder}/last-is-done
exit $code
"""
        self.daemon.stop()
        meanwhile()
        with Replaced("/usr/sbin/dnsmasq", script):
            (folder / "pid").write_text("")
            begun = subprocess.Popen([private.virtued()], stdin=subprocess.DEVNULL, env=self.daemon.environment, cwd="/",
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
            (folder / "pid").write_text(str(begun.pid))
            self.assertEqual(begun.wait(private.PATIENCE), -signal.SIGKILL)
            # One that comes to work while the next daemon starts another is a different story.
            private.wait_for("the last program of the killed one", (folder / "last-is-done").exists)
        self.start()
        private.wait_for("both networks", lambda: sorted(self.connection.listNetworks()) == ["auto1", "auto2"])
        for number in (1, 2):
            self.whole(f"auto{number}", f"virbr8{number}", 180 + number)


class Shipped(Case):
    """The definition of the network `default` that comes with packages: laid into the folder, unused."""

    FILE = pathlib.Path("/etc/libvirt/qemu/networks/default.xml")

    def setUp(self):
        self.FILE.parent.mkdir(parents=True, exist_ok=True)
        self.FILE.write_text(NAT.format(name="default", bridge="virbr0", net=122, more=""))
        for link in ("lan", "lan2"):
            ip("link", "add", link, "type", "veth", "peer", "name", f"{link}peer")
            self.addCleanup(ip, "link", "del", link)
            for end in (link, f"{link}peer"):
                ip("link", "set", end, "up")

    def definition(self):
        return self.connection.networkLookupByName("default").XMLDesc(self.libvirt.VIR_NETWORK_XML_INACTIVE)

    def test_its_subnet_is_moved_at_the_first_start_where_it_is_taken(self):
        ip("addr", "add", "192.168.122.77/24", "dev", "lan")
        ip("addr", "add", "192.168.123.5/25", "dev", "lan2")
        super().setUp()
        xml = self.definition()
        self.assertIn("<ip address='192.168.124.1' netmask='255.255.255.0'>", xml)
        self.assertIn("<range start='192.168.124.2' end='192.168.124.254'/>", xml)
        self.connection.networkLookupByName("default").create()
        self.whole("default", "virbr0", 124)
        self.connection.networkLookupByName("default").destroy()
        # It stays so, whatever is free later.
        self.again(meanwhile=lambda: ip("addr", "flush", "dev", "lan"))
        self.assertEqual(self.definition(), xml)

    def test_it_is_kept_where_it_is_free_and_moved_no_more_once_known(self):
        super().setUp()
        xml = self.definition()
        self.assertIn("<ip address='192.168.122.1' netmask='255.255.255.0'>", xml)
        self.again(meanwhile=lambda: ip("addr", "add", "192.168.122.77/24", "dev", "lan"))
        self.assertEqual(self.definition(), xml)
        self.refused(self.libvirt.VIR_ERR_INTERNAL_ERROR, "Network is already in use by interface lan",
                     self.connection.networkLookupByName("default").create)


class WholeDevices(Case):
    """Networks that give guests whole virtual functions of a card, with a card that only sysfs knows."""

    PORT = ("<networkport><uuid>8f07fe28-0000-4000-8000-0000000000c{n}</uuid><owner><name>guest{n}</name><uuid>8f07fe28-0000-4000-8000-00000000000{n}</uuid></owner>"
            "<mac address='52:54:00:00:00:0{n}'/></networkport>")
    ADDRESS = "<address type='pci' domain='0x0000' bus='0x03' slot='0x10' function='0x{function}'/>"

    PLUG = ADDRESS.replace("type='pci' ", "")

    def card(self, functions):
        """A physical function `pf0` with some virtual ones."""
        for place in ("/sys/class/net", "/sys/bus/pci/devices"):
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
            self.addCleanup(subprocess.run, ["umount", place], check=True)
        device = pathlib.Path("/sys/class/net/pf0/device")
        device.mkdir(parents=True)
        for number in range(functions):
            place = pathlib.Path(f"/sys/bus/pci/devices/0000:03:10.{number}")
            place.mkdir()
            (place / "physfn").symlink_to(device)
            (device / f"virtfn{number}").symlink_to(place)

    def port(self, network, number):
        return network.portCreateXML(self.PORT.format(n=number), 0)

    def test_a_pool_gives_each_function_to_one_port(self):
        self.card(2)
        network = self.connection.networkCreateXML("<network><name>pool</name><forward mode='hostdev' managed='yes'>"
                                                   "<pf dev='pf0'/></forward></network>")
        xml = network.XMLDesc()
        for number in (0, 1):
            self.assertIn(self.ADDRESS.format(function=number), xml)
        first, second = self.port(network, 1), self.port(network, 2)
        plugs = [port.XMLDesc() for port in (first, second)]
        for number, plug in enumerate(plugs):
            self.assertIn("<plug type='hostdev-pci' managed='yes'>", plug)
            self.assertIn(self.PLUG.format(function=number), plug)
        self.refused(self.libvirt.VIR_ERR_INTERNAL_ERROR, "requires exclusive access to interfaces, but none are available",
                     self.port, network, 3)
        self.again()
        network = self.connection.networkLookupByName("pool")
        self.assertEqual(network.XMLDesc().count("<address type='pci'"), 2)
        network.portLookupByUUIDString(first.UUIDString()).delete()
        self.assertIn(self.PLUG.format(function=0), self.port(network, 4).XMLDesc())
        self.refused(self.libvirt.VIR_ERR_INTERNAL_ERROR, "none are available", self.port, network, 5)

    def test_addresses_must_be_virtual_functions(self):
        self.card(1)
        pool = "<network><name>named</name><forward mode='hostdev'>{}</forward></network>"
        network = self.connection.networkDefineXML(pool.format(self.ADDRESS.format(function=0)))
        network.create()
        self.assertIn(self.PLUG.format(function=0), self.port(network, 1).XMLDesc())
        other = pool.replace("named", "other").format(self.ADDRESS.format(function=7))
        self.refused(self.libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "is not an SR-IOV Virtual Function",
                     self.connection.networkDefineXML, other)

    def test_a_card_without_virtual_functions_makes_no_network(self):
        self.card(0)
        for device in ("pf0", "absent"):
            network = self.connection.networkDefineXML(f"<network><name>empty-{device}</name><forward mode='hostdev'>"
                                                       f"<pf dev='{device}'/></forward></network>")
            self.refused(self.libvirt.VIR_ERR_INTERNAL_ERROR, device, network.create)
            self.assertFalse(network.isActive())


class Iptables(Case):
    """The same with libvirt's chains."""

    configuration = 'firewall_backend = "iptables"\n'

    def test_chains_come_back_after_a_firewall_managers_reload_and_others_rules_stay(self):
        if not shutil.which("iptables"):
            self.skipTest("iptables is not installed")
        subprocess.run(["iptables", "-A", "FORWARD", "-d", "203.0.113.0/24", "-j", "DROP"], check=True)
        plain = self.saved("")
        self.connection.networkCreateXML(NAT.format(name="chained", bridge="virbr76", net=176, more=""))
        ours = self.saved("LIBVIRT_")
        self.assertIn("-A LIBVIRT_PRT -s 192.168.176.0/24", "\n".join(ours))
        # What iptables.service and ufw do: the whole ruleset at once, without what they do not know.
        subprocess.run(["iptables-restore"], input="\n".join(self.whole_text) + "\n", text=True, check=True)
        private.wait_for("our chains", lambda: sorted(self.saved("LIBVIRT_")) == sorted(ours))
        self.assertIn("-A FORWARD -d 203.0.113.0/24 -j DROP", self.saved(""))
        self.again(meanwhile=lambda: subprocess.run(["nft", "flush", "ruleset"], check=True))
        private.wait_for("our chains", lambda: sorted(self.saved("LIBVIRT_")) == sorted(ours))
        self.connection.networkLookupByName("chained").destroy()
        self.assertEqual([line for line in self.saved("LIBVIRT_") if "virbr76" in line or "192.168.176" in line], [])
        self.assertTrue(plain)

    def saved(self, part):
        """Lines of iptables-save with `part`, comments and counters left out; the first call keeps the whole text."""
        text = subprocess.run(["iptables-save"], stdout=subprocess.PIPE, text=True, check=True).stdout
        lines = [re.sub(r" \[\d+:\d+\]", "", line) for line in text.splitlines() if not line.startswith("#")]
        if not hasattr(self, "whole_text"):
            self.whole_text = lines
        return [line for line in lines if part in line]


if __name__ == "__main__":
    private.main()
