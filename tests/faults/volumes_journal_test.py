# deadline: 600
"""Empty volumes that were reported are there after a power cut, also while their file system has not noted them yet.

A power cut is played as in journals.py."""

import os

import harness
import journals

libvirt = harness.libvirt()
SIZE = 64 << 20


def volume_xml(name, mode='0640'):
    return (f"<volume><name>{name}</name><capacity>{SIZE}</capacity><allocation>0</allocation>"
            f"<target><format type='raw'/><permissions><mode>{mode}</mode><owner>1</owner><group>2</group></permissions>"
            "</target></volume>")


class VolumesJournal(journals.TestCase):
    JOURNAL = 'volumes.journal'

    def setUp(self):
        super().setUp()
        self.folder = os.path.join(self.place.root, 'images')
        os.mkdir(self.folder)

    def pool(self):
        connection = self.place.connect()
        try:
            pool = connection.storagePoolLookupByName('pool')
        except libvirt.libvirtError:
            pool = connection.storagePoolDefineXML(
                f"<pool type='dir'><name>pool</name><target><path>{self.folder}</path></target></pool>")
            pool.create()
            pool.setAutostart(1)
            # The journal is made in the background of the first volume.
            pool.createXML(volume_xml('first'))
            harness.wait_until(lambda: os.path.exists(self.journal), what='the journal')
        harness.wait_until(pool.isActive, what='the pool')
        harness.wait_until(lambda: not journals.recorded(self.journal), what='the volumes on disk')
        return pool

    def path(self, name):
        return os.path.join(self.folder, name)

    def kill_with_records(self, names):
        """Makes volumes and kills the daemon while they are only recorded; what was recorded is returned."""
        for _ in range(15):
            pool = self.pool()
            for name in names:
                pool.createXML(volume_xml(name))
            self.place.kill9()
            lost = set(journals.recorded(self.journal))
            if {self.path(name) for name in names} <= lost:
                return
            # The records went before the daemon did, on a machine that is slow enough: then there is nothing to lose.
            self.place.start()
            pool = self.pool()
            for name in names:
                pool.storageVolLookupByName(name).delete()
        self.fail('the records were gone before the kill, each time')

    def test_a_volume_that_was_reported_is_there_though_its_file_was_not_on_disk(self):
        self.kill_with_records(['lost', 'cut', 'used'])
        os.unlink(self.path('lost'))
        os.truncate(self.path('cut'), 0)
        with open(self.path('used'), 'r+b') as file:
            file.write(b'of a guest')
        self.another_boot()
        self.place.start()
        pool = self.pool()
        self.assertEqual(sorted(pool.listVolumes()), ['cut', 'first', 'lost', 'used'])
        for name in ('cut', 'lost'):
            status = os.stat(self.path(name))
            self.assertEqual((status.st_size, status.st_blocks), (SIZE, 0))
            self.assertEqual((status.st_mode & 0o777, status.st_uid, status.st_gid), (0o640, 1, 2))
        with open(self.path('used'), 'rb') as file:
            self.assertEqual(file.read(10), b'of a guest')

    def test_after_a_kill_alone_a_volume_that_somebody_removed_stays_away(self):
        self.kill_with_records(['removed'])
        os.unlink(self.path('removed'))
        self.place.start()
        self.assertEqual(self.pool().listVolumes(), ['first'])

    def test_a_volume_that_was_deleted_right_after_it_was_made_stays_away(self):
        for _ in range(5):
            self.pool().createXML(volume_xml('gone')).delete()
            self.place.kill9()
            if self.path('gone') in journals.recorded(self.journal):
                break
            self.place.start()
        else:
            self.fail('the records were gone before the kill, five times')
        self.another_boot()
        self.place.start()
        self.assertEqual(self.pool().listVolumes(), ['first'])

    def test_a_clean_stop_leaves_nothing_in_the_journal(self):
        pool = self.pool()
        for number in range(20):
            pool.createXML(volume_xml(f'v{number}'))
        self.assertEqual(self.place.stop(), 0)
        self.assertEqual(journals.recorded(self.journal), [])
