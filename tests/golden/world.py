"""A world of its own for recorded cases: the private namespaces of ../shared/golden with our daemon in libvirtd's place."""

import os
import signal
import subprocess

import harness


CONNECT = "import socket; socket.socket(socket.AF_UNIX).connect('/run/libvirt/libvirt-sock')"


def wait_for_world(child, folder):
    """Waits until the daemon in there takes connections; gives the number of the process to enter by."""
    harness.wait_until(lambda: os.path.exists(f'{folder}/ready'), what='the private world')
    with open(f'/proc/{child.pid}/task/{child.pid}/children', encoding='ascii') as children:
        inner = children.read().split()[0]
    # It is called ready after some seconds in any case.
    probe = ['nsenter', '-t', inner, '-a', '/usr/bin/python3', '-c', CONNECT]
    harness.wait_until(lambda: harness.run(probe, check=False).returncode == 0, what='a connection to the daemon in there')
    return inner


class World:
    """Ends with its test. `daemon` are the words behind virtued."""

    def __init__(self, test, folder, daemon='--system'):
        self.tools = harness.shared('golden', 'tools')
        self.folder = folder
        os.makedirs(folder)
        # QEMU tells in its log who ended it: the recorded logs say libvirtd.
        environment = os.environ | {'GOLDEN_RUN': str(folder),
                                    'GOLDEN_DAEMON': f'-a libvirtd {harness.program("virtued")} {daemon}'}
        self.log = open(f'{folder}.log', 'wb')
        test.addCleanup(self.log.close)
        self.child = harness.Child(['unshare', '-mnpu', '--fork', '--kill-child', '--mount-proc', 'bash',
                                    f'{self.tools}/env.sh', '--inner', '--plain'],
                                   stdout=self.log, stderr=self.log, env=environment)
        test.addCleanup(self.child.close)
        self.inner = wait_for_world(self.child, folder)

    def run(self, arguments, timeout=1200):
        """Runs a program in it; gives what it printed."""
        return subprocess.run(['nsenter', '-t', self.inner, '-a', *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, timeout=timeout).stdout

    def end(self):
        """Now: the next world begins with nothing."""
        self.child.signal(signal.SIGKILL)
