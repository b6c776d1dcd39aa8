# deadline: 240
"""What was reported about definitions survives a power cut, also while their own files are not yet on disk.

A power cut is played: the daemon is killed, what nobody has synced is taken away from its files (lost, as before, or left
empty under the new name), and the next daemon sees the identity of another run of the kernel."""

import os
import shutil
import struct
import time
import uuid
import zlib

import harness

libvirt = harness.libvirt()
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
            kind = rest.take('<I')  # a file, its removal, or a file of holes
            rest.take('<I')  # mode
            paths.append(os.fsdecode(rest.text()))
            rest.text()
            if kind == 2:
                rest.take('<Q'), rest.take('<Q')  # size, owner and group


class DefinitionsJournal(harness.TestCase):
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
        self.definitions = os.path.join(self.place.root, 'etc/libvirt/qemu')
        self.journal = os.path.join(self.place.root, 'var/lib/libvirt/virtue/definitions.journal')

    def another_boot(self):
        with open(self.boot, 'w', encoding='utf-8') as file:
            file.write(f'{uuid.uuid4()}\n')

    def files(self):
        found = {}
        for name in sorted(os.listdir(self.definitions)):
            path = os.path.join(self.definitions, name)
            if os.path.isfile(path):
                with open(path, encoding='utf-8') as file:
                    found[name] = file.read()
        return found

    def use_journal(self, connection):
        """Its file is made in the background of the first definition."""
        connection.defineXML(harness.minimal_xml('first'))
        harness.wait_until(lambda: os.path.exists(self.journal), what='the journal')
        connection.defineXML(harness.minimal_xml('second'))
        harness.wait_until(lambda: not recorded(self.journal), what='the definitions on disk')

    def change_many(self, connection):
        for number in range(12):
            connection.defineXML(harness.minimal_xml(f'g{number}', description=f'made {number}'))
        for number in range(4):
            connection.lookupByName(f'g{number}').undefine()
        changed = connection.lookupByName('g5')
        changed.setMetadata(libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, 'changed', None, None,
                            libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        connection.lookupByName('g6').rename('renamed')
        connection.lookupByName('second').undefine()

    def lose(self, before, empty):
        """Takes away what only the journal keeps. Returns how many files that were."""
        lost = set(recorded(self.journal))
        for path in lost:
            name = os.path.basename(path)
            old = os.path.join(before, name)
            if empty and os.path.exists(path):
                status = os.stat(path)
                os.truncate(path, 0)
                os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
            elif os.path.dirname(path) == self.definitions and os.path.exists(old):
                shutil.copy2(old, path)
            elif os.path.exists(path):
                os.unlink(path)
        return len(lost)

    def power_cut(self, empty):
        connection = self.place.connect()
        self.use_journal(connection)
        before = os.path.join(self.directory(), 'before')
        shutil.copytree(self.definitions, before)
        # The records may go before the daemon does, on a machine that is slow enough: then there is nothing to lose.
        for _ in range(5):
            self.change_many(connection)
            self.place.kill9()
            reported = self.files()
            lost = self.lose(before, empty)
            self.another_boot()
            self.place.start()
            self.assertEqual(self.files(), reported)
            connection = self.place.connect()
            names = sorted(domain.name() + '.xml' for domain in connection.listAllDomains())
            self.assertEqual(names, sorted(reported))
            if lost > 0:
                return
            for domain in connection.listAllDomains():
                domain.undefine()
            connection.defineXML(harness.minimal_xml('second'))
            time.sleep(0.1)
        self.fail('the records were gone before the kill, five times')

    def test_what_was_reported_is_there_when_nothing_of_it_had_reached_its_file(self):
        self.power_cut(empty=False)

    def test_what_was_reported_is_there_when_files_were_left_empty_under_their_names(self):
        self.power_cut(empty=True)

    def test_after_a_kill_alone_nothing_changes_and_what_another_program_removed_stays_away(self):
        connection = self.place.connect()
        self.use_journal(connection)
        self.change_many(connection)
        self.place.kill9()
        os.unlink(os.path.join(self.definitions, 'first.xml'))
        left = self.files()
        self.place.start()
        self.assertEqual(self.files(), left)
        self.assertEqual(recorded(self.journal), [])

    def test_a_clean_stop_leaves_nothing_in_the_journal(self):
        connection = self.place.connect()
        self.use_journal(connection)
        self.change_many(connection)
        connection.close()
        self.assertEqual(self.place.stop(), 0)
        self.assertEqual(recorded(self.journal), [])
