"""Plays steps.py on the connection that the command line names and prints what came, one JSON line a step; then the
events. Needs python3-libvirt only: `play.py URI DIRECTORY`."""

import json
import re
import sys
import time

import libvirt

import steps

WAIT = 60  # seconds for events that are still under way


def plain(value):
    """A result as JSON: objects become their class and name."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in sorted(value.items(), key=str)}
    if isinstance(value, (list, tuple)):
        items = [plain(item) for item in value]
        # The order of lists of objects is no promise.
        return sorted(items, key=str) if items and hasattr(value[0], "_o") else items
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str):
        return re.sub(r"(<(creationTime|lastUpdate)>)\d+", r"\1@", value)
    if value is None or isinstance(value, (int, float)):
        return value
    name = value.name() if hasattr(value, "name") else value.getName() if hasattr(value, "getName") else ""
    return f"{type(value).__name__} {name}"


def shape(value):
    """The structure without the numbers that the clock makes."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [shape(item) for item in value]
    return "@" if isinstance(value, int) and value > 1 << 30 else value


def shape_xml(text):
    return re.sub(r"<(creationTime|name)>\d+<", r"<\1>@<", text)


def stats(records):
    return sorted([record[0].name(), plain(record[1])] for record in records)


def head(path):
    """What stands first in a file that a call wrote, and whether the rest is XML."""
    with open(path, "rb") as file:
        data = file.read()
    return [data[:16].hex(), b"<domain" in data]


def screenshot(domain):
    """Downloads a screenshot: its type and the picture's size."""
    stream = domain.connect().newStream()
    mime = domain.screenshot(stream, 0, 0)
    data = b""
    while True:
        part = stream.recv(65536)
        if not part:
            break
        data += part
    stream.finish()
    return [mime, data[:8].hex(), data[16:24].hex()]


def listen(connection, events):
    def note(kind):
        def callback(_connection, subject, *rest):
            events.append([kind, subject.name(), *[plain(item) for item in rest[:-1]]])
        return callback

    for event in (libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, libvirt.VIR_DOMAIN_EVENT_ID_REBOOT,
                  libvirt.VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, libvirt.VIR_DOMAIN_EVENT_ID_CONTROL_ERROR):
        connection.domainEventRegisterAny(None, event, note(f"domain {event}"), None)
    connection.networkEventRegisterAny(None, libvirt.VIR_NETWORK_EVENT_ID_LIFECYCLE, note("network"), None)
    connection.storagePoolEventRegisterAny(None, libvirt.VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE, note("pool"), None)
    connection.storagePoolEventRegisterAny(None, libvirt.VIR_STORAGE_POOL_EVENT_ID_REFRESH, note("refresh"), None)
    connection.nodeDeviceEventRegisterAny(None, libvirt.VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE, note("device"), None)


def pump(quiet):
    """Runs the event loop until nothing came for so many turns."""
    for _ in range(quiet):
        libvirt.virEventAddTimeout(0, lambda timer, _: libvirt.virEventRemoveTimeout(timer), None)
        libvirt.virEventRunDefaultImpl()


def take_step(line, names):
    keep, expression = re.match(r"(?:(\w+) = )?(.*)", line).groups()
    try:
        value = eval(expression, names)
    except libvirt.libvirtError as error:
        return {"error": [error.get_error_code(), error.get_error_domain(), error.get_error_message()]}
    except Exception as error:  # what python-libvirt itself refuses
        return {"python": f"{type(error).__name__}: {error}"}
    if keep:
        names[keep] = value
    return {"value": plain(value)}


def main():
    uri, directory = sys.argv[1:3]
    libvirt.registerErrorHandler(lambda *_: None, None)
    libvirt.virEventRegisterDefaultImpl()
    connection = libvirt.open(uri)
    events = []
    listen(connection, events)
    names = {"c": connection, "libvirt": libvirt, "directory": directory, "shape": shape, "shape_xml": shape_xml,
             "stats": stats, "head": head, "screenshot": screenshot}
    exec(steps.SETUP, names)
    for line in steps.STEPS.strip().splitlines():
        print(json.dumps([line, take_step(line, names)]).replace(directory, "@DIR@"), flush=True)
        pump(3)
    # The last event of all is one that this script causes itself: when it is here, the others are.
    last = connection.defineXML(names["DOMAIN"] % ("last", "", 1024, 1, ""))
    last.undefine()
    end = time.monotonic() + WAIT
    while ["domain 0", "last", 1, 0] not in events and time.monotonic() < end:
        pump(1)
    print(json.dumps(["events", events]))


if __name__ == "__main__":
    main()
