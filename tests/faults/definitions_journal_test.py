# deadline: 600
"""What was reported about definitions survives a power cut, also while their own files are not yet on disk.

A power cut is played: the daemon is killed, what nobody has synced is taken away from its files (lost, as before, or left
empty under the new name), and the next daemon sees the identity of another run of the kernel."""

import os
import shutil

import harness
import journals

libvirt = harness.libvirt()


class DefinitionsJournal(journals.TestCase):
    JOURNAL = 'definitions.journal'

    def setUp(self):
        super().setUp()
        self.definitions = os.path.join(self.place.root, 'etc/libvirt/qemu')

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
        harness.wait_until(lambda: not journals.recorded(self.journal), what='the definitions on disk')

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
        lost = set(journals.recorded(self.journal))
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
        for _ in range(15):
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
        self.fail('the records were gone before the kill, each time')

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
        self.assertEqual(journals.recorded(self.journal), [])

    def test_a_clean_stop_leaves_nothing_in_the_journal(self):
        connection = self.place.connect()
        self.use_journal(connection)
        self.change_many(connection)
        connection.close()
        self.assertEqual(self.place.stop(), 0)
        self.assertEqual(journals.recorded(self.journal), [])
