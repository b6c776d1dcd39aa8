"""Documents made at random from a RELAX NG schema: every element, attribute and value of it comes up sooner or later."""

import copy
import os
import xml.etree.ElementTree as ET

try:
    from re import _parser as sre
except ImportError:  # before Python 3.11
    import sre_parse as sre

RNG = '{http://relaxng.org/ns/structure/1.0}'
FOLDER = '/usr/share/libvirt/schemas'

PATHS = ['/var/lib/libvirt/images/a.img', '/var/lib/libvirt/images/b.qcow2', '/dev/null', '/tmp/x', '/dev/zero']
NUMBERS = ['0', '1', '1', '2', '2', '3', '4', '8', '16', '64', '100', '512', '1000', '1024', '4096', '65536']
# What is found of a pattern is mostly refused: these are not.
KNOWN = {
    'absFilePath': PATHS, 'filePath': PATHS, 'absDirPath': ['/tmp', '/var/lib/libvirt/images'], 'dirPath': ['/tmp'],
    'deviceName': ['eth0', 'eth1', 'lo', 'vnet5'], 'uniMacAddr': ['52:54:00:11:22:33', '52:54:00:aa:bb:cc', '00:16:3e:00:00:01'],
    'ipAddr': ['127.0.0.1', '10.0.0.5', '::1', '0.0.0.0'], 'ipv4Addr': ['127.0.0.1', '10.1.2.3', '192.168.122.7'], 'PortNumber': ['5900', '5905', '22', '-1'],
    'dnsName': ['localhost', 'example.com'], 'cpuset': ['0', '0-1', '1', '0,1', '0-3,^1'], 'archnames': ['x86_64', 'i686', 'aarch64'],
    'pciBus': ['0x00', '0x00', '0x01', '0x02'], 'pciDomain': ['0x0000', '0x0000', '0x0001'],
    'pciSlot': ['0x01', '0x03', '0x05', '0x07', '0x1d', '0x1f', '0x00'], 'pciFunc': ['0x0', '0x0', '0x0', '0x1', '0x7'],
    'diskTarget': ['vda', 'vdb', 'sda', 'sdb', 'hda', 'hdc', 'fda', 'xvda'], 'usbPort': ['1', '2', '1.1', '4', '9'],
    'driveUnit': ['0', '1', '2', '5', '6'], 'driveSCSIUnit': ['0', '1', '7', '8'], 'driveController': ['0', '0', '1', '2'], 'driveBus': ['0', '0', '1'],
    'driveTarget': ['0', '0', '1'], 'driveSCSITarget': ['0', '0', '1'], 'unit': ['KiB', 'MiB', 'G', 'bytes', 'k'], 'aliasName': ['ua-one', 'ua-two', 'net0'],
    'UUID': ['0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f', 'a7f9b1ef-4a24-4d4e-9d0b-6d6c1f0f0b11'], 'volName': ['a.img'], 'countCPU': ['1', '2', '3', '4'],
    'vcpuid': ['0', '1', '2', '3'], 'ccwCssidRange': ['0xfe', '0xfe', '0x01'], 'ccwSsidRange': ['0x0', '0x1'], 'ccwDevnoRange': ['0x0001', '0x0002', '0x9f9f'],
    'wwn': ['5000c50015ea71ac'], 'addrIPorName': ['127.0.0.1', 'localhost'], 'objectName': ['default', 'a', 'b'], 'genericName': ['a', 'b', 'qemu'],
    'hexuint': ['0x1', '0x2000', 'ff'], 'virtioserialPort': ['0', '1', '2', '31'], 'weight': ['100', '500', '1000'], 'cpushares': ['2', '1024'],
    'zpciaddress': [], 'ipv6Addr': ['2001:db8:ca2:2::1', 'fd00::5', '::1', 'fe80::7'], 'macAddr': ['52:54:00:11:22:33', 'ff:ff:ff:ff:ff:ff'],
    'addrMAC': ['1:2:3:4:5:6', 'aa:bb:cc:dd:ee:ff'], 'addrIP': ['10.1.2.3', '1.2.3.4', '255.255.255.255'], 'addrIPv6': ['a:b:c::d:e:f', '::1', '::10.1.2.3'],
    'addrMask': ['255.255.255.0', '22', '32'], 'addrMaskv6': ['ffff:fc00::', '128', '65'], 'timestamp': ['1341933637.273190990', '0', '12'],
    'hostcpu': ['qemu64', 'Nehalem', 'Westmere'], 'compat': ['0.10', '1.1'],
    'featureName': ['vmx', 'svm', 'sse4.2', 'lahf_lm', 'aes', 'avx2', 'nosuch'],
}
# Elements that nearly always spoil the rest.
SELDOM = {'address': 0.08, 'alias': 0.08, 'acpi': 0.05, 'boot': 0.08, 'rom': 0.1, 'seclabel': 0.1, 'encryption': 0.1, 'privateData': 0, 'xen': 0.02,
          'mirror': 0.02, 'actual': 0}


class Schema:
    """The definitions of one schema with all that it includes. Not changed after it is read."""

    def __init__(self, name='domaincommon.rng'):
        self.definitions = {}
        self.read(name)

    def read(self, name):
        root = ET.parse(os.path.join(FOLDER, name)).getroot()
        for child in root.iter(RNG + 'include'):
            self.read(child.get('href'))
        for child in root.iter(RNG + 'define'):
            self.definitions.setdefault(child.get('name'), []).append(child)


class Sampler:
    """Makes elements of definitions, by the dice that it is given."""

    def __init__(self, schema, dice, share=(0.05, 0.15, 0.3, 0.5)):
        self.schema = schema
        self.dice = dice
        # How much of what may be left out is there: one of these for each element.
        self.share = share
        self.richness = 0.3

    def element(self, definition):
        """One element of a definition that has one, or nothing if it came to none."""
        holder = self.contents(definition)
        return holder[0] if len(holder) else None

    def contents(self, definition):
        """All that a definition makes, below an element <holder>."""
        holder = ET.Element('holder')
        self.richness = self.dice.choice(self.share)
        self.put_named(definition, holder, 0)
        return holder

    def put_named(self, name, into, depth):
        if name in KNOWN and KNOWN[name]:
            into.text = (into.text or '') + self.dice.choice(KNOWN[name])
            return
        for part in self.schema.definitions.get(name, []):
            self.put_all(part, into, depth)

    def put_all(self, pattern, into, depth):
        for child in pattern:
            self.put(child, into, depth)

    def chance(self, pattern, depth):
        share = self.richness * (1.2 if depth < 2 else 0.9 ** depth)
        for child in pattern:
            seldom = SELDOM.get(child.get('name'))
            if seldom is not None:
                return min(share, seldom)
        return share

    def put(self, pattern, into, depth):
        if not isinstance(pattern.tag, str) or depth > 14:
            return
        kind = pattern.tag[len(RNG):]
        if kind == 'element':
            self.put_element(pattern, into, depth)
        elif kind == 'attribute':
            holder = ET.Element('value')
            self.put_all(pattern, holder, depth)
            name = pattern.get('name')
            if name:
                into.set(name, holder.text if len(pattern) else self.word())
        elif kind == 'ref':
            self.put_named(pattern.get('name'), into, depth)
        elif kind == 'choice':
            options = [child for child in pattern if isinstance(child.tag, str)]
            self.put(self.dice.choice(options), into, depth)
        elif kind == 'optional':
            if self.dice.random() < self.chance(pattern, depth):
                self.put_all(pattern, into, depth)
        elif kind in ('zeroOrMore', 'oneOrMore'):
            times = 1 if kind == 'oneOrMore' else 0
            while times < 4 and self.dice.random() < self.chance(pattern, depth):
                times += 1
            for _ in range(times):
                self.put_all(pattern, into, depth)
        elif kind in ('group', 'interleave', 'list', 'mixed'):
            self.put_all(pattern, into, depth)
        elif kind == 'text':
            into.text = (into.text or '') + self.word()
        elif kind == 'value':
            into.text = (into.text or '') + (pattern.text or '')
        elif kind == 'data':
            into.text = (into.text or '') + self.data(pattern)

    def put_element(self, pattern, into, depth):
        name = pattern.get('name')
        if not name:
            return
        if pattern.get('ns'):
            name = '{%s}%s' % (pattern.get('ns'), name)
        made = ET.SubElement(into, name)
        if not pattern.get('name'):
            return
        self.put_all(pattern, made, depth + 1)

    def word(self):
        return self.dice.choice(['abc', 'default', '1', 'virtio', 'a b', 'host'])

    def data(self, pattern):
        kind = pattern.get('type')
        params = {param.get('name'): param.text for param in pattern.iter(RNG + 'param')}
        if 'pattern' in params:
            if params['pattern'].startswith('[0-9]'):
                text = self.dice.choice(NUMBERS)
                return text if '{1,2}' not in params['pattern'] else text[:2]
            return self.of_pattern(params['pattern'])
        if kind == 'string':
            return self.word()
        if kind == 'dateTime':
            return '2020-01-02T03:04:05'
        low, high = int(params.get('minInclusive', 0)), params.get('maxInclusive')
        if high is not None and self.dice.random() < 0.7:
            return str(self.dice.choice([low, int(high), self.dice.randint(low, int(high))]))
        numbers = [n for n in NUMBERS if int(n) >= low and (high is None or int(n) <= int(high))] or [str(low)]
        if kind == 'positiveInteger':
            numbers = [n for n in numbers if n != '0']
        return self.dice.choice(numbers)

    def of_pattern(self, text):
        out = []
        self.of_tokens(sre.parse(text), out)
        return ''.join(out)

    def of_tokens(self, tokens, out):
        for operation, argument in tokens:
            name = str(operation)
            if name == 'LITERAL':
                out.append(chr(argument))
            elif name == 'IN':
                out.append(self.of_set(argument))
            elif name == 'NOT_LITERAL' or name == 'ANY':
                out.append('x')
            elif name in ('MAX_REPEAT', 'MIN_REPEAT'):
                low, high, inner = argument
                for _ in range(self.dice.randint(low, min(int(high), low + 3))):
                    self.of_tokens(inner, out)
            elif name == 'SUBPATTERN':
                self.of_tokens(argument[-1], out)
            elif name == 'BRANCH':
                self.of_tokens(self.dice.choice(argument[1]), out)

    def of_set(self, members):
        if str(members[0][0]) == 'NEGATE':
            return 'q'
        name, argument = self.dice.choice([m for m in members if str(m[0]) != 'CATEGORY'] or members)
        if str(name) == 'RANGE':
            return chr(self.dice.randint(argument[0], argument[1]))
        return chr(argument) if str(name) == 'LITERAL' else 'x'


# What a made part is put into: (arch, machine, emulator).
MACHINES = [('x86_64', 'pc'), ('x86_64', 'pc'), ('x86_64', 'q35'), ('x86_64', 'q35'), ('aarch64', 'virt'), ('s390x', 's390-ccw-virtio'),
            ('ppc64', 'pseries'), ('riscv64', 'virt'), ('i686', 'pc'), ('x86_64', 'microvm'), ('x86_64', 'isapc'), ('armv7l', 'virt')]
DEVICES = ['disk', 'controller', 'filesystem', 'interface', 'input', 'sound', 'audio', 'hostdev', 'graphic', 'video', 'console', 'parallel', 'serial',
           'channel', 'smartcard', 'hub', 'redirdev', 'redirfilter', 'rng', 'tpm', 'shmem', 'memorydev', 'watchdog', 'memballoon', 'nvram', 'panic',
           'iommu', 'vsock', 'lease']
# Each device more often the more it can say.
DEVICES += ['disk', 'disk', 'disk', 'controller', 'controller', 'interface', 'interface', 'interface', 'hostdev', 'video', 'memorydev', 'graphic', 'channel']
PARTS = ['guestcpu', 'sysinfo', 'clock', 'resources', 'features', 'events', 'pm', 'perf', 'seclabel', 'keywrap', 'launchSecurity', 'oshvm', 'blkiotune',
         'cputune', 'numatune', 'memtune', 'respartition', 'ids', 'idmap', 'qemucmdline']


class Maker:
    """Whole domains, and what became of their parts: those that were accepted alone are put together later."""

    def __init__(self, dice, only=None, machine=None):
        self.sampler = Sampler(Schema(), dice)
        self.dice = dice
        self.only = only
        self.machine = machine
        self.good = {}
        self.last = None

    def make(self):
        """(what it is, text)"""
        machines = [m for m in MACHINES if not self.machine or m[1] == self.machine]
        arch, machine = self.dice.choice(machines)
        good = self.good.get((arch, machine), [])
        if len(good) > 5 and self.dice.random() < 0.45:
            chosen = self.dice.sample(good, self.dice.randint(2, min(8, len(good))))
            self.last = None
        else:
            names = self.only or (DEVICES + PARTS)
            chosen = []
            while not chosen:
                name = self.dice.choice(names)
                holder = self.sampler.contents(name)
                if len(holder):
                    chosen.append((name, holder))
            self.last = ((arch, machine), chosen[0])
        root = base(arch, machine)
        for name, holder in chosen:
            add(root, name, copy.deepcopy(holder))
        complete(root)
        return f'{arch} {machine}: ' + ' '.join(name for name, _ in chosen), ET.tostring(root, encoding='unicode')

    def attach(self):
        """(what it is, base, device, the device changed): for the calls that change a definition."""
        what, text = self.make()
        names = self.only or DEVICES
        name, first, second = self.dice.choice(names), None, None
        while first is None or second is None:
            first, second = self.sampler.element(name), self.sampler.element(name)
        if self.dice.random() < 0.5:
            second = copy.deepcopy(first)
            other = self.sampler.element(name)
            for child in list(other if other is not None else []):
                if self.dice.random() < 0.5:
                    second.append(child)
        elif self.dice.random() < 0.7:
            for tag in ('target', 'mac', 'alias'):
                if first.find(tag) is not None:
                    for old in second.findall(tag):
                        second.remove(old)
                    second.append(copy.deepcopy(first.find(tag)))
        for element in (first, second):
            if name == 'interface' and element.find('mac') is None:
                element.append(ET.fromstring('<mac address="52:54:00:00:00:77"/>'))
        return f'{what} and {name}', text, ET.tostring(first, encoding='unicode'), ET.tostring(second, encoding='unicode')

    def accepted(self):
        """The last one was accepted by libvirtd."""
        if self.last:
            self.good.setdefault(self.last[0], []).append(self.last[1])


# Of each other kind of document: the schema, the definition in it that is the whole, and what it needs to be accepted.
DOCUMENTS = {
    'network': ('network.rng', 'network'), 'netrun': ('network.rng', 'network'), 'pool': ('storagepool.rng', 'pool'),
    'vol': ('storagevol.rng', 'vol'), 'nwfilter': ('nwfilter.rng', 'filter'), 'secret': ('secret.rng', 'secret'),
    'nodedev': ('nodedev.rng', 'device'), 'snapshot': ('domainsnapshot.rng', 'domainsnapshot'),
    'checkpoint': ('domaincheckpoint.rng', 'domaincheckpoint'), 'netupdate': ('network.rng', None), 'interface': ('interface.rng', None),
    'cpu': ('cpu.rng', 'guestcpu'),
}
# Sections of a network that can be updated.
SECTIONS = ('host', 'range', 'txt', 'srv', 'interface', 'portgroup')
UUID = 'c7a5fdbd-edaf-9455-926a-d65c16db1809'


class Documents:
    """Documents of one of the kinds in DOCUMENTS; `guest` is the definition that snapshots are of."""

    def __init__(self, kind, dice, guest=None):
        self.kind = kind
        self.guest = guest
        self.dice = dice
        schema, self.definition = DOCUMENTS[kind]
        self.sampler = Sampler(Schema(schema), dice, (0.15, 0.3, 0.5, 0.7))

    def make(self):
        made = None
        while made is None:
            made = self.section() if self.kind == 'netupdate' else self.whole()
        return ET.tostring(made, encoding='unicode')

    def section(self):
        network = self.sampler.element('network')
        found = [element for element in network.iter() if element.tag in SECTIONS]
        return self.dice.choice(found) if found else None

    def whole(self):
        definition = self.definition or self.dice.choice(['ethernet-interface', 'bridge-interface', 'bond-interface', 'vlan-interface'])
        root = self.sampler.element(definition)
        if root is None:
            return None
        name = root.find('name')
        if name is not None:
            name.text = 'made'
        if self.kind in ('network', 'netrun', 'pool', 'secret'):
            for old in root.findall('uuid'):
                root.remove(old)
            ET.SubElement(root, 'uuid').text = UUID
        if self.kind in ('network', 'netrun', 'pool', 'snapshot', 'checkpoint') and name is None and self.dice.random() < 0.9:
            ET.SubElement(root, 'name').text = 'made'
        if self.kind in ('network', 'netrun'):
            for bridge in root.findall('bridge'):
                if 'name' in bridge.attrib:
                    bridge.set('name', 'virbr7')
        if self.kind == 'nwfilter':
            root.set('name', 'made')
        if self.kind in ('snapshot', 'checkpoint'):
            # A whole domain at random is hardly ever read.
            for domain in root.findall('domain') + root.findall('inactiveDomain'):
                root.remove(domain)
            if self.guest is not None and self.dice.random() < 0.5:
                root.append(copy.deepcopy(self.guest))
            for disk in root.findall('disks/disk'):
                if self.dice.random() < 0.7:
                    disk.set('name', self.dice.choice(['vda', 'vdb', 'vda', 'vdc']))
        return root


def base(arch, machine):
    root = ET.fromstring(f"""<domain type='qemu'><name>made</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>
  <memory unit='KiB'>524288</memory><vcpu>4</vcpu><os><type arch='{arch}' machine='{machine}'>hvm</type></os>
  <features><acpi/></features><devices/></domain>""")
    if arch not in ('x86_64', 'i686', 'aarch64'):
        root.remove(root.find('features'))
    return root


def complete(root):
    """What a daemon would fill in by chance."""
    for number, interface in enumerate(root.iter('interface')):
        if interface.find('mac') is None:
            interface.append(ET.fromstring(f'<mac address="52:54:00:00:01:{number:02x}"/>'))
    for element in root.iter('genid'):
        element.text = element.text or 'e9392370-2917-565e-692b-d057f46512d6'


def add(root, name, holder):
    """Lays what was made into the domain: devices among the devices, the rest in the place of what stands there."""
    if name in DEVICES:
        devices = root.find('devices')
        for child in list(holder):
            if child.tag in ('memballoon', 'watchdog', 'nvram', 'iommu', 'vsock', 'audio'):
                for other in devices.findall(child.tag):
                    if other.tag != 'audio':
                        devices.remove(other)
            devices.append(child)
        return
    for child in list(holder):
        if child.tag in ('name', 'uuid'):
            continue
        other = root.find(child.tag)
        if child.tag == 'os' and other is not None:
            for part in list(child):
                if part.tag != 'type':
                    other.append(part)
            other.attrib.update(child.attrib)
            continue
        if other is not None and child.tag not in ('seclabel', 'sysinfo'):
            root.remove(other)
        root.insert(len(root) - 1, child)
