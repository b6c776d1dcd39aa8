"""What every test of a stock client stands on: a private world, the daemon in libvirt's own place, and a guest.

A test file has `load_tests = private.load_tests` and NEEDS. Each of its classes then runs in a process of its own,
inside fresh mount, pid, network and host-name namespaces in which /run, /var/lib/libvirt and /etc/libvirt are empty, so
that a client finds the daemon at its ordinary address (qemu:///system) and nothing outlives the test.
VIRTUE_PEER=reference takes Debian's libvirtd instead of virtued.
"""

import json
import os
import pathlib
import pwd
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
INSIDE = "VIRTUE_CLIENT_TEST_DIRECTORY"
REFERENCE = os.environ.get("VIRTUE_PEER") == "reference"
SOCKET = "/run/libvirt/libvirt-sock"
SANITIZERS = ("ASAN_", "UBSAN_", "LSAN_")
PATIENCE = 300  # seconds that anything may take on a slow, busy machine before it counts as hanging


def virtued():
    """The daemon under test, or nothing when it is not built."""
    built = ROOT / "build" / os.environ.get("VIRTUE_PRESET", "dev") / "bin" / "virtued"
    path = pathlib.Path(os.environ.get("VIRTUED", built))
    return path if path.exists() else None


def directory():
    """The private world's folder on the disk."""
    return pathlib.Path(os.environ[INSIDE])


def obstacle(needs):
    """Why the tests of a file cannot run here, or nothing. `needs` are paths that must exist."""
    if os.geteuid() != 0:
        return "private namespaces need root"
    missing = [path for path in needs if not os.path.exists(path)]
    if missing:
        return f"{missing[0]} is not there"
    if not REFERENCE and virtued() is None:
        return "virtued is not built"
    return ""


def run_inside(arguments):
    """Runs a test program in a fresh private world; returns (its output, {test: [outcome, text]})."""
    # Not in /tmp: QEMU as another user must be able to reach it. Short: a socket's path has 107 bytes.
    place = pathlib.Path(tempfile.mkdtemp(prefix="vct-", dir="/var/tmp"))
    place.chmod(0o755)
    command = ["setpriv", "--pdeathsig", "KILL", "unshare", "-mnpu", "--fork", "--kill-child", "--mount-proc",
               "bash", str(ROOT / "tests" / "bench" / "private_namespace.sh"), str(place), sys.executable, *arguments]
    try:
        with subprocess.Popen(command, env=os.environ | {INSIDE: str(place), "LC_ALL": "C.UTF-8", "COLUMNS": "1000",
                                                        "VIRTUE_GUEST": made_guest()},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace") as child:
            try:
                output = child.communicate()[0]
            finally:
                child.kill()
        outcomes = place / "outcomes"
        return output, json.loads(outcomes.read_text()) if outcomes.exists() else {}
    finally:
        shutil.rmtree(place, ignore_errors=True)


class Recorder(unittest.TextTestResult):
    """Keeps what became of each test, for the Outside that asked; one entry a test, subtests joined."""

    outcomes = {}

    def _note(self, test, outcome, text=""):
        # A class or module that could not be set up has no method: it speaks for all its tests.
        name = getattr(test, "_testMethodName", "*")
        before = self.outcomes.get(name)
        self.outcomes[name] = [outcome, (before[1] if before and before[0] == outcome else "") + text]

    def addSuccess(self, test):
        super().addSuccess(test)
        if test._testMethodName not in self.outcomes:
            self._note(test, "passed")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note(test, "skipped", reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._note(test, "failed", self._exc_info_to_string(err, test))

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._note(test, "failed", f"{subtest}: {err[1]}\n")


class Outside(unittest.TestCase):
    """Stands for one class of tests that run in a private world; each of its methods reports for one of theirs."""

    needs = ()
    arguments = ()

    @classmethod
    def setUpClass(cls):
        why = obstacle(cls.needs)
        if why:
            raise unittest.SkipTest(why)
        cls.output, cls.outcomes = run_inside(cls.arguments)
        for figure in re.findall(r"rate: .*", cls.output):
            print(figure)

    def report(self, name):
        outcome, text = self.outcomes.get(name) or self.outcomes.get("*") or ["failed", self.output]
        if outcome == "skipped":
            self.skipTest(text)
        if outcome == "failed":
            self.fail(text)


def load_tests(_loader, tests, _pattern):
    """unittest's hook: outside of a private world, each class is stood for by an Outside."""
    if INSIDE in os.environ:
        return tests
    classes = {}
    for group in tests:
        for test in group:
            classes.setdefault(type(test), []).append(test._testMethodName)
    suite = unittest.TestSuite()
    for kind, names in classes.items():
        module = sys.modules[kind.__module__]
        methods = {name: (lambda self, name=name: self.report(name)) for name in names}
        proxy = type(kind.__name__, (Outside,), methods | {
            "__module__": kind.__module__, "__doc__": kind.__doc__, "needs": module.NEEDS,
            "arguments": (os.path.abspath(module.__file__), kind.__name__)})
        suite.addTest(unittest.TestSuite(proxy(name) for name in names))
    return suite


def main():
    """What a test program ends with."""
    if INSIDE not in os.environ:
        # A name on the command line would be loaded past load_tests: make it a choice among what that gives.
        words = [word for name in sys.argv[1:] for word in ([name] if name.startswith("-") else ["-k", name])]
        unittest.main(verbosity=2, argv=[sys.argv[0], *words])
    program = unittest.main(verbosity=2, exit=False,
                            testRunner=unittest.TextTestRunner(resultclass=Recorder, verbosity=2))
    (directory() / "outcomes").write_text(json.dumps(Recorder.outcomes))
    sys.exit(not program.result.wasSuccessful())


def wait_for(what, condition, seconds=PATIENCE):
    """Waits until `condition()` is true and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


def listens(path):
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


class Daemon:
    """The daemon under test, as root or as the user `nobody` with folders of its own. Stop it, or use `with`."""

    def __init__(self, user=False):
        self.user = user
        self.environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
                            "COLUMNS": "1000"}  # virsh's line editor folds what it echoes at this width
        # Where the sanitizers of a build that has them report.
        self.environment |= {name: text for name, text in os.environ.items() if name.startswith(SANITIZERS)}
        self.socket = SOCKET
        self.log = directory() / ("daemon-user.log" if user else "daemon.log")
        if user:
            home = directory() / "home"
            account = pwd.getpwnam("nobody")
            for path in (home, home / "run"):
                path.mkdir(mode=0o700)
                os.chown(path, account.pw_uid, account.pw_gid)
            self.environment |= {"HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run"), "USER": "nobody",
                                 "XDG_CONFIG_HOME": str(home / "config"), "XDG_CACHE_HOME": str(home / "cache")}
            self.socket = str(home / "run" / "libvirt" / "libvirt-sock")
        if REFERENCE and not user:
            configuration = pathlib.Path("/etc/libvirt")
            (configuration / "libvirtd.conf").write_text(
                'auth_unix_rw = "none"\nauth_unix_ro = "none"\nlog_level = 3\n'
                'host_uuid = "8f07fe28-753f-2729-d76d-bdbd892f949a"\n')
            (configuration / "qemu.conf").write_text("namespaces = []\n")
            if not listens("/run/libvirt/virtlogd-sock"):
                subprocess.run(["virtlogd", "-d"], check=True)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.as_user(["libvirtd"] if REFERENCE else [virtued()]), stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL, env=self.environment, cwd="/",
                                            start_new_session=True)
        wait_for("the daemon to listen", self._listens)

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended:\n{self.log.read_text(errors='replace')[-2000:]}")
        # What a killed daemon left is taken by clients before this daemon has bound it again.
        preferred = pathlib.Path(self.socket).with_name("virtqemud-sock")
        return self._is_ours(self.socket) and (not preferred.exists() or self._is_ours(str(preferred)))

    def _is_ours(self, path):
        """True if this daemon listens there, not a child of the one before that has not let go of its sockets yet."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(path)
            except OSError:
                return False
            listener = struct.unpack("3i", probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
            return REFERENCE or listener == self.process.pid

    def as_user(self, command):
        """The command, run by the daemon's user."""
        command = [str(word) for word in command]
        if not self.user:
            return command
        return ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", *command]

    def run(self, command, check=True, **options):
        """Runs a client to its end as the daemon's user; stdout and stderr come back as one text."""
        done = subprocess.run(self.as_user(command), env=self.environment, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=PATIENCE, check=False,
                              **({"stdin": subprocess.DEVNULL} | options))
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def open(self, command, **options):
        """Starts a client as the daemon's user."""
        return subprocess.Popen(self.as_user(command), env=self.environment, **options)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the daemon does not end on SIGTERM") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def made_guest():
    """The folder of the guest image, made when it is not cached; that needs the network, so not inside."""
    if "VIRTUE_GUEST" in os.environ:
        return os.environ["VIRTUE_GUEST"]
    made = subprocess.run([str(ROOT / "scripts" / "guest-image"), "--quiet"], stdout=subprocess.PIPE, text=True,
                          check=False, timeout=2 * PATIENCE)
    return made.stdout.strip() if made.returncode == 0 else ""


def guest_image():
    """A folder with vmlinuz and initrd.img that QEMU may read under any user; skips the test when there is none."""
    source = pathlib.Path(os.environ.get("VIRTUE_GUEST") or "/nowhere")
    if not (source / "initrd.img").exists():
        raise unittest.SkipTest("scripts/guest-image could not make the guest")
    target = pathlib.Path("/var/lib/libvirt/boot")
    target.mkdir(parents=True, exist_ok=True)
    for name in ("vmlinuz", "initrd.img"):
        if not (target / name).exists():
            shutil.copy(source / name, target / name)
    return target


def guest_xml(name):
    """A Linux guest that boots from the guest image and answers on its serial console. It does not check its timer: on a
    busy host an emulated one is late, and the kernel would hold it for broken, and panic."""
    image = guest_image()
    return f"""<domain type='qemu'><name>{name}</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type><kernel>{image}/vmlinuz</kernel><initrd>{image}/initrd.img</initrd>
<cmdline>console=ttyS0 quiet no_timer_check</cmdline></os><features><acpi/></features>
<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot>
<devices><serial type='pty'/><console type='pty'/><memballoon model='virtio'/></devices></domain>"""


PROMPT = "virtue-guest# "
