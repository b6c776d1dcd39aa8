#!/usr/bin/python3
# deadline: 600
"""Networks and others in the hands of careless and hostile clients, and on a host where much goes on: words that would be
more than words in the configuration of other programs, ports that say too much of themselves, starts that fail half way,
definitions of the greatest size."""

import pathlib
import re
import shutil
import subprocess
import unittest

import private
from network_faults_test import NAT, STATE, Case, servers
from network_test import Replaced, bridges, dnsmasq_pid, table

NEEDS = ["/usr/bin/virsh", "/usr/sbin/dnsmasq", "/usr/sbin/nft", "/usr/sbin/ip", "/usr/lib/python3/dist-packages/libvirt.py"]
load_tests = private.load_tests
PORT = ("<networkport><uuid>8f07fe28-0000-4000-8000-00000000000{last}</uuid><owner><name>guest</name><uuid>8f07fe28-0000-4000-8000-0000000000aa</uuid></owner>"
        "<mac address='52:54:00:00:00:07'/><bandwidth classID='{number}'><inbound average='100' floor='50'/></bandwidth>"
        "<plug type='network' bridge='{bridge}'/></networkport>")


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


if __name__ == "__main__":
    private.main()
