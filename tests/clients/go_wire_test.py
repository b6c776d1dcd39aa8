#!/usr/bin/python3
"""The pure-Go wire client that Debian carries, unmodified: go/main.go takes a Linux guest through its life."""

import subprocess
import unittest

import private

SOURCE = private.HERE / "go" / "main.go"


def build():
    """Compiles the client against Debian's Go libraries; the compiler's cache stays in build/."""
    target = private.directory() / "go-client"
    cache = private.ROOT / "build" / "go-cache"
    cache.mkdir(parents=True, exist_ok=True)
    subprocess.run(["go", "build", "-o", target, SOURCE], check=True, timeout=2 * private.PATIENCE,
                   env={"PATH": "/usr/bin:/bin:/usr/lib/go/bin", "HOME": str(private.directory()),
                        "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(cache),
                        "GOFLAGS": "-p=2", "CGO_ENABLED": "0"})
    return target


class GoWire(unittest.TestCase):
    def test_a_linux_guest_with_events_and_a_console(self):
        definition = private.directory() / "guest.xml"
        definition.write_text(private.guest_xml("linux"))
        client = build()
        with private.Daemon() as daemon:
            said = daemon.run([client, daemon.socket, definition, private.PROMPT])
        self.assertEqual(said.splitlines(), [
            "version given true",
            "type QEMU",
            "listed 1 1 true",
            "state 1 5",  # running, unpaused
            "xml true",
            "stats state.state 1",
            "stats state.reason 5",
            "console ended <nil>",
            "events 0.0 2.0 3.0 4.0 6.1 5.0 1.0",
            "code true 42",
        ])


NEEDS = ("/usr/share/gocode/src/github.com/digitalocean/go-libvirt", "/usr/bin/go", "/usr/bin/qemu-system-x86_64")
load_tests = private.load_tests

if __name__ == "__main__":
    private.main()
