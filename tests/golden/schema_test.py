#!/usr/bin/python3
"""The grammar that `virtue schema domain` prints, held against the recorded definitions (../shared/golden/domain): what
libvirtd's --validate accepted it accepts. And the page in docs/ is the one that the command makes."""

import glob
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness

# Of what libvirtd's schema refuses, this many the printed grammar lets through: the order of <name> and <uuid>, shapes of
# names and paths, and parts that exclude each other. `define --validate` knows them; a list of elements does not.
MOST_LET_THROUGH = 18


def virtue(*arguments):
    done = subprocess.run([str(harness.program("virtue")), *arguments], stdout=subprocess.PIPE, text=True, check=True,
                          timeout=120)
    return done.stdout


class Schema(harness.TestCase):
    def test_relax_ng_agrees_with_the_recordings(self):
        harness.needs("xmllint")
        cases = harness.shared("golden", "domain")
        with tempfile.TemporaryDirectory(prefix="vts-") as place:
            grammar = f"{place}/domain.rng"
            pathlib.Path(grammar).write_text(virtue("schema", "domain"), encoding="utf-8")
            good, bad = [], []
            for expect in sorted(glob.glob(f"{cases}/*/expect.json")):
                said = json.loads(pathlib.Path(expect).read_text(encoding="utf-8"))
                folder = os.path.dirname(expect)
                if not glob.glob(f"{folder}/out-inactive*"):
                    continue
                (good if said.get("validate") == "ok" else bad).append(f"{folder}/in.xml")
            self.assertGreater(len(good), 500)
            done = subprocess.run(["xmllint", "--noout", "--relaxng", grammar, *good, *bad], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True, check=False, timeout=300)
            accepted = set(re.findall(r"^(\S+) validates$", done.stderr, re.M))
            self.assertEqual(len(accepted) + len(re.findall(r"^(\S+) fails to validate$", done.stderr, re.M)),
                             len(good) + len(bad), done.stderr[-2000:])
            print(f"accepted {len(accepted & set(good))} of {len(good)}, "
                  f"refused {len(set(bad) - accepted)} of {len(bad)}")
            self.assertEqual([case for case in good if case not in accepted], [], done.stderr[-4000:])
            self.assertLessEqual(len(accepted & set(bad)), MOST_LET_THROUGH, sorted(accepted & set(bad)))

    def test_json_schema_names_what_the_forms_hold(self):
        schema = json.loads(virtue("--output", "json", "schema", "domain"))
        domain = json.loads(virtue("-c", "test:///default", "--output", "json", "dumpxml", "test"))
        unknown = []

        def walk(value, rule, path):
            if "$ref" in rule:
                rule = schema["$defs"][rule["$ref"].rsplit("/", 1)[1]]
            for choice in rule.get("anyOf", [rule]):
                choice = schema["$defs"][choice["$ref"].rsplit("/", 1)[1]] if "$ref" in choice else choice
                if isinstance(value, list) and choice.get("type") == "array":
                    for item in value:
                        walk(item, choice["items"], path)
                    return
                if isinstance(value, dict) and choice.get("type") == "object":
                    for key, inner in value.items():
                        if key in choice["properties"]:
                            walk(inner, choice["properties"][key], f"{path}/{key}")
                        else:
                            unknown.append(f"{path}/{key}")
                    return
                if not isinstance(value, (dict, list)) and choice.get("type") not in ("object", "array"):
                    if "enum" in choice and value not in choice["enum"]:
                        unknown.append(f"{path}={value}")
                    return
            unknown.append(path)

        walk(domain, schema, "")
        self.assertIn("domain", domain)
        self.assertEqual(unknown, [])

    def test_the_page_is_current(self):
        page = (pathlib.Path(harness.ROOT) / "docs" / "domain-reference.md").read_text(encoding="utf-8")
        made = virtue("schema", "domain", "--markdown")
        self.assertIn("## /domain/devices/disk\n", made)
        self.assertEqual(page, made, "run: virtue schema domain --markdown > docs/domain-reference.md")


if __name__ == "__main__":
    unittest.main(verbosity=2)
