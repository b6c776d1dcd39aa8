# deadline: 900
"""What a guest's agent tells and does, through the stock Python binding: a Linux guest with a small agent of our own,
which has canned answers and tells what it was asked."""

import json
import os
import unittest

import harness

libvirt = harness.libvirt()

ANSWERS = {
    'guest-get-vcpus': [{'logical-id': 0, 'online': True, 'can-offline': False}, {'logical-id': 1, 'online': True, 'can-offline': True}, {'logical-id': 2, 'online': False, 'can-offline': True}],
    'guest-set-vcpus': 1,
    'guest-get-users': [{'user': 'ann', 'login-time': 1500.5}, {'user': 'bob', 'domain': 'CORP', 'login-time': 2000.25}, {'user': 'ann', 'login-time': 1400.0}, {'user': 'eve', 'login-time': -1.5}, {'user': 'mallory', 'login-time': 1e300}],
    'guest-get-osinfo': {'id': 'tiny', 'name': 'Tiny Linux', 'pretty-name': 'Tiny Linux 1', 'version-id': '1', 'machine': 'x86_64', 'kernel-release': '6.1', 'kernel-version': '#1'},
    'guest-get-timezone': {'zone': 'CET', 'offset': 3600},
    'guest-get-host-name': {'host-name': 'inside'},
    'guest-get-fsinfo': [{'name': 'vda1', 'mountpoint': '/', 'type': 'ext4', 'total-bytes': 1000, 'used-bytes': 10, 'disk': [{'bus-type': 'virtio', 'bus': 0, 'target': 0, 'unit': 0, 'pci-controller': {'domain': 0, 'bus': 0, 'slot': 0, 'function': 0}, 'serial': 'S1', 'dev': '/dev/vda1'}]}],
    'guest-network-get-interfaces': [{'name': 'eth0', 'hardware-address': '52:54:00:00:00:01', 'ip-addresses': [{'ip-address-type': 'ipv4', 'ip-address': '10.0.2.15', 'prefix': 24}]}],
    'guest-ssh-get-authorized-keys': {'keys': ['ssh-ed25519 AAAA one', 'ssh-ed25519 BBBB two']},
    'guest-ssh-add-authorized-keys': {},
    'guest-ssh-remove-authorized-keys': {},
    'guest-get-time': 1234000000567,
    'guest-set-time': {},
    'guest-fsfreeze-freeze-list': 1,
    'guest-fsfreeze-freeze': 2,
    'guest-fsfreeze-thaw': 2,
    'guest-fstrim': {'paths': []},
    'guest-set-user-password': {},
}

AGENT = r"""#!/bin/busybox sh
port() {
    for name in /sys/class/virtio-ports/*/name; do
        read -r what < $name && [ "$what" = org.qemu.guest_agent.0 ] && { echo /dev/$(/bin/busybox basename ${name%/name}); return; }
    done
}
serve() {
    until [ -n "$(port)" ] && [ -e "$(port)" ]; do /bin/busybox sleep 0.2; done 2>/dev/null
    exec 3<>$(port)
    last=null
    while read -r line <&3; do
        case $line in
            *guest-sync-delimited*) id=${line##*'"id":'}; printf '\377{"return":%s}\n' ${id%%\}*} >&3; continue;;
            *guest-last*) printf '{"return":%s}\n' "$last" >&3; continue;;
@CASES@
            *) echo '{"error":{"class":"CommandNotFound","desc":"The command was not found"}}' >&3;;
        esac
        last=$line
    done
}
# What runs in the background reads from /dev/null.
/bin/busybox mount -t devtmpfs dev /dev
serve &
exec /init
"""


def archive(name, content):
    """A cpio archive (newc) with one executable file, to go behind an initramfs."""
    def entry(path, mode, data):
        fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path) + 1, 0]
        head = b'070701' + b''.join(b'%08x' % field for field in fields) + path + b'\0'
        return head + b'\0' * (-len(head) % 4) + data + b'\0' * (-len(data) % 4)
    return entry(name, 0o100755, content) + entry(b'TRAILER!!!', 0, b'')


class Agent(harness.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon_ = harness.Daemon()
        cls.addClassCleanup(cls.daemon_.close)
        cls.connection = cls.daemon_.connect()
        cases = '\n'.join(f"""            *'"{name}"'*) echo '{json.dumps({"return": answer})}' >&3;;""" for name, answer in ANSWERS.items())
        image = harness.guest()
        cls.initrd = os.path.join(cls.daemon_.root, 'agent-initrd')
        with open(image.initrd, 'rb') as plain, open(cls.initrd, 'wb') as file:
            data = plain.read()
            file.write(data + b'\0' * (-len(data) % 512) + archive(b'with-agent', AGENT.replace('@CASES@', cases).encode()))
        text = harness.guest_xml('talker', **{image.initrd: cls.initrd, 'console=ttyS0 quiet': 'console=ttyS0 quiet rdinit=/with-agent',
                                              '</devices>': "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel></devices>"})
        cls.domain = cls.connection.createXML(text, 0)
        # A shell in an emulated guest: on a busy machine it may need longer than agents usually do. Not much longer as
        # long as it is not yet there to hear all that it is asked.
        cls.domain.agentSetResponseTimeout(30)
        harness.wait_until(cls.is_connected, timeout=600, what='the agent in the guest')
        cls.domain.agentSetResponseTimeout(harness.PATIENCE)

    @classmethod
    def is_connected(cls):
        try:
            return bool(cls.domain.hostname(0))
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_AGENT_UNRESPONSIVE:
                raise
            return False

    def asked(self):
        """What the agent was asked last."""
        import libvirt_qemu
        answer = json.loads(libvirt_qemu.qemuAgentCommand(self.domain, '{"execute":"guest-last"}', harness.PATIENCE, 0))['return']
        return answer['execute'], answer.get('arguments')

    def test_everything_about_the_guest(self):
        info = self.domain.guestInfo(0)
        self.assertEqual((info['user.count'], info['user.0.name'], info['user.0.login-time'], info['user.1.domain']), (4, 'ann', 1400000, 'CORP'))
        self.assertEqual((info['user.2.login-time'], info['user.3.login-time']), (0, 2**64 - 1), 'what no clock can show is the nearest that can be told')
        self.assertEqual((info['os.id'], info['os.pretty-name'], info['timezone.offset'], info['hostname']), ('tiny', 'Tiny Linux 1', 3600, 'inside'))
        self.assertEqual((info['fs.count'], info['fs.0.total-bytes'], info['fs.0.disk.0.serial'], info['fs.0.disk.0.device']), (1, 1000, 'S1', '/dev/vda1'))
        self.assertEqual((info['if.0.name'], info['if.0.addr.0.addr'], info['if.0.addr.0.prefix']), ('eth0', '10.0.2.15', 24))
        self.assertFalse([name for name in info if name.startswith('disk.')], 'this agent cannot tell disks')
        self.assertEqual(set(self.domain.guestInfo(libvirt.VIR_DOMAIN_GUEST_INFO_TIMEZONE)), {'timezone.name', 'timezone.offset'})
        self.refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, self.domain.guestInfo, libvirt.VIR_DOMAIN_GUEST_INFO_DISKS)
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.guestInfo, 1024)

    def test_processors_as_the_guest_uses_them(self):
        self.assertEqual(self.domain.guestVcpus(), {'vcpus': '0-2', 'online': '0-1', 'offlinable': '1-2'})
        self.assertEqual(self.domain.vcpusFlags(libvirt.VIR_DOMAIN_VCPU_GUEST), 2)
        self.domain.setGuestVcpus('2', 1)
        self.assertEqual(self.asked(), ('guest-set-vcpus', {'vcpus': [{'logical-id': 2, 'online': True}]}))
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.setGuestVcpus, '0', 0)
        self.refused(libvirt.VIR_ERR_INVALID_ARG, self.domain.setGuestVcpus, '7', 1)
        self.domain.setVcpusFlags(1, libvirt.VIR_DOMAIN_VCPU_GUEST)
        self.assertEqual(self.asked(), ('guest-set-vcpus', {'vcpus': [{'logical-id': 1, 'online': False}]}))

    def test_keys_of_its_users(self):
        self.assertEqual(self.domain.authorizedSSHKeysGet('ann'), ['ssh-ed25519 AAAA one', 'ssh-ed25519 BBBB two'])
        self.domain.authorizedSSHKeysSet('ann', ['ssh-rsa C'])
        self.assertEqual(self.asked(), ('guest-ssh-add-authorized-keys', {'username': 'ann', 'keys': ['ssh-rsa C'], 'reset': True}))
        self.domain.authorizedSSHKeysSet('ann', ['ssh-rsa C'], libvirt.VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET_APPEND)
        self.assertFalse(self.asked()[1]['reset'])
        self.domain.authorizedSSHKeysSet('ann', ['ssh-rsa C'], libvirt.VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET_REMOVE)
        self.assertEqual(self.asked(), ('guest-ssh-remove-authorized-keys', {'username': 'ann', 'keys': ['ssh-rsa C']}))

    def test_time_file_systems_and_passwords(self):
        self.assertEqual(self.domain.getTime(), {'seconds': 1234, 'nseconds': 567})
        self.domain.setTime({'seconds': 5, 'nseconds': 6})
        self.assertEqual(self.asked(), ('guest-set-time', {'time': 5000000006}))
        self.domain.setTime(None, libvirt.VIR_DOMAIN_TIME_SYNC)
        self.assertEqual(self.asked(), ('guest-set-time', None))
        self.assertEqual((self.domain.fsFreeze(), self.domain.fsFreeze(['/']), self.domain.fsThaw()), (2, 1, 2))
        self.refused(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, self.domain.fsThaw, ['/'])
        self.domain.fSTrim(None, 4096)
        self.assertEqual(self.asked(), ('guest-fstrim', {'minimum': 4096}))
        self.domain.setUserPassword('ann', 'secret')
        self.assertEqual(self.asked(), ('guest-set-user-password', {'crypted': False, 'username': 'ann', 'password': 'c2VjcmV0'}))
        self.assertEqual(tuple(self.domain.fsInfo()[0][:3]), ('/', 'vda1', 'ext4'))
        self.assertEqual(self.domain.interfaceAddresses(libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT)['eth0']['addrs'][0]['addr'], '10.0.2.15')


if __name__ == '__main__':
    unittest.main(verbosity=2)
