#!/usr/bin/env python3
"""The table of figures against the checks R1 to R17 of tests/README.md.

tests/figures.py LOG [LOG ...] [--full]

A figure is a line "R5: ..." that a test or a script printed into one of the logs; it prints it only where the check held.
Figures of long campaigns are the last ones recorded in tests/campaigns.csv, with date and commit. Fails where a check has
no figure: without --full those that only `tools/test.sh --full` measures may be missing. Tests that ctest skipped are
named; with --full, a test that was skipped and is not known to need something uncommon is a failure.
"""
import argparse
import csv
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parent
CHECKS = {
    "R1": "every layer, loss and optimizer is proved",
    "R2": "gradients in double",
    "R3": "kernels against naive loops in double",
    "R4": "PyTorch's numbers",
    "R5": "the same bits on any number of threads",
    "R6": "stopped and resumed",
    "R7": "kills, full disks, failing system calls",
    "R8": "address and undefined-behaviour sanitizers",
    "R9": "thread sanitizer",
    "R10": "fuzzing",
    "R11": "NaN and infinity",
    "R12": "allocations in a steady step",
    "R13": "coverage",
    "R14": "compilers without warnings, headers alone",
    "R15": "learning sanity",
    "R16": "one model, eight threads",
    "R17": "partial batches, evaluation in between",
    "load": "soak",
    "bad inputs": "refused with one line",
    "mistakes": "planted, and caught",
}
FULL_ONLY = {"R9", "R13", "mistakes"}
# What these need: PyTorch; onnxruntime; Chromium; CIFAR-100; root, to mount a small file system.
MAY_SKIP = {"exchange.torch", "exchange.onnxruntime", "structure.report_in_browser", "structure.pretrained_figures",
            "faults.full_disk"}
SKIPPED = re.compile(r"^\s*\d+ - (\S+) \(Skipped\)", re.M)
LINE = re.compile(rf"^(?:[0-9]+: )?({'|'.join(CHECKS)}): (.+)$", re.M)  # ctest --verbose puts the test's number in front


def add_up(figures):
    """Folders of headers are compiled by a test each: of such lines, the same but for the number, one with their sum."""
    sums = {}
    for figure in figures:
        number, _, rest = figure.partition(" headers alone ")
        if rest and number.isdigit():
            sums[rest] = sums.get(rest, 0) + int(number)
    return ([f"{number} headers alone {rest}" for rest, number in sums.items()] +
            [figure for figure in figures if not re.match(r"\d+ headers alone ", figure)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", nargs="+", type=pathlib.Path)
    parser.add_argument("--full", action="store_true", help="every check must have a figure")
    arguments = parser.parse_args()
    measured = {check: [] for check in CHECKS}
    skipped = set()
    for log in arguments.logs:
        skipped |= set(SKIPPED.findall(log.read_text(errors="replace")))
        for check, figure in LINE.findall(log.read_text(errors="replace")):
            if figure not in measured[check]:
                measured[check].append(figure)
    measured["R14"] = add_up(measured["R14"])
    for figures in measured.values():  # on each instruction set apart, then on all of them: the last says it all
        figures[:] = [figure for figure in figures
                      if not any(other != figure and other.startswith(figure) for other in figures)]
    with (TESTS / "campaigns.csv").open(newline="") as file:
        for line in csv.DictReader(file):
            measured[line["check"]].append(f"{line['figure']} [{line['date']}, {line['commit']}: {line['command']}]")
    missing = [check for check, figures in measured.items() if not figures]
    for check, text in CHECKS.items():
        print(f"{check}, {text}:")
        for figure in measured[check] or ["not measured" if check in missing else ""]:
            print(f"    {figure}")
    if skipped:
        print(f"skipped, because something that they need is missing: {', '.join(sorted(skipped))}")
    if arguments.full and skipped - MAY_SKIP:
        sys.exit(f"skipped for no known reason: {', '.join(sorted(skipped - MAY_SKIP))}")
    allowed = set() if arguments.full else FULL_ONLY
    if wrong := [check for check in missing if check not in allowed]:
        sys.exit(f"no figure of {', '.join(wrong)}: see tests/README.md")
    print(f"{len(CHECKS) - len(missing)} of {len(CHECKS)} checks have figures, and each held" +
          (f"; tools/test.sh --full measures {', '.join(missing)} too" if missing else ""))


if __name__ == "__main__":
    main()
