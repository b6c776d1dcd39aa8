# parallel: safe
"""The test runner itself: it counts what happened, and what hangs, crashes or stays behind does not pass for success."""

import json
import os
import subprocess
import sys
import textwrap

import harness

RUN_FILE = os.path.join(harness.ROOT, 'tests/lib/run_file.py')


class Runner(harness.TestCase):
    def run_file(self, text, deadline=60, pattern=None):
        """(exit code, entries, output) of a test file with this text."""
        folder = self.directory()
        path, results = os.path.join(folder, 'sample_test.py'), os.path.join(folder, 'results')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('import unittest\n' + textwrap.dedent(text))
        process = subprocess.run([sys.executable, RUN_FILE, path, results, str(deadline), *([pattern] if pattern else [])],
                                 capture_output=True, text=True, check=False)
        with open(results, encoding='utf-8') as file:
            entries = [json.loads(line) for line in file]
        return process.returncode, [entry for entry in entries if entry['outcome'] != 'started'], process.stdout + process.stderr

    def test_every_outcome_is_told(self):
        code, entries, _ = self.run_file('''
            class A(unittest.TestCase):
                def test_a(self): pass
                def test_b(self): self.fail('because')
                def test_c(self): self.skipTest('no such tool')
                def test_d(self):
                    for i in range(3):
                        with self.subTest(i): self.assertEqual(i, 0)
                def test_e(self): raise KeyError('x')
        ''')
        self.assertEqual(code, 0)
        outcomes = {entry['test']: entry['outcome'] for entry in entries if entry['outcome'] != 'more'}
        self.assertEqual(outcomes, {'A.test_a': 'passed', 'A.test_b': 'failed', 'A.test_c': 'skipped', 'A.test_d': 'failed', 'A.test_e': 'failed'})
        texts = {entry['test']: entry['text'] for entry in entries}
        self.assertIn('because', texts['A.test_b'])
        self.assertEqual(texts['A.test_c'], 'no such tool')

    def test_a_pattern_selects_tests(self):
        _, entries, _ = self.run_file('''
            class A(unittest.TestCase):
                def test_first(self): pass
                def test_second(self): pass
        ''', pattern='second')
        self.assertEqual([entry['test'] for entry in entries], ['A.test_second'])

    def test_a_file_that_does_not_load_fails(self):
        for text in ('import no_such_module', 'raise SystemExit(0)', 'this is no python'):
            with self.subTest(text):
                _, entries, _ = self.run_file(text)
                self.assertEqual([entry['outcome'] for entry in entries], ['failed'])

    def test_a_skipped_file_says_why(self):
        _, entries, _ = self.run_file('raise unittest.SkipTest("needs a moon")')
        self.assertEqual([(entry['outcome'], entry['text']) for entry in entries], [('skipped', 'needs a moon')])

    def test_a_hung_file_is_ended_with_all_that_it_started(self):
        # On a busy machine the short deadline may be over before the first test.
        for deadline in (3, 20, 120):
            code, entries, output = self.run_file('''
                import subprocess, time
                class A(unittest.TestCase):
                    def test_a(self): pass
                    def test_b(self):
                        subprocess.Popen(['setsid', 'sleep', '4321.25'])
                        time.sleep(4321.5)
            ''', deadline)
            if 'passed' in [entry['outcome'] for entry in entries]:
                break
        self.assertEqual(code, 124)
        self.assertEqual([entry['outcome'] for entry in entries], ['passed', 'hung'])
        self.assertIn('test_b', output, 'shows where it hung')
        self.assertEqual(harness.run(['ps', '-eo', 'args=']).stdout.count('sleep 4321.25'), 0)

    def test_what_stays_behind_is_ended_and_named(self):
        _, entries, _ = self.run_file('''
            import subprocess
            class A(unittest.TestCase):
                def test_a(self): subprocess.Popen(['sh', '-c', 'setsid sleep 4322.25 & exit 0']).wait()
        ''')
        self.assertEqual([entry['outcome'] for entry in entries], ['passed', 'left'])
        self.assertIn(entries[-1]['text'], ('sleep', 'setsid', 'sh'))
        self.assertEqual(harness.run(['ps', '-eo', 'args=']).stdout.count('sleep 4322.25'), 0)

    def test_a_crash_is_no_success(self):
        code, entries, _ = self.run_file('''
            import os
            class A(unittest.TestCase):
                def test_a(self): os.abort()
        ''')
        self.assertNotEqual(code, 0)
        self.assertEqual(entries, [])
