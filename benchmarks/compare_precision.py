#!/usr/bin/env python3
"""Trains the same network in fp32 and in bf16 from several seeds: the precision may change the result no more than the seed.

    benchmarks/compare_precision.py --data cifar-100-binary [--seeds 3] [--epochs 10] [--limit 10000] [--network compact]

Needs a Release build (--build names its folder). The table gives the test accuracy of the fine head and HD@1 of each
seed, their means and their standard deviations over the seeds; a note says how far the means are apart. Exit status 1
where they are further apart than the larger standard deviation.
"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

FIGURES = (("test accuracy, fine, %", lambda test: 100 * test["fine"]["top1"]), ("HD@1", lambda test: test["severity"]["hd1"]))


def train(arguments, precision, seed, folder):
    """The section "test" of the run's metrics.json."""
    command = [str(Path(arguments.build) / "examples" / "train_multihead"), "--data", arguments.data, "--recipe",
               arguments.recipe, "--network", arguments.network, "--epochs", str(arguments.epochs), "--limit",
               str(arguments.limit), "--split", "0.9", "--seed", str(seed), "--precision", precision, "--out", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"compare_precision.py: {precision}, seed {seed}: {run.stderr.strip()}")
    return json.loads((folder / "metrics.json").read_text())["test"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="synthetic", help="folder of CIFAR-100, or synthetic (default)")
    parser.add_argument("--build", default="build/release", help="folder of the Release build (default: build/release)")
    parser.add_argument("--network", default="compact", choices=("compact", "multihead"), help="default: compact")
    parser.add_argument("--recipe", default="best", choices=("report", "readme", "best"), help="default: best")
    parser.add_argument("--seeds", type=int, default=3, help="default: 3")
    parser.add_argument("--epochs", type=int, default=10, help="default: 10")
    parser.add_argument("--limit", type=int, default=10000, help="training images before the split (default: 10000)")
    arguments = parser.parse_args()
    if arguments.seeds < 2:
        parser.error("--seeds: at least 2 are needed for a standard deviation")
    seeds = range(1, arguments.seeds + 1)
    with tempfile.TemporaryDirectory() as work:
        tests = {precision: [train(arguments, precision, seed, Path(work) / f"{precision}_{seed}") for seed in seeds]
                 for precision in ("fp32", "bf16")}
    print("| figure | precision | " + " | ".join(f"seed {seed}" for seed in seeds) + " | mean | standard deviation |")
    print("| --- | --- |" + " --- |" * (len(seeds) + 2))
    notes, differs = [], False
    for name, figure in FIGURES:
        means, deviations = [], []
        for precision, runs in tests.items():
            values = [figure(test) for test in runs]
            means.append(statistics.mean(values))
            deviations.append(statistics.stdev(values))
            cells = [f"{value:.3f}" for value in (*values, means[-1], deviations[-1])]
            print(f"| {name} | {precision} | {' | '.join(cells)} |")
        apart = abs(means[0] - means[1])
        differs |= apart > max(deviations)
        notes.append(f"{name}: the means are {apart:.3f} apart; larger standard deviation over the seeds {max(deviations):.3f}")
    print("\n" + "\n".join(notes))
    return 1 if differs else 0


sys.exit(main())
