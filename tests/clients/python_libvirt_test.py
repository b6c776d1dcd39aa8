#!/usr/bin/python3
"""python3-libvirt, unmodified: the life of a Linux guest with events from an event loop and a console stream."""

import sys
import threading
import unittest

import private

sys.path.append("/usr/lib/python3/dist-packages")
try:
    import libvirt  # Debian's module; another interpreter than Debian's has its own place for modules
except ImportError as missing:
    raise unittest.SkipTest("python3-libvirt is not there") from missing

NAMES = {
    (libvirt.VIR_DOMAIN_EVENT_DEFINED, libvirt.VIR_DOMAIN_EVENT_DEFINED_ADDED): "defined",
    (libvirt.VIR_DOMAIN_EVENT_UNDEFINED, libvirt.VIR_DOMAIN_EVENT_UNDEFINED_REMOVED): "undefined",
    (libvirt.VIR_DOMAIN_EVENT_STARTED, libvirt.VIR_DOMAIN_EVENT_STARTED_BOOTED): "started",
    (libvirt.VIR_DOMAIN_EVENT_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED_PAUSED): "suspended",
    (libvirt.VIR_DOMAIN_EVENT_RESUMED, libvirt.VIR_DOMAIN_EVENT_RESUMED_UNPAUSED): "resumed",
    (libvirt.VIR_DOMAIN_EVENT_SHUTDOWN, libvirt.VIR_DOMAIN_EVENT_SHUTDOWN_GUEST): "shutdown by guest",
    (libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN): "stopped",
    (libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED): "destroyed",
}


class Console:
    """A console stream that the event loop feeds."""

    def __init__(self, connection, domain):
        self.text = ""
        self.closed = False
        self.stream = connection.newStream(libvirt.VIR_STREAM_NONBLOCK)
        domain.openConsole(None, self.stream, 0)
        self.stream.eventAddCallback(libvirt.VIR_STREAM_EVENT_READABLE | libvirt.VIR_STREAM_EVENT_HANGUP
                                     | libvirt.VIR_STREAM_EVENT_ERROR, self._readable, None)

    def _readable(self, stream, events, _opaque):
        try:
            data = stream.recv(65536) if events & libvirt.VIR_STREAM_EVENT_READABLE else b""
        except libvirt.libvirtError:
            data = b""
        if data == -2:
            return
        if data:
            self.text += data.decode(errors="replace")
        else:
            self.closed = True
            stream.eventRemoveCallback()

    def type(self, line):
        data = (line + "\n").encode()
        while data:
            sent = self.stream.send(data)
            if sent > 0:
                data = data[sent:]

    def wait_for(self, text):
        private.wait_for(f"'{text}' on the console", lambda: text in self.text)


class PythonLibvirt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        libvirt.virEventRegisterDefaultImpl()
        libvirt.registerErrorHandler(lambda *_: None, None)
        threading.Thread(target=cls.loop, daemon=True).start()
        cls.daemon = private.Daemon()
        cls.addClassCleanup(cls.daemon.stop)

    @staticmethod
    def loop():
        while True:
            libvirt.virEventRunDefaultImpl()

    def setUp(self):
        self.connection = libvirt.open("qemu:///system")
        self.addCleanup(self.connection.close)

    def remove(self, name):
        """Removes what a failed test left, so that the next one starts with nothing."""
        for domain in self.connection.listAllDomains():
            if domain.name() == name:
                if domain.isActive():
                    domain.destroy()
                domain.undefine()

    def watch(self):
        """The lifecycle events from here on, by name."""
        seen = []
        handle = self.connection.domainEventRegisterAny(
            None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
            lambda _c, domain, event, detail, _o: seen.append((domain.name(), NAMES.get((event, detail),
                                                                                      (event, detail)))), None)
        self.addCleanup(self.connection.domainEventDeregisterAny, handle)
        return seen

    def test_a_linux_guest_from_definition_to_undefinition(self):
        seen = self.watch()
        domain = self.connection.defineXML(private.guest_xml("linux"))
        self.addCleanup(self.remove, "linux")
        self.assertFalse(domain.isActive())
        self.assertEqual(domain.state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_UNKNOWN])
        domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
        self.assertEqual(domain.state(), [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER])
        # A stream that was finished frees the console at once, although this guest is silent.
        finished = self.connection.newStream(0)
        domain.openConsole(None, finished, 0)
        finished.finish()
        console = Console(self.connection, domain)
        domain.resume()
        self.assertEqual(domain.state()[0], libvirt.VIR_DOMAIN_RUNNING)
        console.wait_for(private.PROMPT)
        console.type("echo sum $((40 + 2))")
        console.wait_for("sum 42")
        domain.suspend()
        domain.resume()
        stats = self.connection.domainListGetStats([domain], libvirt.VIR_DOMAIN_STATS_STATE
                                                   | libvirt.VIR_DOMAIN_STATS_VCPU)
        self.assertEqual(stats[0][1]["state.state"], libvirt.VIR_DOMAIN_RUNNING)
        self.assertGreater(stats[0][1]["vcpu.0.time"], 0)
        domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
        private.wait_for("the end of the console", lambda: console.closed)
        private.wait_for("the guest's end", lambda: ("linux", "stopped") in seen)
        self.assertEqual(domain.state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_SHUTDOWN])
        domain.undefine()
        private.wait_for("the last event", lambda: ("linux", "undefined") in seen)
        self.assertEqual([name for _, name in seen], [
            "defined", *STARTED_PAUSED, "resumed", "suspended", "resumed", "shutdown by guest", "stopped",
            "undefined"])

    def test_errors_carry_libvirt_s_codes(self):
        def code(call, *arguments):
            with self.assertRaises(libvirt.libvirtError) as caught:
                call(*arguments)
            self.assertTrue(caught.exception.get_error_message())
            return caught.exception.get_error_code()

        self.assertEqual(code(self.connection.lookupByName, "nobody"), libvirt.VIR_ERR_NO_DOMAIN)
        self.assertEqual(code(self.connection.defineXML, "<domain"), libvirt.VIR_ERR_XML_DETAIL)
        self.assertEqual(code(self.connection.defineXML, "<domain type='qemu'/>"), libvirt.VIR_ERR_NO_NAME)
        self.assertEqual(code(self.connection.defineXML, "<network/>"), libvirt.VIR_ERR_XML_ERROR)
        domain = self.connection.defineXML(MINIMAL)
        self.addCleanup(domain.undefine)
        self.assertEqual(code(domain.destroy), libvirt.VIR_ERR_OPERATION_INVALID)
        self.assertEqual(code(domain.suspend), libvirt.VIR_ERR_OPERATION_INVALID)
        self.assertEqual(code(domain.createWithFlags, 1 << 30), libvirt.VIR_ERR_INVALID_ARG)

    def test_the_same_object_in_every_look_up(self):
        domain = self.connection.defineXML(MINIMAL)
        self.addCleanup(domain.undefine)
        domain.create()
        self.addCleanup(domain.destroy)
        for found in (self.connection.lookupByID(domain.ID()), self.connection.lookupByName("minimal"),
                      self.connection.lookupByUUIDString(domain.UUIDString()), self.connection.listAllDomains()[0]):
            self.assertEqual((found.name(), found.UUID(), found.ID()), ("minimal", domain.UUID(), domain.ID()))
        self.assertEqual(self.connection.numOfDomains(), 1)
        self.assertEqual(self.connection.listDomainsID(), [domain.ID()])
        self.assertEqual(self.connection.listDefinedDomains(), [])

    def test_the_test_driver_through_the_daemon(self):
        connection = libvirt.open("test+unix:///default")
        self.addCleanup(connection.close)
        self.assertEqual([domain.name() for domain in connection.listAllDomains()], ["test"])
        self.assertEqual([network.name() for network in connection.listAllNetworks()], ["default"])
        self.assertEqual([pool.name() for pool in connection.listAllStoragePools()], ["default-pool"])


# A guest that starts paused has been started, then suspended.
STARTED_PAUSED = ["started", "suspended"]
MINIMAL = """<domain type='qemu'><name>minimal</name><memory unit='MiB'>16</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><controller type='usb' model='none'/><memballoon model='none'/></devices></domain>"""


NEEDS = ("/usr/lib/python3/dist-packages/libvirt.py", "/usr/bin/qemu-system-x86_64")
load_tests = private.load_tests

if __name__ == "__main__":
    private.main()
