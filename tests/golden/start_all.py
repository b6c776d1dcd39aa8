#!/usr/bin/python3
"""start_all.py GOLDEN STEP OFFSET: starts every STEP-th recorded domain paused on the daemon of this host, and prints one
line of JSON for each: {"case", "outcome", "message", "same"}. An outcome is accepted, refused (before QEMU), ended (QEMU said
no), or undefined (the definition is refused here); "same" tells of one that ended whether our command line of the document
is the one that libvirt was recorded with. Images and kernels that a document names are made below /var/lib/libvirt
and /dev, which must be private; the document then names those."""

import glob
import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import libvirt

sys.path.insert(0, f'{sys.argv[1]}/tools')
import golden as recorded

libvirt.registerErrorHandler(lambda *_: None, None)
IMAGES = '/var/lib/libvirt/images/all'
DEVICES = '/dev/all'
for prefix, uri in (('qemu', 'http://libvirt.org/schemas/domain/qemu/1.0'), ('lxc', 'http://libvirt.org/schemas/domain/lxc/1.0')):
    ET.register_namespace(prefix, uri)


def template(form):
    """An empty image of a format."""
    path = f'{IMAGES}/template.{form}'
    if not os.path.exists(path):
        done = subprocess.run(['qemu-img', 'create', '-q', '-f', form, path, '4M'], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            return template('raw')
    return path


def make_image(path, form):
    """A copy of it in place of the one that the document names; its path."""
    if not path.startswith('/'):
        return path
    place = f'{IMAGES}/{form}{path}'
    if not os.path.exists(place):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copyfile(template(form), place)
    return place


def make_device(path):
    """A device that reads as empty."""
    place = DEVICES + path
    if not os.path.exists(place):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.mknod(place, 0o20666, os.makedev(1, 3))
    return place


def settle_source(source, form):
    if source.get('file'):
        source.set('file', make_image(source.get('file'), form))
    elif source.get('dev'):
        source.set('dev', make_device(source.get('dev')))


def settle(document):
    """The document with images that are there."""
    root = ET.fromstring(document)
    for disk in root.iter('disk'):
        driver = disk.find('driver')
        form = driver.get('type') if driver is not None and driver.get('type') else 'raw'
        # A virtual machine of QEMU's own block layer: no file can be that.
        if disk.get('type') in (None, 'file', 'block') and disk.find('source') is not None:
            settle_source(disk.find('source'), form)
        for layer in disk.iter('backingStore'):
            below = layer.find('format')
            if layer.find('source') is not None:
                settle_source(layer.find('source'), below.get('type') if below is not None else 'raw')
    # Memory that would be touched is not: the host has none to spare.
    for allocation in root.iter('allocation'):
        allocation.attrib.pop('mode', None)
    for name in ('kernel', 'initrd', 'dtb'):
        for element in root.iter(name):
            if element.text and element.text.startswith('/'):
                element.text = make_image(element.text, 'raw')
    return ET.tostring(root, encoding='unicode')


def try_case(connection, folder):
    with open(f'{folder}/in.xml', encoding='utf-8') as file:
        document = file.read()
    try:
        domain = connection.defineXML(settle(document))
    except (libvirt.libvirtError, ET.ParseError) as error:
        return 'undefined', str(error)
    try:
        domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
        state = domain.state()[0]
        domain.destroy()
        return ('accepted', '') if state == libvirt.VIR_DOMAIN_PAUSED else ('ended', f'its state is {state}')
    except libvirt.libvirtError as error:
        text = str(error)
        by_qemu = 'connecting to monitor' in text or 'closed the monitor' in text
        return 'ended' if by_qemu else 'refused', text
    finally:
        if domain.isActive():
            domain.destroy()
        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)


def is_recorded(connection, folder):
    """Whether libvirt has the same command line for the document."""
    with open(f'{folder}/in.xml', encoding='utf-8') as file:
        document = file.read()
    with open(f'{folder}/argv.txt', encoding='utf-8') as file:
        wanted = file.read()
    try:
        text = connection.domainXMLToNative('qemu-argv', document, 0)
    except libvirt.libvirtError:
        return False
    return recorded.norm(recorded.split_argv(text)) == wanted


def main():
    golden, step, offset = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.makedirs(IMAGES, exist_ok=True)
    connection = libvirt.open('qemu:///system')
    # Secrets that documents name.
    recorded.Ctx('qemu:///system', golden).secrets()
    startable = []
    for expect in sorted(glob.glob(f'{golden}/domain/*/expect.json')):
        with open(expect, encoding='utf-8') as file:
            told = json.load(file)
        if told.get('define') == 'ok' and told.get('argv') == 'ok':
            startable.append(os.path.dirname(expect))
    for folder in startable[offset::step]:
        outcome, message = try_case(connection, folder)
        same = outcome == 'ended' and is_recorded(connection, folder)
        print(json.dumps({'case': os.path.basename(folder), 'outcome': outcome, 'message': message, 'same': same}), flush=True)


main()
