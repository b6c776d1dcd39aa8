#!/usr/bin/python3
# parallel: safe
# deadline: 900
"""virtued as a process: its sockets, locks, settings, signals, and the stock virt-admin on its admin socket."""

import contextlib
import fcntl
import os
import signal
import socket
import stat
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import harness  # noqa: E402

DAEMONS = ['libvirt', 'virtqemud', 'virtnetworkd', 'virtstoraged', 'virtsecretd', 'virtnodedevd', 'virtinterfaced',
           'virtnwfilterd', 'virtproxyd']
STATE = ['qemu', 'network', 'storage', 'secrets', 'nodedev', 'interface', 'nwfilter']
HEADER = struct.Struct('>IIIiiIi')
REMOTE = 0x20008086
AUTH_LIST = 66


def call(path, procedure=AUTH_LIST, program=REMOTE):
    """Makes one call without arguments; returns (status, payload)."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(harness.PATIENCE)
        client.connect(path)
        client.sendall(HEADER.pack(28, program, 1, procedure, 0, 5, 0))
        data = b''
        while len(data) < 4 or len(data) < struct.unpack('>I', data[:4])[0]:
            part = client.recv(65536)
            if not part:
                raise EOFError('the daemon closed the connection')
            data += part
        return HEADER.unpack_from(data)[6], data[28:]


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Sockets(harness.TestCase):
    def test_all_of_libvirts_names_answer(self):
        harness.needs_root()
        daemon = self.daemon()
        for name in DAEMONS:
            for socket_name, bits in ((f'{name}-sock', 0o777), (f'{name}-sock-ro', 0o777), (f'{name}-admin-sock', 0o700)):
                path = daemon.socket(socket_name)
                self.assertEqual(mode(path), bits, socket_name)
                status, _ = call(path, 3, 0x06900690) if 'admin' in socket_name else call(path)
                self.assertEqual(status, 0, socket_name)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual([name for name in os.listdir(os.path.dirname(daemon.socket())) if 'sock' in name], [])

    def test_a_users_daemon_is_for_that_user_only(self):
        daemon = self.daemon(session=True)
        self.assertEqual(mode(daemon.socket()), 0o700)
        self.assertFalse(os.path.exists(daemon.socket('libvirt-sock-ro')))
        self.assertEqual(call(daemon.socket())[0], 0)

    def test_settings_choose_sockets_and_modes(self):
        harness.needs_root()
        daemon = self.daemon(config='sockets = ["libvirt"]\nauth_unix_rw = "none"\nunix_sock_ro_perms = "0750"\n')
        found = {name: mode(daemon.socket(name)) for name in os.listdir(os.path.dirname(daemon.socket())) if 'sock' in name}
        self.assertEqual(found, {'libvirt-sock': 0o700, 'libvirt-sock-ro': 0o750, 'libvirt-admin-sock': 0o700})

    def test_sockets_of_a_service_manager_are_used_and_left_in_place(self):
        harness.needs_root()
        directory = self.directory()
        path = os.path.join(directory, 'passed-sock')
        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ready.bind(os.path.join(directory, 'notify'))
        ready.settimeout(harness.PATIENCE)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path)
            listening.listen()
            os.mkdir(os.path.join(directory, 'root'))
            # The process number is known only after the fork: a shell sets it and becomes the daemon.
            script = 'exec 3<&"$1"; LISTEN_PID=$$ LISTEN_FDS=1 exec "$2" --root "$3"'
            child = subprocess.Popen(['bash', '-c', script, 'bash', str(listening.fileno()), harness.program('virtued'),
                                      os.path.join(directory, 'root')], pass_fds=[listening.fileno()],
                                     env=dict(os.environ, NOTIFY_SOCKET=os.path.join(directory, 'notify')))
            try:
                self.assertEqual(ready.recv(100), b'READY=1')
                self.assertEqual(call(path)[0], 0)
                self.assertFalse(os.path.exists(os.path.join(directory, 'root', 'run', 'libvirt', 'libvirt-sock')))
            finally:
                child.terminate()
                self.assertEqual(child.wait(harness.PATIENCE), 0)
            self.assertEqual(ready.recv(100), b'STOPPING=1')
            self.assertTrue(os.path.exists(path))
        ready.close()


class Locks(harness.TestCase):
    def run_once(self, root, *arguments):
        return subprocess.run([harness.program('virtued'), '--root', root, *arguments], capture_output=True, text=True,
                              timeout=harness.PATIENCE, check=False)

    def test_a_second_daemon_says_who_is_there(self):
        daemon = self.daemon()
        second = self.run_once(daemon.root)
        self.assertEqual(second.returncode, 1)
        self.assertIn(f'another daemon is in charge: virtued, process {daemon.pid}, holds {daemon.root}/run/', second.stderr)
        self.assertEqual(call(daemon.socket())[0], 0)

    def test_libvirts_lock_files_are_honoured_and_held(self):
        harness.needs_root()
        daemon = self.daemon()
        files = [f'{daemon.root}/run/{name}d.pid' if name == 'libvirt' else f'{daemon.root}/run/{name}.pid' for name in DAEMONS]
        files += [f'{daemon.root}/run/libvirt/{name}/driver.pid' for name in STATE]
        for path in files:
            with open(path, 'r+', encoding='ascii') as file:
                self.assertEqual(file.read(), str(daemon.pid), path)
                with self.assertRaises(OSError, msg=path):
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as libvirt locks: F_SETLK
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual([path for path in files if os.path.exists(path)], [])
        os.makedirs(f'{daemon.root}/run/libvirt/qemu', exist_ok=True)
        with open(f'{daemon.root}/run/libvirt/qemu/driver.pid', 'w', encoding='ascii') as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            second = self.run_once(daemon.root)
            self.assertEqual(second.returncode, 1)
            self.assertIn(f'process {os.getpid()}, holds {file.name}', second.stderr)

    def test_a_socket_that_another_program_serves_is_left_to_it_but_waited_for_a_moment(self):
        directory = self.directory()
        path = f'{directory}/run/libvirt/libvirt-sock'
        os.makedirs(os.path.dirname(path))
        with self.served(path):
            refused = self.run_once(directory)
            self.assertEqual(refused.returncode, 1, refused.stderr)
            self.assertIn('a running server listens on', refused.stderr)
            self.assertIn(path, refused.stderr)
        # The moment is two seconds, in which we may not have had our turn: then it is tried again.
        daemon = self.daemon(root=directory, start=False)
        for _ in range(10):
            with self.served(path):
                daemon.launch()
                harness.wait_until(lambda: self.holds_lock(daemon) or not daemon.running(), what='the start of the daemon')
            try:
                daemon.wait_until_ready()
                break
            except AssertionError:
                self.assertIn('a running server listens on', daemon.log())
                daemon.child.close()
        self.assertEqual(call(path)[0], 0)

    @contextlib.contextmanager
    def served(self, path):
        """Meanwhile another program serves this socket."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
            other.listen()
            yield

    def holds_lock(self, daemon):
        """Its locks are taken before its sockets are made."""
        try:
            with open(f'{daemon.root}/run/libvirt/qemu/driver.pid', encoding='ascii') as file:
                return file.read() == str(daemon.pid)
        except FileNotFoundError:
            return False

    def test_a_killed_daemon_holds_nothing(self):
        daemon = self.daemon()
        daemon.kill9()
        daemon.start()
        self.assertEqual(call(daemon.socket())[0], 0)


class Settings(harness.TestCase):
    def refused(self, *arguments, text=None):
        directory = self.directory()
        if text is not None:
            with open(os.path.join(directory, 'v.conf'), 'w', encoding='ascii') as file:
                file.write(text)
            arguments += ('--config', file.name)
        done = subprocess.run([harness.program('virtued'), '--root', directory, *arguments], capture_output=True,
                              text=True, timeout=harness.PATIENCE, check=False)
        self.assertEqual(done.returncode, 1)
        return done.stderr

    def test_an_unknown_setting_stops_the_start_with_the_nearest_known_one(self):
        self.assertIn("v.conf:2: there is no setting 'max_cleints'; did you mean 'max_clients'?",
                      self.refused(text='# mine\nmax_cleints = 3\n'))

    def test_a_named_file_must_be_there(self):
        self.assertIn('/nonexistent.conf', self.refused('--config', '/nonexistent.conf'))

    def test_the_printed_settings_are_accepted(self):
        printed = subprocess.run([harness.program('virtued'), '--print-config'], capture_output=True, text=True, check=True)
        self.assertIn('#max_client_requests = 64', printed.stdout)
        daemon = self.daemon(config=printed.stdout)
        self.assertEqual(call(daemon.socket())[0], 0)

    def test_hang_up_reads_limits_and_log_settings_again(self):
        harness.needs_root()
        harness.needs('virt-admin')
        daemon = self.daemon(config='max_clients = 100\n')
        with open(os.path.join(daemon.root, 'test.conf'), 'w', encoding='ascii') as file:
            file.write('max_clients = 77\nlog_filters = "1:rpc"\n')
        daemon.child.signal(signal.SIGHUP)
        admin = f'libvirtd+unix:///system?socket={daemon.socket("libvirt-admin-sock")}'
        command = ['virt-admin', '-c', admin, 'server-clients-info', 'libvirtd']
        harness.wait_until(lambda: '77' in harness.run(command).stdout, what='the new limit')
        filters = harness.run(['virt-admin', '-c', admin, 'daemon-log-filters']).stdout
        self.assertIn('1:*rpc*', filters)


class Life(harness.TestCase):
    def test_signals_end_it_in_order(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            daemon = self.daemon()
            daemon.child.signal(number)
            self.assertEqual(daemon.child.wait(harness.PATIENCE), 0)

    def test_in_the_background_it_returns_once_it_serves(self):
        directory = self.directory()
        pid_file = os.path.join(directory, 'my.pid')
        done = subprocess.run([harness.program('virtued'), '--root', directory, '-d', '-p', pid_file], timeout=harness.PATIENCE, check=False)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(call(os.path.join(directory, 'run', 'libvirt', 'libvirt-sock'))[0], 0)
        with open(pid_file, encoding='ascii') as file:
            pid = int(file.read())
        second = subprocess.run([harness.program('virtued'), '--root', directory, '-d'], capture_output=True, text=True,
                                timeout=harness.PATIENCE, check=False)
        self.assertEqual(second.returncode, 1)
        self.assertIn(f'process {pid}', second.stderr)
        os.kill(pid, signal.SIGTERM)
        harness.wait_for_end(pid)

    def test_it_leaves_when_nobody_needs_it(self):
        daemon = self.daemon(session=True, arguments=['--timeout', '5'], start=False)
        with socket.socket(socket.AF_UNIX) as client:
            harness.wait_until(lambda: self.connects(daemon, client), every=0.1, what='a connection before it left')
            with self.assertRaises(AssertionError):
                daemon.child.wait(7)  # somebody is connected
        self.assertEqual(daemon.child.wait(harness.PATIENCE), 0)

    def connects(self, daemon, client):
        """True once the client is connected. A daemon that left before we had our turn is started again."""
        if not daemon.running():
            if daemon.child is not None:
                self.assertEqual(daemon.child.wait(0), 0)
                daemon.child.close()
            daemon.launch()
        try:
            client.connect(daemon.socket())
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False


class VirtAdmin(harness.TestCase):
    def setUp(self):
        harness.needs_root()
        harness.needs('virt-admin')
        self.server = self.daemon()

    def admin(self, *arguments, check=True):
        uri = f'libvirtd+unix:///system?socket={self.server.socket("libvirt-admin-sock")}'
        done = harness.run(['virt-admin', '-c', uri, *arguments], check=False)
        if check:
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_servers_and_their_limits(self):
        self.assertIn('libvirtd', self.admin('server-list'))
        self.assertIn('admin', self.admin('server-list'))
        self.assertRegex(self.admin('server-threadpool-info', 'libvirtd'), r'minWorkers +: 5\n')
        self.admin('server-threadpool-set', 'libvirtd', '--min-workers', '6')
        self.assertRegex(self.admin('server-threadpool-info', 'libvirtd'), r'minWorkers +: 6\n')
        self.assertIn('minWorkers cannot be larger than maxWorkers',
                      self.admin('server-threadpool-set', 'libvirtd', '--min-workers', '60', check=False))
        self.admin('server-clients-set', 'libvirtd', '--max-clients', '1000', '--max-unauth-clients', '30')
        self.assertRegex(self.admin('server-clients-info', 'libvirtd'), r'nclients_max +: 1000\n(.*\n)*nclients_unauth_max +: 30')
        self.assertIn("Server not found: No server named 'nosuch'", self.admin('client-list', 'nosuch', check=False))
        self.assertIn('no tls service found', self.admin('server-update-tls', 'libvirtd', check=False))

    def test_clients_are_shown_and_can_be_disconnected(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.server.socket('libvirt-sock-ro'))
            client.settimeout(harness.PATIENCE)
            # The kernel connects before the daemon has looked.
            listed = harness.wait_until(lambda: self.admin('client-list', 'libvirtd').split('\n', 2)[2].split(), what='the client in the list')
            number = listed[0]
            info = self.admin('client-info', 'libvirtd', number)
            self.assertRegex(info, r'readonly +: yes')
            self.assertRegex(info, rf'unix_process_id *: {os.getpid()}')
            self.assertRegex(info, r'unix_user_name *: root')
            self.assertIn('disconnected', self.admin('client-disconnect', 'libvirtd', number))
            self.assertEqual(client.recv(1), b'')
        self.assertIn("No client with matching ID '99'", self.admin('client-info', 'libvirtd', '99', check=False))

    def has(self, path, text):
        with open(path, encoding='utf-8') as file:
            return text in file.read()

    def test_log_settings_and_timeout(self):
        self.admin('daemon-log-filters', '1:rpc 3:qemu')
        self.assertIn('1:*rpc* 3:*qemu*', self.admin('daemon-log-filters'))
        log = os.path.join(self.server.root, 'other.log')
        self.admin('daemon-log-outputs', f'1:file:{log}')
        self.assertIn(f'1:file:{log}', self.admin('daemon-log-outputs'))
        harness.wait_until(lambda: self.has(log, 'rpc.session'), what='a line of the log')
        self.assertIn('invalid argument', self.admin('daemon-log-filters', '9:foo', check=False))
        self.admin('daemon-timeout', '--timeout', '1')
        self.assertEqual(self.server.child.wait(harness.PATIENCE), 0)


if __name__ == '__main__':
    unittest.main()
