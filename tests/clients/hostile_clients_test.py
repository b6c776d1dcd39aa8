#!/usr/bin/python3
# deadline: 600
"""Networks and others in the hands of careless and hostile clients, and on a host where much goes on: words that would be
more than words in the configuration of other programs, ports that say too much of themselves, starts that fail half way,
definitions of the greatest size."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

import private
from network_faults_test import NAT, STATE, Case, servers
from network_test import Replaced, bridges, dnsmasq_pid, ip, table

NEEDS = ["/usr/bin/virsh", "/usr/sbin/dnsmasq", "/usr/sbin/nft", "/usr/sbin/ip", "/usr/lib/python3/dist-packages/libvirt.py"]
load_tests = private.load_tests
PORT = ("<networkport><uuid>8f07fe28-0000-4000-8000-00000000000{last}</uuid><owner><name>guest</name><uuid>8f07fe28-0000-4000-8000-0000000000aa</uuid></owner>"
        "<mac address='52:54:00:00:00:07'/><bandwidth classID='{number}'><inbound average='100' floor='50'/></bandwidth>"
        "<plug type='network' bridge='{bridge}'/></networkport>")


class Words(Case):
    def test_a_forward_device_is_no_piece_of_a_firewall_script(self):
        subprocess.run(["nft", "-f", "-"], input="table inet other {\n chain kept {\n }\n}\n", text=True, check=True)
        evil = "x&quot; accept&#10;}&#10;}&#10;delete table inet other&#10;#"
        xml = NAT.format(name="evil", bridge="virbr61", net=161, more="").replace(
            "<forward mode='nat'/>", f"<forward mode='nat' dev='{evil}'/>")
        words = "is no name of a network device"
        self.refused(self.libvirt.VIR_ERR_CONFIG_UNSUPPORTED, words, self.connection.networkCreateXML, xml)
        # libvirt takes the definition; there is no start of it.
        network = self.connection.networkDefineXML(xml)
        self.refused(self.libvirt.VIR_ERR_CONFIG_UNSUPPORTED, words, network.create)
        self.again()
        self.refused(self.libvirt.VIR_ERR_CONFIG_UNSUPPORTED, words, self.connection.networkLookupByName("evil").create)
        running = self.connection.networkCreateXML(NAT.format(name="evil2", bridge="virbr69", net=169, more=""))
        self.refused(self.libvirt.VIR_ERR_CONFIG_UNSUPPORTED, words, running.update, self.libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST,
                     self.libvirt.VIR_NETWORK_SECTION_FORWARD_INTERFACE, -1, f"<interface dev='{evil}'/>", 0)
        self.whole("evil2", "virbr69", 169)
        running.destroy()
        self.assertIn("chain kept", subprocess.run(["nft", "list", "ruleset"], stdout=subprocess.PIPE, text=True, check=True).stdout)
        self.nothing_of("evil", "virbr61")

    def test_a_record_is_no_second_line_for_dnsmasq(self):
        touched = private.directory() / "touched"
        script = private.directory() / "script"
        script.write_text(f"#!/bin/sh\ntouch {touched}\n")
        script.chmod(0o755)
        for record in (f"<dns><txt name='a' value='b&#10;dhcp-script={script}'/></dns>",
                       f"<domain name='a&#10;dhcp-script={script}'/>"):
            self.refused(self.libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "line break", self.connection.networkCreateXML,
                         NAT.format(name="lines", bridge="virbr62", net=162, more=record))
        network = self.connection.networkCreateXML(NAT.format(name="lines", bridge="virbr62", net=162, more=""))
        add = (self.libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, self.libvirt.VIR_NETWORK_SECTION_DNS_TXT, -1)
        self.refused(self.libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "line break", network.update, *add,
                     f"<txt name='a' value='b&#10;dhcp-script={script}'/>", 0)
        # dnsmasq reads 1024 bytes at a time: what follows would be a line of its own.
        long = "x" * (1024 - len("txt-record=a,")) + f"dhcp-script={script}"
        self.refused(self.libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "at most", network.update, *add, f"<txt name='a' value='{long}'/>", 0)
        configuration = pathlib.Path("/var/lib/libvirt/dnsmasq/lines.conf").read_text()
        self.assertNotIn(str(script), configuration)
        network.update(*add, "<txt name='a' value='b'/>", 0)
        self.whole("lines", "virbr62", 162)
        self.assertFalse(touched.exists())

    def test_a_name_with_signs_of_dnsmasqs_is_served_and_leaves_no_server_behind(self):
        name = 'a #"b'
        network = self.connection.networkDefineXML(NAT.format(name="a #&quot;b", bridge="virbr63", net=163, more=""))
        for _ in range(2):
            network.create()
            self.assertTrue((STATE / f"{name}.pid").exists())
            self.assertIn(dnsmasq_pid(name), servers(name))
            network.destroy()
            private.wait_for("the end of dnsmasq", lambda: not servers(name))

    def test_a_server_that_was_not_heard_of_goes_with_the_start_that_failed(self):
        network = self.connection.networkDefineXML(NAT.format(name="unheard", bridge="virbr64", net=164, more=""))
        real = shutil.copy("/usr/sbin/dnsmasq", private.directory() / "real-dnsmasq")
        with Replaced("/usr/sbin/dnsmasq", f'{real} "$@"\nrm {STATE}/unheard.pid\n'):
            self.refused(self.libvirt.VIR_ERR_INTERNAL_ERROR, "ended at once", network.create)
        self.nothing_of("unheard", "virbr64")


class Ports(Case):
    def test_a_port_that_is_brought_along_has_a_class_that_can_be_its_own(self):
        limits = "<bandwidth><inbound average='1000'/></bandwidth>"
        with Replaced("/usr/sbin/tc", "exit 0\n"):
            network = self.connection.networkCreateXML(NAT.format(name="classes", bridge="virbr65", net=165, more=limits))
            reclaim = self.libvirt.VIR_NETWORK_PORT_CREATE_RECLAIM
            for number in (1, 4294967295):
                self.refused(self.libvirt.VIR_ERR_INVALID_ARG, "must be between", network.portCreateXML,
                             PORT.format(number=number, bridge="virbr65", last=1), reclaim)
            port = network.portCreateXML(PORT.format(number=7, bridge="virbr65", last=2), reclaim)
            self.refused(self.libvirt.VIR_ERR_INVALID_ARG, "is that of port", network.portCreateXML,
                         PORT.format(number=7, bridge="virbr65", last=3), reclaim)
            self.assertIn("<class_id bitmap='0-2,7'/>", (STATE / "classes.xml").read_text())
            port.delete()

    def test_a_port_that_could_not_be_made_is_not_there_after_a_restart(self):
        network = self.connection.networkCreateXML(NAT.format(name="halfport", bridge="virbr66", net=166, more=""))
        plain = re.sub("<bandwidth.*</bandwidth>|<plug.*/>", "", PORT.format(number=0, bridge="", last=4))
        network.portCreateXML(plain, 0).delete()
        # Its file can be written, the network's cannot.
        status = STATE / "halfport.xml"
        kept = status.read_text()
        status.unlink()
        (status / "in-the-way").mkdir(parents=True)
        with self.assertRaises(self.libvirt.libvirtError):
            network.portCreateXML(plain, 0)
        shutil.rmtree(status)
        status.write_text(kept)
        self.again()
        self.assertEqual(self.connection.networkLookupByName("halfport").listAllPorts(), [])


class Large(Case):
    def test_what_is_as_large_as_a_client_may_send_is_there_after_a_restart(self):
        long = "&lt;" * 900000  # 3.6 MB of the 4 MiB that a text may have
        kept = {"secret": "8f07fe28-0000-4000-8000-0000000000bb", "pool": "large"}
        self.connection.secretDefineXML(f"<secret><uuid>{kept['secret']}</uuid><description>{long}</description></secret>")
        self.connection.storagePoolDefineXML("<pool type='dir'><name>large</name><target><path>/var/lib/libvirt/large"
                                             f"{'/' * 3900000}</path></target></pool>")
        self.again()
        self.assertEqual(self.connection.listSecrets(), [kept["secret"]])
        self.assertEqual(self.connection.listDefinedStoragePools(), [kept["pool"]])
        self.connection.secretLookupByUUIDString(kept["secret"]).undefine()
        self.connection.storagePoolLookupByName("large").undefine()


class Many(Case):
    GUEST = """<domain type='qemu'><name>many</name><memory unit='MiB'>64</memory><vcpu>2147483647</vcpu>
<os><type machine='pc'>hvm</type></os><cpu><numa><cell id='0' cpus='0' memory='32768'/><cell id='1' cpus='1' memory='32768'/>
</numa></cpu></domain>"""

    def peak(self):
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1])

    def test_processors_without_number_cost_no_memory(self):
        before = self.peak()
        self.refused(self.libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "Maximum CPUs", self.connection.defineXML, self.GUEST)
        self.assertLess(self.peak() - before, 300 << 10)


class Busy(Case):
    @staticmethod
    def number_of_a_new_link():
        ip("link", "add", "probe", "type", "bridge")
        number = json.loads(ip("-j", "link", "show", "probe"))[0]["ifindex"]
        ip("link", "del", "probe")
        return number

    def test_rules_come_back_while_links_come_and_go_all_the_time(self):
        self.connection.networkCreateXML(NAT.format(name="calm", bridge="virbr67", net=167, more=""))
        rules = table()
        # No pause is long enough to call it calm, and there is no end to it; it leaves a host with one processor to others.
        with subprocess.Popen(["nice", "sh", "-c", "yes 'link add noise type bridge\nlink del noise' | ip -force -batch -"],
                              start_new_session=True) as noise:
            try:
                # Each link has a number of its own: others were made between two of ours.
                private.wait_for("the noise", lambda: self.number_of_a_new_link() + 1 < self.number_of_a_new_link())
                subprocess.run(["nft", "flush", "ruleset"], check=True)
                private.wait_for("the rules", lambda: table() == rules)
                self.assertIsNone(noise.poll())
            finally:
                os.killpg(noise.pid, signal.SIGKILL)


class HalfIptables(Case):
    configuration = 'firewall_backend = "iptables"\n'

    def test_a_start_that_fails_at_the_second_family_leaves_no_rules_of_the_first(self):
        six = "<ip family='ipv6' address='fd00:9::1' prefix='64'/></network>"
        network = self.connection.networkDefineXML(
            NAT.format(name="half", bridge="virbr68", net=168, more="").replace("</network>", six))
        # The programs are links to one: another stands at the end of one of them.
        links = private.directory() / "alternatives"
        shutil.copytree("/etc/alternatives", links, symlinks=True)
        script = private.directory() / "ip6tables-restore"
        script.write_text('#!/bin/sh\ninput=$(cat)\ncase "$input" in *virbr68*) echo refused >&2; exit 1 ;; esac\n'
                          'printf "%s\\n" "$input" | /usr/sbin/ip6tables-nft-restore "$@"\n')
        script.chmod(0o755)
        (links / "ip6tables-restore").unlink()
        (links / "ip6tables-restore").symlink_to(script)
        subprocess.run(["mount", "--bind", str(links), "/etc/alternatives"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/etc/alternatives"], check=True)
        self.refused(self.libvirt.VIR_ERR_INTERNAL_ERROR, "refused", network.create)
        left = subprocess.run(["iptables-save"], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertNotIn("virbr68", left)
        self.assertNotIn("192.168.168", left)
        self.assertNotIn("virbr68", bridges())


if __name__ == "__main__":
    private.main()
