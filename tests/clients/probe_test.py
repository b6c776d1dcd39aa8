#!/usr/bin/python3
"""The probe programs of the shared protocol tables get the answers that a real libvirtd 9.0.0 gave, byte for byte,
save for the differences that are listed and explained here."""

import os
import pathlib
import re
import sys
import unittest

import private

SHARED = pathlib.Path(os.environ.get("VIRTUE_SHARED", private.ROOT.parent / "shared")) / "protocol"
if not SHARED.exists():
    SHARED = private.ROOT.parent.parent / "shared" / "protocol"
NEEDS = (str(SHARED / "probe.py"), str(SHARED / "probe-output.txt"), "/usr/bin/qemu-system-x86_64")

# What differs from run to run or from host to host, in both outputs.
VARIABLE = [
    (r"'hostname': '[^']*'", "'hostname': HOST"),
    (r"'cpuTime': \d+", "'cpuTime': N"),
    (r"'timestamp': \d+", "'timestamp': N"),
    (r"'unix_process_id', 'value': \(1, \d+\)", "'unix_process_id', 'value': (1, PID)"),
    (r"'hv_ver': \d{7}", "'hv_ver': QEMU"),
    (r"'uuid': b(['\"]).*?\1(?=[,}])", "'uuid': UUID"),
    (r"'callbackID': \d+", "'callbackID': N"),
    (r"\"libvirt-\d+\"", '"libvirt-N"'),
    (r", [\d.]+(?:e-\d+)?\)$", ", SECONDS)"),
    (r"^(capabilities bytes +)\d+", r"\1N"),
    (r"'srv': \{'name': 'libvirtd'\}, 'id': \d+", "'srv': {'name': 'libvirtd'}, 'id': N"),
    (r"'id': \d+", "'id': N"),
    # The probes cut what is long, and how much of this is left depends on how the UUID's bytes are printed.
    (r"('event': '[A-Z_]+', 'seconds': )\d+, .*", r"\1N"),
]

# label: (pattern that our line must match, why it may differ)
EXPLAINED = {
    "proc newer than server": (r"msg='Domain not found|msg='this function is not supported by the connection driver: "
                               r"virDomainGetAutostartOnce'|\{'autostart'",
                               "we know the procedures up to 12.6, 9.0.0 ends at 443"),
    "proc 20 on 9.0.0": (r"^$", "we know it: the daemon stops, and the probe prints nothing on success"),
    "stream packets (type,status,len)": (r"\[\(3, 2, \d+\), \(3, 2, 0\)\]", "another picture of the test driver"),
    "download flags=0": (r"^\[\('data', \d+, 2\)",
                         "9.0.0 reads 256 KiB at a time and cuts each in two; we read as much as one packet takes"),
    "download flags=1": (r"^\[\('data', \d+, 2\)", "the same"),
    "LIST_ALL count only": (r"^{'nets': \[\], 'ret': 0}$",
                            "recorded where Debian's default network was defined"),
    "DOMAIN_FD_ASSOCIATE (1 fd)": (r"^'unsupported: .*virDomainFDAssociate'$",
                                   "disks by associated descriptors are not served"),
    "THREADPOOL": (r"'minWorkers', 'value': \(2, 5\).*'maxWorkers', 'value': \(2, 20\)",
                   "what is free depends on the moment"),
}

# Runs a probe as it is, but for what this daemon has no driver for: there the error is printed and the probe goes on.
# Where it turns to storage and there is no driver for that, it ends; with one, that part is compared like the others.
# It waits three seconds for the end of a connection, which is no measure of a busy host; two are for silence.
RUNNER = """
import runpy, socket, sys
program, folder = sys.argv[1], sys.argv[2]
sys.path.insert(0, program.rsplit('/', 1)[0])
import probe
asked = probe.Client.call
def call(self, table, name, *rest, **named):
    try:
        return asked(self, table, name, *rest, **named)
    except probe.RPCError as error:
        if name.startswith('STORAGE_') and 'not supported by the connection driver' in str(error):
            sys.exit(0)
        if name != 'DOMAIN_FD_ASSOCIATE':
            raise
        return 'unsupported: ' + str(error).split("msg='")[1].split("'")[0]
probe.Client.call = call
wait = socket.socket.settimeout
socket.socket.settimeout = lambda self, seconds: wait(self, 240 if seconds == 3 else seconds)
sys.argv = [program, folder]
if program.endswith('/probe.py'):
    probe.main(folder)
else:
    runpy.run_path(program, run_name='__main__')
"""
STORAGE = "== storage stream, sparse"


def lines(output):
    """[(label, rest)] with the variable parts named; sections and sub-sections are labels, too."""
    result = []
    for line in output.splitlines():
        label, rest = (line[:34].rstrip(), line[35:]) if len(line) > 34 else (line.rstrip(), "")
        text = line
        for pattern, name in VARIABLE:
            text = re.sub(pattern, name, text)
        result.append((label, text[35:] if rest else ""))
    return result


class Probe(unittest.TestCase):
    """The daemon in libvirt's place, with libvirtd's default authentication."""

    def setUp(self):
        # One for each: the first probe ends its daemon, through the admin socket.
        self.daemon = private.Daemon()
        self.addCleanup(self.daemon.stop)

    def compare(self, program, recorded):
        output = self.daemon.run([sys.executable, "-c", RUNNER, SHARED / program, "/run/libvirt"], check=False)
        expected = (SHARED / recorded).read_text()
        before, _, storage = output.partition(STORAGE)
        if not storage.strip():
            output, expected = before, expected.partition(STORAGE)[0]
        ours = lines(output)
        wrong = []
        for label, theirs in lines(expected):
            at = next((i for i, (name, _) in enumerate(ours) if name == label), None)
            mine = ours.pop(at)[1] if at is not None else ""
            if mine == theirs and (at is not None or not theirs):
                continue
            if label in EXPLAINED and re.search(EXPLAINED[label][0], mine):
                continue
            wrong.append(f"{label}\n  recorded {theirs}\n  ours     {mine if at is not None else '(no such line)'}")
        wrong += [f"only ours: {label} {rest}" for label, rest in ours]
        self.assertFalse(wrong, "\n".join(wrong))

    def test_the_first_probe(self):
        """Session, features, events, a stream, keepalive, errors, framing, the read-only and the admin socket."""
        self.compare("probe.py", "probe-output.txt")

    def test_the_probe_of_a_running_guest(self):
        """Monitor, descriptors, console, events of a guest; where there is a storage driver, sparse streams."""
        os.makedirs("/var/lib/libvirt/images", exist_ok=True)
        self.compare("probe_qemu.py", "probe-qemu-output.txt")


load_tests = private.load_tests

if __name__ == "__main__":
    private.main()
