#!/usr/bin/env python3
"""Builds the fuzz targets (preset `fuzz`: clang, libFuzzer) and runs each over the kept corpus.

run.py [--seconds 60] [--targets npy,png] [--jobs 2] [--work build/fuzz/runs] [--no-build] [--csv FILE]

New inputs that reach new code go to WORK/<target>/corpus and are the start of the next run; those that break a claim go
to WORK/<target>/found. Prints target, executions, edges of the program that were reached, crashes, and the largest share
of its allowed memory that a reader used; fails on any crash. --csv adds the figures to a table with a line for
each target: processor time, executions and crashes of all runs together, date and commit of the last one.
"""
import argparse
import concurrent.futures
import csv
import datetime
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILT = ROOT / "build/fuzz/commit.txt"  # of the programs, which may be older than the sources
COLUMNS = ["date", "commit", "target", "cpu_seconds", "executions", "edges", "crashes", "memory_share"]
# Records of 3 KiB, and headers with arrays behind them, need room; the others find more in small inputs.
LONGEST = {"cifar10": 9300, "cifar100": 9300, "model_file": 20000, "checkpoint": 20000, "safetensors": 20000}
# Leaks are looked for too; a quarantine of the usual 256 MiB would only cost time.
ASAN = "quarantine_size_mb=8:allocator_may_return_null=0:detect_leaks=1"


def build(targets):
    subprocess.run(["cmake", "--preset", "fuzz"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "build/fuzz", "--target", *[f"fuzz_{name}" for name in targets]], cwd=ROOT,
                   check=True)
    commit = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"], cwd=ROOT,
                            stdout=subprocess.PIPE, text=True)
    BUILT.write_text(commit.stdout.strip())


def number(pattern, text, default=0):
    found = re.findall(pattern, text)
    return float(found[-1]) if found else default


def run(name, seconds, work):
    """One target for so many seconds of processor time; a dictionary of its figures."""
    folder = work / name
    corpus, found = folder / "corpus", folder / "found"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    figures = {"cpu_seconds": 0.0, "executions": 0, "edges": 0, "crashes": 0, "memory_share": 0.0}
    while (left := seconds - figures["cpu_seconds"]) > 0.5:  # a busy machine gives less processor time than time
        fuzzer = subprocess.Popen(
            [ROOT / f"build/fuzz/tests/fuzz_{name}", f"-max_total_time={max(1, round(left))}", "-timeout=20",
             "-rss_limit_mb=2048", "-malloc_limit_mb=1024", f"-max_len={LONGEST.get(name, 4096)}",
             f"-artifact_prefix={found}/", corpus, ROOT / "tests/fuzz/corpus" / name],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=os.environ | {"ASAN_OPTIONS": ASAN, "OMP_NUM_THREADS": "1"})
        text = fuzzer.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(fuzzer.pid, 0)
        fuzzer.returncode = os.waitstatus_to_exitcode(status)
        figures["cpu_seconds"] += usage.ru_utime + usage.ru_stime
        figures["executions"] += int(number(r"#(\d+)\s", text))
        figures["edges"] = max(figures["edges"], int(number(r"cov: (\d+)", text)))
        figures["memory_share"] = max(figures["memory_share"], number(r"heap ([\d.]+)", text))
        if fuzzer.returncode != 0:
            (folder / "log.txt").write_text(text)
            lines = [line for line in text.splitlines() if re.search("claim does|ERROR|SUMMARY", line)]
            print(f"{name}: " + "; ".join(lines[:3]), file=sys.stderr)
            return figures | {"crashes": 1}
    return figures


def add_to_table(path, name, figures, commit):
    lines = {}
    if path.exists():
        with path.open(newline="") as file:
            lines = {line["target"]: line for line in csv.DictReader(file)}
    before = lines.get(name, dict.fromkeys(COLUMNS, 0))
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    lines[name] = {"date": today, "commit": commit, "target": name,
                   "cpu_seconds": round(float(before["cpu_seconds"]) + figures["cpu_seconds"]),
                   "executions": int(before["executions"]) + figures["executions"],
                   "edges": max(int(before["edges"]), figures["edges"]),
                   "crashes": int(before["crashes"]) + figures["crashes"],
                   "memory_share": max(float(before["memory_share"]), figures["memory_share"])}
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines[target] for target in sorted(lines))


def main():
    known = sorted(path.stem for path in (ROOT / "tests/fuzz").glob("*.cpp"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="of processor time for each target [60]")
    parser.add_argument("--targets", default=",".join(known), help="with commas between them [all]")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="targets at a time [%(default)s]")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/fuzz/runs", help="for inputs that are found")
    parser.add_argument("--no-build", action="store_true", help="the programs are there")
    parser.add_argument("--csv", type=pathlib.Path, help="table to add the figures to")
    options = parser.parse_args()
    targets = options.targets.split(",")
    if unknown := set(targets) - set(known):
        sys.exit(f"run.py: no target {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if not options.no_build:
        build(targets)
    commit = BUILT.read_text() if BUILT.exists() else ""
    print(f"{'target':14} {'executions':>11} {'edges':>7} {'crashes':>8} {'memory share':>13} {'cpu s':>8}", flush=True)
    crashes, executions = 0, 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda name: run(name, options.seconds, options.work.resolve()), targets)
        for name, figures in zip(targets, results):
            crashes += figures["crashes"]
            executions += figures["executions"]
            print(f"{name:14} {figures['executions']:11} {figures['edges']:7} {figures['crashes']:8} "
                  f"{figures['memory_share']:13.3f} {figures['cpu_seconds']:8.1f}", flush=True)
            if options.csv:
                add_to_table(options.csv, name, figures, commit)
    print(f"R10: {len(targets)} targets, {options.seconds:g} s of processor time each, {executions:,} executions, "
          f"{crashes} crashes")
    sys.exit(1 if crashes else 0)


if __name__ == "__main__":
    main()
