#!/usr/bin/env python3
"""Lines and branches that the tests run: builds the coverage preset, runs its tests and counts with gcovr, for each folder of
include/hcnn and for the parsers (io, exchange but for ONNX, the readers of CIFAR).

tests/coverage.py [--no-build] [--missing] [--jobs N]

Branches that the compiler makes for exceptions are left out, and so are kernels of instruction sets that this processor
lacks. Passes with 95 % of all lines, 85 % of all branches and every line of the parsers. The last line is the figure.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build/coverage"
PARSERS = re.compile(r"^(io/|exchange/(?!onnx)|data/cifar)")  # not the writers of ONNX
ISA_FLAGS = {"avx2": "avx2", "avx512": "avx512vl", "avx512bf16": "avx512_bf16", "amx": "amx_bf16"}
LEAST = {"lines": 95.0, "branches": 85.0}


def build_and_run(jobs):
    subprocess.run(["bash", ROOT / "tools/install_packages.sh", "coverage"], check=True)
    subprocess.run(["cmake", "--preset", "coverage"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    listing = subprocess.run(["ninja", "-C", BUILD, "-t", "targets", "all"], capture_output=True, text=True).stdout
    programs = sorted(set(re.findall(r"^(test_\w+): phony", listing, re.M)) - {"test_main"}) + ["tiny_run", "faulty_calls", "fuzz_corpus"]
    subprocess.run(["cmake", "--build", BUILD, "--parallel", str(jobs), "--target", *programs], check=True)
    for old in BUILD.rglob("*.gcda"):
        old.unlink()
    folders = "|".join(name.removeprefix("test_") for name in programs if name.startswith("test_"))
    tests = subprocess.run(["ctest", "--test-dir", BUILD, "--tests-regex", rf"^({folders})$|^kernels\.|^faults\.",
                            "--timeout", "3000", "--output-on-failure"])
    if tests.returncode != 0:
        sys.exit("a test failed: nothing was counted")


def runs_here(name):
    """False for a kernel of an instruction set that /proc/cpuinfo does not name."""
    isa = re.search(r"^kernels/isa/\w+_(avx2|avx512|avx512bf16|amx)\.hpp$", name)
    return not isa or re.search(rf"\b{ISA_FLAGS[isa[1]]}\b", pathlib.Path("/proc/cpuinfo").read_text()) is not None


class Count:
    def __init__(self):
        self.lines, self.hit, self.branches, self.taken = 0, 0, 0, 0
        self.missing = []

    def add(self, name, line):
        self.lines += 1
        self.hit += line["count"] > 0
        if line["count"] == 0:
            self.missing.append(f"{name}:{line['line_number']}")
        for branch in line["branches"]:
            if not branch["throw"]:
                self.branches += 1
                self.taken += branch["count"] > 0

    def share(self, what):
        whole, part = (self.lines, self.hit) if what == "lines" else (self.branches, self.taken)
        return 100.0 * part / whole if whole else 100.0

    def text(self):
        return (f"{self.share('lines'):.2f} % of {self.lines} lines, {self.share('branches'):.2f} % of {self.branches} "
                "branches")


def count(jobs):
    with tempfile.TemporaryDirectory() as temporary:
        report = pathlib.Path(temporary) / "report.json"
        subprocess.run(["gcovr", "--root", ROOT, "--filter", str(ROOT / "include/hcnn") + "/", "--exclude-throw-branches",
                        "--exclude-unreachable-branches",
                        "--json", report, "-j", str(jobs), BUILD], check=True, cwd=ROOT)
        files = json.loads(report.read_text())["files"]
    counts = collections.defaultdict(Count)
    for file in files:
        name = file["file"].split("include/hcnn/", 1)[1]
        if not runs_here(name):
            print(f"left out: {name}, this processor cannot run it")
            continue
        groups = [name.split("/")[0], "all"] + (["parsers"] if PARSERS.match(name) else [])
        for line in file["lines"]:
            if not line.get("gcovr/noncode", False):
                for group in groups:
                    counts[group].add(name, line)
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-build", action="store_true", help="count what the last run left")
    parser.add_argument("--missing", action="store_true", help="name every line that did not run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    if not arguments.no_build:
        build_and_run(arguments.jobs)
    counts = count(arguments.jobs)
    if not counts["all"].lines:
        sys.exit("nothing was counted: run without --no-build")
    for group in sorted(set(counts) - {"all", "parsers"}):
        print(f"{group}: {counts[group].text()}")
    for line in counts["all" if arguments.missing else "parsers"].missing:
        print("not run:", line)
    every, parsers = counts["all"], counts["parsers"]
    passed = all(every.share(what) >= least for what, least in LEAST.items()) and not parsers.missing
    print(f"{'R13' if passed else 'FAILED'}: {every.text()}; parsers: {parsers.text()}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
