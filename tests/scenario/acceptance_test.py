# deadline: 600
"""The flows of libvirt's own acceptance suite through Perl's Sys::Virt: acceptance.pl says what is done, acceptance.txt
what libvirtd 9.0.0 answers to each step."""

import os
import unittest

import harness

HERE = os.path.dirname(os.path.abspath(__file__))


@unittest.skipIf(os.geteuid() != 0, 'the flows are those of qemu:///system')
class Acceptance(harness.TestCase):
    def test_every_step_ends_as_under_libvirtd(self):
        with self.daemon() as daemon:
            folder = os.path.join(daemon.root, 'images')
            os.makedirs(folder)
            said = harness.run(['perl', os.path.join(HERE, 'acceptance.pl'), daemon.uri(), folder], timeout=540).stdout
        with open(os.path.join(HERE, 'acceptance.txt'), encoding='utf-8') as file:
            self.assertEqual(said.replace(folder, '@').splitlines(), file.read().splitlines())


if __name__ == '__main__':
    unittest.main(verbosity=2)
