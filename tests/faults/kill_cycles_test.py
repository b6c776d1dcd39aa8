# deadline: 900
# soak-deadline: 28800
"""kill -9 of the daemon at random points of define, start, destroy, undefine: nothing is lost, half-written or run twice."""

import os
import random
import threading
import time
import xml.etree.ElementTree

import harness

libvirt = harness.libvirt()
CYCLES = 1000 if harness.SOAK else 12
GUESTS = 4


class Life(threading.Thread):
    """Changes one guest until the daemon is gone; remembers what was promised."""

    def __init__(self, daemon, name):
        super().__init__(daemon=True)
        self.place = daemon
        self.name_ = name
        self.defined = None   # True or False when a call promised it, None while one is under way
        self.active = None
        self.random = random.Random(name + str(time.time()))

    def run(self):
        try:
            connection = self.place.connect()
            while True:
                self.step(connection)
        except libvirt.libvirtError:
            return

    def find(self, connection):
        try:
            return connection.lookupByName(self.name_)
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                raise
            return None

    def step(self, connection):
        domain = self.find(connection)
        if domain is None:
            self.promise(lambda: connection.defineXML(harness.minimal_xml(self.name_)), defined=True, active=False)
        elif domain.isActive():
            self.promise(domain.destroy, defined=True, active=False)
        elif self.random.random() < 0.6:
            self.promise(domain.create, defined=True, active=True)
        else:
            self.promise(domain.undefine, defined=False, active=False)

    def promise(self, call, defined, active):
        self.defined = self.active = None
        call()
        self.defined, self.active = defined, active


class KillCycles(harness.TestCase):
    def test_nothing_is_lost_and_nothing_runs_twice(self):
        daemon = self.daemon()
        keeper = daemon.connect()
        keeper.createXML(harness.minimal_xml('constant'), 0)
        pid = daemon.guest_pid('constant')
        keeper.close()
        for _ in range(CYCLES):
            lives = [Life(daemon, f'g{number}') for number in range(GUESTS)]
            for life in lives:
                life.start()
            time.sleep(random.uniform(0.05, 1.2))
            daemon.kill9()
            for life in lives:
                life.join(60)
                self.assertFalse(life.is_alive(), 'a client hangs')
            daemon.start()
            self.check(daemon, lives, pid)

    def check(self, daemon, lives, constant):
        connection = daemon.connect()
        folder = os.path.join(daemon.root, 'etc/libvirt/qemu')
        names = {domain.name() for domain in connection.listAllDomains()}
        for file in os.listdir(folder):
            if file.endswith('.xml'):
                xml.etree.ElementTree.parse(os.path.join(folder, file))
                self.assertIn(file[:-4], names)
            else:
                self.assertEqual(file, 'autostart', 'something half-written was left')
        self.assertEqual(daemon.guest_pid('constant'), constant)
        for life in lives:
            if life.defined is not None:
                self.assertEqual(life.name_ in names, life.defined, f'{life.name_}: a promise was broken')
            if life.active:
                self.assertTrue(connection.lookupByName(life.name_).isActive(), f'{life.name_} is lost')

        def matches():
            active = sorted(domain.name() for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE))
            running = sorted(argument[6:].split(',')[0] for _, line in daemon.guests() for argument in line if argument.startswith('guest='))
            return active == running
        harness.wait_until(matches, what='one process for each active guest, and none else')
        connection.close()
