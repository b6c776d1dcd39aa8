# deadline: 600
"""Hook programs of the administrator around a guest's life, called as libvirt calls them."""

import os
import signal
import unittest

import harness

libvirt = harness.libvirt()


class Hooks(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.daemon_ = self.daemon()
        self.folder = os.path.join(self.daemon_.root, 'etc/libvirt/hooks')
        self.log = os.path.join(self.daemon_.root, 'hooks.log')
        os.makedirs(self.folder, exist_ok=True)
        self.connection = self.daemon_.connect()
        self.domain = self.connection.defineXML(harness.minimal_xml('hooked'))

    def tearDown(self):
        if self.domain.isActive():
            self.domain.destroy()
        self.domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)
        super().tearDown()

    def hook(self, text='', name='qemu'):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(f'#!/bin/sh\necho "$(basename $0) $*" >> {self.log}\n{text}\n')
        os.chmod(path, 0o755)

    def wait_for_calls(self):
        """As calls(), once there are some: the shell makes the file before it writes to it."""
        harness.wait_until(lambda: os.path.exists(self.log) and os.path.getsize(self.log), what='the call of a hook')
        return self.calls()

    def calls(self):
        """What was called since the last question, without the first two words."""
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding='utf-8') as file:
            lines = [line.split(' ', 2)[2].strip() for line in file]
        os.remove(self.log)
        return lines

    def test_a_guest_s_life(self):
        self.hook()
        self.domain.create()
        self.assertEqual(self.calls(), ['prepare begin -', 'start begin -', 'started begin -'])
        self.domain.destroy()
        self.assertEqual(self.calls(), ['stopped end -', 'release end -'])
        self.domain.create()
        self.domain.managedSave()
        self.calls()
        self.domain.create()
        self.assertEqual(self.calls(), ['restore begin -', 'prepare begin -', 'start begin -', 'started begin -'])
        self.daemon_.kill9()
        self.daemon_.start()
        self.connection = self.daemon_.connect()
        self.domain = self.connection.lookupByName('hooked')
        self.assertEqual(self.wait_for_calls(), ['reconnect begin -'])

    def test_they_get_the_live_definition(self):
        self.hook(f'cat > {self.log}.$2.xml')
        self.domain.create()
        with open(self.log + '.started.xml', encoding='utf-8') as file:
            text = file.read()
        self.assertIn(f"<domain type='qemu' id='{self.domain.ID()}'>", text)
        self.assertIn('<name>hooked</name>', text)

    def test_one_that_fails_stops_the_start(self):
        for moment, before in (('prepare', ['prepare']), ('start', ['prepare', 'start']), ('started', ['prepare', 'start', 'started'])):
            with self.subTest(moment):
                self.hook(f'[ $2 = {moment} ] && {{ echo not today >&2; exit 1; }}; exit 0')
                error = self.refused(libvirt.VIR_ERR_HOOK_SCRIPT_FAILED, self.domain.create)
                self.assertIn('not today', error.get_error_message())
                self.assertFalse(self.domain.isActive())
                self.assertEqual(self.calls(), [f'{each} begin -' for each in before] + ['stopped end -', 'release end -'])
        # At the end nobody is stopped.
        self.hook('exit 1')
        self.hook('[ $2 = stopped ] && exit 1; exit 0')
        self.domain.create()
        self.domain.destroy()
        self.assertFalse(self.domain.isActive())

    def test_one_that_prints_changes_what_is_restored(self):
        self.domain.create()
        self.domain.managedSave()
        self.hook("[ $2 = restore ] || exit 0; sed 's,<name>,<title>by the hook</title><name>,'")
        self.domain.create()
        self.assertEqual(self.domain.metadata(libvirt.VIR_DOMAIN_METADATA_TITLE, None), 'by the hook')

    def test_a_folder_of_them(self):
        self.hook(name='qemu')
        self.hook(name='qemu.d/b')
        self.hook(name='qemu.d/a')
        self.domain.create()
        with open(self.log, encoding='utf-8') as file:
            self.assertEqual([line.split()[0] for line in file][:3], ['qemu', 'a', 'b'])

    def test_the_daemon_s_own(self):
        self.hook(name='daemon')
        os.kill(self.daemon_.pid, signal.SIGHUP)
        self.assertEqual(self.wait_for_calls(), ['reload begin SIGHUP'])
        self.daemon_.stop()
        self.assertEqual(self.calls(), ['shutdown - shutdown'])
        self.daemon_.start()
        self.assertEqual(self.wait_for_calls(), ['start - start'])
        self.connection = self.daemon_.connect()
        self.domain = self.connection.lookupByName('hooked')


if __name__ == '__main__':
    unittest.main(verbosity=2)
