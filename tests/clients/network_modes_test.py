#!/usr/bin/python3
# deadline: 600
"""What each forward mode lets through, with real packets: a namespace stands for a guest on the network's bridge, another
for a host beyond ours."""

import subprocess
import time
import unittest

import private
from network_test import Case, ip

NEEDS = ["/usr/bin/virsh", "/usr/sbin/dnsmasq", "/usr/sbin/nft", "/usr/sbin/ip", "/usr/bin/busybox"]
load_tests = private.load_tests
NETWORK = """<network><name>net</name>{forward}<bridge name='virbr90' stp='off'/>{more}
<ip address='192.168.190.1' prefix='24'><dhcp><range start='192.168.190.2' end='192.168.190.20'/></dhcp></ip>
<ip family='ipv6' address='fd00:190::1' prefix='64'/></network>"""
HOSTS = {"4": ("192.168.190.50", "192.168.190.1", "10.99.0.2"), "6": ("fd00:190::50", "fd00:190::1", "fd00:99::2")}
PATIENCE = 120  # seconds in which a packet comes through where it may
# Tells who connects, once.
WHO = ("import socket; s = socket.create_server(('10.99.0.2', 7777)); print('ready', flush=True); "
       "print(*s.accept()[1], flush=True)")
ASK = ("import socket, time; s = socket.socket(); s.settimeout(120); s.connect(('10.99.0.2', 7777))")


def inside(namespace, *words):
    return subprocess.run(["ip", "netns", "exec", namespace, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)


class Modes(Case):
    def setUp(self):
        super().setUp()
        for namespace in ("guest", "outside"):
            ip("netns", "add", namespace)
            self.addCleanup(ip, "netns", "del", namespace)
            ip("-n", namespace, "link", "set", "lo", "up")
        ip("link", "add", "out0", "type", "veth", "peer", "name", "eth0", "netns", "outside")
        for address, peer in (("10.99.0.1/24", "10.99.0.2/24"), ("fd00:99::1/64", "fd00:99::2/64")):
            ip("addr", "add", address, "dev", "out0", *(["nodad"] if ":" in address else []))
            ip("-n", "outside", "addr", "add", peer, "dev", "eth0", *(["nodad"] if ":" in address else []))
        ip("link", "set", "out0", "up")
        ip("-n", "outside", "link", "set", "eth0", "up")
        self.addCleanup(self.remove, "net")

    def network(self, forward, more=""):
        path = private.directory() / "net.xml"
        path.write_text(NETWORK.format(forward=forward, more=more))
        self.virsh("net-create", str(path))
        ip("link", "add", "card", "type", "veth", "peer", "name", "eth0", "netns", "guest")
        ip("link", "set", "card", "master", "virbr90", "up")
        ip("-n", "guest", "link", "set", "eth0", "up")
        private.wait_for("the bridge's port", lambda: "state forwarding" in ip("-d", "link", "show", "card"))
        for own, gateway, _ in HOSTS.values():
            more = ["nodad"] if ":" in own else []
            ip("-n", "guest", "addr", "add", own + ("/64" if more else "/24"), "dev", "eth0", *more)
            ip("-n", "guest", "route", "add", "default", "via", gateway)

    def way_back(self):
        """The host beyond knows where the guests are."""
        ip("-n", "outside", "route", "add", "192.168.190.0/24", "via", "10.99.0.1")
        ip("-n", "outside", "route", "add", "fd00:190::/64", "via", "fd00:99::1")

    def passes(self, source, target, family, patience=PATIENCE):
        """Whether a ping is answered; with patience where it should be: neighbours and routes take a moment."""
        end = time.monotonic() + patience
        while True:
            if inside(source, "busybox", "ping" + family.replace("4", ""), "-c", "1", "-W", "2", target).returncode == 0:
                return True
            if time.monotonic() > end:
                return False

    def check(self, family, out, back):
        own, gateway, beyond = HOSTS[family]
        self.assertTrue(self.passes("guest", gateway, family), "the guest reaches its host")
        self.assertEqual(self.passes("guest", beyond, family, PATIENCE if out else 0), out)
        self.assertEqual(self.passes("outside", own, family, PATIENCE if back else 0), back)

    def test_nat_lets_out_and_hides(self):
        self.network("<forward mode='nat'/>")
        self.check("4", out=True, back=False)
        self.way_back()
        self.check("4", out=True, back=False)
        # IPv6 is routed unless it is to be translated, too.
        self.check("6", out=True, back=True)

    def test_nat_of_ipv6(self):
        self.network("<forward mode='nat'><nat ipv6='yes'/></forward>")
        self.check("6", out=True, back=False)
        self.way_back()
        self.check("6", out=True, back=False)

    def test_nat_with_addresses_and_ports_of_its_own(self):
        ip("addr", "add", "10.99.0.30/24", "dev", "out0")
        self.network("<forward mode='nat'><nat><address start='10.99.0.30' end='10.99.0.30'/><port start='5000' end='5010'/></nat>"
                     "</forward>")
        with subprocess.Popen(["ip", "netns", "exec", "outside", "/usr/bin/python3", "-c", WHO], stdout=subprocess.PIPE,
                              text=True) as server:
            self.assertEqual(server.stdout.readline(), "ready\n")
            asked = inside("guest", "/usr/bin/python3", "-c", ASK)
            if asked.returncode != 0:
                server.kill()
            answer = server.stdout.readline()
        self.assertEqual(asked.returncode, 0, asked.stdout)
        address, port = answer.split()
        self.assertEqual(address, "10.99.0.30")
        self.assertIn(int(port), range(5000, 5011))

    def test_routed_guests_reach_and_are_reached(self):
        self.network("<forward mode='route'/>")
        self.way_back()
        for family in HOSTS:
            self.check(family, out=True, back=True)

    def test_an_isolated_network_has_no_way_out_or_in(self):
        self.network("")
        self.way_back()
        for family in HOSTS:
            self.check(family, out=False, back=False)

    def test_an_open_network_leaves_it_to_the_host(self):
        self.network("<forward mode='open'/>")
        self.way_back()
        for family in HOSTS:
            self.check(family, out=True, back=True)
        subprocess.run(["nft", "-f", "-"], input="table inet mine { chain f { type filter hook forward priority 0; "
                       "iifname virbr90 drop; }; }\n", text=True, check=True)
        self.addCleanup(subprocess.run, ["nft", "delete", "table", "inet", "mine"], check=True)
        self.check("4", out=False, back=False)

    def test_guests_get_addresses_and_names_of_both_families(self):
        self.network("<forward mode='nat'/>", "<dns><host ip='192.168.190.77'><hostname>printer</hostname></host>"
                     "<txt name='note' value='hello'/></dns><domain name='lan.example' localOnly='yes'/>")
        # By router advertisements, with no server of addresses.
        ip("-n", "guest", "addr", "flush", "dev", "eth0", "scope", "global")
        ip("-n", "guest", "link", "set", "eth0", "down")
        ip("-n", "guest", "link", "set", "eth0", "up")
        private.wait_for("an address by advertisement", lambda: "fd00:190:" in ip("-n", "guest", "-6", "addr", "show", "eth0"))
        ip("-n", "guest", "addr", "add", "192.168.190.50/24", "dev", "eth0")
        for name in ("printer", "printer.lan.example"):
            self.asked("a", name, "192.168.190.77")
        self.asked("txt", "note", "hello")

    @staticmethod
    def asked(kind, name, answer):
        """Waits for an answer of the network's server of names."""
        private.wait_for(f"{answer} for {name}", lambda: answer in inside(
            "guest", "busybox", "nslookup", f"-type={kind}", name, "192.168.190.1").stdout)


if __name__ == "__main__":
    private.main()
