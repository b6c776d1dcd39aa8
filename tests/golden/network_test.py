#!/usr/bin/python3
"""libvirt's recorded networks (../shared/golden) against ours: definitions, changes of sections, and started networks
with their dnsmasq files, iptables rules, addresses and traffic classes. Runs in a private world."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients"))
import private

GOLDEN = pathlib.Path(os.environ.get("VIRTUE_SHARED", private.ROOT.parent / "shared")) / "golden"
COMPARE = GOLDEN / "tools" / "compare.py"
NEEDS = [str(COMPARE), "/usr/sbin/dnsmasq", "/usr/sbin/iptables", "/usr/sbin/ebtables"]
load_tests = private.load_tests
# Cases that cannot be equal, and why.
DIFFERENT = {
    **{f"nwfrun/{case}": "until the guest's address is learned ours has rules at once, libvirt's come a moment later"
       for case in ("tck-ref-test", "x2x-ref-test", "x2x-attr-value-test")},
    **{f"nwfrun/{case}": "libvirt makes its own chains anew each time, which changes their order in the listing"
       for case in ("tck-ipt-no-macspoof-test", "x2x-ipt-no-macspoof-test")},
    "netrun/x2x-host-bridge-no-flood": "netlink can switch VLAN filtering on where libvirt's ioctl could not",
}


class Golden(unittest.TestCase):
    """Errors are compared by code and part: ours name the place."""

    def compare(self, kinds, configuration=""):
        pathlib.Path("/etc/libvirt/virtued.conf").write_text('auth_unix_rw = "none"\nauth_unix_ro = "none"\n'
                                                             + configuration)
        with private.Daemon():
            cases = [f"{path.parent.parent.name}/{path.parent.name}" for kind in kinds
                     for path in sorted(GOLDEN.glob(f"{kind}/*/expect.json"))]
            cases = [case for case in cases if case not in DIFFERENT]
            self.assertGreater(len(cases), 10)
            diffs = private.directory() / "diffs"
            done = subprocess.run(["/usr/bin/python3", str(COMPARE), "-m", "code", "-d", str(diffs), *cases],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                                  timeout=2 * private.PATIENCE)
            if "VIRTUE_KEEP_DIFFS" in os.environ:
                subprocess.run(["cp", "-r", str(diffs), os.environ["VIRTUE_KEEP_DIFFS"]], check=True)
            text = "".join(f"{path}\n{path.read_text()}" for path in sorted(diffs.glob("*/*")))
            self.assertEqual(done.returncode, 0, done.stdout + text[:20000])

    def test_definitions(self):
        self.compare(["network"])

    def test_updates_of_sections(self):
        self.compare(["netupdate"])

    def test_started_networks(self):
        # libvirt's own chains, and its own script for leases, whose name stands in the recorded command lines.
        self.compare(["netrun"], 'firewall_backend = "iptables"\n'
                                 'leases_program = "/usr/lib/libvirt/libvirt_leaseshelper"\n')

    def test_filters_of_cards(self):
        # The recorded listings have all tables, which other networks had made.
        for program in ("iptables", "ip6tables"):
            for table, chain in (("mangle", "PREROUTING"), ("mangle", "INPUT"), ("mangle", "FORWARD"), ("mangle", "OUTPUT"),
                                 ("mangle", "POSTROUTING"), ("filter", "INPUT"), ("nat", "PREROUTING"), ("nat", "INPUT"),
                                 ("nat", "OUTPUT"), ("nat", "POSTROUTING")):
                for option in ("-A", "-D"):
                    subprocess.run([program, "-t", table, option, chain, "-j", "ACCEPT"], check=True)
        self.compare(["nwfrun"])


if __name__ == "__main__":
    private.main()
