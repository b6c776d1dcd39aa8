#!/usr/bin/python3
# deadline: 1500
"""Virtual networks as their guests see them: two Linux guests with addresses, names and a way out, walls where there are
to be walls, and all of it while others flush the firewall and the daemon dies."""

import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import threading
import time
import unittest

import private
from network_test import VIRSH, dnsmasq_pid, ip, is_alive, table

NEEDS = ["/usr/bin/virsh", "/usr/bin/qemu-system-x86_64", "/usr/sbin/dnsmasq", "/usr/sbin/nft", "/usr/sbin/ip",
         "/usr/bin/busybox", "/usr/lib/python3/dist-packages/libvirt.py", "/usr/lib/x86_64-linux-gnu/libnss_libvirt_guest.so.2"]
load_tests = private.load_tests

NAT = """<network><name>{name}</name><forward mode='nat'/><bridge name='{bridge}'/>
<ip address='192.168.{net}.1' netmask='255.255.255.0'><dhcp><range start='192.168.{net}.2' end='192.168.{net}.40'/></dhcp>
</ip></network>"""
SHUT = """<network><name>shut</name><bridge name='virbr42'/><ip address='192.168.142.1' netmask='255.255.255.0'/>
</network>"""
CARD = "<interface type='network'><source network='{network}'/><mac address='{mac}'/><model type='virtio'/>{more}</interface>"
ISOLATED = "<port isolated='yes'/>"
OUTSIDE = "10.99.0.2"
# What firewall managers load: the ruleset of nftables.service's file, and a table that firewalld makes anew.
SERVICE = """flush ruleset
table inet filter {
    chain input { type filter hook input priority filter; policy accept; tcp dport 7 drop; }
    chain forward { type filter hook forward priority filter; policy accept; ip daddr 203.0.113.0/24 drop; }
    chain output { type filter hook output priority filter; policy accept; }
}
"""
MANAGER = """table inet firewalld
delete table inet firewalld
table inet firewalld {
    chain filter_FORWARD { type filter hook forward priority filter + 10; policy accept; ct state invalid drop; }
    chain nat_POSTROUTING { type nat hook postrouting priority srcnat + 10; policy accept; oifname "nowhere" masquerade; }
}
"""


def nft(text, *words):
    return subprocess.run(["nft", *words] if words else ["nft", "-f", "-"], input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=True).stdout


def others():
    """All tables but ours, with their handles: what another program would find."""
    names = [line for line in nft(None, "list", "tables").splitlines() if not line.endswith(" virtue_network")]
    return {name: nft(None, "-a", "list", *name.split()) for name in names}


def greeting(address, prefix=()):
    """What a guest's server says, or why it cannot be asked."""
    return subprocess.run([*prefix, "busybox", "nc", "-w", "60", address, "7777"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout


class Console:
    """A shell on a guest's serial line."""

    def __init__(self, path):
        self.terminal = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.heard = ""
        private.wait_for("the guest's shell", self._prompted)

    def _prompted(self):
        os.write(self.terminal, b"\n")
        self._listen(1)
        return private.PROMPT in self.heard

    def _listen(self, seconds):
        if select.select([self.terminal], [], [], seconds)[0]:
            try:
                self.heard += os.read(self.terminal, 65536).decode(errors="replace").replace("\r", "")
            except BlockingIOError:
                pass

    def run(self, command):
        """Its exit code and what it printed."""
        while select.select([self.terminal], [], [], 0)[0]:
            self._listen(0)
        self.heard = ""
        # The command as it is echoed, by the terminal and by the shell's editor, does not look like the marks.
        os.write(self.terminal, f"echo \"<\"begin\">\"; {command}; echo \"<$?>\"\n".encode())

        def ended():
            self._listen(1)
            return re.search(r"\n<begin>\n(.*?)^<(\d+)>\n", self.heard, re.DOTALL | re.MULTILINE)
        found = private.wait_for(f"the end of '{command}' in the guest; it said {self.heard[-500:]!r}", ended)
        return int(found[2]), found[1]

    def close(self):
        os.close(self.terminal)


class FirstPackets(threading.Thread):
    """Listens on a bridge for the moment at which DHCP gives each guest its address, or it first uses it."""

    def __init__(self, bridge):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((bridge, 0))
        self.moments = {}
        self.start()

    def run(self):
        while True:
            try:
                frame = self.socket.recv(2048)
            except OSError:
                return  # a test removed the bridge
            # An acknowledgement of DHCP, or an ARP packet of the guest about itself.
            if frame[12:14] == b"\x08\x00" and frame[23] == 17 and b"\x63\x82\x53\x63\x35\x01\x05" in frame:
                self.moments.setdefault(frame[70:76].hex(":"), time.monotonic())
            elif frame[12:14] == b"\x08\x06" and any(frame[28:32]):
                self.moments.setdefault(frame[22:28].hex(":"), time.monotonic())


class TwoGuests(unittest.TestCase):
    """Three networks with two guests, and a host beyond the NAT. All tests share them and leave them as they were."""

    @classmethod
    def setUpClass(cls):
        import libvirt  # only in the private world: outside, another python may run this file
        cls.libvirt = libvirt
        pathlib.Path("/etc/libvirt/virtued.conf").write_text('auth_unix_rw = "none"\nauth_unix_ro = "none"\n')
        cls.daemon = private.Daemon()
        cls.addClassCleanup(lambda: cls.daemon.stop())
        ip("netns", "add", "outside")
        ip("link", "add", "out0", "type", "veth", "peer", "name", "eth0", "netns", "outside")
        ip("addr", "add", "10.99.0.1/24", "dev", "out0")
        ip("-n", "outside", "addr", "add", f"{OUTSIDE}/24", "dev", "eth0")
        ip("link", "set", "out0", "up")
        ip("-n", "outside", "link", "set", "eth0", "up")
        for xml in (NAT.format(name="home", bridge="virbr40", net=140), NAT.format(name="away", bridge="virbr41", net=141), SHUT):
            cls.virsh("net-create", cls.written("network.xml", xml))
        cls.packets = FirstPackets("virbr40")
        cls.seen = {}
        looking = threading.Thread(target=cls.look, daemon=True)
        looking.start()
        cls.boot("one", [("home", 1, ""), ("shut", 2, ISOLATED)])
        cls.boot("two", [("home", 3, ""), ("shut", 4, ISOLATED), ("away", 5, "")])
        cls.consoles = {name: Console(cls.virsh("ttyconsole", name)) for name in ("one", "two")}
        looking.join(private.PATIENCE)
        cls.addresses = {name: address for name, (address, _) in cls.seen.items()}
        for number, (name, console) in enumerate(cls.consoles.items()):
            # Each tells its name, as most systems do, and gets addresses in the network that gives out none.
            code, said = console.run(f"killall udhcpc; udhcpc -i eth0 -n -q -t 20 -x hostname:{name} -s /etc/udhcpc")
            assert code == 0, said
            console.run(f"ip addr add 192.168.142.{50 + number}/24 dev eth1; ip link set eth1 up")
        cls.consoles["two"].run("ip addr add 192.168.141.50/24 dev eth2; ip link set eth2 up")

    @classmethod
    def tearDownClass(cls):
        for name in ("one", "two"):
            cls.virsh("destroy", name, check=False)

    @classmethod
    def virsh(cls, *words, check=True):
        return cls.daemon.run([*VIRSH, *words], check=check).strip()

    @staticmethod
    def written(name, text):
        path = private.directory() / name
        path.write_text(text)
        return str(path)

    @classmethod
    def boot(cls, name, cards):
        devices = "".join(CARD.format(network=network, mac=f"52:54:00:40:00:0{number}", more=more)
                          for network, number, more in cards)
        cls.virsh("create", cls.written(f"{name}.xml", private.guest_xml(name).replace("<devices>", "<devices>" + devices)))

    @classmethod
    def look(cls):
        """Asks for the guests' addresses until both are known, and notes when."""
        connection = cls.libvirt.open("qemu:///system")
        end = time.monotonic() + private.PATIENCE
        while len(cls.seen) < 2 and time.monotonic() < end:
            for domain in connection.listAllDomains():
                if domain.name() in cls.seen:
                    continue
                for card in domain.interfaceAddresses(cls.libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE).values():
                    if card["addrs"]:
                        cls.seen[domain.name()] = (card["addrs"][0]["addr"], time.monotonic())
            time.sleep(0.05)
        connection.close()

    @classmethod
    def in_guest(cls, name, command):
        return cls.consoles[name].run(command)

    def reaches(self, name, target, more=""):
        """Waits until it does: neighbours and new bridges take their moment. Gives what the ping said."""
        def answered():
            code, said = self.in_guest(name, f"ping -c 3 -W 5 {more} {target}")
            return said if code == 0 else None
        return private.wait_for(f"an answer of {target} to {name}", answered)


    def test_domifaddr_tells_the_addresses_that_the_guests_have(self):
        for name, mac in (("one", "52:54:00:40:00:01"), ("two", "52:54:00:40:00:03")):
            _, said = self.in_guest(name, "ip -4 -o addr show eth0")
            self.assertIn(f"inet {self.addresses[name]}/24", said)
            self.assertIn(mac, self.packets.moments)
            print(f"{name}: told {self.seen[name][1] - self.packets.moments[mac]:.2f} s after its first packet")
            listed = self.virsh("domifaddr", name).split()
            self.assertEqual(listed[1:], [mac, "ipv4", f"{self.addresses[name]}/24"])
            merged = self.daemon.run([private.virtued().parent / "virtue", "-q", "-c", "qemu:///system", "domifaddr", name,
                                      "--source", "any"])
            self.assertEqual(merged.count(self.addresses[name] + "/"), 1)
        # What no server gave out is told once the guest talks to the host.
        self.reaches("one", "192.168.142.1")
        self.assertIn("192.168.142.50", self.virsh("domifaddr", "one", "--source", "arp"))
        merged = self.daemon.run([private.virtued().parent / "virtue", "-q", "-c", "qemu:///system", "domifaddr", "one",
                                  "--source", "any"])
        self.assertIn("192.168.142.50", merged)
        self.assertIn("one", self.virsh("net-dhcp-leases", "home"))

    def test_the_guests_know_one_another_by_name(self):
        for name, other in (("one", "two"), ("two", "one")):
            self.assertIn(f"Name:\t{other}\nAddress: {self.addresses[other]}", self.in_guest(name, f"nslookup {other}")[1])
            self.assertIn(f"({self.addresses[other]})", self.reaches(name, other))

    def test_the_host_knows_the_guests_by_name(self):
        # libvirt's modules for the host's own look-ups: by what a guest calls itself, and by its name here.
        for module in ("libvirt", "libvirt_guest"):
            said = self.daemon.run(["getent", "-s", f"hosts:{module}", "ahostsv4", "two"])
            self.assertEqual({line.split()[0] for line in said.splitlines()}, {self.addresses["two"]}, module)

    def test_the_guests_reach_a_host_beyond_the_nat_which_cannot_reach_them(self):
        for name in ("one", "two"):
            self.reaches(name, OUTSIDE)
        # It has no way back to the guests' subnet: only the host's own address could be answered. With a way, the host
        # refuses: the guests are behind it.
        ip("-n", "outside", "route", "add", "192.168.140.0/24", "via", "10.99.0.1")
        self.addCleanup(ip, "-n", "outside", "route", "del", "192.168.140.0/24")
        self.serve("one")
        self.assertEqual(greeting(self.addresses["one"]), "hello\n")
        self.assertIn("Connection refused", greeting(self.addresses["one"], ["ip", "netns", "exec", "outside"]))

    def test_two_networks_are_walled_off_from_each_other(self):
        self.serve("two")
        self.assertEqual(greeting("192.168.141.50"), "hello\n")
        self.assertIn("hello", self.in_guest("one", f"nc -w 60 {self.addresses['two']} 7777 < /dev/null")[1])
        self.assertIn("Connection refused", self.in_guest("one", "nc -w 60 192.168.141.50 7777 < /dev/null")[1])
        self.assertNotEqual(self.in_guest("one", "ping -c 2 -W 2 192.168.141.50")[0], 0)

    def serve(self, name):
        """A greeting on a port of the guest."""
        self.in_guest(name, "(nc -ll -p 7777 -e echo hello > /dev/null 2>&1 &)")
        self.addCleanup(self.in_guest, name, "killall nc")
        private.wait_for("the server", lambda: self.in_guest(name, "nc -w 5 127.0.0.1 7777 < /dev/null")[1].strip() == "hello")

    def test_isolated_ports_reach_the_host_only(self):
        for name, other in (("one", "192.168.142.51"), ("two", "192.168.142.50")):
            self.reaches(name, "192.168.142.1", "-I eth1")
            code, said = self.in_guest(name, f"ping -c 2 -W 2 -I eth1 {other}")
            self.assertNotEqual(code, 0, said)
        # It is the ports that keep them apart.
        taps = re.findall(r"(vnet\d+)", ip("-br", "link", "show", "master", "virbr42"))
        self.assertEqual(len(taps), 2)
        for tap in taps:
            ip("link", "set", tap, "type", "bridge_slave", "isolated", "off")
        self.reaches("one", "192.168.142.51", "-I eth1")
        for tap in taps:
            ip("link", "set", tap, "type", "bridge_slave", "isolated", "on")

    # -- while a guest talks to the host beyond the NAT, on and on

    def talk(self):
        # The file is there, and empty, before anybody looks into it: what goes into the background makes it later.
        self.in_guest("one", f": > /tmp/answers; (ping {OUTSIDE} >> /tmp/answers 2>&1 &)")
        self.addCleanup(self.in_guest, "one", "killall ping")
        self.goes_on()

    def answers(self):
        return int(self.in_guest("one", "grep -c 'bytes from' /tmp/answers")[1].split()[0])

    def goes_on(self):
        """The ping that began before gets answers, and so does a new one."""
        before = self.answers()
        private.wait_for("more answers to the guest's ping", lambda: self.answers() > before)
        self.reaches("two", OUTSIDE)

    def come_back(self, rules, what):
        begin = time.monotonic()
        private.wait_for("the rules", lambda: table() == rules)
        print(f"{what}: the rules were back after {time.monotonic() - begin:.2f} s")

    def again(self, signal_number, meanwhile=lambda: None):
        """Ends the daemon, lets something happen, and starts another."""
        self.daemon.process.send_signal(signal_number)
        self.daemon.process.wait()
        meanwhile()
        type(self).daemon = private.Daemon()

    def test_flushed_rules_come_back(self):
        self.talk()
        rules = table()
        self.assertIn("masquerade", rules)
        nft(None, "flush", "ruleset")
        self.come_back(rules, "nft flush ruleset")
        self.goes_on()

    def test_a_firewall_managers_reload_costs_nothing(self):
        self.talk()
        rules = table()
        nft(MANAGER)
        nft(SERVICE)
        before = others()
        self.assertEqual(len(before), 1)
        self.come_back(rules, "reload of nftables.service")
        self.assertEqual(others(), before)
        nft(MANAGER)
        before = others()
        self.assertEqual(len(before), 2)
        nft(MANAGER)
        self.assertEqual(table(), rules)
        self.goes_on()
        after = others()
        self.assertEqual(after["table inet filter"], before["table inet filter"])
        self.addCleanup(nft, "delete table inet filter\ndelete table inet firewalld\n")

    def test_rules_outlive_the_daemon_and_come_back_with_it(self):
        self.talk()
        nft(MANAGER)
        self.addCleanup(nft, "delete table inet firewalld\n")
        rules, before = table(), others()

        def meanwhile():
            self.assertEqual(table(), rules)
            self.goes_on()
            nft("delete table inet virtue_network\n")
        for number, how in ((signal.SIGTERM, "stopped"), (signal.SIGKILL, "killed")):
            self.again(number, meanwhile)
            self.come_back(rules, f"daemon {how}")
            self.assertEqual(others(), before)
            self.goes_on()

    def test_a_bridge_that_is_removed_comes_back_with_its_guests(self):
        self.talk()
        ip("link", "del", "virbr40")
        private.wait_for("the guests on the new bridge", lambda: self.taps() == 2)
        self.goes_on()

    def test_a_bridge_that_is_removed_while_no_daemon_runs_comes_back_with_its_guests(self):
        self.talk()
        rules = table()
        self.again(signal.SIGKILL, lambda: ip("link", "del", "virbr40"))
        self.assertIn("home", self.virsh("net-list", "--name").split())
        private.wait_for("the guests on the new bridge", lambda: self.taps() == 2)
        self.come_back(rules, "removed bridge")
        self.goes_on()

    def test_dnsmasq_is_back_and_answers_the_guests(self):
        pid = dnsmasq_pid("home")
        os.kill(pid, 9)
        private.wait_for("another dnsmasq", lambda: self.other(pid))
        private.wait_for("its answer", lambda: f"Name:\ttwo\nAddress: {self.addresses['two']}"
                         in self.in_guest("one", "nslookup two")[1])

    @staticmethod
    def taps():
        """How many cards are on the network's bridge."""
        done = subprocess.run(["ip", "-br", "link", "show", "master", "virbr40"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False)
        return done.stdout.count("vnet")

    @staticmethod
    def other(former):
        pid = dnsmasq_pid("home")
        return pid not in (0, former) and is_alive(pid)


if __name__ == "__main__":
    private.main()
