#!/usr/bin/python3
"""Stock virsh against the daemon: written sessions whose answers were recorded from libvirtd, events, and a console."""

import contextlib
import os
import pty
import re
import select
import subprocess
import threading
import time
import unittest

import private

SESSIONS = private.HERE / "virsh"
RECORD = "VIRTUE_RECORD" in os.environ  # write the answers instead of comparing them
TYPED = "virsh # "


def steady(text):
    """An answer without what differs from run to run, and with only the kind of an error, not its sentence."""
    text = re.sub(r"/dev/pts/\d+", "/dev/pts/N", text)
    text = re.sub(r"\+\d+:\+\d+", "+UID:+GID", text)
    text = re.sub(r"/var/tmp/vct-\w+", "PLACE", text)
    text = re.sub(r"libvirt-[0-9a-f-]{36}", "libvirt-UUID", text)
    text = re.sub(r'"id":"libvirt-\d+"', '"id":"libvirt-N"', text)  # counts what the daemon asked before
    lines = []
    for line in text.strip("\n").splitlines():
        if lines and line.startswith("error: ") and lines[0].startswith("error: "):
            kind, colon, _ = line.partition(": ")[2].partition(": ")
            line = f"error: {kind}: …" if colon and not kind.startswith("(") else "error: …"
        lines.append(line.rstrip())
    # An error's text may go over several lines (XML faults show the place).
    if lines and lines[0].startswith("error: "):
        lines = [line for line in lines if line.startswith("error: ")]
    return lines


class Step:
    """One typed command and the answer that is expected: lines, or patterns."""

    def __init__(self, command):
        self.command = command
        self.lines = []
        self.patterns = []

    def fault(self, answer):
        """What is wrong with the answer, or None."""
        if self.patterns:
            missing = [pattern for pattern in self.patterns if not re.search(pattern, answer, re.MULTILINE)]
            return f"nothing matches {missing} in:\n{answer}" if missing else None
        expected = [line for line in self.lines if line]
        got = [line for line in steady(answer) if line]
        if expected == got:
            return None
        return "expected:\n  " + "\n  ".join(expected) + "\ngot:\n  " + "\n  ".join(got)


class Session:
    """A file of steps."""

    def __init__(self, path):
        self.path = path
        self.comments = []
        self.steps = []
        for line in path.read_text().splitlines():
            if line.startswith("$ "):
                self.steps.append(Step(line[2:]))
            elif not self.steps:
                self.comments.append(line)
            elif line.startswith("~ "):
                self.steps[-1].patterns.append(line[2:])
            else:
                self.steps[-1].lines.append(line)

    def play(self, run, uri):
        """Types all commands into one virsh; returns the answers in order."""
        typed = "".join(step.command + "\n" for step in self.steps)
        text = run(["virsh", "-c", uri], check=False, stdin=None, input=typed, cwd=SESSIONS)
        answers = []
        rest = text
        for step in self.steps:
            before, found, rest = rest.partition(TYPED + step.command + "\n")
            if not found:
                raise AssertionError(f"virsh stopped before '{step.command}':\n{before[-1500:]}")
            answers.append(before)
        answers.append(rest.partition("\n" + TYPED)[0])
        return answers[1:]

    def check(self, test, run, uri):
        answers = self.play(run, uri)
        if RECORD:
            return self.record(answers)
        for step, answer in zip(self.steps, answers):
            with test.subTest(session=self.path.name, uri=uri, command=step.command):
                fault = step.fault(answer)
                if fault:
                    test.fail(fault)
        return None

    def record(self, answers):
        lines = list(self.comments)
        for step, answer in zip(self.steps, answers):
            lines.append("$ " + step.command)
            lines += ["~ " + pattern for pattern in step.patterns] or steady(answer)
            fault = step.fault(answer) if step.patterns else None
            if fault:
                print(f"{step.command}: {fault}")
        self.path.write_text("\n".join(lines) + "\n")


def run_locally(command, check=True, **options):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=check,
                          timeout=private.PATIENCE, **options).stdout


class AsRoot(unittest.TestCase):
    """The written session on qemu:///system, at libvirt's own address, with a daemon that has no past."""

    def test_a_session_over_the_life_of_a_guest(self):
        with private.Daemon() as daemon:
            Session(SESSIONS / "system.session").check(self, daemon.run, "qemu:///system")

    def test_a_session_with_everything_beside_guests(self):
        """Pools, volumes, networks, secrets, filters, devices and interfaces of the host."""
        with private.Daemon() as daemon:
            Session(SESSIONS / "objects.session").check(self, daemon.run, "qemu:///system")


class AtTheTerminal(unittest.TestCase):
    """What one script cannot show: several clients at once, and terminals."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = private.Daemon()
        cls.addClassCleanup(cls.daemon.stop)

    @unittest.skipIf(RECORD, "recording")
    def test_an_unknown_command_of_one_shot_virsh_ends_with_1(self):
        done = subprocess.run(["virsh", "-c", "qemu:///system", "dominfo", "nobody"], capture_output=True, text=True,
                              check=False, timeout=private.PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("failed to get domain 'nobody'", done.stderr)
        done = subprocess.run(["virsh", "-c", "qemu:///system", "list"], capture_output=True, text=True, check=False,
                              timeout=private.PATIENCE)
        self.assertEqual(done.returncode, 0)

    @unittest.skipIf(RECORD, "recording")
    def test_the_read_only_socket_reads_and_refuses_to_change(self):
        self.assertIn("State", self.daemon.run(["virsh", "-r", "-c", "qemu:///system", "list", "--all"]))
        refused = self.daemon.run(["virsh", "-r", "-c", "qemu:///system", "define", SESSIONS / "demo.xml"], check=False)
        self.assertIn("operation forbidden", refused)

    @unittest.skipIf(RECORD, "recording")
    def test_autodestroy_ends_the_guest_with_its_client(self):
        virsh = self.daemon.open(["virsh", "-c", "qemu:///system"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 text=True)
        try:
            virsh.stdin.write(f"create {SESSIONS}/transient.xml --autodestroy\n")
            virsh.stdin.flush()
            listing = ["virsh", "-c", "qemu:///system", "list", "--all", "--name"]
            private.wait_for("the guest to run", lambda: "passing" in self.daemon.run(listing))
        finally:
            virsh.kill()
            virsh.communicate()
        private.wait_for("the guest to end", lambda: "passing" not in self.daemon.run(listing))

    @unittest.skipIf(RECORD, "recording")
    def test_events_arrive_in_order_with_their_reasons(self):
        uri = ["virsh", "-c", "qemu:///system"]
        self.daemon.run([*uri, "define", SESSIONS / "demo.xml"])
        virsh = self.daemon.open(["stdbuf", "-oL", *uri, "event", "--all", "--loop"], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, text=True)
        reader = Lines(virsh.stdout)
        monitor = self.daemon.open(["stdbuf", "-oL", *uri, "qemu-monitor-event", "--loop"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True)
        monitored = Lines(monitor.stdout)
        try:
            # Until both have registered they are told nothing: probe with another guest.
            self.daemon.run([*uri, "create", SESSIONS / "transient.xml", "--paused"])

            def registered():
                for word in ("resume", "suspend"):
                    self.daemon.run([*uri, word, "passing"])
                return reader.seen and monitored.seen
            private.wait_for("both to listen", registered)
            self.daemon.run([*uri, "destroy", "passing"])
            for words in (["start", "demo", "--paused"], ["resume", "demo"], ["suspend", "demo"], ["resume", "demo"],
                          ["reset", "demo"], ["destroy", "demo"], ["undefine", "demo"]):
                self.daemon.run([*uri, *words])
            private.wait_for("the last event", lambda: "Undefined Removed" in reader.text())
            private.wait_for("QEMU's own events", lambda: "RESET" in monitored.text())
        finally:
            for process in (virsh, monitor):
                process.kill()
                process.wait()
        seen = re.findall(r"event '(.*)' for domain 'demo'(?:: (.*))?", reader.text())
        # The firmware resets the machine once more itself when the reset met it at work.
        seen = [event for at, event in enumerate(seen) if event != ("reboot", "") or event != seen[at - 1]]
        self.assertEqual(seen, [
            ("lifecycle", "Started Booted"),
            ("lifecycle", "Suspended Paused"),
            ("lifecycle", "Resumed Unpaused"),
            ("lifecycle", "Suspended Paused"),
            ("lifecycle", "Resumed Unpaused"),
            ("reboot", ""),
            ("lifecycle", "Shutdown Finished after host request"),
            ("lifecycle", "Stopped Destroyed"),
            ("lifecycle", "Undefined Removed"),
        ])
        self.assertEqual(re.findall(r"event (\w+) at [\d.]+ for domain 'demo'", monitored.text())[:4],
                         ["RESUME", "STOP", "RESUME", "RESET"])

    @unittest.skipIf(RECORD, "recording")
    def test_a_console_shows_the_guest_s_shell_until_it_is_shut_down(self):
        definition = private.directory() / "guest.xml"
        definition.write_text(private.guest_xml("linux"))
        uri = ["virsh", "-c", "qemu:///system"]
        self.daemon.run([*uri, "define", definition])
        ours, theirs = pty.openpty()
        virsh = self.daemon.open([*uri, "start", "linux", "--console"], stdin=theirs, stdout=theirs, stderr=theirs,
                                 start_new_session=True)
        os.close(theirs)
        terminal = Terminal(ours)
        try:
            terminal.read_until(private.PROMPT)
            terminal.write("echo sum $((40 + 2))\n")
            terminal.read_until("sum 42")
            self.daemon.run([*uri, "shutdown", "linux", "--mode", "acpi"])
            terminal.read_until("Virtue guest: poweroff")
            self.assertEqual(virsh.wait(private.PATIENCE), 0)
        finally:
            virsh.kill()
            virsh.wait()
            os.close(ours)
        private.wait_for("the guest to be off", lambda: "shut off (shutdown)" in self.daemon.run(
            [*uri, "domstate", "linux", "--reason"]))
        self.daemon.run([*uri, "undefine", "linux"])

    @unittest.skipIf(RECORD, "recording")
    def test_a_second_console_is_refused_unless_forced(self):
        uri = ["virsh", "-c", "qemu:///system"]
        self.daemon.run([*uri, "create", SESSIONS / "transient.xml", "--paused"])
        terminals = []
        try:
            for flag in ("--safe", "--safe", "--force"):
                ours, theirs = pty.openpty()
                virsh = self.daemon.open([*uri, "console", "passing", flag], stdin=theirs, stdout=theirs,
                                         stderr=theirs, start_new_session=True)
                os.close(theirs)
                terminals.append((Terminal(ours), virsh))
                if len(terminals) == 2:
                    terminals[1][0].read_until("Active console session exists for this domain")
                    self.assertEqual(virsh.wait(private.PATIENCE), 1)
                else:
                    terminals[-1][0].read_until("Escape character is")
                    # It says so before it opens the console.
                    private.wait_for("the console to be open", self.holds_console)
            terminals[0][1].wait(private.PATIENCE)  # the first ends when it is taken over
            self.assertIsNone(terminals[2][1].poll(), "and the new one stays")
        finally:
            for terminal, virsh in terminals:
                virsh.kill()
                virsh.wait()
                os.close(terminal.handle)
            self.daemon.run([*uri, "destroy", "passing"])


    def holds_console(self):
        """True if the daemon has the guest's terminal open."""
        terminal = self.daemon.run(["virsh", "-q", "-c", "qemu:///system", "ttyconsole", "passing"]).strip()
        folder = f"/proc/{self.daemon.process.pid}/fd"
        for number in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):
                if os.readlink(f"{folder}/{number}") == terminal:
                    return True
        return False


class Terminal:
    """Our end of a pseudo-terminal on which a client runs."""

    def __init__(self, handle):
        self.handle = handle
        self.text = ""

    def write(self, text):
        os.write(self.handle, text.encode())

    def _read(self, seconds):
        """Adds what has come; False when nothing did, None when the other end is closed."""
        if not select.select([self.handle], [], [], seconds)[0]:
            return False
        try:
            chunk = os.read(self.handle, 65536)
        except OSError:
            return None
        self.text += chunk.decode(errors="replace")
        return True if chunk else None

    def read_until(self, expected):
        end = time.monotonic() + private.PATIENCE
        while expected not in self.text:
            if self._read(1) is None or time.monotonic() > end:
                raise AssertionError(f"'{expected}' did not come; the terminal shows:\n{self.text[-2000:]}")


class Lines:
    """Reads a client's output in a thread, as it comes."""

    def __init__(self, stream):
        self.seen = []
        self.thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self.thread.start()

    def _read(self, stream):
        with stream:
            for line in stream:
                self.seen.append(line)

    def text(self):
        return "".join(self.seen)


class AsUser(unittest.TestCase):
    """qemu:///session of an ordinary user."""

    def test_a_session_over_the_life_of_a_guest(self):
        with private.Daemon(user=True) as daemon:
            Session(SESSIONS / "user.session").check(self, daemon.run, "qemu:///session")


class TestDriver(unittest.TestCase):
    """The same session on the mock in virsh's own process, which is the oracle, and on the daemon's."""

    def test_the_library_s_own_driver(self):
        Session(SESSIONS / "test.session").check(self, run_locally, "test:///default")

    @unittest.skipIf(RECORD, "recording")
    def test_the_daemon_s_driver(self):
        with private.Daemon() as daemon:
            session = Session(SESSIONS / "test.session")
            # The mock of 9.0.0 refuses a flag that virsh 9.0.0 itself sends with nodedev-list; the daemon's lists them.
            differs = ("uri", "nodedev-list")
            session.steps = [step for step in session.steps if step.command not in differs]
            session.check(self, daemon.run, "test+unix:///default")


NEEDS = ("/usr/bin/virsh", "/usr/bin/qemu-system-x86_64")
load_tests = private.load_tests

if __name__ == "__main__":
    private.main()
