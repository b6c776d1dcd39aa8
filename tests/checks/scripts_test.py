# parallel: safe
"""Each check script accepts clean code and names the file and line of a violation that it is there to refuse."""

import os
import shutil
import subprocess
import sys

import harness

CLEAN_HEADER = '// A thing.\n#pragma once\n#include <string>\n\nnamespace virtue {\nstruct Thing {\n    std::string name;\n};\n}  // namespace virtue\n'


class Scripts(harness.TestCase):
    def check(self, script, files):
        """(exit code, output) of a check script on a tree of these files."""
        root = self.directory()
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), 'w', encoding='utf-8') as file:
                file.write(text)
        if not os.path.exists(os.path.join(root, '.clang-format')):
            shutil.copy(os.path.join(harness.ROOT, '.clang-format'), root)
        result = subprocess.run([sys.executable, os.path.join(harness.ROOT, 'scripts', script), root], capture_output=True, text=True, check=False)
        return result.returncode, result.stdout + result.stderr

    def accepts(self, script, files):
        code, output = self.check(script, files)
        self.assertEqual(code, 0, output)

    def refuses(self, script, files, where):
        code, output = self.check(script, files)
        self.assertEqual(code, 1, output)
        self.assertIn(where, output)

    # layers

    def test_layers_accept_lower_floors(self):
        self.accepts('layers', {'src/driver/a.cc': '#include "driver/a.h"\n#include "base/error.h"\n#include <net/if.h>\n',
                                'src/drivers/qemu/b.cc': '#include "driver/a.h"\n#include "drivers/qemu/b.h"\n',
                                'src/drivers/vmm/c.cc': '#include "kvm/vcpu.h"\n', 'src/host/d.cc': '#include "io/loop.h"\n',
                                'src/daemon/e.cc': '#include "drivers/qemu/b.h"\n// #include "shell/no.h"\n'})

    def test_layers_refuse_a_higher_floor(self):
        self.refuses('layers', {'src/base/a.cc': '\n#include "io/loop.h"\n'}, 'src/base/a.cc:2:')

    def test_layers_refuse_a_sibling_driver(self):
        self.refuses('layers', {'src/drivers/qemu/a.cc': '#include "drivers/network/b.h"\n'}, 'no driver includes a sibling')

    def test_layers_refuse_the_same_floor(self):
        self.refuses('layers', {'src/xml/a.cc': '#include "io/loop.h"\n'}, 'src/xml/a.cc:1:')

    def test_layers_refuse_the_machine_in_the_manager(self):
        self.refuses('layers', {'src/drivers/qemu/a.cc': '#include "kvm/vcpu.h"\n'}, 'drivers/vmm only')

    def test_layers_refuse_a_folder_that_is_not_in_the_table(self):
        self.refuses('layers', {'src/util/a.cc': '\n'}, 'src/util/a.cc:1:')
        self.refuses('layers', {'src/base/a.cc': '#include "error.h"\n'}, 'src/base/a.cc:1:')

    # docs

    TOLD = {'dev': 'case $command in\n    run)\n    check)\n', 'docs/shell.md': '- `list [--all]`: the domains\n',
            'scripts/check': "EACH_TIME = ['layers']\n", 'src/base/error.h': '//\n'}

    def test_docs_accept_what_is_there(self):
        self.accepts('docs', self.TOLD | {'README.md': 'See [the manual](docs/shell.md), `src/base/error.h` or `base/error.h`, '
                                                       '`src/base/NAME.h`.\n\n    ./dev check layers\n    $ build/dev/bin/virtue -o json list --all\n'})

    def test_docs_refuse_a_path_that_is_not_there(self):
        self.refuses('docs', self.TOLD | {'README.md': '\nsee `src/base/nothing.h`\n'}, 'README.md:2: src/base/nothing.h')
        self.refuses('docs', self.TOLD | {'docs/a.md': 'see [it](b.md)\n'}, 'docs/a.md:1: b.md')
        self.refuses('docs', self.TOLD | {'docs/a.md': '```sh\ncat tests/none\n```\n'}, 'docs/a.md:2: tests/none')

    def test_docs_refuse_a_command_that_is_not_there(self):
        self.refuses('docs', self.TOLD | {'README.md': '    ./dev fly\n'}, "README.md:1: ./dev has no command 'fly'")
        self.refuses('docs', self.TOLD | {'README.md': 'or `./dev check wings`\n'}, "no check 'wings'")
        self.refuses('docs', self.TOLD | {'README.md': '`virtue lits`\n'}, "virtue has no command 'lits'")
        self.refuses('docs', self.TOLD | {'README.md': '`virtue list --al`\n'}, "'virtue list' has no option --al")

    # sizes

    def test_sizes_accept_what_is_at_the_limit(self):
        body = '    int b = 1;\n' * 98
        self.accepts('sizes', {'src/base/a.cc': '\n' * 800, 'src/base/a_test.cc': '\n' * 1200, 'src/base/t.cc': '// table\n' + '\n' * 5000,
                               'src/base/b.cc': f'int f(int a) {{\n{body}}}\n'})

    def test_sizes_refuse_long_files(self):
        self.refuses('sizes', {'src/base/a.cc': '\n' * 801}, 'src/base/a.cc:801:')
        self.refuses('sizes', {'src/base/a_test.cc': '\n' * 1201}, 'src/base/a_test.cc:1201:')

    def test_sizes_refuse_long_functions(self):
        body = '    if (a) { b = "}"; } // }\n' * 99
        self.refuses('sizes', {'src/base/a.cc': f'namespace x {{\n\nint long_one(int a) {{\n{body}}}\n}}\n'}, 'src/base/a.cc:3: long_one()')

    def test_sizes_refuse_long_constructors_and_methods(self):
        body = '        call();\n' * 100
        self.refuses('sizes', {'src/base/a.cc': f'A::A(int a) : a_{{a}}, b_{{1}} {{\n{body}}}\n'}, 'A::A()')
        self.refuses('sizes', {'src/base/a.h': f'class A {{\npublic:\n    void method() const noexcept {{\n{body}    }}\n}};\n'}, 'method()')

    def test_sizes_take_classes_and_namespaces_for_no_functions(self):
        methods = ''.join(f'    int m{i}() {{\n        return {i};\n    }}\n' for i in range(60))
        self.accepts('sizes', {'src/base/a.h': f'namespace a {{\nclass B : public C<int(int)> {{\n{methods}}};\n}}\n'.replace('C<int(int)>', 'C')})

    # light-headers

    def test_heavy_includes_are_for_source_files(self):
        self.accepts('light-headers', {'src/io/a.cc': '#include <uv.h>\n#include <iostream>\n', 'src/io/a.h': '// #include <uv.h>\n#include <string>\n'})
        for name in ('iostream', 'regex', 'ranges', 'boost/json.hpp', 'boost/json/value.hpp', 'spdlog/spdlog.h', 'uv.h', 'pugixml.hpp',
                     'yaml-cpp/yaml.h', 'libxml/tree.h', 'gnutls/gnutls.h'):
            with self.subTest(name):
                self.refuses('light-headers', {'src/io/a.h': f'#pragma once\n#include <{name}>\n'}, 'src/io/a.h:2:')

    # await-lint

    def await_in(self, statement):
        return {'src/io/a.cc': f'Task<int> f() {{\n    {statement}\n    co_return 1;\n}}\n'}

    def test_bare_awaits_are_accepted(self):
        for statement in ('co_await g();', 'auto x = co_await g(a, b.c, std::move(d));', 'co_return co_await g();', 'if (a) co_await g();',
                          'x = co_await a.b().c(Kind::d, who.deadline());', 'for (;;) co_await g();', 'case 1: co_await g();',
                          'auto x = co_await list[0].g<int>(a->b);', '(void)co_await g();', '// f(co_await g());', 'auto operator co_await() { return A{}; }',
                          'const auto text = co_await read("a ? {b} + co_await c");'):
            with self.subTest(statement):
                self.accepts('await-lint', self.await_in(statement))

    def test_clothed_awaits_are_refused(self):
        for statement in ('f(co_await g());', 'auto x = 1 + co_await g();', 'return (co_await g()).a;', 'co_await g(A{1});', 'auto x = co_await g(a ? b : c);',
                          'auto x = a ? co_await g() : 0;', 'co_await g([a] { return a; });', 'auto x = co_await g() + 1;', 'x += co_await g();',
                          'if (co_await g()) return;', 'auto x = co_await f(co_await g());', 'if (a == co_await g()) b();',
                          'co_return co_await g() && co_await h();', 'auto x = A{co_await g()};', 'auto x = co_await g() == 3;'):
            with self.subTest(statement):
                self.refuses('await-lint', self.await_in(statement), 'src/io/a.cc:2:')

    # format

    def test_format(self):
        harness.needs('clang-format-16')
        self.accepts('format', {'src/base/a.h': CLEAN_HEADER})
        self.refuses('format', {'src/base/a.h': CLEAN_HEADER.replace('    std', '  std')}, 'src/base/a.h:')

    def test_format_sees_a_change_after_a_pass(self):
        harness.needs('clang-format-16')
        root = self.directory()
        os.makedirs(os.path.join(root, 'src/base'))
        shutil.copy(os.path.join(harness.ROOT, '.clang-format'), root)
        for text, code in ((CLEAN_HEADER, 0), (CLEAN_HEADER, 0), (CLEAN_HEADER.replace('struct Thing', 'struct  Thing'), 1), (CLEAN_HEADER, 0)):
            with open(os.path.join(root, 'src/base/a.h'), 'w', encoding='utf-8') as file:
                file.write(text)
            result = subprocess.run([sys.executable, os.path.join(harness.ROOT, 'scripts/format'), root], capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, code, result.stdout + result.stderr)

    # headers-alone

    def test_headers_alone(self):
        harness.needs('clang++-16')
        self.accepts('headers-alone', {'src/base/a.h': CLEAN_HEADER, 'src/base/b.h': '#pragma once\n#include "base/a.h"\n'})
        self.refuses('headers-alone', {'src/base/a.h': CLEAN_HEADER.replace('#include <string>\n', '')}, 'src/base/a.h:1: does not compile alone')

    def test_headers_alone_notices_a_change_in_an_included_header(self):
        harness.needs('clang++-16')
        root = self.directory()
        os.makedirs(os.path.join(root, 'src/base'))
        with open(os.path.join(root, 'src/base/b.h'), 'w', encoding='utf-8') as file:
            file.write('#pragma once\n#include "base/a.h"\nnamespace virtue {\ninline Thing thing;\n}\n')
        for text, code in ((CLEAN_HEADER, 0), (CLEAN_HEADER.replace('Thing', 'Other'), 1)):
            with open(os.path.join(root, 'src/base/a.h'), 'w', encoding='utf-8') as file:
                file.write(text)
            result = subprocess.run([sys.executable, os.path.join(harness.ROOT, 'scripts/headers-alone'), root], capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, code, result.stdout + result.stderr)
