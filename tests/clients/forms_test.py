#!/usr/bin/python3
"""Domains as YAML and JSON in the shell: what `dumpxml --output yaml` shows, `define` takes back; mistakes are told."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness

YAML = """\
domain:
  type: test
  name: written
  memory: {unit: MiB, text: 64}
  vcpu: 2
  os:
    type: {arch: x86_64, text: hvm}
  metadata: <metadata><a:note xmlns:a="urn:a">by hand &amp; kept</a:note></metadata>
  devices:
    disk:
    - type: file
      device: disk
      source: {file: /images/one.img}
      target: {dev: vda, bus: virtio}
    interface:
      type: network
      mac: {address: 52:54:00:12:34:56}
      source: {network: default}
"""


class Forms(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.place = tempfile.TemporaryDirectory(prefix="vtf-")
        self.addCleanup(self.place.cleanup)

    def file(self, name, text):
        path = f"{self.place.name}/{name}"
        pathlib.Path(path).write_text(text, encoding="utf-8")
        return path

    def virtue(self, line, *options):
        return subprocess.run([str(harness.program("virtue")), "-c", "test:///default", "-q", *options, line],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=120)

    def good(self, line, *options):
        done = self.virtue(line, *options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_yaml_and_json_come_back_as_the_same_definition(self):
        xml = self.good("dumpxml test --inactive")
        for form in ("yaml", "json"):
            with self.subTest(form=form):
                text = self.good("dumpxml test --inactive", "--output", form)
                path = self.file(f"vm.{form}", text)
                again = self.good(f"destroy test; undefine test; define {path}; dumpxml test --inactive")
                self.assertEqual(again.strip(), xml.strip())
        self.assertEqual(json.loads(self.good("dumpxml test", "--output", "json"))["domain"]["name"], "test")

    def test_yaml_written_by_hand_is_defined(self):
        path = self.file("vm.yaml", YAML)
        xml = self.good(f"define {path}; dumpxml written")
        for part in ("<name>written</name>", "<memory unit='KiB'>65536</memory>", "<vcpu placement='static'>2</vcpu>",
                     "<source file='/images/one.img'/>", "<mac address='52:54:00:12:34:56'/>", "by hand &amp; kept"):
            self.assertIn(part, xml)
        # Started at once, from a stream without a name that tells the form.
        path = self.file("stream", YAML)
        self.assertIn("running", self.good(f"create {path}; domstate written"))

    def test_mistakes_are_told_with_their_place(self):
        for name, text, words in [
                ("alias.yaml", "domain: &a\n  type: test\n  x: *a\n", "anchors are not accepted"),
                ("twice.yaml", "domain:\n  type: test\n  type: kvm\n", "stands twice"),
                ("twice.json", '{"domain": {"type": "test", "type": "kvm"}}', "stands twice"),
                ("deep.json", '{"a":' * 5000 + "1" + "}" * 5000, "deep"),
                ("deep.yaml", "a: " + "[" * 300 + "]" * 300, "deep"),
                ("broken.json", '{"domain": {\n"type": }', ":2:"),
                ("value.yaml", YAML.replace("vcpu: 2", "vcpu: many"), "/domain/vcpu"),
                ("list.yaml", "- a\n- b\n", "'domain'"),
        ]:
            with self.subTest(name=name):
                done = self.virtue(f"define {self.file(name, text)}")
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(words, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
