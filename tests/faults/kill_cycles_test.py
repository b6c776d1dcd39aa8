# deadline: 900
# soak-deadline: 7200
"""kill -9 of the daemon at random points of define, redefine, start, destroy, undefine, and of its own start: nothing is
lost, half-written or run twice.

VIRTUE_KILL_CYCLES names another number of cycles; a failure prints the seed that VIRTUE_KILL_SEED takes again (the
moments depend on the machine, too)."""

import contextlib
import os
import random
import threading
import time
import xml.etree.ElementTree

import harness

libvirt = harness.libvirt()
CYCLES = int(os.environ.get('VIRTUE_KILL_CYCLES') or (1000 if harness.SOAK else 12))
SEED = int(os.environ.get('VIRTUE_KILL_SEED') or time.time_ns() % 1000000)
LONGEST = 0.5  # seconds of work before a kill: some starts are whole by then, most calls are cut off somewhere
GUESTS = 4
NOTHING = ''


class Life:
    """One guest that is changed until the daemon is gone. It holds what may be true of it: one thing after a call was
    answered, two while a call is under way."""

    def __init__(self, daemon, name, transient, seed):
        self.place = daemon
        self.name = name
        self.transient = transient
        self.definitions = {NOTHING}  # the description of its definition, NOTHING without one
        self.active = {False}
        self.destroying = False
        self.ending = False  # a destroy was cut off, and it still ran
        self.version = 0
        self.random = random.Random(f'{seed} {name}')
        self.thread = None
        self.problem = None  # what a call answered that did not just end with the daemon

    def begin(self, begun):
        self.thread = threading.Thread(target=self.work, args=(begun,), daemon=True)
        self.thread.start()

    def work(self, begun):
        try:
            connection = self.place.connect()
            begun.set()
            while True:
                self.step(connection)
        except libvirt.libvirtError as error:
            if error.get_error_domain() != libvirt.VIR_FROM_RPC:
                self.problem = error

    def step(self, connection):
        chance = self.random.random()
        if self.transient:
            if self.active == {False}:
                return self.promise(lambda: connection.createXML(self.xml(NOTHING)), active=True)
            return self.destroy(connection)
        if self.definitions == {NOTHING}:
            return self.define(connection)
        domain = connection.lookupByName(self.name)
        if chance < 0.2:
            return self.define(connection)
        if self.active == {True}:
            return self.destroy(connection)
        if chance < 0.75:
            return self.promise(domain.create, active=True)
        return self.promise(domain.undefine, definition=NOTHING)

    def destroy(self, connection):
        self.destroying = True
        try:
            self.promise(lambda: connection.lookupByName(self.name).destroy(), active=False)
        except libvirt.libvirtError as error:
            # The destroy that was cut off had told the process to end, which took its time.
            if not self.ending or error.get_error_code() not in (libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_NO_DOMAIN):
                raise
            self.active = {False}
        self.ending = self.destroying = False

    def xml(self, description):
        return harness.minimal_xml(self.name, description=description) if description else harness.minimal_xml(self.name)

    def define(self, connection):
        self.version += 1
        description = f'version {self.version}'
        self.promise(lambda: self.identified(connection, description), definition=description)

    def identified(self, connection, description):
        connection.defineXML(self.xml(description).replace('<name>', f'<uuid>{self.uuid()}</uuid><name>'))

    def uuid(self):
        return f'5f3c2ad0-0000-4000-8000-{int.from_bytes(self.name.encode(), "big"):012x}'

    def promise(self, call, definition=None, active=None):
        if definition is not None:
            self.definitions = self.definitions | {definition}
        if active is not None:
            self.active = self.active | {active}
        call()
        if definition is not None:
            self.definitions = {definition}
        if active is not None:
            self.active = {active}


class KillCycles(harness.TestCase):
    def test_nothing_is_lost_and_nothing_runs_twice(self):
        chance = random.Random(SEED)
        daemon = self.daemon()
        keeper = daemon.connect()
        keeper.createXML(harness.minimal_xml('constant'), 0)
        self.constant = daemon.guest_pid('constant')
        keeper.close()
        lives = [Life(daemon, f'g{number}', number == 0, SEED) for number in range(GUESTS)]
        for cycle in range(CYCLES):
            try:
                self.cycle(daemon, lives, chance)
            except AssertionError as problem:
                raise AssertionError(f'cycle {cycle} of seed {SEED}: {problem}') from problem

    def cycle(self, daemon, lives, chance):
        begun = threading.Event()
        for life in lives:
            life.begin(begun)
        begun.wait(300)
        time.sleep(chance.uniform(0, LONGEST))
        daemon.kill9()
        for life in lives:
            life.thread.join(300)
            self.assertFalse(life.thread.is_alive(), 'a client hangs')
            self.assertIs(life.problem, None, f'a call about {life.name} failed')
        if chance.random() < 0.2:
            daemon.launch()
            time.sleep(chance.uniform(0, 0.1))
            daemon.kill9()
        daemon.start()
        with contextlib.closing(daemon.connect()) as connection:
            self.check(daemon, connection, lives)

    def check(self, daemon, connection, lives):
        folder = os.path.join(daemon.root, 'etc/libvirt/qemu')

        def active():
            return sorted(domain.name() for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE))

        def running():
            return sorted(argument[6:].split(',')[0] for _, line in daemon.guests() for argument in line if argument.startswith('guest='))
        # A start that was cut off is undone once its QEMU answers.
        for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
            harness.wait_for_monitor(domain)
        try:
            harness.wait_until(lambda: active() == running())
        except AssertionError:
            self.fail(f'{active()} are active, and there are processes of {running()}')

        known = self.known(connection)
        files = {}
        for file in os.listdir(folder):
            if file.endswith('.xml'):
                root = xml.etree.ElementTree.parse(os.path.join(folder, file)).getroot()
                files[file[:-4]] = root.findtext('description') or 'none'
            else:
                self.assertIn(file, {'autostart', 'networks'}, 'something half-written was left')
        self.assertEqual(daemon.guest_pid('constant'), self.constant)
        self.assertEqual(set(files), {name for name, (_, persistent, _) in known.items() if persistent})
        for life in lives:
            life.definitions = {self.seen(files.get(life.name, NOTHING), life.definitions, f'the definition of {life.name}')}
            active = life.name in known and known[life.name][2]
            may_be = life.active | ({False} if life.ending else set())
            # What was told to end and still ran when we looked may end at any moment from now.
            life.ending = active and (life.ending or life.destroying)
            life.destroying = False
            life.active = {self.seen(active, may_be, f'{life.name} runs')}
            if life.definitions != {NOTHING}:
                self.assertIn(known[life.name][0].metadata(libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, None, libvirt.VIR_DOMAIN_AFFECT_CONFIG), life.definitions)

    def known(self, connection):
        """{name: (domain, whether it is persistent, whether it runs)}; without those that go while we look: what was
        told to end by a destroy that was cut off may end at any moment."""
        found = {}
        for domain in connection.listAllDomains():
            try:
                found[domain.name()] = (domain, bool(domain.isPersistent()), bool(domain.isActive()))
            except libvirt.libvirtError as error:
                if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                    raise
        return found

    def seen(self, found, promised, what):
        self.assertIn(found, promised, f'{what}: a promise was broken')
        return found
