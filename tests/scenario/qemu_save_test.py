# deadline: 600
"""Saving and restoring guests, through the stock Python binding."""

import os

import unittest

import harness

libvirt = harness.libvirt()


class Save(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.place = harness.private_directory()
        self.connection = self.daemon().connect()
        self.domain = self.connection.defineXML(harness.minimal_xml('saved'))
        self.domain.create()

    def tearDown(self):
        if self.domain.isActive():
            self.domain.destroy()
        self.domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)
        super().tearDown()

    def test_a_saved_guest_goes_on_as_it_was(self):
        image = os.path.join(self.place, 'guest.save')
        self.domain.suspend()
        self.domain.save(image)
        self.assertEqual(self.domain.state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_SAVED])
        self.assertIn('<name>saved</name>', self.connection.saveImageGetXMLDesc(image, 0))
        self.connection.restore(image)
        self.assertEqual(self.domain.state()[0], libvirt.VIR_DOMAIN_PAUSED)
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.connection.restore, image)
        self.domain.destroy()
        self.connection.restoreFlags(image, None, libvirt.VIR_DOMAIN_SAVE_RUNNING)
        self.assertEqual(self.domain.state(), [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_RESTORED])

    def test_the_next_start_goes_on_from_a_managed_save(self):
        self.domain.managedSave()
        self.assertTrue(self.domain.hasManagedSaveImage())
        self.domain.create()
        self.assertEqual(self.domain.state(), [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_RESTORED])
        self.assertFalse(self.domain.hasManagedSaveImage())

    def test_what_is_no_image_is_refused(self):
        image = os.path.join(self.place, 'bad.save')
        with open(image, 'wb') as file:
            file.write(b'x' * 5000)
        self.refused(libvirt.VIR_ERR_OPERATION_FAILED, self.connection.restore, image)
        self.refused(libvirt.VIR_ERR_SYSTEM_ERROR, self.connection.restore, image + '.absent')


if __name__ == '__main__':
    unittest.main(verbosity=2)
