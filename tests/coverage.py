#!/usr/bin/env python3
"""Lines and branches that the tests run: builds the coverage preset, runs its tests and counts with llvm-cov, for each folder
of include/hcnn and for the parsers (io, exchange but for ONNX, the readers of CIFAR).

tests/coverage.py [--no-build] [--missing] [--jobs N]

A branch is a condition of the source that is true, or one that is false; each operand of && and || counts. Of a template
all instantiations count together, conditions that the compiler knows do not count, nor do kernels of instruction
sets that this processor lacks. gcov would count the compiler's own branches too: of destructors, static variables, vectors.
Passes with 95 % of all lines, 85 % of all branches and every line of the parsers. The last line is the figure.
"""
import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build/coverage"
PROFILES = BUILD / "profiles"
LIBRARY = ROOT / "include/hcnn"
PARSERS = re.compile(r"^(io/|exchange/(?!onnx)|data/cifar)")  # not the writers of ONNX
ISA_FLAGS = {"avx2": "avx2", "avx512": "avx512vl", "avx512bf16": "avx512_bf16", "amx": "amx_bf16"}
LEAST = {"lines": 95.0, "branches": 85.0}


def programs():
    """Of every folder of tests, of the fault injection and of the fuzz corpus."""
    listing = subprocess.run(["ninja", "-C", BUILD, "-t", "targets", "all"], stdout=subprocess.PIPE, text=True, check=True)
    folders = set(re.findall(r"^(test_\w+): phony", listing.stdout, re.M)) - {"test_main"}
    return sorted(folders | {"tiny_run", "faulty_calls", "fuzz_corpus"})


def build_and_run(jobs):
    subprocess.run(["bash", ROOT / "tools/install_packages.sh", "coverage"], check=True)
    subprocess.run(["cmake", "--preset", "coverage"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD, "--parallel", str(jobs), "--target", *programs()], check=True)
    for old in PROFILES.glob("*.profraw"):
        old.unlink()
    folders = "|".join(name.removeprefix("test_") for name in programs() if name.startswith("test_"))
    tests = subprocess.run(["ctest", "--test-dir", BUILD, "--tests-regex", rf"^({folders}|fuzz\.corpus)$|^kernels\.|^faults\.",
                            "--parallel", str(jobs), "--timeout", "3000", "--output-on-failure"],
                           env=os.environ | {"LLVM_PROFILE_FILE": f"{PROFILES}/%m.profraw"})  # %m: a file for each program
    if tests.returncode != 0:
        sys.exit("a test failed: nothing was counted")


def runs_here(name):
    """False for a kernel of an instruction set that /proc/cpuinfo does not name."""
    isa = re.search(r"^kernels/isa/\w+_(avx2|avx512|avx512bf16|amx)\.hpp$", name)
    return not isa or re.search(rf"\b{ISA_FLAGS[isa[1]]}\b", pathlib.Path("/proc/cpuinfo").read_text()) is not None


def groups_of(name):
    """What a file of the library counts for; nothing where this processor cannot run it."""
    if not runs_here(name):
        return []
    return [name.split("/")[0], "all"] + (["parsers"] if PARSERS.match(name) else [])


def llvm_cov(*arguments):
    """Output of llvm-cov. It warns of functions with mismatched data: those that one program holds without a call of them,
    which have no counts there; the programs that call them have."""
    objects = [path for path in (BUILD / "tests" / name for name in programs()) if path.exists()]  # one is a library
    command = ["llvm-cov", *arguments, f"--instr-profile={PROFILES}/all.profdata", objects[0],
               *[f"--object={path}" for path in objects[1:]], LIBRARY]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


class Count:
    """Executions of each line and of each outcome of each condition, over all instantiations."""

    def __init__(self):
        self.lines, self.branches = collections.Counter(), collections.Counter()

    def share(self, what):
        counts = getattr(self, what)
        return 100.0 * sum(count > 0 for count in counts.values()) / len(counts) if counts else 100.0

    def text(self):
        return (f"{self.share('lines'):.2f} % of {len(self.lines):,} lines, {self.share('branches'):.2f} % of "
                f"{len(self.branches):,} branches")


def count():
    subprocess.run(["llvm-profdata", "merge", "-o", PROFILES / "all.profdata", *PROFILES.glob("*.profraw")],
                   check=True)
    counts, groups, name = collections.defaultdict(Count), [], ""
    for line in llvm_cov("export", "--format=lcov").splitlines():
        if line.startswith("SF:"):
            name = line[3:].split("include/hcnn/", 1)[1]
            groups = groups_of(name)
            if not groups:
                print(f"left out: {name}, this processor cannot run it")
        elif line.startswith("DA:"):
            number, executions = (int(part) for part in line[3:].split(",")[:2])
            for group in groups:
                counts[group].lines[name, number] += executions
    # The listing alone tells conditions known to the compiler ("Folded") from those that never ran.
    for line in llvm_cov("show", "--show-branches=count", "--show-instantiations", "--use-color=0").splitlines():
        if line.startswith("/") and line.endswith(":"):
            name = line[:-1].split("include/hcnn/", 1)[1]
            groups = groups_of(name)
        elif found := re.search(r"Branch \((\d+:\d+)\): \[True: ([\d.]+)\w?, False: ([\d.]+)\w?\]", line):
            for group in groups:
                for outcome, executions in zip(("true", "false"), found.groups()[1:]):
                    counts[group].branches[name, found[1], outcome] += float(executions) > 0
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-build", action="store_true", help="count what the last run left")
    parser.add_argument("--missing", action="store_true", help="name every line and branch that did not run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    if not arguments.no_build:
        build_and_run(arguments.jobs)
    counts = count()
    if not counts["all"].lines:
        sys.exit("nothing was counted: run without --no-build")
    for group in sorted(set(counts) - {"all", "parsers"}):
        print(f"{group}: {counts[group].text()}")
    every, parsers = counts["all"], counts["parsers"]
    shown = every if arguments.missing else parsers
    for name, line in sorted(place for place, executions in shown.lines.items() if not executions):
        print(f"not run: {name}:{line}")
    if arguments.missing:
        for name, place, outcome in sorted(place for place, executions in every.branches.items() if not executions):
            print(f"never {outcome}: {name}:{place}")
    passed = (all(every.share(what) >= least for what, least in LEAST.items()) and parsers.share("lines") == 100)
    print(f"{'R13' if passed else 'FAILED'}: {every.text()}; parsers: {parsers.text()}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
