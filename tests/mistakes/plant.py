#!/usr/bin/env python3
"""Proves the tests: plants mistakes one at a time in a copy of the library and names the test that catches each.

    tests/mistakes/plant.py [--only TEXT] [--file FILE] [--jobs N] [PATCH...]

The mistakes are those of mistakes.txt beside this file, or of another file in its form, or patches (unified diffs of
files below include/, as `git diff` writes them); a patch is tried on the tests that mirror the files it changes, then
on all tests of their folders. Before a mistake is planted, the test must pass. Exit status 1 where one is not caught.
Needs g++ and the packages of the tests. Takes about half a minute a mistake; OMP_NUM_THREADS applies to the tests.
"""
import argparse
import concurrent.futures
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["-std=c++20", "-O1", "-w", "-fopenmp", "-isystem", "/usr/include/eigen3", "-isystem", "/usr/include/stb",
         f'-DHCNN_TEST_REFERENCE_DIR="{ROOT}/tests/reference"']
LIBRARIES = ["-lz", "-lpng", "-ljpeg"]
LONGEST = 600  # seconds that a compiler or a test may take


@dataclass
class Mistake:
    what: str
    tests: list                                 # test files below tests/, tried in this order
    edits: list = field(default_factory=list)   # (file below include/hcnn, old text, new text)
    patch: Path = None                          # or this patch


class Unfit(Exception):
    """A mistake that cannot be planted, or a test that fails without it."""


def read_mistakes(path):
    mistakes = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("@ "):
            parts = [part.strip() for part in line[2:].split("|")]
            if len(parts) != 3:
                sys.exit(f"{path}:{number}: {len(parts)} parts; expected '@ file | what is wrong | test'")
            mistakes.append(Mistake(f"{parts[0]}: {parts[1]}", [parts[2]], [[parts[0], [], []]]))
        elif line.startswith(("- ", "+ ")) and mistakes:
            mistakes[-1].edits[0][1 if line[0] == "-" else 2].append(line[2:])
        elif line.strip() and not line.startswith("#"):
            sys.exit(f"{path}:{number}: '{line}'; expected a line that begins with '@ ', '- ', '+ ' or '#'")
    for mistake in mistakes:
        mistake.edits = [(file, "\n".join(old), "\n".join(new)) for file, old, new in mistake.edits]
    return mistakes


def patch_mistake(patch):
    """The patch, to be tried on the mirrored tests, then on all of their folders."""
    changed = re.findall(r"^\+\+\+ (?:b/)?include/hcnn/(\S+)", patch.read_text(), re.M)
    if not changed:
        sys.exit(f"{patch}: changes no file below include/hcnn")
    mirrored = [file.replace(".hpp", "_test.cpp") for file in changed]
    folders = [path.relative_to(ROOT / "tests").as_posix() for file in changed
               for path in sorted((ROOT / "tests" / file).parent.glob("*_test.cpp"))]
    tests = [test for test in dict.fromkeys(mirrored + folders) if (ROOT / "tests" / test).exists()]
    return Mistake(str(patch), tests, patch=patch)


def edited(mistake):
    """The changed texts by file."""
    texts = {}
    for file, old, new in mistake.edits:
        path = ROOT / "include" / "hcnn" / file
        text = texts.get(file) or (path.read_text() if path.exists() else "")
        if text.count(old) != 1:
            raise Unfit(f"the text occurs {text.count(old)} times in {file}; expected once: {old.splitlines()[0]}")
        texts[file] = text.replace(old, new)
    return texts


def plant(mistake, include):
    """Copies the library to `include` and plants the mistake there."""
    texts = edited(mistake)
    shutil.copytree(ROOT / "include", include)
    for file, text in texts.items():
        (include / "hcnn" / file).write_text(text)
    if mistake.patch:
        done = subprocess.run(["patch", "--strip=1", "--directory", include.parent, "--input", mistake.patch.resolve()],
                              capture_output=True, text=True)
        if done.returncode:
            raise Unfit(f"the patch does not apply: {done.stdout.strip()}")


def outcome(test, include, work):
    """None where the test passes, else its first failing test case."""
    program = work / "program"
    build = subprocess.run(["g++", *FLAGS, f"-I{include}", f"-I{ROOT / 'tests'}", f"-I{ROOT}", ROOT / "tests" / test,
                            ROOT / "tests" / "main.cpp", "-o", program, *LIBRARIES],
                           capture_output=True, text=True, errors="replace", timeout=LONGEST)
    if build.returncode:
        raise Unfit(f"{test} does not compile: " + next((line for line in build.stderr.splitlines() if "error" in line), ""))
    try:
        run = subprocess.run([program, "--no-colors=true"], capture_output=True, text=True, errors="replace",
                             timeout=LONGEST, cwd=work)
    except subprocess.TimeoutExpired:
        return "does not end"
    if run.returncode == 0:
        return None
    case = "?"
    for line in run.stdout.splitlines():
        if line.startswith("TEST CASE:"):
            case = line.removeprefix("TEST CASE:").strip()
        elif "ERROR:" in line:
            return case
    return f"crash (status {run.returncode}) in {case}"


class Baseline:
    """Whether tests pass without a mistake, each tried once."""

    def __init__(self):
        self.lock, self.passes = threading.Lock(), {}

    def require(self, test):
        with self.lock:
            if test not in self.passes:
                with tempfile.TemporaryDirectory() as work:
                    self.passes[test] = outcome(test, ROOT / "include", Path(work))
        if self.passes[test] is not None:
            raise Unfit(f"{test} fails without the mistake: {self.passes[test]}")


def trial(mistake, baseline):
    """(caught, line for the table)."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            plant(mistake, work / "include")
            for test in mistake.tests:
                baseline.require(test)
                caught_by = outcome(test, work / "include", work)
                if caught_by:
                    return True, f"| {mistake.what} | {test}: {caught_by} |"
        return False, f"| {mistake.what} | NOT CAUGHT by {', '.join(mistake.tests)} |"
    except Unfit as reason:
        return False, f"| {mistake.what} | NOT PLANTED: {reason} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patches", nargs="*", type=Path, metavar="PATCH", help="patches in place of mistakes.txt")
    parser.add_argument("--file", type=Path, default=Path(__file__).with_name("mistakes.txt"), help="of mistakes")
    parser.add_argument("--only", default="", help="mistakes whose line holds this text")
    parser.add_argument("--jobs", type=int, default=1, help="mistakes at a time (default: 1)")
    arguments = parser.parse_args()
    mistakes = [patch_mistake(patch) for patch in arguments.patches] or read_mistakes(arguments.file)
    mistakes = [mistake for mistake in mistakes if arguments.only in mistake.what]
    if not mistakes:
        sys.exit("plant.py: no mistake to plant")
    print("| mistake | caught by |\n| --- | --- |", flush=True)
    baseline, caught = Baseline(), 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for success, line in pool.map(lambda mistake: trial(mistake, baseline), mistakes):
            caught += success
            print(line, flush=True)
    print(f"\nmistakes: {caught} of {len(mistakes)} caught")
    return 0 if caught == len(mistakes) else 1


sys.exit(main())
