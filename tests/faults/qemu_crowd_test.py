# soak-deadline: 1800
"""A crowd of clients that do all kinds of things to few guests at once, while QEMUs and clients die and the daemon is
stopped, killed and started: it stays alive, nobody hangs, and each stop ends well. Run it on the sanitized daemon
(./dev test --soak --preset asan qemu_crowd), which also hears of what nobody notices.

VIRTUE_CROWD_SECONDS names another length, VIRTUE_CROWD_SEED another seed (the moments depend on the machine, too)."""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
import unittest

import harness

libvirt = harness.libvirt()
harness.start_event_loop()
harness.needs('virsh', 'qemu-img')

SECONDS = int(os.environ.get('VIRTUE_CROWD_SECONDS') or (600 if harness.SOAK else 0))
SEED = int(os.environ.get('VIRTUE_CROWD_SEED') or time.time_ns() % 1000000)
CLIENTS = 8
GUESTS = ('a', 'b', 'c')
DEVICES = """<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{image}'/>
<target dev='vda' bus='virtio'/></disk><serial type='pty'/><console type='pty'/><controller type='virtio-serial'/>
<controller type='usb' model='qemu-xhci'/><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<channel type='unix'><target type='virtio' name='some.port'/></channel><interface type='user'/>
<video><model type='vga'/></video>"""
PEN = "<input type='tablet' bus='usb'><alias name='ua-pen'/></input>"
EVENTS = (libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, libvirt.VIR_DOMAIN_EVENT_ID_BLOCK_JOB,
          libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED)


class Client(threading.Thread):
    """Does one thing after the other until the time is over. Errors are answers; that there is one counts."""

    def __init__(self, daemon, folder, number, end):
        super().__init__(daemon=True)
        self.place = daemon
        self.folder = folder
        self.random = random.Random(f'{SEED} {number}')
        self.end = end
        self.connection = None
        self.answers = 0
        self.start()

    def run(self):
        while time.monotonic() < self.end:
            try:
                if self.connection is None or self.random.random() < 0.02:
                    self.connection = self.place.connect()
                self.one(self.random.choice(GUESTS))()
                self.answers += 1
            except libvirt.libvirtError as error:
                if error.get_error_domain() == libvirt.VIR_FROM_RPC or self.connection is None:
                    self.connection = None
                    time.sleep(0.1)
            except (AssertionError, OSError, IndexError):
                pass  # no such process, no such snapshot

    def domain(self, name):
        return self.connection.lookupByName(name)

    def xml(self, name):
        text = harness.minimal_xml(name, devices=DEVICES.format(image=f'{self.folder}/{name}.qcow2'), memory_mib=32)
        uuid = f'5f3c2ad0-0000-4000-8000-{int.from_bytes(name.encode(), "big"):012x}'
        return text.replace('<name>', f'<uuid>{uuid}</uuid><name>').replace('<controller type="usb" model="none"/>', '').replace(
            '</memory>', '</memory><vcpu current="1">4</vcpu><iothreads>1</iothreads>')

    def one(self, name):
        """Something to do to a guest."""
        tag = f'{self.random.random():.6f}'[2:]
        groups = (self.life, self.life, self.life, self.reads, self.devices, self.blocks, self.moments, self.deaths)
        return self.random.choice(self.random.choice(groups)(name, tag))

    def life(self, name, _):
        guest, saved = self.domain, f'{self.folder}/{name}.saved'
        return (lambda: self.connection.createXML(self.xml(name)), lambda: self.connection.defineXML(self.xml(name)),
                lambda: guest(name).create(), lambda: guest(name).create(), lambda: guest(name).destroy(),
                lambda: guest(name).undefineFlags(0x6e), lambda: guest(name).suspend(), lambda: guest(name).resume(),
                lambda: guest(name).reset(), lambda: guest(name).shutdown(), lambda: guest(name).managedSave(),
                lambda: guest(name).save(saved), lambda: self.connection.restore(saved), lambda: self.with_client(name))

    def reads(self, name, _):
        guest = self.domain
        return (lambda: self.connection.getAllDomainStats(), lambda: guest(name).blockStats('vda'), lambda: guest(name).info(),
                lambda: guest(name).XMLDesc(), lambda: guest(name).blockInfo('vda'), lambda: guest(name).memoryStats(),
                lambda: guest(name).jobStats(), lambda: guest(name).getTime(), lambda: guest(name).ioThreadInfo(1),
                lambda: self.console(name), lambda: self.channel(name), lambda: self.screenshot(name), self.watch)

    def devices(self, name, _):
        guest = self.domain
        return (lambda: guest(name).attachDevice(PEN), lambda: guest(name).detachDeviceAlias('ua-pen', 1),
                lambda: guest(name).setVcpus(self.random.randint(1, 4)), lambda: guest(name).addIOThread(3, 1),
                lambda: guest(name).delIOThread(3, 1), lambda: guest(name).setMetadata(0, name, None, None, 0))

    def blocks(self, name, tag):
        guest = self.domain
        copy = f"<disk type='file'><source file='{self.folder}/copy{tag}'/><driver type='qcow2'/></disk>"
        backup = f"<domainbackup><disks><disk name='vda' type='file'><target file='{self.folder}/backup{tag}'/></disk></disks></domainbackup>"
        return (lambda: guest(name).blockCopy('vda', copy, None, libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB),
                lambda: guest(name).blockJobAbort('vda', self.random.randrange(3)), lambda: guest(name).blockJobInfo('vda'),
                lambda: guest(name).blockPull('vda'), lambda: guest(name).backupBegin(backup, None), lambda: guest(name).abortJob())

    def moments(self, name, tag):
        guest = self.domain
        document = f'<domainsnapshot><name>{tag}</name></domainsnapshot>'
        return (lambda: guest(name).snapshotCreateXML(document, self.random.choice((0, libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY))),
                lambda: self.random.choice(guest(name).listAllSnapshots()).delete(),
                lambda: guest(name).revertToSnapshot(self.random.choice(guest(name).listAllSnapshots())))

    def deaths(self, name, _):
        return (lambda: os.kill(self.place.guest_pid(name), signal.SIGKILL), lambda: self.stop_for_a_moment(name),
                lambda: self.leave(name))

    def with_client(self, name):
        with contextlib.closing(self.place.connect()) as other:
            other.createXML(self.xml(name), libvirt.VIR_DOMAIN_START_AUTODESTROY)

    def console(self, name):
        stream = self.connection.newStream(libvirt.VIR_STREAM_NONBLOCK)
        self.domain(name).openConsole(None, stream, libvirt.VIR_DOMAIN_CONSOLE_FORCE)
        stream.abort()

    def channel(self, name):
        stream = self.connection.newStream(libvirt.VIR_STREAM_NONBLOCK)
        self.domain(name).openChannel('some.port', stream, libvirt.VIR_DOMAIN_CHANNEL_FORCE)
        stream.finish()

    def screenshot(self, name):
        stream = self.connection.newStream(0)
        self.domain(name).screenshot(stream, 0)
        stream.recvAll(lambda *_: 0, None)
        stream.finish()

    def watch(self):
        with contextlib.closing(self.place.connect()) as other:
            for event in EVENTS:
                other.domainEventRegisterAny(None, event, lambda *_: None, None)
            time.sleep(self.random.random())

    def stop_for_a_moment(self, name):
        pid = self.place.guest_pid(name)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(self.random.random())
        os.kill(pid, signal.SIGCONT)

    def leave(self, name):
        """A client that is killed in the middle of a call."""
        command = self.random.choice(('domstats', 'dumpxml', 'reset', 'suspend', 'resume', 'managedsave', 'start'))
        with subprocess.Popen(['virsh', '-c', self.place.uri(), command, name], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
            time.sleep(self.random.random() * 0.15)
            client.kill()


@unittest.skipUnless(SECONDS, 'ten minutes of many clients: run it with --soak')
class Crowd(harness.TestCase):
    def test_nobody_hangs_and_the_daemon_ends_well(self):
        daemon = self.daemon(config='auth_unix_rw = "none"\nmonitor_timeout = 3\n')
        folder = self.directory()
        os.chmod(folder, 0o777)
        for name in GUESTS:
            harness.run(['qemu-img', 'create', '-q', '-f', 'qcow2', f'{folder}/{name}.qcow2', '8M'])
            os.chmod(f'{folder}/{name}.qcow2', 0o666)
        print(f'rate: crowd: seed {SEED}')
        end = time.monotonic() + SECONDS
        clients = [Client(daemon, folder, number, end) for number in range(CLIENTS)]
        chance = random.Random(SEED)
        while time.monotonic() < end:
            time.sleep(chance.uniform(2, 10))
            self.assertTrue(daemon.running(), 'the daemon died')
            if chance.random() < 0.2:
                daemon.kill9()
            else:
                self.assertEqual(daemon.stop(120), 0)
            daemon.start(120)
        for client in clients:
            client.join(300)
            self.assertFalse(client.is_alive(), 'a client hangs')
            self.assertGreater(client.answers, 0)
        print(f'rate: crowd: {sum(client.answers for client in clients)} calls')
        self.assertEqual(daemon.stop(120), 0)


if __name__ == '__main__':
    unittest.main(verbosity=2)
