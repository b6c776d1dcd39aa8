# parallel: safe
"""What ./dev new lays compiles as it is, and nothing that exists is written over."""

import os
import shutil
import subprocess
import sys

import harness

CALLS = '''#pragma once
#include "driver/handler_table.h"
#include "protocol/remote/domain_guest.h"
namespace virtue::qemu {
class GuestCalls {
public:
    void bind(driver::HandlerTable& on);
    Task<proc::DomainSetTime::Ret> domain_set_time(driver::Call& call, proc::DomainSetTime::Args args);
};
}  // namespace virtue::qemu
'''


class New(harness.TestCase):
    def setUp(self):
        harness.needs('clang++-16', 'clang-format-16')
        self.root = self.directory()
        shutil.copytree(os.path.join(harness.ROOT, 'scripts'), os.path.join(self.root, 'scripts'))
        shutil.copy(os.path.join(harness.ROOT, '.clang-format'), self.root)
        os.makedirs(os.path.join(self.root, 'src/drivers/qemu/calls'))
        shutil.copytree(os.path.join(harness.ROOT, 'src/protocol'), os.path.join(self.root, 'src/protocol'))
        with open(os.path.join(self.root, 'src/drivers/qemu/calls/guest_calls.h'), 'w', encoding='utf-8') as file:
            file.write(CALLS)

    def new(self, *arguments):
        return subprocess.run([sys.executable, os.path.join(self.root, 'scripts/new'), *arguments], capture_output=True, text=True, check=False)

    def lays(self, arguments, *paths):
        result = self.new(*arguments)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        for path in paths:
            whole = os.path.join(self.root, path)
            flags = ['-x', 'c++', '-std=c++20', '-fsyntax-only', '-Wall', '-Wextra', '-Werror', '-Wno-pragma-once-outside-header', '-D_GNU_SOURCE']
            made = subprocess.run(['clang++-16', *flags, f'-I{self.root}/src', f'-I{harness.ROOT}/src', whole], capture_output=True, text=True, check=False)
            self.assertEqual(made.returncode, 0, made.stderr)

    def test_an_element(self):
        self.lays(['element', 'memory-thing'], *(f'src/model/domain/memory_thing{end}' for end in ('.h', '_test.cc')))

    def test_a_declared_call(self):
        self.lays(['call', 'DomainSetTime'], 'src/drivers/qemu/calls/domain_set_time.cc')

    def test_an_undeclared_call_needs_its_number(self):
        result = self.new('call', 'DomainBrandNew')
        self.assertNotEqual(result.returncode, 0)
        self.assertIn('--number', result.stderr)
        self.assertEqual(self.new('call', 'DomainBrandNew', '--number', '9999').returncode, 0)
        self.lays(['call', 'DomainNewer', '--number', '9998'], 'src/protocol/remote/domain_newer.h')

    def test_a_command(self):
        self.lays(['command', 'look-at'], 'src/shell/commands/look_at.cc')

    def test_nothing_is_written_over(self):
        self.assertEqual(self.new('command', 'look-at').returncode, 0)
        result = self.new('command', 'look-at')
        self.assertEqual(result.returncode, 1)
        self.assertIn('src/shell/commands/look_at.cc exists', result.stderr)
