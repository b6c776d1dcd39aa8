# deadline: 900
"""Things of guests that happen at the same time, too often, or never: changes of one definition, opens of one channel,
resets without end, starts that hang, links in an image's place."""

import contextlib
import os
import pwd
import signal
import stat
import threading
import time

import harness

libvirt = harness.libvirt()
ROUNDS = 40


def at_once(*calls):
    """Runs the calls side by side; [result or libvirtError] of each."""
    results = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(number):
        barrier.wait()
        try:
            results[number] = calls[number]()
        except libvirt.libvirtError as error:
            results[number] = error
    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def hanging_emulator(folder, name):
    """An emulator that stops itself before it does anything, for the guest `name` only."""
    path = os.path.join(folder, 'emulator')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'#!/bin/sh\ncase "$*" in *guest={name},*) kill -STOP $$;; esac\nexec /usr/bin/qemu-system-x86_64 "$@"\n')
    os.chmod(path, 0o755)
    return f'<emulator>{path}</emulator>'


class OneDefinition(harness.TestCase):
    def test_a_definition_is_not_undone_by_a_change_that_began_with_the_one_before(self):
        daemon = self.daemon()
        first, second = daemon.connect(), daemon.connect()
        self.addCleanup(first.close)
        self.addCleanup(second.close)
        text = first.defineXML(harness.minimal_xml('kept')).XMLDesc()
        domain = second.lookupByName('kept')
        for number in range(ROUNDS):
            titled = text.replace('</name>', f'</name><title>{number}</title>')
            at_once(lambda titled=titled: first.defineXML(titled),
                    lambda number=number: domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, str(number), None, None),
                    lambda number=number: domain.setMaxMemory(1024 * (20 + number)))
            self.assertEqual(domain.metadata(libvirt.VIR_DOMAIN_METADATA_TITLE, None), str(number))
        self.assertEqual(at_once(lambda: domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, 'mine', None, None),
                                 lambda: first.lookupByName('kept').setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, 'ours', None, None)), [0, 0])
        self.assertEqual(domain.metadata(libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, None), 'mine')
        self.assertEqual(domain.metadata(libvirt.VIR_DOMAIN_METADATA_TITLE, None), 'ours')

    def test_definitions_and_renames_of_one_guest_do_not_wait_for_each_other_in_a_circle(self):
        daemon = self.daemon()
        first, second = daemon.connect(), daemon.connect()
        self.addCleanup(first.close)
        self.addCleanup(second.close)
        text = first.defineXML(harness.minimal_xml('a')).XMLDesc()
        for number in range(ROUNDS):
            name = 'ab'[number % 2]
            new = 'ba'[number % 2]
            same = text.replace('<name>a<', f'<name>{name}<')
            results = at_once(lambda name=name, new=new: second.lookupByName(name).rename(new), lambda same=same: first.defineXML(same))
            self.assertEqual(results[0], 0)
            # Either it came first, or the name that it gives is not the guest's any more.
            if isinstance(results[1], libvirt.libvirtError):
                self.assertEqual(results[1].get_error_code(), libvirt.VIR_ERR_OPERATION_FAILED, str(results[1]))
            self.assertEqual([domain.name() for domain in first.listAllDomains()], [new])


class OneChannel(harness.TestCase):
    def test_of_two_who_open_a_channel_at_once_one_gets_it(self):
        daemon = self.daemon()
        connections = [daemon.connect(), daemon.connect()]
        channel = ('<controller type="virtio-serial"/><channel type="unix"><target type="virtio" name="some.port"/></channel>')
        domain = connections[0].createXML(harness.minimal_xml('guest', devices=channel), 0)
        for _ in range(ROUNDS):
            streams = [connection.newStream(libvirt.VIR_STREAM_NONBLOCK) for connection in connections]
            results = at_once(*[lambda c=connection, s=stream: c.lookupByName('guest').openChannel('some.port', s, 0)
                                for connection, stream in zip(connections, streams)])
            self.assertIn(0, results)
            [refused] = [result for result in results if result != 0]
            self.assertEqual(refused.get_error_code(), libvirt.VIR_ERR_OPERATION_FAILED)
            streams[results.index(0)].finish()
            harness.wait_until(lambda: self.can_open(domain, connections[0]), what='the channel to be free again')
        for connection in connections:
            connection.close()

    def can_open(self, domain, connection):
        stream = connection.newStream(libvirt.VIR_STREAM_NONBLOCK)
        try:
            domain.openChannel('some.port', stream, 0)
        except libvirt.libvirtError:
            return False
        stream.finish()
        return True


class Bursts(harness.TestCase):
    def test_a_guest_that_resets_without_end_does_not_keep_the_disk_busy(self):
        daemon = self.daemon()
        connection = daemon.connect()
        self.addCleanup(connection.close)
        domain = connection.createXML(harness.minimal_xml('restless'), 0)
        resets = 0

        def count(*_):
            nonlocal resets
            resets += 1
        harness.start_event_loop()
        watching = daemon.connect()
        watching.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, count, None)
        status = os.path.join(daemon.root, 'run/libvirt/qemu/restless.xml')
        before, begin = self.written(daemon.pid), time.monotonic()
        for _ in range(300):
            domain.reset()
        harness.wait_until(lambda: resets >= 200, what='the events of the resets')
        saved = (self.written(daemon.pid) - before) / os.stat(status).st_size
        watching.close()
        # It is written ten times a second at most; on a machine that makes no more resets than that, each may be.
        at_most = max(resets / 3, 20 * (time.monotonic() - begin))
        self.assertLess(saved, at_most, 'the status was written again and again')

    def written(self, pid):
        with open(f'/proc/{pid}/io', encoding='utf-8') as file:
            return int(dict(line.split(': ') for line in file.read().splitlines())['wchar'])


class HangingStart(harness.TestCase):
    def test_a_guest_that_hangs_at_autostart_holds_up_neither_the_others_nor_the_daemons_end(self):
        daemon = self.daemon()
        connection = daemon.connect()
        emulator = hanging_emulator(daemon.root, 'a-hangs')
        names = ['a-hangs', *(f'g{number}' for number in range(5))]
        for number, name in enumerate(names):
            xml = harness.minimal_xml(name, devices=emulator).replace('<name>', f'<uuid>00000000-0000-4000-8000-{number:012x}</uuid><name>')
            connection.defineXML(xml).setAutostart(1)
        connection.close()
        self.assertEqual(daemon.stop(), 0)
        os.unlink(os.path.join(daemon.run_directory, 'libvirt/qemu/autostarted'))
        daemon.start()
        connection = daemon.connect()
        harness.wait_until(lambda: all(connection.lookupByName(name).state()[0] == libvirt.VIR_DOMAIN_RUNNING for name in names[1:]),
                           what='the start of the guests that do not hang')
        harness.wait_until(lambda: self.hung(daemon), what='the start that hangs')
        connection.close()
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(self.hung(daemon), [])
        self.assertEqual(len(daemon.guests()), len(names) - 1)

    def test_the_daemon_ends_while_a_start_hangs_and_undoes_it(self):
        daemon = self.daemon()
        connection = daemon.connect()
        devices = hanging_emulator(daemon.root, 'a-hangs') + '<serial type="pty"/>'
        domain = connection.defineXML(harness.minimal_xml('a-hangs', devices=devices))
        answers = []

        def start():
            try:
                answers.append(domain.create())
            except libvirt.libvirtError as error:
                answers.append(error)
        caller = threading.Thread(target=start)
        caller.start()
        harness.wait_until(lambda: self.hung(daemon), what='the hanging start')
        with daemon.connect() as other:
            stream = other.newStream()
            error = self.refused(libvirt.VIR_ERR_OPERATION_FAILED, other.lookupByName('a-hangs').openConsole, None, stream, 0)
            self.assertIn('PTY device is not yet assigned', str(error))
        self.assertEqual(daemon.stop(), 0)
        caller.join(harness.PATIENCE)
        self.assertEqual(len(answers), 1)
        self.assertIsInstance(answers[0], libvirt.libvirtError)
        self.assertEqual(self.hung(daemon), [])
        self.assertFalse(os.path.exists(os.path.join(daemon.run_directory, 'libvirt/qemu/a-hangs.xml')))
        daemon.start()
        with daemon.connect() as again:
            self.assertFalse(again.lookupByName('a-hangs').isActive())

    def hung(self, daemon):
        return [pid for pid, line in harness.processes_below(daemon.root) if any(part.startswith('guest=a-hangs') for part in line)]


class LateStop(harness.TestCase):
    def test_a_suspend_whose_answer_was_late_is_the_users_and_the_next_stop_is_not(self):
        daemon = self.daemon(config='auth_unix_rw = "none"\nmonitor_timeout = 8\n')
        connection = daemon.connect()
        self.addCleanup(connection.close)
        domain = connection.createXML(harness.minimal_xml('slow'), 0)
        pid = daemon.guest_pid('slow')
        harness.freeze(pid)
        try:
            self.refused(libvirt.VIR_ERR_OPERATION_TIMEOUT, domain.suspend)
        finally:
            os.kill(pid, signal.SIGCONT)
        harness.wait_until(lambda: domain.state() == [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER], what='the late stop')
        domain.resume()
        import libvirt_qemu
        libvirt_qemu.qemuMonitorCommand(domain, '{"execute":"stop"}', 0)
        harness.wait_until(lambda: domain.state() == [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_UNKNOWN], what='a stop for no known reason')


class Links(harness.TestCase):
    def test_an_image_behind_a_link_is_the_guests_while_it_runs_unless_the_guests_user_made_the_link(self):
        harness.needs_root()
        daemon = self.daemon()
        connection = daemon.connect()
        self.addCleanup(connection.close)
        try:
            user = pwd.getpwnam('libvirt-qemu').pw_uid
        except KeyError:
            self.skipTest('needs the user libvirt-qemu')
        folder = os.path.join(daemon.root, 'images')
        os.mkdir(folder)
        image, link = os.path.join(folder, 'image'), os.path.join(folder, 'link')
        with open(image, 'wb') as file:
            file.truncate(1 << 20)
        os.chmod(image, 0o600)
        os.symlink('image', link)
        disk = f'<disk type="file" device="disk"><driver name="qemu" type="raw"/><source file="{link}"/><target dev="hda" bus="ide"/></disk>'
        domain = connection.defineXML(harness.minimal_xml('linked', devices=disk))
        domain.create()
        self.assertEqual(os.stat(image).st_uid, user)
        domain.destroy()
        self.assertEqual(os.stat(image).st_uid, 0)
        os.lchown(link, user, user)
        error = self.refused(libvirt.VIR_ERR_OPERATION_DENIED, domain.create)
        self.assertIn(link, str(error))
        self.assertEqual(os.stat(image).st_uid, 0)
        self.assertTrue(stat.S_ISLNK(os.lstat(link).st_mode))
        self.assertFalse(domain.isActive())


class FoundAgain(harness.TestCase):
    def look_for_frozen(self, daemon, names):
        """Starts guests, freezes them and has a new daemon look for them; a connection to it and the guests' pids."""
        with daemon.connect() as connection:
            for name in names:
                connection.createXML(harness.minimal_xml(name), 0)
        pids = [daemon.guest_pid(name) for name in names]
        for pid in pids:
            harness.freeze(pid)
        daemon.kill9()
        daemon.start()
        connection = daemon.connect()
        self.addCleanup(connection.close)
        self.assertEqual(sorted(domain.name() for domain in connection.listAllDomains()), names)
        return connection, pids

    def test_guests_that_die_while_a_new_daemon_talks_to_them_are_shut_off(self):
        connection, pids = self.look_for_frozen(self.daemon(), [f'g{number}' for number in range(8)])
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        harness.wait_until(lambda: connection.listAllDomains() == [], what='the end of the guests')

    def test_a_call_waits_for_a_guest_that_a_new_daemon_is_still_looking_for_and_a_destroy_does_not(self):
        # Longer than any machine needs: the calls end when the guest goes on, not because time is over.
        daemon = self.daemon(config='auth_unix_rw = "none"\nmonitor_timeout = 600\n')
        connection, pids = self.look_for_frozen(daemon, ['destroyed', 'slow'])
        slow, results = connection.lookupByName('slow'), []
        caller = threading.Thread(target=lambda: results.append(at_once(slow.suspend)[0]), daemon=True)
        caller.start()
        connection.lookupByName('destroyed').destroy()
        harness.wait_for_end(pids[0])
        self.assertEqual(slow.state()[0], libvirt.VIR_DOMAIN_RUNNING)
        self.assertEqual(results, [], 'the call ended before the guest could answer')
        os.kill(pids[1], signal.SIGCONT)
        caller.join(harness.PATIENCE)
        self.assertEqual(results, [0])
        self.assertEqual(slow.state(), [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER])


class Passing(harness.TestCase):
    def test_guests_that_just_ended_spoil_no_answer_about_the_others(self):
        daemon = self.daemon()
        connection = daemon.connect()
        self.addCleanup(connection.close)
        connection.createXML(harness.minimal_xml('stays'), 0)
        over = threading.Event()
        self.addCleanup(over.set)
        failures = []

        def come_and_go():
            try:
                with contextlib.closing(daemon.connect()) as other:
                    while not over.is_set():
                        other.createXML(harness.minimal_xml('passes'), 0).destroy()
            except libvirt.libvirtError as error:
                failures.append(error)
        thread = threading.Thread(target=come_and_go, daemon=True)
        thread.start()
        seen = set()
        harness.wait_until(lambda: failures or self.look(connection, seen), timeout=600, every=0.001, what='the end of a few guests')
        over.set()
        thread.join(harness.PATIENCE)
        self.assertFalse(thread.is_alive(), 'a client hangs')
        self.assertEqual(failures, [])

    def look(self, connection, seen):
        """Asks for all there is to ask of all guests; true once some of them have come and gone."""
        for record in connection.getAllDomainStats():
            self.assertIn('state.state', record[1])
        names = []
        for domain in connection.listAllDomains():
            names.append(domain.name())
            try:
                domain.info()
                domain.XMLDesc()
            except libvirt.libvirtError as error:
                self.assertEqual(error.get_error_code(), libvirt.VIR_ERR_NO_DOMAIN, str(error))
            if domain.name() == 'passes':
                seen.add(domain.ID())
        self.assertIn('stays', names)
        return len(seen) > 20
