"""Journals of a daemon under test, and the power cuts that they are for.

A power cut is played: the daemon is killed, what nobody has synced is taken away, and the next daemon sees the identity of
another run of the kernel."""

import os
import struct
import uuid
import zlib

import harness

BLOCK = 4096
BOOT_ID = '/proc/sys/kernel/random/boot_id'
WRAPPER = """#!/bin/sh
exec unshare -m sh -c 'mount --make-rprivate / && mount --bind "$0" {boot_id} && exec "$@"' {boot} {daemon} "$@"
"""


class Bytes:
    """Takes little-endian numbers and texts from the front."""

    def __init__(self, data):
        self.data = data

    def take(self, form):
        size = struct.calcsize(form)
        value, = struct.unpack(form, self.data[:size])
        self.data = self.data[size:]
        return value

    def text(self):
        size = self.take('<I')
        value, self.data = self.data[:size], self.data[size:]
        return value


def body(data, magic, salt):
    """What a frame of the journal holds, or nothing if it is not whole."""
    if not data.startswith(magic):
        return None
    checksum, size = struct.unpack('<II', data[8:16])
    content = data[16:16 + size]
    return content if len(content) == size and zlib.crc32(content, salt) == checksum else None


def recorded(path):
    """The files that the journal has records of, oldest first."""
    with open(path, 'rb') as file:
        data = file.read()
    marks = [body(data[at:at + BLOCK], b'VirtMrk1', 0) for at in (0, BLOCK)]
    _, settled, block, _, salt = max(struct.unpack('<QQQqI', mark) for mark in marks if mark)
    paths = []
    while True:
        for at in (block, 2):
            content = body(data[at * BLOCK:], b'VirtRec1', salt)
            if content and struct.unpack('<Q', content[:8])[0] == settled + 1:
                break
        else:
            return paths
        settled += 1
        block = at + (16 + len(content) + BLOCK - 1) // BLOCK
        rest = Bytes(content[24:])
        rest.text()
        for _ in range(rest.take('<I')):
            kind = rest.take('<I')  # a file, its removal, a file of holes, or one to be forgotten
            rest.take('<I')  # mode
            paths.append(os.fsdecode(rest.text()))
            rest.text()
            if kind == 2:
                rest.take('<Q'), rest.take('<Q')  # size, owner and group


class TestCase(harness.TestCase):
    """A daemon whose run of the kernel ends when the test says so. JOURNAL names the file that it is about."""

    def setUp(self):
        harness.needs_root()
        harness.needs_namespaces()
        folder = self.directory()
        self.boot = os.path.join(folder, 'boot')
        self.another_boot()
        wrapper = os.path.join(folder, 'virtued')
        with open(wrapper, 'w', encoding='utf-8') as file:
            file.write(WRAPPER.format(boot_id=BOOT_ID, boot=self.boot, daemon=harness.program('virtued')))
        os.chmod(wrapper, 0o755)
        self.place = self.daemon(executable=wrapper)
        self.journal = os.path.join(self.place.root, 'var/lib/libvirt/virtue', self.JOURNAL)

    def another_boot(self):
        with open(self.boot, 'w', encoding='utf-8') as file:
            file.write(f'{uuid.uuid4()}\n')
