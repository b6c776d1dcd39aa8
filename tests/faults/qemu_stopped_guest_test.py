# deadline: 600
"""A guest whose QEMU is stopped: others do not notice, reads answer, calls for its monitor end at their deadline."""

import os
import signal
import time

import harness

libvirt = harness.libvirt()
GUESTS = 20


class StoppedGuest(harness.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = harness.Daemon(config='auth_unix_rw = "none"\nmonitor_timeout = 4\n')
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
        os.kill(self.pid, signal.SIGSTOP)
        self.addCleanup(os.kill, self.pid, signal.SIGCONT)

    def test_reads_answer_and_its_figures_are_marked(self):
        self.connection.getAllDomainStats()
        records = {domain.name(): figures for domain, figures in self.connection.getAllDomainStats()}
        self.assertEqual(len(records), GUESTS)
        self.assertIn('state.stale', records['g2'])
        self.assertIn('cpu.time', records['g2'])
        self.assertNotIn('state.stale', records['g1'])
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
        harness.wait_until(lambda: self.stopped.controlInfo()[0] == libvirt.VIR_DOMAIN_CONTROL_OK, what='an answer of the monitor')
        self.resume_late_or_again()
        self.stopped.suspend()
        self.assertEqual(self.stopped.state()[0], libvirt.VIR_DOMAIN_PAUSED)

    def resume_late_or_again(self):
        # The command of the call that gave up may lie in QEMU's socket: then the guest runs by itself, at some moment.
        try:
            self.stopped.resume()
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_OPERATION_INVALID:
                raise
        self.assertEqual(self.stopped.state()[0], libvirt.VIR_DOMAIN_RUNNING)

    def test_others_are_served_while_a_call_waits_for_it(self):
        second = self.place.connect()
        self.addCleanup(second.close)
        import threading
        waiting = threading.Thread(target=lambda: self.refused(libvirt.VIR_ERR_OPERATION_TIMEOUT, self.stopped.reset))
        waiting.start()
        time.sleep(0.1)
        answered = 0
        while waiting.is_alive():
            second.lookupByName('g1').state()
            second.listAllDomains()
            answered += 1
        waiting.join()
        self.assertGreater(answered, 10)


class HungAtDestroy(harness.TestCase):
    def test_a_stopped_guest_can_be_destroyed(self):
        daemon = self.daemon()
        connection = daemon.connect()
        self.addCleanup(connection.close)
        domain = connection.createXML(harness.minimal_xml('hung'), 0)
        pid = daemon.guest_pid('hung')
        os.kill(pid, signal.SIGSTOP)
        domain.destroy()
        harness.wait_for_end(pid)
        self.assertEqual(connection.listAllDomains(), [])
