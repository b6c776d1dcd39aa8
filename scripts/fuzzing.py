"""Building and running the fuzz targets, for ./dev fuzz and ./dev test."""

import collections
import glob
import os
import shutil
import subprocess
import sys

from checklib import ROOT

BIN = os.path.join(ROOT, 'build/fuzz/bin')
FOUND = os.path.join(ROOT, 'build/fuzz/found')
Result = collections.namedtuple('Result', 'code found')


def sources():
    """Target names by what is in the tree, built or not."""
    paths = glob.glob(os.path.join(ROOT, 'src/**/*_fuzz.cc'), recursive=True)
    return sorted(os.path.basename(path).removesuffix('_fuzz.cc') for path in paths)


def targets():
    """Names of the targets that are in the tree and built."""
    return [name for name in sources() if os.access(os.path.join(BIN, f'{name}_fuzz'), os.X_OK)]


def build():
    """Builds the preset; ends the program when that fails."""
    if not sources():
        return
    if subprocess.run([os.path.join(ROOT, 'dev'), 'build', 'fuzz', 'fuzzers'], cwd=ROOT, check=False).returncode:
        sys.exit('fuzz: the targets do not build')


def recorded(target):
    """A folder with the recorded inputs of the shared reference material that suit a target, or nothing."""
    kind = {'mapper': 'domain'}.get(target)
    places = [os.environ.get('VIRTUE_SHARED'), os.path.join(ROOT, '../shared'), os.path.join(ROOT, '../../shared')]
    shared = next((place for place in places if place and os.path.isdir(f'{place}/golden/{kind}')), None)
    if kind is None or shared is None:
        return None
    folder = os.path.join(ROOT, '.cache/fuzz-recorded', target)
    if not os.path.isdir(folder):
        os.makedirs(folder)
        for path in glob.glob(f'{shared}/golden/{kind}/*/in.xml'):
            shutil.copy(path, os.path.join(folder, os.path.basename(os.path.dirname(path))))
    return folder


def command(target, seconds, corpus):
    """The argument vector: `corpus` collects what is new, the seeds are read only."""
    os.makedirs(corpus, exist_ok=True)
    os.makedirs(FOUND, exist_ok=True)
    seeds = os.path.join(ROOT, 'tests/fuzz', target)
    options = [f'-max_total_time={seconds}', '-timeout=25', '-rss_limit_mb=2048', '-print_final_stats=1',
               f'-artifact_prefix={FOUND}/{target}-']
    dictionary = os.path.join(ROOT, 'tests/fuzz', f'{target}.dict')
    if os.path.exists(dictionary):
        options.append(f'-dict={dictionary}')
    # A short run has no time to read a thousand documents.
    more = [recorded(target)] if seconds >= 30 else []
    folders = [folder for folder in [seeds, *more] if folder and os.path.isdir(folder)]
    return [os.path.join(BIN, f'{target}_fuzz'), *options, corpus, *folders]


def run(target, seconds, corpus, output):
    """Runs one target to its end; `found` is the newest input that broke it, if one was kept."""
    before = set(glob.glob(f'{FOUND}/{target}-*'))
    environment = dict(os.environ, ASAN_SYMBOLIZER_PATH='/usr/bin/llvm-symbolizer-16')
    code = subprocess.run(command(target, seconds, corpus), stdout=output, stderr=output and subprocess.STDOUT,
                          env=environment, check=False).returncode
    new = sorted(set(glob.glob(f'{FOUND}/{target}-*')) - before, key=os.path.getmtime)
    return Result(code, new[-1] if new else None)
