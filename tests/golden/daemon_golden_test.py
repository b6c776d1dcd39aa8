#!/usr/bin/python3
# deadline: 900
"""The recorded cases of a real libvirtd (../shared/golden), each played to our daemon as root in libvirt's place, in
private namespaces. Decisions, with code and part of the errors, must be the recorded ones; of the stored XML and of the
argument vectors a share must; every difference is listed with its reason in exceptions.txt."""

import fnmatch
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / "lib"), str(pathlib.Path(__file__).resolve().parent)]
import harness
from world import wait_for_world

EXCEPTIONS = pathlib.Path(__file__).with_name("exceptions.txt")
# Beside the decisions: which facets are texts, and how many percent of them must be as recorded.
TEXTS = {"stored XML": ("out", 98.0), "argument vector": ("argv.txt", 97.0)}
OTHER = "decisions and codes"


def exceptions():
    """(pattern of kind/case, pattern of the facet, reason) of each line."""
    listed = []
    for line in EXCEPTIONS.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            where, facet, reason = line.split(None, 2)
            listed.append((where, facet, reason))
    return listed


def group_of(facet):
    return next((group for group, (begin, _) in TEXTS.items() if facet.startswith(begin) and facet.endswith((".xml", ".txt"))), OTHER)


class Golden(harness.TestCase):
    def setUp(self):
        super().setUp()
        harness.needs("unshare", "nsenter", "qemu-system-x86_64")
        harness.needs_namespaces()
        self.tools = harness.shared("golden", "tools")
        self.place = tempfile.mkdtemp(prefix="vgd-")
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)

    def compare(self, kind, root=None):
        """Runs the cases of a kind (or those below root) in a world of their own: the facets that differ by case, and
        what was printed."""
        selected = ["-r", str(root), *sorted(path.name for path in root.iterdir())] if root else [kind]
        run = f"{self.place}/{kind}"
        environment = os.environ | {"GOLDEN_RUN": run, "GOLDEN_DAEMON": f"{harness.program('virtued')} --system"}
        os.mkdir(run)
        with open(f"{self.place}/{kind}.log", "wb") as log:
            world = harness.Child(["unshare", "-mnpu", "--fork", "--kill-child", "--mount-proc", "bash",
                                   f"{self.tools}/env.sh", "--inner", "--plain"], stdout=log, stderr=log, env=environment)
            self.addCleanup(world.close)
            inner = wait_for_world(world, run)
            done = subprocess.run(["nsenter", "-t", inner, "-a", "/usr/bin/python3", f"{self.tools}/compare.py", "-m", "code",
                                   *PACKAGES, "--json", f"{run}/keep.json", "-d", f"{run}/diffs", *selected],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=800)
            world.signal(signal.SIGKILL)
        self.assertIn(done.returncode, (0, 1), done.stdout[-3000:])
        with open(f"{run}/keep.json", encoding="utf-8") as file:
            return json.load(file), done.stdout

    def totals(self, kind):
        """How many facets of each group are compared, by the marks that compare.py honours."""
        total = {group: 0 for group in [*TEXTS, OTHER]}
        for folder in pathlib.Path(self.tools).parent.glob(f"{kind}/*/"):
            expected = json.loads((folder / "expect.json").read_text(encoding="utf-8"))
            marks = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
            skip = set(marks.get("ignore", ())) | set(marks.get("host_dependent", ()))
            if not PACKAGES:
                skip |= set(marks.get("needs_extra", ()))
            if "*" in skip:
                continue
            for name in [*expected, *(path.name for path in folder.iterdir())]:
                if name not in skip and not name.startswith("host_dependent") and name not in ("in.xml", "in.json", "meta.json", "expect.json"):
                    total[group_of(name)] += 1
        return total

    def judge(self, kind):
        differing, printed = self.compare(kind)
        listed = exceptions()
        total = self.totals(kind)
        wrong = {group: 0 for group in total}
        unlisted = []
        for case, facets in differing.items():
            for facet in facets:
                excused = any(fnmatch.fnmatchcase(case, where) and fnmatch.fnmatchcase(facet, which) for where, which, _ in listed)
                if not excused:
                    unlisted.append(f"{case}: {facet}")
                # A reviewed difference of a decision is meant; one of a text counts against the share all the same.
                wrong[group_of(facet)] += not excused or group_of(facet) != OTHER
        for group, count in total.items():
            if count:
                print(f"rate: {kind}: {group} {100 * (count - wrong[group]) / count:.2f} % as recorded ({wrong[group]} of {count} differ)")
        diffs = "".join(path.read_text(encoding="utf-8") for path in sorted(pathlib.Path(f"{self.place}/{kind}/diffs").glob("*/*"))[:5])
        self.assertEqual(unlisted, [], f"differs and is not in {EXCEPTIONS.name}\n{printed[-4000:]}\n{diffs[:8000]}")
        for group, (_, least) in TEXTS.items():
            if total[group] >= 100:
                self.assertGreaterEqual(100 * (total[group] - wrong[group]) / total[group], least, f"{kind}: {group}")

    def test_domain(self):
        self.judge("domain")

    def test_our_own_recordings(self):
        """What scripts/differential found: inputs of ours, answers of libvirtd 9.0.0, in the form of the others."""
        differing, printed = self.compare("ours", pathlib.Path(__file__).with_name("recorded"))
        diffs = "".join(path.read_text(encoding="utf-8") for path in sorted(pathlib.Path(f"{self.place}/ours/diffs").glob("*/*")))
        self.assertEqual(differing, {}, f"{printed[-4000:]}\n{diffs[:8000]}")

    def test_cpu(self):
        self.judge("cpu")

    def test_domcaps(self):
        self.judge("domcaps")

    def test_hostcaps(self):
        self.judge("hostcaps")

    def test_the_list_of_exceptions_names_cases_that_there_are(self):
        names = [f"{path.parent.parent.name}/{path.parent.name}" for path in pathlib.Path(self.tools).parent.glob("*/*/meta.json")]
        for where, facet, reason in exceptions():
            self.assertTrue(any(fnmatch.fnmatchcase(name, where) for name in names), where)
            self.assertGreater(len(reason), 20, f"{where} {facet}: say why")


# Where the emulators of other architectures are installed, what depends on them is compared too.
PACKAGES = ["--extra"] if all(shutil.which(tool) for tool in ("qemu-system-aarch64", "qemu-system-ppc64", "qemu-system-s390x", "swtpm")) else []

if __name__ == "__main__":
    unittest.main(verbosity=2)
