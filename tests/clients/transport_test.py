#!/usr/bin/python3
"""Every way of our client to a daemon: named sockets, TCP, ssh, the user's own daemon started on demand; and consoles."""

import os
import pty
import signal
import socket
import subprocess
import threading
import time
import unittest

import private
from virsh_test import Terminal

VIRTUE = private.ROOT / "build" / os.environ.get("VIRTUE_PRESET", "dev") / "bin" / "virtue"
NEEDS = [str(VIRTUE), "/usr/bin/virt-ssh-helper", "/usr/bin/virsh"]
load_tests = private.load_tests

# A program called ssh that runs the command here; it writes down what it was called with.
SSH = """#!/usr/bin/python3
import os, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(" ".join(words) + "\\n")
if "refused" in words:
    sys.exit("ssh: connect to host refused port 22: Connection refused")
end = words.index("--")
os.set_blocking(0, True)  # ssh itself stands between its caller's descriptors and those of the command
os.execv("/bin/sh", ["sh", "-c", " ".join(words[end + 2:])])
"""
# nc -U PATH, for a host that has no virt-ssh-helper.
NC = """#!/usr/bin/python3
import os, socket, sys, threading
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[2])
def out():
    while data := peer.recv(65536):
        os.write(1, data)
    os._exit(0)
threading.Thread(target=out, daemon=True).start()
while data := os.read(0, 65536):
    peer.sendall(data)
"""


def relay(port, path):
    """Listens on a TCP port of this world and passes everything on to a UNIX socket."""
    listener = socket.create_server(("127.0.0.1", port))

    def copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve():
        while True:
            client = listener.accept()[0]
            daemon = socket.socket(socket.AF_UNIX)
            daemon.connect(path)
            for pair in ((client, daemon), (daemon, client)):
                threading.Thread(target=copy, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


class Ways(unittest.TestCase):
    """The system daemon, reached in several ways."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = private.Daemon()
        cls.addClassCleanup(cls.daemon.stop)
        cls.log = private.directory() / "ssh.log"
        for folder, programs in (("helper", {"ssh": SSH}), ("bare", {"ssh": SSH, "nc": NC})):
            place = private.directory() / folder
            place.mkdir()
            for name, text in programs.items():
                (place / name).write_text(text.replace("{log!r}", repr(str(cls.log))))
                (place / name).chmod(0o755)
        # A host with what a shell needs and without virt-ssh-helper.
        for name in ("sh", "python3"):
            (private.directory() / "bare" / name).symlink_to(f"/usr/bin/{name}")

    def run_virtue(self, uri, *words, path=None):
        environment = self.daemon.environment | ({"PATH": path} if path else {})
        done = subprocess.run([VIRTUE, "-c", uri, *words], env=environment, text=True, check=False, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=private.PATIENCE)
        return done.returncode, done.stdout.strip(), done.stderr.strip()

    def test_a_named_socket(self):
        self.assertEqual(self.run_virtue(f"qemu+unix:///system?socket={private.SOCKET}", "list", "--name"), (0, "", ""))
        code, _, error = self.run_virtue("qemu+unix:///system?socket=/run/libvirt/nothing", "uri")
        self.assertEqual(code, 1)
        self.assertIn("'/run/libvirt/nothing'", error)

    def test_tcp(self):
        relay(16509, private.SOCKET)
        relay(16510, private.SOCKET)
        for uri in ("qemu+tcp://localhost/system", "qemu+tcp://127.0.0.1:16510/system"):
            self.assertEqual(self.run_virtue(uri, "list", "--name"), (0, "", ""), uri)
        code, _, error = self.run_virtue("qemu+tcp://127.0.0.1:9/system", "uri")
        self.assertEqual(code, 1)
        self.assertIn("127.0.0.1 port 9", error)
        self.assertIn("Connection refused", error)

    def test_ssh_with_libvirt_s_helper_over_there(self):
        path = f"{private.directory()}/helper:{self.daemon.environment['PATH']}"
        self.assertEqual(self.run_virtue("qemu+ssh://somebody@far:2222/system", "list", "--name", path=path), (0, "", ""))
        called = self.log.read_text().splitlines()[-1]
        self.assertIn("-l somebody -p 2222 -- far ", called)

    def test_ssh_without_it(self):
        path = f"{private.directory()}/bare"
        self.assertEqual(self.run_virtue("qemu+ssh://far/system", "list", "--name", path=path), (0, "", ""))

    def test_an_ssh_that_fails_ends_the_command_with_its_words(self):
        path = f"{private.directory()}/helper:{self.daemon.environment['PATH']}"
        code, _, error = self.run_virtue("qemu+ssh://refused/system", "uri", path=path)
        self.assertEqual(code, 1)
        self.assertIn("ssh: connect to host refused port 22: Connection refused", error)
        self.assertIn("error: failed to connect to the hypervisor", error)

    def test_virtue_s_console_shows_the_guest_s_shell(self):
        definition = private.directory() / "guest.xml"
        definition.write_text(private.guest_xml("shown"))
        uri = f"qemu+unix:///system?socket={private.SOCKET}"
        code, _, error = self.run_virtue(uri, "create", str(definition))
        self.assertEqual(code, 0, error)
        self.addCleanup(self.run_virtue, uri, "destroy", "shown")
        ours, theirs = pty.openpty()
        child = self.daemon.open([VIRTUE, "-c", uri, "console", "shown"], stdin=theirs, stdout=theirs, stderr=theirs,
                                 start_new_session=True)
        os.close(theirs)
        terminal = Terminal(ours)
        terminal.read_until("Escape character is ^]")
        terminal.write("\n")
        terminal.read_until(private.PROMPT)
        terminal.write("echo $((6 * 7))$((0))\n")
        terminal.read_until("420")
        terminal.write("\x1d")  # Ctrl-]
        self.assertEqual(child.wait(private.PATIENCE), 0)
        os.close(ours)


class OwnDaemon(unittest.TestCase):
    """The daemon of a user: started by the first client, and gone when nobody needs it."""

    @classmethod
    def setUpClass(cls):
        # Folders of the user, by starting a daemon there once.
        cls.daemon = private.Daemon(user=True)
        cls.daemon.stop()

    def processes(self):
        """The daemons of this world."""
        found = []
        for number in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{number}/comm") as comm, open(f"/proc/{number}/stat") as stat:
                    if comm.read().strip() == "virtued" and stat.read().rsplit(")", 1)[1].split()[0] != "Z":
                        found.append(int(number))
            except OSError:
                pass
        return found

    def test_two_clients_at_once_start_one_daemon(self):
        private.wait_for("the one before to be gone", lambda: not self.processes())
        environment = self.daemon.environment | {"VIRTUED": str(private.virtued())}
        clients = [subprocess.Popen(self.daemon.as_user([VIRTUE, "-c", "qemu:///session", "list"]), env=environment, text=True,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                   for _ in range(4)]
        for client in clients:
            output = client.communicate(timeout=private.PATIENCE)[0]
            self.assertEqual(client.returncode, 0, output)
            self.assertIn("Id   Name   State", output)
        # A child that the daemon is just making is called as it for a moment.
        started = private.wait_for("one daemon to be left", lambda: (found := self.processes()) and len(found) == 1 and found)
        os.kill(started[0], signal.SIGTERM)
        private.wait_for("the daemon to end", lambda: not self.processes())

    def test_an_idle_daemon_leaves_and_one_with_a_client_stays(self):
        daemon = self.daemon.open([private.virtued(), "--session", "--timeout", "5"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        private.wait_for("the daemon to listen", lambda: private.listens(self.daemon.socket))
        # Until the client is there, however long it takes to come, somebody else needs the daemon.
        with socket.socket(socket.AF_UNIX) as before:
            before.connect(self.daemon.socket)
            client = self.connected()
        time.sleep(7)  # longer than the time that it may be idle
        self.assertIsNone(daemon.poll(), "left while a client was connected")
        client.stdin.close()
        self.assertEqual(client.wait(private.PATIENCE), 0)
        self.assertEqual(daemon.wait(private.PATIENCE), 0)
        client.stdout.close()

    def connected(self):
        """A client that has talked to the daemon and goes on."""
        uri = f"qemu+unix:///session?socket={self.daemon.socket}"
        client = self.daemon.open([VIRTUE, "-c", uri], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        client.stdin.write("uri\n")
        client.stdin.flush()
        line = client.stdout.readline()
        while line and ":///session" not in line:
            line = client.stdout.readline()
        self.assertIn(":///session", line)
        return client


if __name__ == "__main__":
    private.main()
