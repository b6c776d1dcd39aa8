"""What the check scripts share: the files to look at, C++ text without comments and strings, a cache by content."""

import hashlib
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def tree(argument=None):
    """The root of the tree to check: the one given on the command line (self-tests do), or ours."""
    return os.path.abspath(argument) if argument else ROOT


def files(root, folders=('src', 'tests', 'include'), ends=('.h', '.cc')):
    """Paths below `root` of all files in `folders` with these endings, sorted, relative to `root`."""
    found = []
    for folder in folders:
        for where, below, names in os.walk(os.path.join(root, folder)):
            below[:] = [name for name in below if not name.startswith('.') and name != 'build']
            found += [os.path.relpath(os.path.join(where, name), root) for name in names if name.endswith(ends)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding='utf-8') as file:
        return file.read()


TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/'  # comments
    r'|R"([^()\\\s]{0,16})\(.*?\)\1"'  # raw strings
    r'|"(?:\\.|[^"\\\n])*"'  # strings
    r"|(?<![0-9A-Za-z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'",  # characters, but not the 1'000 of numbers
    re.DOTALL)


def bare(text, keep_strings=False):
    """C++ text with comments blanked and strings emptied; every line keeps its number."""
    def replacement(match):
        found = match.group(0)
        if found.startswith(('//', '/*')):
            return re.sub(r'[^\n]', ' ', found)
        if keep_strings:
            return found
        return '""' + '\n' * found.count('\n')
    return TOKEN.sub(replacement, text)


INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def includes(text):
    """(line number, '<' or '\"', name) for every #include line that is not commented out."""
    text = bare(text, keep_strings=True)
    return [(text.count('\n', 0, match.start()) + 1, match.group(1), match.group(2)) for match in INCLUDE.finditer(text)]


def digest(*parts):
    state = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode()
        state.update(len(data).to_bytes(8, 'little'))
        state.update(data)
    return state.hexdigest()


class Passed:
    """Remembers, by content, what passed a slow check. One file a check in .cache/checks/; only passes are kept."""

    def __init__(self, root, name):
        self.path = os.path.join(root, '.cache', 'checks', name)
        try:
            with open(self.path, encoding='ascii') as file:
                self.known = set(file.read().split())
        except OSError:
            self.known = set()
        self.used = set()

    def has(self, key):
        if key in self.known:
            self.used.add(key)
            return True
        return False

    def add(self, key):
        self.used.add(key)

    def save(self):
        """Keeps what this run used, so that the file does not grow; written beside and renamed."""
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        beside = f'{self.path}.{os.getpid()}'
        with open(beside, 'w', encoding='ascii') as file:
            file.write('\n'.join(sorted(self.used)) + '\n')
        os.rename(beside, self.path)


def finish(name, problems, counted):
    """Prints what was found, `path:line: sentence`, and ends with the exit code."""
    for problem in problems:
        print(problem)
    if problems:
        print(f'{name}: {len(problems)} problem{"s" if len(problems) != 1 else ""}', file=sys.stderr)
        sys.exit(1)
    print(f'{name}: {counted} ok')
    sys.exit(0)
