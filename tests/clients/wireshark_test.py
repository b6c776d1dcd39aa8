#!/usr/bin/python3
"""The Wireshark dissector of libvirt-wireshark decodes a whole session that is relayed over loopback TCP port 16509."""

import collections
import re
import select
import signal
import socket
import struct
import subprocess
import threading
import unittest

import private

PORT = 16509  # what the dissector is registered for
END_PORT = 9  # of the client whose packet is the last one
KEEPALIVE = b"keep\0\0\0\1"  # that program and its version, in a message's header
FRONT = "/run/relay-sock"
URI = f"qemu+unix:///system?socket={FRONT}"
SESSION = private.HERE / "virsh" / "demo.xml"


class Relay:
    """Carries bytes both ways, client socket -> TCP on lo -> daemon, so that a capture sees them."""

    def __init__(self, daemon_socket):
        self.daemon_socket = daemon_socket
        self.keepalive = set()  # the directions in which a sign of life went
        self.middle = socket.create_server(("127.0.0.1", PORT))
        self.front = socket.socket(socket.AF_UNIX)
        self.front.bind(FRONT)
        self.front.listen(8)
        self.open = True
        for server, connect in ((self.front, self._to_tcp), (self.middle, self._to_daemon)):
            threading.Thread(target=self._accept, args=(server, connect), daemon=True).start()

    @staticmethod
    def _to_tcp():
        return socket.create_connection(("127.0.0.1", PORT))

    def _to_daemon(self):
        daemon = socket.socket(socket.AF_UNIX)
        daemon.connect(self.daemon_socket)
        return daemon

    def _accept(self, server, connect):
        while True:
            try:
                incoming, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(incoming, connect()), daemon=True).start()

    def _carry(self, one, other):
        with one, other:
            while True:
                for ready in select.select([one, other], [], [])[0]:
                    try:
                        data = ready.recv(65536)
                        if not data:
                            return
                        if KEEPALIVE in data:
                            self.keepalive.add("to" if ready is one else "from")
                        (other if ready is one else one).sendall(data)
                    except OSError:
                        return

    def close(self):
        for server in (self.front, self.middle):
            server.shutdown(socket.SHUT_RDWR)
            server.close()


class Capture:
    """tshark on lo, from before the first packet to after the last."""

    def __init__(self):
        self.path = private.directory() / "session.pcapng"
        self.process = subprocess.Popen(["tshark", "-q", "-i", "lo", "-f", f"tcp port {PORT}", "-B", "32", "-w",
                                         str(self.path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = ""
        while "Capturing on" not in said:
            line = self.process.stderr.readline()
            if not line:
                raise AssertionError(f"tshark does not capture: {said}")
            said += line

        # It says so before it does so: capture a known connection first.
        def sees():
            with socket.socket() as probe:
                probe.connect_ex(("127.0.0.1", PORT))
            return self.path.exists() and self.path.stat().st_size > 1000
        private.wait_for("the first captured packet", sees)

    def close(self):
        """Ends when all that was sent before is in the file: packets are written in their order, the last one is ours."""
        def sees():
            with socket.socket() as last:
                last.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                last.bind(("127.0.0.1", END_PORT))
                last.connect_ex(("127.0.0.1", PORT))
            addresses = 2 * socket.inet_aton("127.0.0.1")
            return addresses + struct.pack("!HH", END_PORT, PORT) in self.path.read_bytes()
        private.wait_for("the last captured packet", sees)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(private.PATIENCE)
        self.process.stderr.close()


def dissect(path):
    """Wireshark's reading of the capture, one paragraph a libvirt message, and all of it as text."""
    done = subprocess.run(["tshark", "-r", str(path), "-o", "tcp.relative_sequence_numbers:FALSE", "-V", "-O",
                           "libvirt"], capture_output=True, text=True, check=True, timeout=private.PATIENCE)
    return done.stdout


def watch(daemon, name, words):
    """A client that prints events; its output goes into a file as it comes."""
    path = private.directory() / name
    with open(path, "wb") as output:
        client = daemon.open(["stdbuf", "-oL", "virsh", "-c", URI, *words], stdin=subprocess.DEVNULL, stdout=output)
    return client, path


def session(daemon, relay):
    """A guest's life through the relay: calls, errors, events, a console stream, QEMU's program, keepalive."""
    virsh = ["virsh", "-c", URI]
    watcher, watched = watch(daemon, "events", ["-k", "1", "event", "--all", "--loop", "--timestamp"])
    monitor, monitored = watch(daemon, "monitored", ["qemu-monitor-event", "--loop"])
    try:
        # Until both have registered they are told nothing: probe with another guest.
        direct = ["virsh", "-c", "qemu:///system"]
        daemon.run([*direct, "create", private.HERE / "virsh" / "transient.xml", "--paused"])

        def registered():
            for word in ("resume", "suspend"):
                daemon.run([*direct, word, "passing"])
            return watched.stat().st_size and monitored.stat().st_size
        private.wait_for("both to listen", registered)
        daemon.run([*direct, "destroy", "passing"])
        commands = f"""define {SESSION}
list --all
dominfo demo
dumpxml demo
desc demo --config --new-desc Seen by a dissector
domstats demo
capabilities
domcapabilities
nodeinfo
nodecpustats
nodememstats
cpu-models x86_64
start demo --paused
resume demo
domstate demo --reason
dommemstat demo
qemu-monitor-command demo {{"execute":"query-status"}}
vcpucount demo
start demo
dominfo nobody
suspend demo
resume demo
destroy demo
undefine demo
"""
        daemon.run(virsh, input=commands, stdin=None)
        console(daemon)
        daemon.run(["virsh", "-c", f"test+unix:///default?socket={FRONT}",
                    "net-list; pool-list; vol-list default-pool"])
        private.wait_for("the watcher's keepalive both ways", lambda: relay.keepalive == {"to", "from"})
    finally:
        for process in (watcher, monitor):
            process.kill()
            process.wait()


def console(daemon):
    """A console stream in both directions, with its ordinary end."""
    program = f"""
import sys
sys.path.append("/usr/lib/python3/dist-packages")
import libvirt
connection = libvirt.open({URI!r})
domain = connection.createXML({private.guest_xml("linux")!r}, 0)
stream = connection.newStream(0)
domain.openConsole(None, stream, 0)
text = b""
while b"{private.PROMPT}" not in text:
    text += stream.recv(4096)
stream.send(b"echo sum $((40 + 2))\\n")
while b"sum 42" not in text:
    text += stream.recv(4096)
stream.abort()
domain.destroy()
"""
    daemon.run(["python3", "-c", program])


class Wireshark(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        private.guest_image()
        with private.Daemon() as daemon:
            relay = Relay(daemon.socket)
            capture = Capture()
            try:
                session(daemon, relay)
            finally:
                relay.close()
                capture.close()
        cls.messages = [Message(text) for text in re.split(r"(?m)^(?=Libvirt$)", dissect(capture.path))[1:]]

    def test_no_packet_is_malformed(self):
        self.assertGreater(len(self.messages), 200)
        faults = [message.text for message in self.messages if message.malformed and not message.misread]
        self.assertEqual(faults, [])

    def test_the_calls_are_named_and_answered(self):
        named = {message.procedure for message in self.messages}
        self.assertEqual([name for name in NAMES if name not in named], [])
        self.assertEqual([name for name in named if not re.fullmatch(r"[A-Z0-9_]+ \(\d+\)", name)], [])
        for kind in ("CALL", "REPLY", "MESSAGE", "STREAM"):
            self.assertIn(kind, {message.kind for message in self.messages})
        calls = collections.Counter(message.procedure for message in self.messages if message.kind == "CALL")
        replies = collections.Counter(message.procedure for message in self.messages if message.kind == "REPLY")
        # The watchers are killed while they wait, which cuts no call short; nothing else may lack its answer.
        self.assertEqual(calls, replies)

    def test_what_was_said_is_read(self):
        text = "".join(message.text for message in self.messages)
        for said in ("remote_domain_define_xml_args", "remote_connect_get_all_domain_stats_ret", "remote_error",
                     "remote_domain_event_callback_lifecycle_msg", "qemu_domain_monitor_command_ret",
                     "Domain not found: ", "name: demo", "code: 42"):
            self.assertIn(said, text)


class Message:
    """One libvirt message as the dissector read it."""

    def __init__(self, text):
        self.text = text.split("\nFrame ")[0]
        self.kind = self._field(r"type: (\w+)")
        self.procedure = self._field(r"procedure: (.*)")
        self.malformed = "malformed" in self.text.lower()
        # libvirt-wireshark 9.0.0 takes the 28 bytes before a stream's data off its length twice, and calls data that
        # is shorter than that malformed, whoever sent it.
        self.misread = self.kind == "STREAM" and 28 < int(self._field(r"length: (\d+)")) < 56

    def _field(self, pattern):
        found = re.search(pattern, self.text)
        return found.group(1) if found else ""


NAMES = """AUTH_LIST (66)
CONNECT_OPEN (1)
CONNECT_CLOSE (2)
CONNECT_SUPPORTS_FEATURE (60)
CONNECT_REGISTER_CLOSE_CALLBACK (360)
CONNECT_GET_CAPABILITIES (7)
CONNECT_GET_DOMAIN_CAPABILITIES (342)
CONNECT_GET_CPU_MODEL_NAMES (312)
CONNECT_GET_ALL_DOMAIN_STATS (344)
CONNECT_LIST_ALL_DOMAINS (273)
CONNECT_LIST_ALL_NETWORKS (283)
CONNECT_LIST_ALL_STORAGE_POOLS (281)
CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY (316)
CONNECT_DOMAIN_MONITOR_EVENT_REGISTER (4)
DOMAIN_DEFINE_XML (11)
DOMAIN_CREATE_XML (10)
DOMAIN_CREATE_WITH_FLAGS (196)
DOMAIN_LOOKUP_BY_NAME (23)
DOMAIN_GET_INFO (16)
DOMAIN_GET_STATE (212)
DOMAIN_GET_XML_DESC (14)
DOMAIN_GET_VCPUS_FLAGS (200)
DOMAIN_SET_METADATA (264)
DOMAIN_MEMORY_STATS (159)
DOMAIN_SUSPEND (34)
DOMAIN_RESUME (28)
DOMAIN_DESTROY (12)
DOMAIN_OPEN_CONSOLE (201)
DOMAIN_MONITOR_COMMAND (1)
DOMAIN_MONITOR_EVENT (6)
DOMAIN_EVENT_CALLBACK_LIFECYCLE (318)
NODE_GET_INFO (6)
NODE_GET_CPU_STATS (227)
NODE_GET_MEMORY_STATS (228)
PING (1)
PONG (2)""".splitlines()


NEEDS = ("/usr/bin/tshark",
         "/usr/lib/x86_64-linux-gnu/wireshark/plugins/4.0/epan/libvirt.so",
         "/usr/bin/qemu-system-x86_64")
load_tests = private.load_tests

if __name__ == "__main__":
    private.main()
