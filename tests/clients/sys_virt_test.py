#!/usr/bin/python3
"""Perl's Sys::Virt, unmodified: sys_virt.pl takes a Linux guest through its life."""

import unittest

import private


class SysVirt(unittest.TestCase):
    def test_a_linux_guest_with_events_and_a_console(self):
        definition = private.directory() / "guest.xml"
        definition.write_text(private.guest_xml("linux"))
        with private.Daemon() as daemon:
            said = daemon.run(["perl", private.HERE / "sys_virt.pl", "qemu:///system", definition, private.PROMPT])
        self.assertEqual(said.splitlines(), [
            "state 3.1",  # paused by a user
            "console answered",
            "state 5.1",  # shut off, shut down
            # defined, started, suspended (it starts paused), resumed, shut down by the guest, stopped, undefined
            "events 0.0 2.0 3.0 4.0 6.1 5.0 1.0",
            "code 42",  # no such domain
        ])


NEEDS = ("/usr/lib/x86_64-linux-gnu/perl5/5.36/Sys/Virt.pm", "/usr/bin/qemu-system-x86_64")
load_tests = private.load_tests

if __name__ == "__main__":
    private.main()
