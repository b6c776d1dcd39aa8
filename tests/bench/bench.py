#!/usr/bin/python3
"""./dev bench: libvirtd and virtued side by side, next to the floor, through the same stock client library.

Each daemon runs in private namespaces (peers.py). Every figure is taken in rounds, one daemon after the other in each
round, so that the machine's noise hits both; the table shows medians. docs/performance.md says how to read it.
"""

import argparse
import dataclasses
import fnmatch
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import peers

DOCUMENT = peers.ROOT / "docs" / "performance.md"
MARKS = ("<!-- bench: begin -->", "<!-- bench: end -->")
LIMIT = 600  # seconds for the whole run


@dataclasses.dataclass(frozen=True)
class Figure:
    """One line of the table."""

    key: str
    label: str
    unit: str  # µs, ms, MB, calls/s or "" for a count
    aim: str  # a key of AIMS, or ""
    more_is_better: bool = False


FIGURES = [
    Figure("null.p50", "null call, median", "µs", "floor"),
    Figure("null.p99", "null call, 99th percentile", "µs", "floor"),
    Figure("null.one.p50", "null call on one CPU, median", "µs", "floor"),
    Figure("null.one.p99", "null call on one CPU, 99th percentile", "µs", "floor"),
    Figure("calls.1", "calls, 1 client", "calls/s", "floor", True),
    Figure("calls.8", "calls, 8 clients", "calls/s", "floor", True),
    Figure("calls.64", "calls, 64 clients", "calls/s", "floor", True),
    Figure("connect", "connect and close", "µs", "cheap"),
    Figure("list", "list 1,000 domains", "µs", "cheap"),
    Figure("lookup.name", "look-up by name among 1,000", "µs", "cheap"),
    Figure("lookup.uuid", "look-up by UUID among 1,000", "µs", "cheap"),
    Figure("info", "info of one among 1,000", "µs", "cheap"),
    Figure("xml", "XML of one among 1,000", "µs", "fifth"),
    Figure("define", "define", "µs", "cheap"),
    Figure("define.durable", "define, libvirtd as durable", "µs", "cheap"),
    Figure("undefine", "undefine", "µs", "cheap"),
    Figure("undefine.durable", "undefine, libvirtd as durable", "µs", "cheap"),
    Figure("define.1000", "define 1,000 domains", "ms", "three"),
    Figure("documents", "define and dump the 50 largest recorded definitions", "ms", "three"),
    Figure("native", "XML to QEMU's argument vector", "µs", "millisecond"),
    Figure("stats.1000", "bulk stats, 1,000 inactive", "ms", "fifth"),
    Figure("stats.20", "bulk stats, 20 running", "ms", "fifth"),
    Figure("capabilities.cold", "capabilities, first ever", "ms", "fifth"),
    Figure("capabilities.warm", "capabilities, first of a daemon", "ms", "fifth"),
    Figure("capabilities.next", "capabilities, following", "µs", "fifth"),
    Figure("domcapabilities", "domain capabilities, following", "µs", "cheap"),
    Figure("daemon.0", "daemon start, no definitions", "ms", "fifth"),
    Figure("daemon.1000", "daemon start, 1,000 definitions", "ms", "fifth"),
    Figure("start", "start a minimal guest", "ms", "qemu"),
    Figure("destroy", "destroy it", "ms", "fifth"),
    Figure("pool.1000.list", "list a pool of 1,000 volumes", "ms", "twice"),
    Figure("pool.1000.start", "start a pool of 1,000 volumes", "ms", "twice"),
    Figure("pool.1000.refresh", "refresh it", "ms", "twice"),
    Figure("pool.16000.list", "list a pool of 16,000 volumes", "ms", "twice"),
    Figure("pool.50000.start", "start a pool of 50,000 volumes", "ms", "twice"),
    Figure("pool.50000.refresh", "refresh it", "ms", "twice"),
    Figure("volumes.raw", "create and delete 200 raw volumes, 8 clients", "ms", "twice"),
    Figure("volumes.qcow2", "create and delete 200 qcow2 volumes, 8 clients", "ms", "twice"),
    Figure("network.start", "start a network with NAT and DHCP", "ms", "twice"),
    Figure("network.stop", "stop it", "ms", "twice"),
    Figure("guest.start", "start a guest with an interface on NAT and a volume", "ms", "twice"),
    Figure("guest.destroy", "destroy it", "ms", "twice"),
    Figure("rss.0", "resident memory, idle", "MB", "third"),
    Figure("rss.1000", "resident memory, 1,000 defined", "MB", "third"),
    Figure("rss.restarted", "resident memory, 1,000 defined, after a restart", "MB", "third"),
    Figure("rss.20", "resident memory, 20 running", "MB", "third"),
    Figure("pss.0", "proportional memory, idle", "MB", "share"),
    Figure("pss.1000", "proportional memory, 1,000 defined", "MB", "share"),
    Figure("pss.20", "proportional memory, 20 running", "MB", "share"),
    Figure("threads.0", "threads, idle", "", ""),
    Figure("threads.1000", "threads, 1,000 defined", "", ""),
    Figure("threads.20", "threads, 20 running", "", "threads"),
]

# What each aim asks, as the table says it.
AIMS = {
    "floor": "≤ 1.2 × floor",
    "fifth": "≥ 5 × libvirtd",
    "cheap": "≥ 5 × libvirtd",  # the floor may be above a fifth of libvirtd: it is said when we are at it
    "three": "≥ 3 × libvirtd",
    "twice": "≥ 2 × libvirtd",
    "millisecond": "≤ 1 ms",
    "qemu": "≤ QEMU + 30 ms",
    "third": "≤ 1/3 of libvirtd",
    "share": "",
    "threads": "as with 1,000 defined, none running",
    "": "",
}


class Results:
    """All samples, by figure and by column: floor, libvirtd, virtued."""

    def __init__(self):
        self.samples = {}

    def add(self, key, column, value):
        self.samples.setdefault(key, {}).setdefault(column, []).append(value)

    def median(self, key, column):
        values = self.samples.get(key, {}).get(column)
        return statistics.median(values) if values else None

    def verdict(self, figure):
        """(ratio as text, what is to be said of the aim: "" when nothing can be)."""
        ours = self.median(figure.key, "virtued")
        theirs = self.median(figure.key, "libvirtd")
        floor = self.median(figure.key, "floor")
        if ours is None:
            return "", ""
        if figure.aim == "floor" and floor:
            ratio = floor / ours if figure.more_is_better else ours / floor
            return f"{ratio:.2f} × floor", word(ratio <= 1.2)
        if figure.aim == "qemu" and floor:
            return f"QEMU {ours - floor:+.0f} ms", word(ours - floor <= 30)
        if figure.aim == "threads":
            idle = self.median("threads.1000", "virtued")
            return ("", "") if idle is None else (f"{ours - idle:+.0f}", word(ours <= idle))
        if not theirs or not ours:
            return "", ""
        if figure.aim in ("third", "share"):
            return f"{ours / theirs:.2f} of libvirtd", word(ours / theirs <= 1 / 3) if figure.aim == "third" else ""
        ratio = theirs / ours
        if figure.aim == "millisecond":
            return f"{ratio:.1f} × libvirtd", word(ours <= 1000)
        wanted = {"twice": 2, "three": 3, "fifth": 5, "cheap": 5}.get(figure.aim)
        if wanted and floor and figure.aim in ("twice", "cheap"):
            at_floor = "missed, at the floor" if ours / floor <= 1.2 else "missed"
            return f"{ratio:.1f} × libvirtd, {ours / floor:.2f} × floor", "yes" if ratio >= wanted else at_floor
        return f"{ratio:.1f} × libvirtd", word(ratio >= wanted) if wanted else ""

    def rows(self):
        yield ["figure", "floor", "libvirtd", "virtued", "ratio", "aim", "met"]
        for figure in FIGURES:
            if figure.key not in self.samples:
                continue
            ratio, met = self.verdict(figure)
            columns = [show(self.median(figure.key, name), figure.unit) for name in ("floor", "libvirtd", "virtued")]
            yield [figure.label, *columns, ratio, AIMS[figure.aim], met]


def word(met):
    return "yes" if met else "missed"


def show(value, unit):
    if value is None:
        return ""
    digits = 0 if value >= 100 or unit == "" else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()


def table(rows):
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) if 0 < column < 4 else cell.ljust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def markdown(rows):
    rows = list(rows)
    lines = ["| " + " | ".join(rows[0]) + " |", "|---|--:|--:|--:|---|---|---|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows[1:]])


class Bench:
    """One run: owns the peers, knows which figures are wanted, and fills the results."""

    def __init__(self, options, directory):
        self.options = options
        self.directory = directory
        self.results = Results()
        self.daemons = []
        self.echo = None
        self.seconds = 0.3 if options.quick else 1.0
        self.rounds = 1 if options.quick else 7
        self.few_rounds = 1 if options.quick else 3

    def wants(self, *keys):
        return not self.options.only or any(fnmatch.fnmatch(key, self.options.only + "*") for key in keys)

    def open(self):
        wanted = self.options.peer or ["libvirtd", "virtued"]
        for kind in (peers.Libvirtd, peers.Virtued):
            if kind.name not in wanted:
                continue
            if kind is peers.Virtued and not kind.program.exists():
                say(f"{kind.program} is not there: its column stays empty")
                continue
            self.daemons.append(kind(self.directory / kind.name))
        if self.wants("null.p50", "null.p99", "null.one.p50", "null.one.p99", "calls.1", "calls.8", "calls.64",
                      "connect", "domcapabilities", "list", "lookup.name", "lookup.uuid", "info", "pool.1000.list",
                      "pool.16000.list"):
            self.echo = peers.Echo(self.directory / "floor")
            self.echo.start()

    def close(self):
        for peer in self.daemons + ([self.echo] if self.echo else []):
            peer.close()

    def restart(self, daemon):
        daemon.stop()
        return daemon.start()

    def each(self, rounds, scenario, figures, floor=False, bound=False, **options):
        """Runs `scenario` in rounds over all peers. `figures` says {key: (field of its answer, factor)}.

        `bound`: the client and the daemon share one CPU."""
        if not self.wants(*figures):
            return
        say(", ".join(figures))
        for _ in range(rounds):
            for peer in ([self.echo] if floor else []) + self.daemons:
                answer = (peer.ask_on_one_cpu if bound else peer.ask)(scenario, **options)
                for key, (field, factor) in figures.items():
                    self.results.add(key, peer.name, answer[field] * factor)

    def null_floor(self, key):
        """The floor of what is a null call with a little to look up."""
        for _ in range(self.few_rounds if self.wants(key) and self.echo else 0):
            self.results.add(key, "floor", self.echo.ask("null", seconds=self.seconds)["p50"])

    def restarts(self, key, rounds, before=None):
        """Daemon starts, and after each the first capabilities."""
        for _ in range(rounds):
            for daemon in self.daemons:
                daemon.stop()
                if before:
                    before(daemon)
                answer = daemon.start()
                if not before:
                    self.results.add(key, daemon.name, answer["first_answer"] / 1e3)
                first = daemon.ask("capabilities", seconds=0)["first"] / 1e3
                if key == "daemon.0":
                    self.results.add("capabilities.cold" if before else "capabilities.warm", daemon.name, first)

    def weigh(self, what):
        """Memory and threads, once the daemons have been left alone for a moment."""
        keys = [f"{kind}.{what}" for kind in ("rss", "pss", "threads")]
        if not self.wants(*keys):
            return
        say(", ".join(keys))
        time.sleep(0.3 if self.options.quick else 2)
        for daemon in self.daemons:
            weight = daemon.memory()
            self.results.add(keys[0], daemon.name, weight["rss"] / 1024)
            self.results.add(keys[1], daemon.name, weight["pss"] / 1024)
            self.results.add(keys[2], daemon.name, weight["threads"])

    def empty_phase(self):
        if self.wants("capabilities.cold"):
            say("capabilities.cold")
            self.restarts("daemon.0", self.few_rounds, peers.Peer.forget_caches)
        if self.wants("daemon.0", "capabilities.warm"):
            say("daemon.0, capabilities.warm")
            self.restarts("daemon.0", self.rounds)
        for daemon in self.daemons:
            self.restart(daemon)
        self.weigh("0")
        seconds = self.seconds
        self.each(self.rounds, "null", {"null.p50": ("p50", 1), "null.p99": ("p99", 1)}, floor=True, seconds=seconds)
        self.each(self.rounds, "null", {"null.one.p50": ("p50", 1), "null.one.p99": ("p99", 1)}, floor=True,
                  bound=True, seconds=seconds)
        for clients in (1, 8, 64):
            self.each(self.few_rounds, "calls", {f"calls.{clients}": ("rate", 1)}, floor=True, clients=clients,
                      seconds=seconds)
        self.each(self.few_rounds, "connect", {"connect": ("p50", 1)}, floor=True, seconds=seconds)
        self.each(self.few_rounds, "capabilities", {"capabilities.next": ("p50", 1)}, seconds=seconds)
        self.each(self.few_rounds, "domain-capabilities", {"domcapabilities": ("p50", 1)}, seconds=seconds)
        self.null_floor("domcapabilities")
        self.definitions()
        self.each(self.few_rounds, "native", {"native": ("p50", 1)}, seconds=self.seconds)
        folder = self.largest_documents() if self.wants("documents") else None
        if folder:
            self.each(self.few_rounds, "documents", {"documents": ("total", 1e-3)}, folder=folder)
        if self.wants("start", "destroy"):
            starts, ends = peers.qemu_floor(self.directory, 5 if self.options.quick else 15)
            for start, end in zip(starts, ends):
                self.results.add("start", "floor", start)
                self.results.add("destroy", "floor", end)
        self.each(self.few_rounds, "start", {"start": ("start_p50", 1e-3), "destroy": ("destroy_p50", 1e-3)},
                  count=3 if self.options.quick else 5)

    def definitions(self):
        """define and undefine: next to the disk's floor, to libvirtd as it is, and to libvirtd made as durable."""
        if not self.wants("define", "undefine", "define.durable", "undefine.durable"):
            return
        durable = None
        if any(daemon.name == "libvirtd" for daemon in self.daemons):
            durable = peers.DurableLibvirtd(self.directory / "durable")
        try:
            if durable:
                durable.start()
            for daemon in self.daemons + ([durable] if durable else []):
                daemon.ask("define", seconds=0)  # the first probes QEMU and has virtued make its journal
            time.sleep(1)
            for _ in range(self.few_rounds):
                floors = peers.disk_floor(self.directory, 50 if self.options.quick else 200)
                for key, times in zip(("define", "undefine"), floors):
                    self.results.add(key, "floor", statistics.median(times))
                    self.results.add(f"{key}.durable", "floor", statistics.median(times))
                for daemon in self.daemons + ([durable] if durable else []):
                    answer = daemon.ask("define", seconds=self.seconds)
                    for key in ("define", "undefine"):
                        if daemon is not durable:
                            self.results.add(key, daemon.name, answer[f"{key}_p50"])
                        if daemon is durable or daemon.name == "virtued":
                            self.results.add(f"{key}.durable", daemon.name, answer[f"{key}_p50"])
        finally:
            if durable:
                durable.close()

    def largest_documents(self):
        """A folder with the 50 largest recorded definitions that a fresh daemon takes, or nothing without them."""
        shared = [os.environ.get("VIRTUE_SHARED"), peers.ROOT.parent / "shared", peers.ROOT.parent.parent / "shared"]
        recorded = next((pathlib.Path(path) / "golden/domain" for path in shared if path and os.path.isdir(path)), None)
        if recorded is None or not recorded.is_dir():
            say("documents: the recorded definitions (../shared/golden) are not here")
            return None
        fit = []
        for path in recorded.glob("*/in.xml"):
            expected = json.loads((path.parent / "expect.json").read_text())
            marks = json.loads((path.parent / "meta.json").read_text())
            if expected.get("define") == "ok" and not marks.get("needs_extra") and not marks.get("ignore"):
                fit.append((path.stat().st_size, path))
        folder = self.directory / "documents"
        folder.mkdir()
        for _, path in sorted(fit, reverse=True)[:50]:
            shutil.copy(path, folder / f"{path.parent.name}.xml")
        return folder

    def thousand_phase(self):
        if not self.wants("define.1000","rss.1000", "rss.restarted", "pss.1000", "threads.1000", "list", "lookup.name", "lookup.uuid",
                          "info", "xml", "stats.1000", "daemon.1000"):
            return
        say("defining 1,000 domains")
        self.warm_up()
        for daemon in self.daemons:
            self.define_thousand(daemon)
        self.weigh("1000")
        for scenario, key in (("list", "list"), ("lookup-name", "lookup.name"), ("lookup-uuid", "lookup.uuid"),
                              ("info", "info"), ("xml", "xml")):
            self.each(self.few_rounds, scenario, {key: ("p50", 1)}, seconds=self.seconds, floor=key == "list")
            if key in ("lookup.name", "lookup.uuid", "info"):
                self.null_floor(key)
        self.each(self.few_rounds, "stats", {"stats.1000": ("p50", 1e-3)}, seconds=self.seconds, domains=1000)
        if self.wants("daemon.1000"):
            say("daemon.1000")
            self.restarts("daemon.1000", self.few_rounds)
        if self.wants("rss.restarted"):
            for daemon in self.daemons:
                self.restart(daemon)
            self.weigh("restarted")
        for daemon in self.daemons:
            daemon.ask("empty")
            self.restart(daemon)
        self.thousand_again()

    def thousand_again(self):
        """Further rounds of what takes the daemons more than a second each."""
        if not self.wants("define.1000"):
            return
        self.warm_up()
        for _ in range(self.few_rounds - 1):
            for daemon in self.daemons:
                self.define_thousand(daemon)
                daemon.ask("empty")
        for daemon in self.daemons:
            self.restart(daemon)

    def define_thousand(self, daemon):
        answer = daemon.ask("fill", domains=1000, kind="ordinary")
        self.results.add("define.1000", daemon.name, answer["total"] / 1e3)

    def warm_up(self):
        """The first definition of a daemon's life probes QEMU, and the first of all has virtued make its journal."""
        for daemon in self.daemons:
            daemon.ask("define", seconds=0)
        time.sleep(1)

    def running_phase(self):
        if not self.wants("rss.20", "pss.20", "threads.20", "stats.20"):
            return
        say("starting 20 guests")
        for daemon in self.daemons:
            daemon.ask("fill", domains=20, kind="minimal")
            daemon.ask("run", domains=20)
        time.sleep(1 if self.options.quick else 5)  # the firmware finds nothing to boot and the guests fall idle
        self.each(self.few_rounds, "stats", {"stats.20": ("p50", 1e-3)}, seconds=self.seconds, domains=20)
        self.weigh("20")
        for daemon in self.daemons:
            daemon.ask("empty")

    def storage_phase(self):
        """Volumes made in folders of each daemon. Before the pools of many: a file system without a journal passes over
        inodes that were given up a short while ago one by one, as many as those pools have."""
        if not self.wants("volumes.raw", "volumes.qcow2", "network.start", "network.stop", "guest.start", "guest.destroy"):
            return
        for daemon in self.daemons:
            folder = daemon.directory / "images"
            folder.mkdir()
            folder.chmod(0o711)
            daemon.ask("pool", path=folder)
        for image in ("raw", "qcow2"):
            self.each(self.few_rounds, "volumes", {f"volumes.{image}": ("total", 1e-3)}, format=image)
        count = 2 if self.options.quick else 5
        self.each(self.few_rounds, "network", {"network.start": ("start_p50", 1e-3), "network.stop": ("stop_p50", 1e-3)},
                  count=count)
        self.each(self.few_rounds, "guest", {"guest.start": ("start_p50", 1e-3), "guest.destroy": ("destroy_p50", 1e-3)},
                  count=count)
        for daemon in self.daemons:
            daemon.ask("pool-end")

    def pools_phase(self):
        """Pools of many volumes, which both daemons look at in the same folder."""
        for volumes in (1000, 16000, 50000):
            keys = {name: f"pool.{volumes}.{name}" for name in ("start", "refresh", "list")}
            # The protocol carries 16,384 volumes at most.
            listed = self.wants(keys["list"]) and volumes <= 16384
            looked_at = self.wants(keys["start"], keys["refresh"]) and volumes != 16000
            if not listed and not looked_at:
                continue
            folder = peers.image_folder(self.directory / f"pool-{volumes}", volumes)
            say(", ".join(key for key in keys.values() if any(key == figure.key for figure in FIGURES)))
            for daemon in self.daemons:
                answer = daemon.ask("pool", path=folder, pool=f"bench-{volumes}")
                if looked_at:
                    self.results.add(keys["start"], daemon.name, answer["start"] / 1e3)
            options = {"pool": f"bench-{volumes}", "volumes": volumes, "count": 10 if volumes <= 16384 else 2,
                       "seconds": self.seconds}
            if looked_at:
                self.each(self.few_rounds, "pool-refresh", {keys["refresh"]: ("p50", 1e-3)}, **options)
            if listed:
                self.each(self.few_rounds, "pool-list", {keys["list"]: ("p50", 1e-3)}, floor=True, **options)
            for daemon in self.daemons:
                daemon.ask("pool-end", pool=f"bench-{volumes}")
            shutil.rmtree(folder)

    def run(self):
        self.empty_phase()
        self.thousand_phase()
        self.running_phase()
        self.storage_phase()
        self.pools_phase()


def say(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def first_line(arguments):
    try:
        return subprocess.run(arguments, capture_output=True, text=True, check=False).stdout.strip().splitlines()[0]
    except (OSError, IndexError):
        return "absent"


def machine():
    """What the figures depend on, for the document and the JSON file."""
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": f"{os.cpu_count()} × {model}",
        "kernel": platform.release(),
        "libvirtd": first_line(["/usr/sbin/libvirtd", "--version"]),
        "qemu": first_line([peers.QEMU, "--version"]),
        "load": round(os.getloadavg()[0], 1),
    }


def write_document(about, results):
    text = DOCUMENT.read_text()
    head, _, rest = text.partition(MARKS[0])
    _, found, tail = rest.partition(MARKS[1])
    if not found:
        raise peers.BenchError(f"{DOCUMENT} has no {MARKS[0]} … {MARKS[1]}")
    what = (f"Measured on {about['date']}: {about['processor']}, Linux {about['kernel']}, {about['libvirtd']}, "
            f"{about['qemu']}; load before the run {about['load']}.")
    DOCUMENT.write_text(f"{head}{MARKS[0]}\n{what}\n\n{markdown(results.rows())}\n{MARKS[1]}{tail}")


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description="libvirtd, virtued and the floor side by side")
    parser.add_argument("--only", metavar="PATTERN", help="only figures whose key begins so, e.g. null or 'rss.*'")
    parser.add_argument("--quick", action="store_true", help="one short round of everything: a look, not a measurement")
    parser.add_argument("--peer", action="append", choices=["libvirtd", "virtued"], help="only this daemon")
    parser.add_argument("--json", metavar="FILE", help="write all samples to FILE")
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--keys", action="store_true", help="print the keys that --only takes, and end")
    return parser.parse_args()


def check_needs():
    if os.geteuid() != 0:
        raise peers.BenchError("the private namespaces need root: run it as root")
    for path in (peers.CLIENT, peers.ECHO):
        if not path.exists():
            raise peers.BenchError(f"{path} is missing: ./dev build release (it needs Debian's libvirt-dev)")
    for path in (peers.QEMU, "/usr/sbin/libvirtd"):
        if not os.path.exists(path):
            raise peers.BenchError(f"{path} is missing: ./dev setup installs it")


def stop_on_signals():
    def stop(number, _frame):
        if number == signal.SIGALRM:
            raise peers.BenchError(f"not done after {LIMIT} s; --only and --quick make it shorter")
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, stop)
    signal.alarm(LIMIT)


def work_directory():
    """A fresh folder on the disk; those of runs that were killed are removed."""
    for old in pathlib.Path("/var/tmp").glob("virtue-bench-*"):
        owner = old.name.split("-")[2]
        if not os.path.exists(f"/proc/{owner}"):
            shutil.rmtree(old, ignore_errors=True)
    made = pathlib.Path(tempfile.mkdtemp(prefix=f"virtue-bench-{os.getpid()}-", dir="/var/tmp"))
    made.chmod(0o711)  # guests run as a user of their own and reach their files below it
    return made


def main():
    options = arguments()
    if options.keys:
        print("\n".join(f"{figure.key:20} {figure.label}" for figure in FIGURES))
        return 0
    check_needs()
    stop_on_signals()
    about = machine()
    directory = work_directory()
    bench = Bench(options, directory)
    begin = time.monotonic()
    try:
        bench.open()
        bench.run()
    finally:
        signal.alarm(0)
        bench.close()
        shutil.rmtree(directory, ignore_errors=True)
    print(table(bench.results.rows()))
    print(f"\n{len(bench.results.samples)} figures in {time.monotonic() - begin:.0f} s on {about['processor']}")
    if options.json:
        pathlib.Path(options.json).write_text(
            json.dumps({"machine": about, "samples": bench.results.samples}, indent=1) + "\n")
    if options.write_docs:
        write_document(about, bench.results)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (peers.BenchError, subprocess.TimeoutExpired) as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("bench: interrupted; everything it started has ended", file=sys.stderr)
        sys.exit(130)
