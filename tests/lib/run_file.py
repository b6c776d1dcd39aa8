#!/usr/bin/python3
"""run_file.py FILE RESULTS DEADLINE [PATTERN]: runs one Python test file under supervision.

Two processes: the inner one runs the tests and writes a line of JSON a test to RESULTS; the outer one keeps the
deadline and, as the reaper of everything below it, ends whatever the tests left running.
Programs that are not Python: run_file.py --program RESULTS DEADLINE ARGUMENT…
"""

import ctypes
import faulthandler
import importlib.util
import json
import os
import select
import signal
import sys
import time
import traceback
import unittest

PR_SET_CHILD_SUBREAPER = 36
PR_SET_PDEATHSIG = 1
HERE = os.path.dirname(os.path.abspath(__file__))


def write(results, **entry):
    results.write(json.dumps(entry) + '\n')
    results.flush()


class Result(unittest.TestResult):
    """Writes every outcome as it happens, so that a hung file still says what it had done."""

    def __init__(self, results):
        super().__init__()
        self.results = results
        self.bad = set()
        self.begin = 0.0

    @staticmethod
    def name(test):
        # 'module.Class.test' without the module; setUpClass failures come as 'setUpClass (module.Class)'.
        name = test.id()
        return name.split('.', 1)[1] if '.' in name and '(' not in name else name

    def startTest(self, test):
        super().startTest(test)
        self.begin = time.monotonic()
        write(self.results, test=self.name(test), outcome='started')

    def _end(self, test, outcome, text=''):
        write(self.results, test=self.name(test), outcome=outcome, text=text, seconds=round(time.monotonic() - self.begin, 3))

    def _bad(self, test, error):
        if self.name(test) not in self.bad:
            self.bad.add(self.name(test))
            self._end(test, 'failed', self._exc_info_to_string(error, test))
        else:
            write(self.results, test=self.name(test), outcome='more', text=self._exc_info_to_string(error, test))
        harness = sys.modules.get('harness')
        if harness:
            harness.show_logs(self.name(test))

    def addFailure(self, test, err):
        self._bad(test, err)

    def addError(self, test, err):
        self._bad(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            error_text = f'{subtest}\n'
            print(error_text, file=sys.stderr)
            self._bad(test, err)

    def addSuccess(self, test):
        if self.name(test) not in self.bad:
            self._end(test, 'passed')

    def addSkip(self, test, reason):
        if self.name(test) not in self.bad:
            self._end(test, 'skipped', reason)

    def addExpectedFailure(self, test, err):
        self._end(test, 'passed')

    def addUnexpectedSuccess(self, test):
        self.bad.add(self.name(test))
        self._end(test, 'failed', 'marked as an expected failure, but it works: remove the mark')


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def run_tests(path, results_path, pattern):
    sys.path[:0] = [HERE, os.path.dirname(path)]
    with open(results_path, 'a', encoding='utf-8') as results:
        name = os.path.splitext(os.path.basename(path))[0]
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except unittest.SkipTest as reason:
            write(results, test=name, outcome='skipped', text=str(reason), seconds=0)
            return
        except BaseException:  # also SystemExit: a file that ends while it is loaded tests nothing
            write(results, test=name, outcome='failed', text=traceback.format_exc(), seconds=0)
            return
        suite = unittest.defaultTestLoader.loadTestsFromModule(module)
        if pattern:
            suite = select_tests(suite, pattern)
        suite.run(Result(results))


def select_tests(suite, pattern):
    """The same suites with only those tests whose name contains `pattern`; class and module set-up stays as it is."""
    kept = unittest.TestSuite()
    kept.addTests(test for test in flatten(suite) if pattern in test.id())
    return kept


def parents():
    """pid -> (parent pid, name) of every process."""
    found = {}
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                with open(f'/proc/{entry}/stat', encoding='utf-8', errors='replace') as file:
                    text = file.read()
            except OSError:
                continue
            name = text[text.index('(') + 1:text.rindex(')')]
            rest = text[text.rindex(')') + 2:].split()
            found[int(entry)] = (int(rest[1]), name, rest[0])
    return found


def descendants():
    """(pid, name) of everything below this process that still runs."""
    table = parents()
    found, todo = [], [os.getpid()]
    while todo:
        parent = todo.pop()
        for pid, (above, name, state) in table.items():
            if above == parent:
                todo.append(pid)
                if state != 'Z':
                    found.append((pid, name))
    return found


def reap():
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


def end_all():
    """Ends everything below this process; returns the names of what there was."""
    reap()
    names = [name for _, name in descendants()]
    for _ in range(200):
        left = descendants()
        if not left:
            break
        for pid, _ in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
        reap()
    return names


def supervise(child, deadline, results_path):
    """Waits for `child` until `deadline` seconds are over; returns its exit code, or nothing if it hung."""
    libc = ctypes.CDLL(None)
    handle = os.pidfd_open(child)
    stop_read, stop_write = os.pipe()
    os.set_blocking(stop_write, False)
    signal.set_wakeup_fd(stop_write, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    end = time.monotonic() + deadline
    code = None
    while True:
        ready, _, _ = select.select([handle, stop_read], [], [], max(0, min(5, end - time.monotonic())))
        if handle in ready:
            _, status = os.waitpid(child, 0)
            code = os.waitstatus_to_exitcode(status)
            break
        if stop_read in ready or time.monotonic() >= end:
            if stop_read not in ready:
                # It shows where it hangs, in Python's own words, and ends.
                try:
                    os.kill(child, signal.SIGUSR1)
                    select.select([handle], [], [], 10)
                except ProcessLookupError:
                    pass
            break
        reap_others(child)
    left = end_all()
    with open(results_path, 'a', encoding='utf-8') as results:
        if code is None:
            write(results, outcome='hung', text=f'not finished after {deadline} s')
        elif left:
            write(results, outcome='left', text=', '.join(sorted(set(left))))
    return code


def reap_others(child):
    """Takes the exit codes of orphans that came to us, never the one of `child`."""
    for pid, (above, _, state) in parents().items():
        if above == os.getpid() and pid != child and state == 'Z':
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass


def main():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    program = sys.argv[1] == '--program'
    results_path, deadline = sys.argv[2], float(sys.argv[3])
    child = os.fork()
    if child == 0:
        os.setsid()
        if program:
            try:
                os.execv(sys.argv[4], sys.argv[4:])
            except OSError as error:
                print(f'{sys.argv[4]}: {error}', file=sys.stderr)
            os._exit(127)
        faulthandler.register(signal.SIGUSR1, all_threads=True, chain=True)
        run_tests(os.path.abspath(sys.argv[1]), results_path, sys.argv[4] if len(sys.argv) > 4 else '')
        sys.stdout.flush()
        sys.stderr.flush()
        # Not through the interpreter's shutdown: a thread of a client library may never end.
        os._exit(0)
    code = supervise(child, deadline, results_path)
    sys.exit(124 if code is None else code if code >= 0 else 128 - code)


if __name__ == '__main__':
    main()
