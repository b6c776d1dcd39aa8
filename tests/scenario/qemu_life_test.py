# deadline: 900
"""A guest's life through the stock Python binding: booted Linux, events in their order, console, restarts of the daemon."""

import os
import threading
import time

import unittest

import harness

libvirt = harness.libvirt()
harness.start_event_loop()


class Events:
    """Collects (event, detail) of a guest's life cycle."""

    def __init__(self, connection):
        self.seen = []
        self.changed = threading.Condition()
        connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self.take, None)

    def take(self, _, domain, event, detail, __):
        with self.changed:
            self.seen.append((domain.name(), event, detail))
            self.changed.notify_all()

    def wait(self, *wanted, timeout=harness.PATIENCE):
        with self.changed:
            if not self.changed.wait_for(lambda: wanted in self.seen, timeout):
                raise AssertionError(f'{wanted} is not among {self.seen}')

    def of(self, name):
        return [(event, detail) for who, event, detail in self.seen if who == name]


class Console:
    """Reads a console stream until a text comes."""

    def __init__(self, connection, domain, flags=0):
        self.stream = connection.newStream(libvirt.VIR_STREAM_NONBLOCK)
        domain.openConsole(None, self.stream, flags)
        self.text = ''

    def more(self):
        data = self.stream.recv(65536)
        if data == -2:
            return False
        if not data:
            raise EOFError(self.text)
        self.text += data.decode('utf-8', 'replace').replace('\r', '')
        return True

    def expect(self, wanted, timeout=300):
        end = time.monotonic() + timeout
        while wanted not in self.text:
            if not self.more():
                time.sleep(0.05)
            if time.monotonic() > end:
                raise AssertionError(f'{wanted!r} did not come: {self.text[-2000:]}')
        before, _, self.text = self.text.partition(wanted)
        return before

    def send(self, text):
        data = text.encode()
        while data:
            sent = self.stream.send(data)
            if sent == -2:
                time.sleep(0.02)
                continue
            data = data[sent:]


class BootedGuest(harness.TestCase):
    def test_a_linux_guest_boots_answers_on_its_console_and_shuts_down_by_its_power_button(self):
        daemon = self.daemon()
        connection = daemon.connect()
        domain = connection.defineXML(harness.guest_xml('linux'))
        self.assertEqual(domain.create(), 0)
        self.assertEqual(domain.state(), [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_BOOTED])
        console = Console(connection, domain)
        console.expect(harness.Guest.PROMPT)
        console.send('echo $((6 * 7))-from-the-guest\n')
        console.expect('42-from-the-guest')

        second = connection.newStream(0)
        self.refused(libvirt.VIR_ERR_OPERATION_FAILED, domain.openConsole, None, second, 0)
        taken_over = Console(connection, domain, libvirt.VIR_DOMAIN_CONSOLE_FORCE)
        taken_over.send('echo still-$((1 + 1))-here\n')
        taken_over.expect('still-2-here')

        connection.close()
        daemon.kill9()
        daemon.start()
        connection = daemon.connect()
        events = Events(connection)
        domain = connection.lookupByName('linux')
        self.assertTrue(domain.isActive())
        again = Console(connection, domain)
        again.send('echo after-$((2 + 3))-restart\n')
        again.expect('after-5-restart')

        self.assertEqual(domain.shutdown(), 0)
        events.wait('linux', libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)
        self.assertEqual(events.of('linux'), [
            (libvirt.VIR_DOMAIN_EVENT_SHUTDOWN, libvirt.VIR_DOMAIN_EVENT_SHUTDOWN_GUEST),
            (libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)])
        self.assertEqual(domain.state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_SHUTDOWN])
        self.assertEqual(daemon.guests(), [])
        connection.close()

    def test_an_acpi_reboot_resets_the_guest_and_it_comes_up_again(self):
        daemon = self.daemon()
        connection = daemon.connect()
        self.addCleanup(connection.close)
        domain = connection.createXML(harness.guest_xml('again'), 0)
        pid = daemon.guest_pid('again')
        console = Console(connection, domain)
        console.expect(harness.Guest.PROMPT)
        self.press_until_heard(lambda: domain.reboot(libvirt.VIR_DOMAIN_REBOOT_ACPI_POWER_BTN), console)
        console.expect(harness.Guest.READY)
        self.assertEqual(daemon.guest_pid('again'), pid, 'a reboot keeps the process')
        self.assertEqual(domain.state()[0], libvirt.VIR_DOMAIN_RUNNING)
        domain.destroy()


    def press_until_heard(self, press, console):
        """Presses the power button. The prompt may come before the guest listens for the button: then again."""
        for _ in range(10):
            press()
            try:
                return console.expect('Virtue guest: poweroff', 60)
            except AssertionError:
                pass
        raise AssertionError('the guest does not hear its power button')


class DiedMeanwhile(harness.TestCase):
    def test_who_comes_back_after_a_restart_hears_of_the_guest_that_died_without_a_daemon(self):
        daemon = self.daemon()
        connection = daemon.connect()
        for name in ('dies', 'lives'):
            connection.defineXML(harness.minimal_xml(name)).create()
        connection.close()
        pid = daemon.guest_pid('dies')
        daemon.kill9()
        os.kill(pid, 9)
        harness.wait_for_end(pid)
        daemon.start()
        connection = daemon.connect()
        self.addCleanup(connection.close)
        events = self.told(connection, 'dies', libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_FAILED)
        self.assertEqual(events.of('lives'), [])
        self.assertEqual(connection.lookupByName('dies').state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_CRASHED])
        self.assertEqual(connection.lookupByName('lives').state()[0], libvirt.VIR_DOMAIN_RUNNING)


    def told(self, connection, *wanted):
        """The events of one who asks for them. libvirt's client drops an event that comes before it has noted its own
        subscription, which may take longer than the daemon allows for: then it is asked again."""
        for _ in range(5):
            events = Events(connection)
            try:
                events.wait(*wanted, timeout=10)
                break
            except AssertionError:
                pass
        events.wait(*wanted, timeout=0)
        return events


class Calls(harness.TestCase):
    """Calls on guests that stay in their firmware, over one daemon."""

    @classmethod
    def setUpClass(cls):
        cls.place = harness.Daemon()
        cls.addClassCleanup(cls.place.close)
        cls.connection = cls.place.connect()
        cls.addClassCleanup(cls.connection.close)

    def setUp(self):
        self.name = self.id().rsplit('.', 1)[-1][5:45]

    def define(self, **options):
        domain = self.connection.defineXML(harness.minimal_xml(self.name, **options))
        self.addCleanup(self.remove, domain)
        return domain

    @staticmethod
    def remove(domain):
        for undo in (domain.destroy, domain.undefine):
            try:
                undo()
            except libvirt.libvirtError:
                pass

    def test_events_come_in_libvirts_order(self):
        watcher = self.place.connect()
        self.addCleanup(watcher.close)
        events = Events(watcher)
        domain = self.define()
        domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
        self.assertEqual(domain.state(), [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER])
        domain.resume()
        domain.suspend()
        self.assertEqual(domain.state(), [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER])
        domain.resume()
        self.assertEqual(domain.state(), [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_UNPAUSED])
        domain.destroy()
        domain.undefine()
        events.wait(self.name, libvirt.VIR_DOMAIN_EVENT_UNDEFINED, libvirt.VIR_DOMAIN_EVENT_UNDEFINED_REMOVED)
        host_shutdown = (libvirt.VIR_DOMAIN_EVENT_SHUTDOWN, libvirt.VIR_DOMAIN_EVENT_SHUTDOWN_HOST)
        self.assertEqual([event for event in events.of(self.name) if event != host_shutdown], [
            (libvirt.VIR_DOMAIN_EVENT_DEFINED, libvirt.VIR_DOMAIN_EVENT_DEFINED_ADDED),
            (libvirt.VIR_DOMAIN_EVENT_STARTED, libvirt.VIR_DOMAIN_EVENT_STARTED_BOOTED),
            (libvirt.VIR_DOMAIN_EVENT_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED_PAUSED),
            (libvirt.VIR_DOMAIN_EVENT_RESUMED, libvirt.VIR_DOMAIN_EVENT_RESUMED_UNPAUSED),
            (libvirt.VIR_DOMAIN_EVENT_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED_PAUSED),
            (libvirt.VIR_DOMAIN_EVENT_RESUMED, libvirt.VIR_DOMAIN_EVENT_RESUMED_UNPAUSED),
            (libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED),
            (libvirt.VIR_DOMAIN_EVENT_UNDEFINED, libvirt.VIR_DOMAIN_EVENT_UNDEFINED_REMOVED)])

    def test_a_qemu_that_dies_leaves_a_crashed_guest(self):
        watcher = self.place.connect()
        self.addCleanup(watcher.close)
        events = Events(watcher)
        domain = self.define()
        domain.create()
        os.kill(self.place.guest_pid(self.name), 9)
        events.wait(self.name, libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_FAILED)
        self.assertEqual(domain.state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_CRASHED])
        domain.create()
        self.assertTrue(domain.isActive())

    def test_a_missing_image_is_named_before_qemu_is_started(self):
        missing = '<disk type="file" device="disk"><source file="/nonexistent/image"/><target dev="vda" bus="virtio"/></disk>'
        domain = self.define(devices=missing)
        error = self.refused(libvirt.VIR_ERR_SYSTEM_ERROR, domain.create)
        self.assertIn("Cannot access storage file '/nonexistent/image'", str(error))
        self.assertFalse(domain.isActive())
        self.assertEqual([line for _, line in self.place.guests() if self.name in str(line)], [])

    def test_a_start_that_qemu_refuses_tells_qemus_words(self):
        folder = self.directory()
        os.chmod(folder, 0o755)
        image = os.path.join(folder, 'image')
        with open(image, 'wb') as file:
            file.write(b'no such format')
        os.chmod(image, 0o666)
        broken = f'<disk type="file"><driver name="qemu" type="qcow2"/><source file="{image}"/><target dev="vda" bus="virtio"/></disk>'
        domain = self.define(devices=broken)
        error = self.refused(libvirt.VIR_ERR_INTERNAL_ERROR, domain.create)
        self.assertIn('process exited while connecting to monitor', str(error))
        self.assertIn('Image is not in qcow2 format', str(error))
        self.assertFalse(domain.isActive())
        self.assertEqual([line for _, line in self.place.guests() if self.name in str(line)], [])
        self.assertEqual(os.stat(image).st_uid, os.geteuid(), 'the image has its owner back')

    def test_a_transient_guest_is_gone_after_its_end(self):
        domain = self.connection.createXML(harness.minimal_xml(self.name), 0)
        self.assertFalse(domain.isPersistent())
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, domain.undefine)
        domain.destroy()
        self.refused(libvirt.VIR_ERR_NO_DOMAIN, self.connection.lookupByName, self.name)

    def test_a_guest_of_a_client_ends_with_its_connection(self):
        client = self.place.connect()
        client.createXML(harness.minimal_xml(self.name), libvirt.VIR_DOMAIN_START_AUTODESTROY)
        self.assertIn(self.name, [domain.name() for domain in self.connection.listAllDomains()])
        client.close()
        harness.wait_until(lambda: self.name not in [domain.name() for domain in self.connection.listAllDomains()],
                           what='the end of the guest')

    def test_rename_keeps_the_uuid_and_the_autostart_link(self):
        domain = self.define()
        domain.setAutostart(1)
        uuid = domain.UUIDString()
        folder = os.path.join(self.place.root, 'etc/libvirt/qemu')
        domain.rename(self.name + '-new')
        renamed = self.connection.lookupByName(self.name + '-new')
        self.addCleanup(self.remove, renamed)
        self.assertEqual(renamed.UUIDString(), uuid)
        self.assertEqual(renamed.autostart(), 1)
        link = os.path.join(folder, 'autostart', f'{self.name}-new.xml')
        self.assertEqual(os.readlink(link), os.path.join(folder, f'{self.name}-new.xml'))
        self.assertFalse(os.path.exists(os.path.join(folder, f'{self.name}.xml')))
        renamed.create()
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, renamed.rename, self.name)

    def test_metadata_goes_to_the_definition_and_to_the_running_guest(self):
        domain = self.define()
        domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, 'a title', None, None, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        domain.create()
        domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, 'only live', None, None, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        self.refused(libvirt.VIR_ERR_NO_DOMAIN_METADATA, domain.metadata, libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, None,
                     libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, '<note>hello</note>', 'mine', 'http://example.com/mine',
                           libvirt.VIR_DOMAIN_AFFECT_LIVE | libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        self.assertEqual(domain.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, 'http://example.com/mine', 0), '<note>hello</note>')
        self.assertIn('<title>a title</title>', domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        self.assertNotIn('only live', domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        self.assertIn('only live', domain.XMLDesc(0))

    def test_counts_and_sizes_change_in_the_definition(self):
        domain = self.define()
        domain.setVcpusFlags(4, libvirt.VIR_DOMAIN_AFFECT_CONFIG | libvirt.VIR_DOMAIN_VCPU_MAXIMUM)
        domain.setVcpusFlags(3, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        self.assertEqual(domain.vcpusFlags(libvirt.VIR_DOMAIN_AFFECT_CONFIG), 3)
        self.assertEqual(domain.vcpusFlags(libvirt.VIR_DOMAIN_AFFECT_CONFIG | libvirt.VIR_DOMAIN_VCPU_MAXIMUM), 4)
        self.refused(libvirt.VIR_ERR_INVALID_ARG, domain.setVcpusFlags, 5, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        domain.setMemoryFlags(20 * 1024, libvirt.VIR_DOMAIN_AFFECT_CONFIG | libvirt.VIR_DOMAIN_MEM_MAXIMUM)
        self.assertEqual(domain.maxMemory(), 20 * 1024)

    def test_calls_that_need_an_agent_say_that_there_is_none(self):
        domain = self.define()
        domain.create()
        self.refused(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, domain.fsInfo)
        self.refused(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, domain.getTime)
        self.refused(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, domain.shutdownFlags, libvirt.VIR_DOMAIN_SHUTDOWN_GUEST_AGENT)

    def test_how_long_an_agent_is_waited_for_can_be_told_before_the_guest_runs(self):
        domain = self.define()
        domain.agentSetResponseTimeout(7)
        domain.create()
        with open(os.path.join(self.place.run_directory, f'libvirt/qemu/{self.name}.xml'), encoding='utf-8') as file:
            self.assertIn('<agentTimeout>7</agentTimeout>', file.read())

    def test_the_definition_on_disk_can_be_read_by_a_person(self):
        self.define()
        path = os.path.join(self.place.root, 'etc/libvirt/qemu', self.name + '.xml')
        with open(path, encoding='utf-8') as file:
            text = file.read()
        self.assertTrue(text.startswith('<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE.'))
        self.assertIn(f'virsh edit {self.name}\n', text)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)

    def test_a_paused_guest_shows_in_the_filters_that_ask_for_it(self):
        domain = self.define()
        domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)

        def names(flags):
            return [found.name() for found in self.connection.listAllDomains(flags)]
        self.assertIn(self.name, names(libvirt.VIR_CONNECT_LIST_DOMAINS_PAUSED))
        self.assertIn(self.name, names(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE | libvirt.VIR_CONNECT_LIST_DOMAINS_PERSISTENT))
        self.assertNotIn(self.name, names(libvirt.VIR_CONNECT_LIST_DOMAINS_RUNNING))
        self.assertNotIn(self.name, names(libvirt.VIR_CONNECT_LIST_DOMAINS_TRANSIENT))


class Session(harness.TestCase):
    def test_a_users_daemon_runs_a_guest(self):
        daemon = self.daemon(session=True)
        connection = daemon.connect()
        self.addCleanup(connection.close)
        domain = connection.defineXML(harness.minimal_xml('mine'))
        domain.create()
        self.assertEqual(domain.state()[0], libvirt.VIR_DOMAIN_RUNNING)
        domain.destroy()
        domain.undefine()
        self.assertEqual(connection.listAllDomains(), [])
