# deadline: 600
"""A guest whose QEMU is stopped: others do not notice, reads answer, calls for its monitor end at their deadline."""

import os
import signal
import threading

import harness

libvirt = harness.libvirt()
GUESTS = 20


class StoppedGuest(harness.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = harness.Daemon(config='auth_unix_rw = "none"\nmonitor_timeout = 8\n')
        cls.addClassCleanup(cls.place.close)
        cls.connection = cls.place.connect()
        cls.addClassCleanup(cls.connection.close)
        balloon = '<memballoon model="virtio"><stats period="5"/></memballoon>'
        cls.domains = []
        for number in range(GUESTS):
            xml = harness.minimal_xml(f'g{number}').replace('<memballoon model="none"/>', balloon)
            cls.domains.append(cls.connection.createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED))

    def setUp(self):
        self.stopped = self.domains[2]
        self.pid = self.place.guest_pid('g2')
        # Whatever the test before left: a call that it gave up may have been obeyed since.
        harness.wait_for_monitor(self.stopped)
        self.stopped.suspend()
        self.addCleanup(os.kill, self.pid, signal.SIGCONT)
        harness.freeze(self.pid)

    def test_reads_answer_and_its_figures_are_marked(self):
        answered = set()

        def look():
            records = {domain.name(): figures for domain, figures in self.connection.getAllDomainStats()}
            self.assertEqual(len(records), GUESTS)
            self.assertIn('state.stale', records['g2'])
            self.assertIn('cpu.time', records['g2'])
            # One that is only slow is marked until its answer is here.
            answered.update(name for name, figures in records.items() if 'state.stale' not in figures)
            return len(answered) == GUESTS - 1
        harness.wait_until(look, what='figures of all guests but one')
        for number, domain in enumerate(self.domains):
            self.assertEqual(domain.info()[0], libvirt.VIR_DOMAIN_PAUSED)
            self.assertEqual(domain.state()[0], libvirt.VIR_DOMAIN_PAUSED)
            self.assertIn(f'<name>g{number}</name>', domain.XMLDesc())
        active = self.connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
        self.assertEqual({domain.name() for domain in active}, {f'g{number}' for number in range(GUESTS)})

    def test_calls_for_its_monitor_end_at_their_deadline_and_work_again(self):
        error = self.refused(libvirt.VIR_ERR_OPERATION_TIMEOUT, self.stopped.resume)
        self.assertIn('g2', str(error))
        other = self.domains[1]
        other.resume()
        other.suspend()
        os.kill(self.pid, signal.SIGCONT)
        harness.wait_for_monitor(self.stopped)
        # The command of the call that gave up lay in QEMU's socket, and was obeyed.
        self.assertEqual(self.stopped.state()[0], libvirt.VIR_DOMAIN_RUNNING)
        self.refused(libvirt.VIR_ERR_OPERATION_INVALID, self.stopped.resume)
        self.stopped.suspend()
        self.assertEqual(self.stopped.state()[0], libvirt.VIR_DOMAIN_PAUSED)
        self.stopped.resume()
        self.assertEqual(self.stopped.state()[0], libvirt.VIR_DOMAIN_RUNNING)


class Waiting(harness.TestCase):
    def test_others_are_served_while_a_call_waits_for_a_stopped_guest(self):
        # Longer than any machine needs for the others: the call waits until the guest goes on.
        daemon = self.daemon(config='auth_unix_rw = "none"\nmonitor_timeout = 600\n')
        first, second = daemon.connect(), daemon.connect()
        self.addCleanup(first.close)
        self.addCleanup(second.close)
        stopped = first.createXML(harness.minimal_xml('stopped'), libvirt.VIR_DOMAIN_START_PAUSED)
        other = second.createXML(harness.minimal_xml('other'), libvirt.VIR_DOMAIN_START_PAUSED)
        pid = daemon.guest_pid('stopped')
        self.addCleanup(os.kill, pid, signal.SIGCONT)
        harness.freeze(pid)
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(stopped.resume()), daemon=True)
        waiting.start()
        seen = second.lookupByName('stopped')
        harness.wait_until(lambda: seen.controlInfo()[0] == libvirt.VIR_DOMAIN_CONTROL_OCCUPIED, what='the call on the stopped guest')
        for _ in range(10):
            self.assertEqual(other.state()[0], libvirt.VIR_DOMAIN_PAUSED)
            self.assertEqual(seen.state()[0], libvirt.VIR_DOMAIN_PAUSED)
            self.assertEqual(len(second.listAllDomains()), 2)
            other.resume()
            other.suspend()
        self.assertEqual(answers, [], 'the call ended before the guest could answer')
        os.kill(pid, signal.SIGCONT)
        waiting.join(harness.PATIENCE)
        self.assertEqual(answers, [0])
        self.assertEqual(seen.state()[0], libvirt.VIR_DOMAIN_RUNNING)


class HungAtDestroy(harness.TestCase):
    def test_a_stopped_guest_can_be_destroyed(self):
        daemon = self.daemon()
        connection = daemon.connect()
        self.addCleanup(connection.close)
        domain = connection.createXML(harness.minimal_xml('hung'), 0)
        pid = daemon.guest_pid('hung')
        harness.freeze(pid)
        domain.destroy()
        harness.wait_for_end(pid)
        self.assertEqual(connection.listAllDomains(), [])
