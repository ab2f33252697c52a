#!/usr/bin/env python3
"""Proves the tests: plants mistakes one at a time in a copy of the library and names the test that catches each.

    tests/mistakes/plant.py [--only TEXT] [--file FILE] [--jobs N] [--results FILE] [--check] [PATCH...]

The mistakes are those of mistakes.txt beside this file, or of another file in its form, or patches (unified diffs of
files below include/, as `git diff` writes them); a patch is tried on the tests that mirror the files it changes, then
on all tests of their folders. Before a mistake is planted, the test must pass. Exit status 1 where one is not caught.
--results keeps what is caught in a CSV file as it goes: a mistake is not planted again while it, the files that it
changes and its tests are as they were. --check plants nothing and says which could not be planted. Needs g++ and the
packages of the tests. Takes about half a minute a mistake; OMP_NUM_THREADS applies to the tests.
"""
import argparse
import concurrent.futures
import csv
import datetime
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["-std=c++20", "-O1", "-w", "-fopenmp", "-isystem", "/usr/include/eigen3",
         f'-DHCNN_TEST_REFERENCE_DIR="{ROOT}/tests/reference"']
LIBRARIES = ["-lz", "-lpng", "-ljpeg"]
LONGEST = 600  # seconds that a compiler or a test may take
COLUMNS = ["mistake", "caught by", "date", "commit", "digest"]


@dataclass
class Mistake:
    what: str
    tests: list                                 # test files below tests/, tried in this order
    edits: list = field(default_factory=list)   # (file below include/hcnn, old text, new text)
    patch: Path = None                          # or this patch

    def digest(self):
        """Of the mistake, the files that it changes and its tests."""
        files = [ROOT / "include/hcnn" / file for file, _, _ in self.edits]
        files += [ROOT / "tests" / test for test in self.tests]
        content = [repr(self.edits).encode()] + [file.read_bytes() for file in files if file.exists()]
        return hashlib.sha256(b"\0".join(content)).hexdigest()[:12]


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


def compile_test(test, include, arguments):
    build = subprocess.run(["g++", *FLAGS, f"-I{include}", f"-I{ROOT / 'tests'}", f"-I{ROOT}", ROOT / "tests" / test,
                            *arguments], capture_output=True, text=True, errors="replace", timeout=LONGEST)
    if build.returncode:
        error = next((line for line in build.stderr.splitlines() if "error" in line), "")
        raise Unfit(f"{test} does not compile: {error}")


def outcome(test, include, work, main):
    """None where the test passes, else its first failing test case. `main` is the compiled main.cpp."""
    program = work / "program"
    compile_test(test, include, [main, "-o", program, *LIBRARIES])
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
    """Whether tests pass without a mistake, each tried once; and their main program, compiled once."""

    def __init__(self, folder):
        self.lock, self.passes = threading.Lock(), {}
        self.main = Path(folder) / "main.o"
        compile_test("main.cpp", ROOT / "include", ["-c", "-o", self.main])

    def require(self, test):
        with self.lock:
            if test not in self.passes:
                with tempfile.TemporaryDirectory() as work:
                    self.passes[test] = outcome(test, ROOT / "include", Path(work), self.main)
        if self.passes[test] is not None:
            raise Unfit(f"{test} fails without the mistake: {self.passes[test]}")


def trial(mistake, baseline):
    """(the test and test case that caught it or "", what is said of it)."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            plant(mistake, work / "include")
            for test in mistake.tests:
                baseline.require(test)
                if case := outcome(test, work / "include", work, baseline.main):
                    return f"{test}: {case}", f"{test}: {case}"
        return "", f"NOT CAUGHT by {', '.join(mistake.tests)}"
    except Unfit as reason:
        return "", f"NOT PLANTED: {reason}"


class Results:
    """The CSV file of what was caught, in the order of the mistakes; without a path nothing is kept."""

    def __init__(self, path, mistakes):
        self.path, self.order = path, [mistake.what for mistake in mistakes]
        self.rows = {}
        if path and path.exists():
            with path.open(newline="") as file:
                self.rows = {row["mistake"]: row for row in csv.DictReader(file) if row["mistake"] in self.order}
        git = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"], cwd=ROOT,
                             capture_output=True, text=True)
        self.commit = git.stdout.strip()

    def known(self, mistake):
        row = self.rows.get(mistake.what)
        return row["caught by"] if row and row["digest"] == mistake.digest() else ""

    def add(self, mistake, caught_by, digest):
        """`digest` is that of before the trial: a test that was edited meanwhile is tried again."""
        self.rows.pop(mistake.what, None)
        if caught_by:
            today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
            self.rows[mistake.what] = dict(zip(COLUMNS, [mistake.what, caught_by, today, self.commit, digest]))
        if not self.path:
            return
        new = self.path.with_name(self.path.name + ".new")
        with new.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows[what] for what in self.order if what in self.rows)
        new.replace(self.path)


def check(mistakes):
    """Says which mistakes no longer fit the library or name a test that is not there; 1 where one does."""
    unfit = 0
    for mistake in mistakes:
        try:
            edited(mistake)
            for test in mistake.tests:
                if not (ROOT / "tests" / test).exists():
                    raise Unfit(f"no test {test}")
        except Unfit as reason:
            unfit += 1
            print(f"{mistake.what}: {reason}", file=sys.stderr)
    print(f"{len(mistakes) - unfit} of {len(mistakes)} mistakes can be planted")
    return 1 if unfit else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patches", nargs="*", type=Path, metavar="PATCH", help="patches in place of mistakes.txt")
    parser.add_argument("--file", type=Path, default=Path(__file__).with_name("mistakes.txt"), help="of mistakes")
    parser.add_argument("--only", default="", help="mistakes whose line holds this text")
    parser.add_argument("--jobs", type=int, default=1, help="mistakes at a time (default: 1)")
    parser.add_argument("--results", type=Path, help="CSV file that keeps what was caught of one file of mistakes")
    parser.add_argument("--check", action="store_true", help="only say which mistakes cannot be planted")
    arguments = parser.parse_args()
    if arguments.results and arguments.patches:
        parser.error("--results keeps mistakes of a file, not patches")
    all_mistakes = [patch_mistake(patch) for patch in arguments.patches] or read_mistakes(arguments.file)
    mistakes = [mistake for mistake in all_mistakes if arguments.only in mistake.what]
    if not mistakes:
        sys.exit("plant.py: no mistake to plant")
    if arguments.check:
        return check(mistakes)
    print("| mistake | caught by |\n| --- | --- |", flush=True)
    results, caught, known = Results(arguments.results, all_mistakes), 0, 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        baseline = Baseline(folder)

        def attempt(mistake):
            known, digest = results.known(mistake), mistake.digest()
            caught_by, said = (known, known) if known else trial(mistake, baseline)
            return bool(known), caught_by, said, digest

        for mistake, (is_known, caught_by, said, digest) in zip(mistakes, pool.map(attempt, mistakes)):
            caught += bool(caught_by)
            known += is_known
            print(f"| {mistake.what} | {said} |", flush=True)
            if not is_known:
                results.add(mistake, caught_by, digest)
    print(f"\nmistakes: {caught} of {len(mistakes)} caught" + (f", {known} of them in an earlier run" if known else ""))
    return 0 if caught == len(mistakes) else 1


sys.exit(main())
