"""What the Python tests stand on: our daemon in a private directory, the reference daemon in private namespaces, the
stock and our own shell, the stock Python binding, the guest image, and waiting with a deadline.

    class Life(harness.TestCase):
        def test_it(self):
            daemon = self.daemon()
            connection = daemon.connect()
            ...

Everything that a TestCase makes is ended and removed when its test ends; logs are shown when it failed.
"""

import atexit
import contextlib
import functools
import glob
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import xml.sax.saxutils

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get('VIRTUE_ROOT') or os.path.dirname(os.path.dirname(HERE))
PRESET = os.environ.get('VIRTUE_PRESET', 'dev')
SOAK = bool(os.environ.get('VIRTUE_SOAK'))
BIN = os.path.join(ROOT, 'build', PRESET, 'bin')
NOBODY = 65534
sys.path.append(os.path.join(ROOT, 'scripts'))

from terminal import Ended, Terminal  # noqa: E402,F401  (tests take them from here)

if os.environ.get('TMPDIR'):
    tempfile.tempdir = os.environ['TMPDIR']


# ---- what there is, and skipping without it

def program(name):
    """The path of one of our programs in the build under test; an error when it was not built."""
    path = os.path.join(BIN, name)
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f'{path} is not built')
    return path


def shared(*parts):
    """A path in the shared reference material beside the repository, or a skip that says what is missing."""
    candidates = [os.environ.get('VIRTUE_SHARED'), os.path.join(ROOT, '..', 'shared'), os.path.join(ROOT, '..', '..', 'shared')]
    for candidate in candidates:
        if candidate and os.path.exists(os.path.join(candidate, *parts)):
            return os.path.abspath(os.path.join(candidate, *parts))
    raise unittest.SkipTest(f'needs {os.path.join("../shared", *parts)}, which is not part of the repository (VIRTUE_SHARED names another place)')


def needs(*tools):
    """Skips the test (or, called while a file is loaded, the file) when a program is not installed."""
    for tool in tools:
        if not shutil.which(tool, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin'):
            raise unittest.SkipTest(f'needs {tool}, which is not installed')


def needs_root():
    if os.geteuid() != 0:
        raise unittest.SkipTest('needs root')


@functools.lru_cache(maxsize=None)
def needs_namespaces():
    """Skips where mount, pid and network namespaces cannot be made (not root, or a locked-down container)."""
    needs_root()
    result = subprocess.run(['unshare', '-mnpu', '--fork', '--kill-child', '--mount-proc', 'true'], capture_output=True, text=True, check=False)
    if result.returncode:
        raise unittest.SkipTest(f'needs private namespaces: {result.stderr.strip()}')


def libvirt():
    """The stock Python binding, with its messages on stderr silenced; a skip without it."""
    try:
        import libvirt as binding
    except ImportError:
        raise unittest.SkipTest('needs python3-libvirt') from None
    binding.registerErrorHandler(lambda *_: None, None)
    return binding


# ---- waiting

# Seconds that anything may take on a slow, busy machine before it counts as hanging: no test is about a time.
PATIENCE = 240


def wait_until(predicate, timeout=PATIENCE, what=None, every=0.02):
    """Waits until predicate() is true and returns its value; AssertionError after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f'{what or "what was waited for"} did not happen within {timeout} s')
        time.sleep(every)
        every = min(every * 1.5, 0.5)


class Child:
    """A process that we started, watched by pidfd: process 1 may be slow to reap, kill(pid, 0) would still find it."""

    def __init__(self, arguments, **options):
        options.setdefault('start_new_session', True)
        options.setdefault('stdin', subprocess.DEVNULL)
        self.process = subprocess.Popen(arguments, **options)
        self.pid = self.process.pid
        self.handle = os.pidfd_open(self.pid)

    def running(self):
        return not select.select([self.handle], [], [], 0)[0]

    def wait(self, timeout):
        """The exit code (negative for a signal), or AssertionError after `timeout` seconds."""
        if not select.select([self.handle], [], [], timeout)[0]:
            raise AssertionError(f'process {self.pid} did not end within {timeout} s')
        return self.process.wait()

    def signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, number)

    def close(self):
        if self.running():
            self.signal(signal.SIGKILL)
        self.process.wait()
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1


def process_state(path):
    """The letter of a process's or a thread's state in its folder below /proc, 'X' for one that is gone."""
    try:
        with open(f'{path}/stat', encoding='utf-8', errors='replace') as file:
            return file.read().rpartition(')')[2].split()[0]
    except OSError:
        return 'X'


def wait_for_end(pid, timeout=PATIENCE):
    """Waits until a process that is not our child is gone or a zombie."""
    wait_until(lambda: process_state(f'/proc/{pid}') in 'ZX', timeout, f'the end of process {pid}')


def freeze(pid):
    """Stops a process and returns when it has stopped: the signal alone lets its threads go on for a moment."""
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: all(process_state(thread) in 'TtZX' for thread in glob.glob(f'/proc/{pid}/task/*')), what=f'the stop of process {pid}')


def wait_for_monitor(domain):
    """Waits until a guest's QEMU has answered all that it was asked and no call is under way about it: after a start of
    the daemon, until it was found again; after a call that was given up, until what it had asked for is done. False if
    the guest ended meanwhile."""
    binding = libvirt()

    def answered():
        try:
            return domain.controlInfo()[0] == binding.VIR_DOMAIN_CONTROL_OK
        except binding.libvirtError as error:
            if error.get_error_code() not in (binding.VIR_ERR_OPERATION_INVALID, binding.VIR_ERR_NO_DOMAIN):
                raise
            return 'ended'
    return wait_until(answered, what=f'the answers of the monitor of {domain.name()}') != 'ended'


# ---- programs of others and ours

class Failed(AssertionError):
    """A command that should have worked did not; the text holds its output."""


def run(arguments, timeout=PATIENCE, check=True, **options):
    """Runs a program to its end; CompletedProcess with text in stdout and stderr. `input` is given to it."""
    options.setdefault('capture_output', True)
    if 'input' not in options:
        options.setdefault('stdin', subprocess.DEVNULL)
    environment = dict(os.environ, LC_ALL='C.UTF-8')
    environment.update(options.pop('env', None) or {})
    result = subprocess.run([str(argument) for argument in arguments], timeout=timeout, text=True, check=False, env=environment, **options)
    if check and result.returncode:
        raise Failed(f'{" ".join(map(str, arguments))}: code {result.returncode}\n{result.stdout}{result.stderr}')
    return result


def run_virsh(arguments, uri=None, **options):
    """Stock virsh; `arguments` is a list, or a string that is split at blanks."""
    needs('virsh')
    return run(['virsh', *(['-c', uri] if uri else []), *words(arguments)], **options)


def run_virtue(arguments, uri=None, **options):
    """Our shell, as run_virsh."""
    return run([program('virtue'), *(['-c', uri] if uri else []), *words(arguments)], **options)


def words(arguments):
    return arguments.split() if isinstance(arguments, str) else list(arguments)


@functools.lru_cache(maxsize=None)
def start_event_loop():
    """libvirt's default event loop in a thread of its own; must be called before connections that want events."""
    binding = libvirt()
    binding.virEventRegisterDefaultImpl()

    def turn():
        while True:
            binding.virEventRunDefaultImpl()
    # A timer keeps the loop turning when it has nothing else to wait for.
    binding.virEventAddTimeout(500, lambda *_: None, None)
    threading.Thread(target=turn, daemon=True).start()


# ---- the guest

class Guest:
    """The Linux guest that scripts/guest-image makes: paths of its kernel and initramfs."""

    PROMPT = 'virtue-guest# '
    READY = 'Virtue guest ready'

    def __init__(self, folder):
        self.kernel = os.path.join(folder, 'vmlinuz')
        self.initrd = os.path.join(folder, 'initrd.img')


@functools.lru_cache(maxsize=None)
def guest():
    """The guest image, made the first time (fetches Debian's kernel package)."""
    return Guest(run([os.path.join(ROOT, 'scripts/guest-image'), '--quiet'], timeout=300).stdout.strip())


def guest_xml(name, **changes):
    """examples/guest.xml for a guest `name`; `changes` are pairs of texts to replace in it."""
    with open(os.path.join(ROOT, 'examples/guest.xml'), encoding='utf-8') as file:
        text = file.read()
    image = guest()
    text = text.replace('@NAME@', xml.sax.saxutils.escape(name)).replace('@KERNEL@', image.kernel).replace('@INITRD@', image.initrd)
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def minimal_xml(name, memory_mib=16, devices='', **attributes):
    """A domain that costs next to nothing: no disk, no kernel, it stays in its firmware. TCG."""
    more = ''.join(f'<{key}>{value}</{key}>' for key, value in attributes.items())
    return (f'<domain type="qemu"><name>{xml.sax.saxutils.escape(name)}</name><memory unit="MiB">{memory_mib}</memory>{more}'
            f'<os><type arch="x86_64" machine="pc">hvm</type></os><features><acpi/></features>'
            f'<devices><controller type="usb" model="none"/><memballoon model="none"/>{devices}</devices></domain>')


# ---- daemons

LIVE = []


def show_logs(test):
    """Prints what the daemons of a failed test have logged; run_file.py calls it at the failure."""
    for daemon in LIVE:
        text = daemon.log()
        print(f'==== {test}: log of {daemon.title}\n{text[-8000:]}', flush=True)
        for path in daemon.guest_logs():
            with contextlib.suppress(OSError):
                with open(path, encoding='utf-8', errors='replace') as file:
                    print(f'==== {test}: {os.path.basename(path)}\n{file.read()[-3000:]}', flush=True)


def processes_below(directory):
    """[(pid, argument vector)] of running processes whose arguments name something below `directory`."""
    found = []
    needles = [directory.rstrip('/').encode() + end for end in (b'/', b'\0')]
    for entry in os.listdir('/proc'):
        if entry.isdigit() and int(entry) != os.getpid():
            with contextlib.suppress(OSError):
                with open(f'/proc/{entry}/cmdline', 'rb') as file:
                    line = file.read()
                if any(needle in line for needle in needles):
                    found.append((int(entry), line.decode('utf-8', 'replace').rstrip('\0').split('\0')))
    return found


def end_below(directory):
    """Ends every process that names something below `directory`, a private folder of ours."""
    for _ in range(100):
        left = processes_below(directory)
        if not left:
            return
        for pid, _ in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def private_directory(prefix='d-'):
    """A new folder, in /tmp or in the test file's own: short, for socket paths are limited to 107 characters."""
    return tempfile.mkdtemp(prefix=prefix, dir=tempfile.tempdir or '/tmp')


class Daemon:
    """virtued in a private directory, as the invoking user; everything it keeps lies below `root`.

    session=True runs it as an ordinary user's daemon with XDG folders below `root` (as `nobody` when we are root).
    `arguments` are added to its command line; `config` is the text of its configuration file; `environment` is added.
    """

    title = 'virtued'

    def __init__(self, session=False, arguments=(), config=None, environment=None, root=None, start=True, executable=None):
        self.session = session
        self.root = root or private_directory()
        self.arguments = list(arguments)
        self.environment = dict(environment or {})
        self.executable = executable or program('virtued')
        self.child = None
        self.log_path = os.path.join(self.root, 'virtued.log')
        self.user = NOBODY if session and os.geteuid() == 0 else None
        # Guests of the system daemon run as another user, who must be able to pass through.
        os.chmod(self.root, 0o755)
        if session:
            for name in ('home', 'run', 'config', 'cache', 'data', 'state'):
                os.makedirs(os.path.join(self.root, name), exist_ok=True)
            if self.user is not None:
                for where, _, _ in os.walk(self.root):
                    os.chown(where, self.user, self.user)
                os.chmod(self.root, 0o755)
        if config is not None:
            path = os.path.join(self.root, 'test.conf')
            with open(path, 'w', encoding='utf-8') as file:
                file.write(config)
            self.arguments += ['--config', path]
        LIVE.append(self)
        if start:
            self.start()

    # -- where it is

    @property
    def run_directory(self):
        return os.path.join(self.root, 'run')

    def socket(self, name='libvirt-sock'):
        return os.path.join(self.run_directory, 'libvirt', name)

    def uri(self, driver='qemu'):
        return f'{driver}+unix:///{"session" if self.session else "system"}?socket={self.socket()}'

    def uri_readonly(self, driver='qemu'):
        return f'{driver}+unix:///system?socket={self.socket("libvirt-sock-ro")}'

    def test_uri(self, path='/default'):
        return f'test+unix://{path}?socket={self.socket()}'

    def xdg(self):
        """The environment that makes a user's client or daemon use this private place."""
        paths = {'HOME': 'home', 'XDG_RUNTIME_DIR': 'run', 'XDG_CONFIG_HOME': 'config', 'XDG_CACHE_HOME': 'cache',
                 'XDG_DATA_HOME': 'data', 'XDG_STATE_HOME': 'state'}
        return {key: os.path.join(self.root, name) for key, name in paths.items()}

    # -- life

    def start(self, timeout=PATIENCE):
        """Starts it and waits until it takes connections."""
        self.launch()
        self.wait_until_ready(timeout)
        return self

    def launch(self):
        """Starts it and does not wait."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(('LIBVIRT_', 'XDG_', 'VIRTUE_'))}
        environment.update(LC_ALL='C.UTF-8', **(self.xdg() if self.session else {}))
        environment.update(self.environment)
        command = [self.executable, *([] if self.session else ['--root', self.root]), *self.arguments]
        options = {} if self.user is None else {'user': self.user, 'group': self.user, 'extra_groups': []}
        with open(self.log_path, 'ab') as log:
            self.child = Child(command, stdout=log, stderr=log, env=environment, cwd='/', **options)

    def wait_until_ready(self, timeout=PATIENCE):
        def answers():
            if not self.child.running():
                raise AssertionError(f'virtued ended with code {self.child.wait(0)}:\n{self.log()[-4000:]}')
            with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
                try:
                    probe.connect(self.socket())
                except OSError:
                    return False
                # Not the one before, whose socket a child that it was just making may hold for a moment longer.
                listener = struct.unpack('3i', probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
                return self.listens(listener)
        wait_until(answers, timeout, 'a connection to virtued')

    def listens(self, pid):
        """True if this process is the one that we started."""
        return pid == self.child.pid

    @property
    def pid(self):
        return self.child.pid

    def running(self):
        return self.child is not None and self.child.running()

    def stop(self, timeout=PATIENCE):
        """SIGTERM, as a service manager does; returns the exit code."""
        self.child.signal(signal.SIGTERM)
        code = self.child.wait(timeout)
        self.child.close()
        return code

    def kill9(self):
        self.child.signal(signal.SIGKILL)
        self.child.wait(PATIENCE)
        self.child.close()

    def restart(self):
        if self.running():
            self.stop()
        return self.start()

    def close(self):
        """Ends it and its guests and removes its folder."""
        if self in LIVE:
            LIVE.remove(self)
        if self.child is not None and self.child.handle >= 0:
            if self.running():
                self.child.signal(signal.SIGTERM)
                with contextlib.suppress(AssertionError):
                    self.child.wait(15)
            self.child.close()
        end_below(self.root)
        shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # -- talking to it

    def connect(self, driver='qemu', readonly=False):
        """A connection through the stock Python binding."""
        binding = libvirt()
        return binding.openReadOnly(self.uri_readonly(driver)) if readonly else binding.open(self.uri(driver))

    def virsh(self, arguments, **options):
        return run_virsh(arguments, uri=self.uri(), **options)

    def virtue(self, arguments, **options):
        return run_virtue(arguments, uri=self.uri(), **options)

    # -- looking at it

    def log(self):
        with contextlib.suppress(OSError):
            with open(self.log_path, encoding='utf-8', errors='replace') as file:
                return file.read()
        return ''

    def guest_logs(self):
        return sorted(glob.glob(os.path.join(self.root, '**/log/**/qemu/*.log'), recursive=True) +
                      glob.glob(os.path.join(self.root, 'cache/**/qemu/log/*.log'), recursive=True))

    def guests(self):
        """[(pid, arguments)] of the QEMU processes of this daemon."""
        return [(pid, line) for pid, line in processes_below(self.root) if 'qemu-system' in os.path.basename(line[0])]

    def guest_pid(self, name):
        """The pid of the running guest `name`, from the process table; AssertionError if there is not exactly one."""
        found = [pid for pid, line in self.guests() if any(part == f'guest={name}' or part.startswith(f'guest={name},') for part in line)]
        if len(found) != 1:
            raise AssertionError(f'{len(found)} processes run the guest {name}')
        return found[0]


class ReferenceDaemon:
    """Debian's libvirtd in private namespaces, reachable from outside by uri(). Needs root."""

    title = 'libvirtd'

    def __init__(self):
        needs('libvirtd', 'virtlogd', 'unshare', 'nsenter')
        needs_namespaces()
        self.root = private_directory('r-')
        self.log_path = os.path.join(self.root, 'output.log')
        with open(self.log_path, 'ab') as log:
            self.child = Child(['unshare', '-mnpu', '--fork', '--kill-child', '--mount-proc', 'bash',
                                os.path.join(HERE, 'reference_env.sh'), self.root], stdout=log, stderr=log, cwd='/')
        LIVE.append(self)
        self.wait_until_ready()

    wait_until_ready = Daemon.wait_until_ready

    def listens(self, pid):
        return True  # it is in other namespaces, whose numbers mean nothing here

    connect = Daemon.connect
    uri_readonly = Daemon.uri_readonly
    test_uri = Daemon.test_uri
    virsh = Daemon.virsh
    running = Daemon.running
    session = False

    def uri(self, driver='qemu'):
        return f'{driver}+unix:///system?socket={self.socket()}'

    def socket(self, name='libvirt-sock'):
        return os.path.join(self.root, 'run/libvirt', name)

    def run(self, arguments, **options):
        """Runs a program in the daemon's namespaces."""
        inner = run(['ps', '-o', 'pid=', '--ppid', str(self.child.pid)]).stdout.split()[0]
        return run(['nsenter', '-t', inner, '-a', *arguments], **options)

    def log(self):
        texts = []
        for path in (self.log_path, os.path.join(self.root, 'log/libvirt/libvirtd.log')):
            with contextlib.suppress(OSError):
                with open(path, encoding='utf-8', errors='replace') as file:
                    texts.append(file.read())
        return ''.join(texts)

    def guest_logs(self):
        return sorted(glob.glob(os.path.join(self.root, 'log/libvirt/qemu/*.log')))

    def close(self):
        """Ends the namespaces with all that runs in them, and removes its folder."""
        if self in LIVE:
            LIVE.remove(self)
        self.child.close()
        end_below(self.root)
        shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@atexit.register
def close_all():
    for daemon in list(LIVE):
        daemon.close()


# ---- tests

class TestCase(unittest.TestCase):
    """A test whose daemons end with it. For one that many tests share, use setUpClass and addClassCleanup."""

    maxDiff = None
    longMessage = True

    def daemon(self, **options):
        made = Daemon(**options)
        self.addCleanup(made.close)
        return made

    def reference(self):
        made = ReferenceDaemon()
        self.addCleanup(made.close)
        return made

    def directory(self):
        made = private_directory('t-')
        self.addCleanup(shutil.rmtree, made, ignore_errors=True)
        return made

    def terminal(self, arguments, **options):
        made = Terminal(arguments, **options)
        self.addCleanup(made.close)
        return made

    def refused(self, code, call, *arguments):
        """Asserts that a call of the Python binding fails with libvirt's error `code`; returns the error."""
        binding = libvirt()
        with self.assertRaises(binding.libvirtError) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.get_error_code(), code, str(caught.exception))
        return caught.exception
