"""A program on a pseudo terminal, talked to by sending text and waiting for text."""

import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

ESCAPES = re.compile(rb'\x1b\[[0-9;?]*[A-Za-z]')


class Ended(Exception):
    """The program's terminal closed before what was waited for came; str() shows its last output."""


class Terminal:
    """Starts `arguments` on a terminal of 80 by 24. `read` is all that came so far, control sequences removed."""

    def __init__(self, arguments, **options):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
        options.setdefault('start_new_session', True)
        self.process = subprocess.Popen(arguments, stdin=slave, stdout=slave, stderr=slave, close_fds=True, **options)
        os.close(slave)
        self.raw = b''
        self.position = 0

    @property
    def read(self):
        return ESCAPES.sub(b'', self.raw).replace(b'\r', b'').decode('utf-8', 'replace')

    def send(self, text):
        os.write(self.master, text.encode())

    def _more(self, seconds):
        ready, _, _ = select.select([self.master], [], [], max(0, seconds))
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b''
        if not data:
            raise Ended(self.read[-2000:])
        self.raw += data
        return True

    def expect(self, text, timeout):
        """Waits until `text` comes after what earlier calls consumed; returns what stood before it."""
        end = time.monotonic() + timeout
        while True:
            found = self.read.find(text, self.position)
            if found >= 0:
                before = self.read[self.position:found]
                self.position = found + len(text)
                return before
            if time.monotonic() > end:
                raise TimeoutError(f'no {text!r} within {timeout} s; the terminal shows: {self.read[self.position:][-2000:]!r}')
            self._more(min(1.0, end - time.monotonic()))

    def expect_end(self, timeout):
        """Waits until the program closes its terminal and ends; returns its exit code."""
        end = time.monotonic() + timeout
        try:
            while time.monotonic() < end:
                self._more(min(1.0, end - time.monotonic()))
        except Ended:
            pass
        return self.process.wait(timeout=max(0.1, end - time.monotonic()))

    def close(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
