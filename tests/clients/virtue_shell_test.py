#!/usr/bin/env python3
"""`virtue` says what virsh says: the same options, the same words, the same exit status; and JSON with the same facts.

Both run against Debian's libvirtd, in a private world: there what virsh prints is the measure, and our client half of
the wire is tested against the real thing.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
os.environ["VIRTUE_PEER"] = "reference"
import private  # noqa: E402  (it reads VIRTUE_PEER when imported)

VIRTUE = private.ROOT / "build" / os.environ.get("VIRTUE_PRESET", "dev") / "bin" / "virtue"
NEEDS = ["/usr/bin/virsh", "/usr/sbin/libvirtd", str(VIRTUE)]
load_tests = private.load_tests
MOCK = f"test+unix:///default?socket={private.SOCKET}"

# Each line of these is run by both programs, each time on a fresh mock host.
SAME = """
list
list --all
list --name
list --uuid --name
list --all --title
list --bogus
dominfo test
dominfo nosuch
domstate
domstate test --reason
domstate nosuch
domid test
domuuid test
domname 6695eb01-f6a4-8304-79aa-97f2502e193f
domcontrol test
dumpxml test
dumpxml test --xpath //uuid
dumpxml test --xpath //uuid --wrap
dumpxml test --xpath //nosuch
suspend test
resume test
destroy test
start test
start nosuch
shutdown test
reboot test
undefine test
autostart test
domblklist test
domblklist test --details
domiflist test
vcpucount test
vcpuinfo test
vcpupin test
emulatorpin test
domfsinfo test
domhostname test
domdisplay test
vncdisplay test
ttyconsole test
managedsave-remove test
snapshot-list test
snapshot-create-as test s1 words --print-xml
net-list --all
net-list --name --uuid
net-info default
net-info nosuch
net-dumpxml default
net-destroy default
net-start default
net-uuid default
net-autostart default
pool-list
pool-list --details
pool-info default-pool
pool-info default-pool --bytes
pool-dumpxml default-pool
pool-destroy default-pool
pool-define-as p dir --target /x --print-xml
vol-list default-pool
vol-create-as default-pool v 10M --format qcow2 --print-xml
vol-create-as default-pool v 10M
vol-info nosuch
iface-list --all
iface-mac eth1
nodedev-list
nodedev-info computer
nodeinfo
nodecpumap
nodecpustats
freecell
freecell --all
freepages --all
version
uri
capabilities
maxvcpus
event --list
net-event --list
nosuch
echo a 'b c'
"""
# Commands that change something must leave what virsh's leave: run in one connection, then looked at.
SESSIONS = [
    "suspend test; domstate test --reason; resume test; domstate test --reason",
    "destroy test; list --all; start test; list",
    "net-destroy default; net-list --all; net-start default; net-list",
    "vol-create-as default-pool v 10M; vol-list default-pool; vol-info v --pool default-pool; vol-delete v default-pool",
    "suspend test; dominfo test | nothing; domstate test",
    "domstate test; echo --nosuch; domstate test",
    "snapshot-create-as test one; snapshot-create-as test two; snapshot-list test --name; snapshot-list test --tree; "
    "snapshot-current test --name; snapshot-delete test two; snapshot-parent test one",
]
# What differs from moment to moment, or between two runs.
CHANGING = [(r"(CPU time: +|<cputime>).*", r"\1…"), (r"(\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d).*", "TIME"),
            (r"(c?pu_time +)[0-9.]+ seconds", r"\1…"), (r"\d{12,}", "BIG"),  # the mock's counters are its clock
            (r"[0-9a-f]{8}-[0-9a-f-]{27}", "UUID"), (r'"id":"libvirt-\d+"', '"id":"libvirt-N"'),
            (r'"id": "libvirt-\d+"', '"id": "libvirt-N"')]
# Commands of virsh that we do not have, each with the reason.
WITHOUT = {}
LINES = private.HERE / "shell"


def lines_of(text):
    """Without what differs from moment to moment."""
    for pattern, replacement in CHANGING:
        text = re.sub(pattern, replacement, text)
    return text


def lines_in(name, place):
    """The commands of a file of tests/clients/shell."""
    text = (LINES / name).read_text().replace("{place}", str(place))
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def make_place():
    """A folder with what the commands read; QEMU may look into it."""
    place = private.directory() / "place"
    place.mkdir(exist_ok=True)
    place.chmod(0o777)
    for name in ("guest.xml", "nic.xml"):
        (place / name).write_text((LINES / name).read_text().replace("{place}", str(place)))
    return place


def names_in_help(text):
    return set(re.findall(r"^    (\S+)", text, re.M))


def options_in_help(text):
    """The synopsis and the left side of each option, which is what people type."""
    synopsis = re.search(r"SYNOPSIS\n    (.*)\n", text).group(1)
    options = re.findall(r"^    (\[?--\S+(?: <\w+>)?|\[?<\w+>\]?)(?:\s|$)", text.split("OPTIONS\n")[1], re.M) \
        if "OPTIONS\n" in text else []
    return synopsis, options


class Shell(unittest.TestCase):
    """Both shells, one after the other, against one daemon."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.daemon = private.Daemon()
        cls.addClassCleanup(cls.daemon.stop)

    def run_one(self, program, words, uri=MOCK):
        environment = self.daemon.environment | {"EDITOR": "true"}
        return subprocess.run([str(program), "-c", uri, *words], env=environment, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                              timeout=private.PATIENCE)

    def run_both(self, words, uri=MOCK, prepare=lambda: None):
        answers = []
        for program in ("virsh", VIRTUE):
            prepare()
            done = self.run_one(program, words, uri)
            answers.append((lines_of(done.stdout), lines_of(done.stderr), done.returncode))
        return answers

    def test_commands_print_what_virsh_prints(self):
        for line in SAME.strip().splitlines():
            with self.subTest(line):
                theirs, ours = self.run_both([line])
                self.assertEqual(theirs, ours)

    def test_what_one_command_changes_the_next_one_sees(self):
        for line in SESSIONS:
            with self.subTest(line):
                theirs, ours = self.run_both([line])
                self.assertEqual(theirs, ours)

    def test_every_command_of_virsh_is_there(self):
        ours = names_in_help(self.run_one(VIRTUE, ["help"]).stdout)
        theirs = names_in_help(self.run_one("virsh", ["help"]).stdout)
        self.assertGreater(len(theirs), 270)
        self.assertEqual(theirs - ours, set(WITHOUT))

    def test_the_rarer_commands_print_what_virsh_prints(self):
        place = make_place()
        for line in lines_in("mock.lines", place):
            with self.subTest(line):
                theirs, ours = self.run_both([line])
                self.assertEqual(theirs, ours)

    def test_the_rarer_commands_give_json(self):
        place = make_place()
        for line in lines_in("mock.lines", place):
            done = self.run_one(VIRTUE, ["-o", "json", line])
            if done.returncode == 0 and done.stdout and ";" not in line:
                with self.subTest(line):
                    json.loads(done.stdout)

    def test_commands_on_a_guest_of_qemu_print_what_virsh_prints(self):
        place = make_place()
        system = f"qemu+unix:///system?socket={private.SOCKET}"

        def prepare():
            for line in ("destroy d", "undefine d --managed-save --snapshots-metadata --checkpoints-metadata"):
                self.run_one("virsh", ["-q", line], system)
            for path in place.iterdir():
                if path.suffix != ".xml":
                    path.unlink()
            base, disk = place / "base.qcow2", place / "d.qcow2"
            make = ["qemu-img", "create", "-q", "-f", "qcow2"]
            subprocess.run([*make, base, "4M"], check=True)
            subprocess.run([*make, "-F", "qcow2", "-b", base, disk], check=True)
            defined = self.run_one("virsh", [f"define {place}/guest.xml"], system)
            self.assertEqual(defined.returncode, 0, defined.stderr)

        for line in lines_in("system.lines", place):
            with self.subTest(line):
                theirs, ours = self.run_both([line], system, prepare)
                self.assertEqual(theirs, ours)

    def test_the_mock_in_this_process_prints_what_libvirts_prints(self):
        # libvirt's mock refuses virsh's own flags for nodedev-list, and makes up other numbers of free pages.
        for line in SAME.replace("nodedev-list\n", "").replace("freepages --all\n", "").strip().splitlines():
            with self.subTest(line):
                theirs, ours = [(lines_of(done.stdout), done.stderr, done.returncode) for done in
                                (self.run_one("virsh", [line], "test:///default"),
                                 self.run_one(VIRTUE, [line], "test:///default"))]
                self.assertEqual(theirs, ours)

    def test_quiet_and_read_only_work_as_in_virsh(self):
        for words in (["-q", "list", "--all"], ["-q", "suspend", "test"], ["-r", "suspend", "test"], ["-q", "nosuch"]):
            with self.subTest(words):
                theirs, ours = self.run_both(words)
                self.assertEqual(theirs, ours)

    def test_options_are_those_of_virsh(self):
        ours = names_in_help(self.run_one(VIRTUE, ["help"]).stdout)
        theirs = names_in_help(self.run_one("virsh", ["help"]).stdout)
        self.assertGreater(len(ours & theirs), 150)
        for name in sorted(ours & theirs - {"help", "cd", "connect", "echo"}):
            with self.subTest(name):
                self.assertEqual(options_in_help(self.run_one("virsh", ["help", name]).stdout),
                                 options_in_help(self.run_one(VIRTUE, ["help", name]).stdout))

    def test_json_is_valid_and_has_the_facts_of_the_table(self):
        rows = json.loads(self.run_one(VIRTUE, ["list", "--all", "--output", "json"]).stdout)
        self.assertEqual(rows, [{"id": 1, "name": "test", "state": "running"}])
        facts = json.loads(self.run_one(VIRTUE, ["--output=json", "dominfo", "test"]).stdout)
        table = dict(re.findall(r"^(.*?): +(.*)$", self.run_one("virsh", ["dominfo", "test"]).stdout, re.M))
        self.assertEqual((facts["uuid"], f"{facts['max_memory_kib']} KiB", str(facts["cpus"])),
                         (table["UUID"], table["Max memory"], table["CPU(s)"]))
        for line in SAME.strip().splitlines():
            with self.subTest(line):
                done = self.run_one(VIRTUE, ["-o", "json", line])
                if done.returncode == 0:
                    json.loads(done.stdout)

    def test_the_manual_is_what_the_commands_say(self):
        written = (private.ROOT / "docs" / "shell.md").read_text()
        self.assertEqual(self.run_one(VIRTUE, ["-q", "help", "--markdown"]).stdout, written)

    def test_a_missing_daemon_is_named_with_what_to_do(self):
        done = self.run_one(VIRTUE, ["list"], "qemu+unix:///system?socket=/run/nosuch")
        self.assertEqual(done.returncode, 1)
        self.assertIn("error: failed to connect to the hypervisor\nerror: Failed to connect socket to '/run/nosuch': "
                      "No such file or directory", done.stderr)
        self.assertIn("virtued", done.stderr)

    def test_other_ways_fail_with_a_sentence(self):
        done = self.run_one(VIRTUE, ["list"], "qemu://somewhere/system")
        self.assertEqual(done.returncode, 1)
        self.assertIn("+ssh://", done.stderr)
        self.assertIn("not recognised", self.run_one(VIRTUE, ["list"], "qemu+pigeon:///system").stderr)

    def test_completion_knows_commands_options_and_names(self):
        def words(*typed):
            return self.run_one(VIRTUE, ["-q", "complete", "--", *typed]).stdout.split()
        self.assertEqual(words("domst"), ["domstate", "domstats"])
        self.assertEqual(words("domstate", ""), ["test"])
        self.assertEqual(words("domstate", "--domain", ""), ["test"])
        self.assertEqual(words("domstate", "test", "--"), ["--reason"])
        self.assertEqual(words("net-info", "d"), ["default"])

    def test_events_come_as_virsh_prints_them(self):
        listener = self.daemon.open([VIRTUE, "-c", f"qemu+unix:///system?socket={private.SOCKET}", "event", "--event",
                                     "lifecycle", "--loop", "--timeout", "8"], stdout=subprocess.PIPE, text=True)
        printed = []
        reading = threading.Thread(target=lambda: printed.extend(listener.stdout), daemon=True)
        reading.start()
        definition = private.directory() / "event.xml"
        definition.write_text("<domain type='qemu'><name>ev</name><memory>65536</memory><os>"
                              "<type arch='x86_64'>hvm</type></os></domain>")
        system = f"qemu+unix:///system?socket={private.SOCKET}"
        # The listener may subscribe a little later: go on until it has printed something, or its time is over.
        while not any("Undefined Removed" in line for line in printed) and listener.poll() is None:
            self.assertEqual(self.run_one(VIRTUE, ["define", str(definition)], system).returncode, 0)
            self.assertEqual(self.run_one(VIRTUE, ["undefine", "ev"], system).returncode, 0)
        listener.wait(private.PATIENCE)
        reading.join(private.PATIENCE)
        listener.stdout.close()
        output = "".join(printed)
        self.assertIn("event 'lifecycle' for domain 'ev': Undefined Removed\n", output)
        self.assertRegex(output, r"event loop timed out\nevents received: \d+\n")


if __name__ == "__main__":
    private.main()
