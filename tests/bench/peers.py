"""The daemons that are compared, each in private mount, pid, network and host-name namespaces.

A Namespace owns one `unshare` process; when it is closed, or when this program dies, the kernel ends all that runs
inside. A Peer is a daemon in a Namespace of its own; it is asked only through virtue_bench_client.
"""

import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BINARIES = ROOT / "build" / "release" / "bin"
CLIENT = BINARIES / "virtue_bench_client"
ECHO = BINARIES / "virtue_bench_echo"
DURABLE = BINARIES / "virtue_bench_durable.so"
QEMU = "/usr/bin/qemu-system-x86_64"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}


class BenchError(Exception):
    """Something that the bench needs did not work; the text is for the person at the terminal."""


class Namespace:
    """A private world below `directory`. Close it, and everything in it has ended."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir(parents=True)
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "-mnpu", "--fork", "--kill-child", "--mount-proc",
             "bash", str(HERE / "private_namespace.sh"), str(directory)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENVIRONMENT,
            start_new_session=True)
        try:
            self.init = self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    def _wait_until_ready(self):
        end = time.monotonic() + 20
        while not (self.directory / "ready").exists():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                said = self.process.stderr.read().decode(errors="replace").strip()
                raise BenchError(f"no private namespaces: {said or 'unshare did not get ready'}")
            time.sleep(0.02)
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def command(self, arguments):
        return ["nsenter", "-t", str(self.init), "-m", "-n", "-p", "-u", "--"] + [str(a) for a in arguments]

    def run(self, arguments, timeout=60):
        """Runs a command inside, to its end; returns what it printed."""
        done = subprocess.run(self.command(arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout, env=ENVIRONMENT, check=False)
        if done.returncode != 0:
            raise BenchError(f"{' '.join(map(str, arguments[:4]))}: {done.stderr.strip() or done.returncode}")
        return done.stdout

    def processes(self):
        """The processes inside, as {pid inside: pid outside}."""
        mine = os.readlink(f"/proc/{self.init}/ns/pid")
        found = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                if os.readlink(f"/proc/{entry}/ns/pid") != mine:
                    continue
                status = pathlib.Path(f"/proc/{entry}/status").read_text()
            except OSError:
                continue
            for line in status.splitlines():
                if line.startswith("NSpid:"):
                    found[int(line.split()[-1])] = int(entry)
        return found

    def close(self):
        self.process.kill()  # --kill-child: the first process inside dies with it, and all others with that one
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()


class Peer:
    """A daemon, its namespace and how to reach it. Subclasses say what to run."""

    name = ""
    lists = 1  # whether it can list domains

    def __init__(self, directory):
        self.directory = directory
        self.namespace = Namespace(directory)
        self.pid = None  # of the daemon, as this program sees it
        try:
            self.prepare()
        except BaseException:
            self.close()
            raise

    def prepare(self):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def socket(self):
        raise NotImplementedError

    @property
    def uri(self):
        return f"qemu+unix:///system?socket={self.socket()}"

    def ask(self, scenario, timeout=90, **options):
        """Runs one scenario of the client and returns its figures (times in microseconds)."""
        words = [f"{key}={value}" for key, value in options.items()]
        return json.loads(self.namespace.run([CLIENT, self.uri, scenario] + words, timeout))

    def ask_on_one_cpu(self, scenario, **options):
        """As ask(), with the client and every thread of the daemon bound to one CPU meanwhile."""
        everywhere = os.sched_getaffinity(0)
        one = {min(everywhere)}
        words = [f"{key}={value}" for key, value in options.items()]
        self._bind(one)
        try:
            command = ["taskset", "-c", min(one), CLIENT, self.uri, scenario] + words
            return json.loads(self.namespace.run(command))
        finally:
            self._bind(everywhere)

    def _bind(self, cpus):
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            try:
                os.sched_setaffinity(int(thread), cpus)
            except ProcessLookupError:
                pass  # a worker of libvirtd that just ended

    def start(self):
        """Starts the daemon; returns the figures of the client's `daemon` scenario."""
        words = [CLIENT, self.uri, "daemon", f"socket={self.socket()}", f"log={self.directory}/daemon.log",
                 f"list={self.lists}", "--"]
        figures = json.loads(self.namespace.run(words + self.command(), 90))
        self.pid = self.namespace.processes().get(int(figures["pid"]))
        if self.pid is None:
            raise BenchError(f"{self.name} ended after its first answer; see {self.directory}/daemon.log")
        return figures

    def stop(self):
        """Asks the daemon to end, makes it end after ten seconds, and waits until it has."""
        if self.pid is None:
            return
        pid, self.pid = self.pid, None
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            signal.pidfd_send_signal(handle, signal.SIGTERM)
            if not _ended(handle, 10):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                _ended(handle, 10)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)

    def forget_caches(self):
        """Removes what the stopped daemon knows about QEMU from earlier runs."""
        for path in self.caches():
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(parents=True)

    def caches(self):
        return []

    def memory(self):
        """{"rss", "pss"} in KiB and {"threads"} of the daemon's process."""
        found = {}
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            key, _, value = line.partition(":")
            if key in ("VmRSS", "Threads"):
                found["rss" if key == "VmRSS" else "threads"] = int(value.split()[0])
        for line in pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                found["pss"] = int(line.split()[1])
        return found

    def close(self):
        self.namespace.close()
        shutil.rmtree(self.directory, ignore_errors=True)


def _ended(handle, seconds):
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


class Libvirtd(Peer):
    """Debian's libvirtd with virtlogd, as packaged, but with the limits on clients and requests out of the way."""

    name = "libvirtd"

    def prepare(self):
        (self.directory / "etc" / "libvirtd.conf").write_text(
            'auth_unix_rw = "none"\nauth_unix_ro = "none"\nmax_clients = 5000\nmax_client_requests = 1024\n'
            'max_requests = 1024\nmax_queued_clients = 1000\nlog_level = 3\n'
            'host_uuid = "8f07fe28-753f-2729-d76d-bdbd892f949a"\n')
        # A guest's own /dev needs mounts to be moved, which a container does not allow: off, in libvirtd's favour.
        (self.directory / "etc" / "qemu.conf").write_text("namespaces = []\n")
        self.namespace.run(["virtlogd", "-d"])

    def command(self):
        return ["/usr/sbin/libvirtd"]

    def caches(self):
        return [self.directory / "cache" / "qemu"]

    def socket(self):
        return "/run/libvirt/libvirt-sock"


class DurableLibvirtd(Libvirtd):
    """libvirtd, made to sync the folder of what it defines and undefines, as virtued does."""

    def command(self):
        return ["/usr/bin/env", f"LD_PRELOAD={DURABLE}", *super().command()]


class Virtued(Peer):
    """Our daemon with every path below one directory."""

    name = "virtued"
    program = BINARIES / "virtued"

    def prepare(self):
        run = self.directory / "root" / "run"
        run.mkdir(parents=True)
        # As libvirtd's, and as everywhere: what does not outlive the host's own run is kept in memory.
        self.namespace.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", run])

    def command(self):
        return [self.program, "--root", self.directory / "root"]

    def caches(self):
        return [self.directory / "root" / "var" / "cache" / "libvirt" / "qemu"]

    def socket(self):
        return str(self.directory / "root" / "run" / "libvirt" / "libvirt-sock")


class Echo(Peer):
    """The floor for calls."""

    name = "floor"
    lists = 0

    def prepare(self):
        pass

    def command(self):
        return [ECHO, self.socket()]

    def socket(self):
        return str(self.directory / "echo")


def disk_floor(directory, repeats):
    """The disk alone, at virtued's durability: [microseconds to write, sync and rename a file of a definition's size
    and to sync its folder], [microseconds to remove it and to sync the folder]."""
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    text = b"x" * 3000
    writes, removals = [], []
    for index in range(repeats):
        path = str(directory / f"floor-{index}")
        begin = time.perf_counter()
        fd = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(fd, text)
        os.fsync(fd)
        os.close(fd)
        os.rename(path + ".new", path)
        os.fsync(folder)
        writes.append((time.perf_counter() - begin) * 1e6)
        begin = time.perf_counter()
        os.unlink(path)
        os.fsync(folder)
        removals.append((time.perf_counter() - begin) * 1e6)
    os.close(folder)
    return writes, removals


def image_folder(folder, count):
    """A folder with `count` sparse qcow2 images of one header each."""
    folder.mkdir()
    folder.chmod(0o711)
    template = folder.parent / "template.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(template), "64M"], check=True)
    header = template.read_bytes()[:4096]
    size = template.stat().st_size
    for index in range(count):
        fd = os.open(folder / f"image-{index:05}.qcow2", os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(fd, header)
        os.ftruncate(fd, size)
        os.close(fd)
    return folder


def qemu_floor(directory, repeats):
    """QEMU alone: [milliseconds from exec to its QMP greeting], [milliseconds from SIGTERM to its end]."""
    starts, ends = [], []
    for _ in range(repeats):
        path = str(directory / "monitor")
        if os.path.exists(path):
            os.unlink(path)
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen(1)
        # What libvirt hands over as a listening descriptor, QEMU accepts on; the client's end is connected beforehand.
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(path)
        begin = time.monotonic()
        process = subprocess.Popen(
            [QEMU, "-name", "guest=floor,debug-threads=on", "-S", "-machine", "pc-i440fx-7.2,usb=off",
             "-accel", "tcg", "-cpu", "qemu64", "-m", "16", "-smp", "1,sockets=1,cores=1,threads=1", "-display", "none",
             "-no-user-config", "-nodefaults", "-chardev", f"socket,id=monitor,fd={server.fileno()},server=on,wait=off",
             "-mon", "chardev=monitor,mode=control", "-rtc", "base=utc", "-no-shutdown", "-boot", "strict=on",
             "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
            pass_fds=[server.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=ENVIRONMENT)
        server.close()
        try:
            greeting = client.recv(4096)
            if b'"QMP"' not in greeting:
                raise BenchError("qemu alone: " + process.stderr.read().decode(errors="replace").strip())
            starts.append((time.monotonic() - begin) * 1e3)
            time.sleep(0.1)
            begin = time.monotonic()
            process.terminate()
            process.wait(10)
            ends.append((time.monotonic() - begin) * 1e3)
        finally:
            process.kill()
            process.wait()
            process.stderr.close()
            client.close()
    return starts, ends
