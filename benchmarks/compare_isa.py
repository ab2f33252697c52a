#!/usr/bin/env python3
"""Trains the same network on every instruction set and prints the losses side by side: they may differ by rounding only.

    benchmarks/compare_isa.py --data cifar-100-binary [--epochs 5] [--limit 5000] [--batch 32] [--out FOLDER]

Needs a Release build (--build names its folder). Most of its time goes to the portable path; instruction sets that the
machine lacks are named and left out. The table gives the training loss of each epoch in fp32 and in bf16, and how far
the last one is from the mean of its precision. bf16 runs by conversion to float on avx2 and avx512. --out keeps the run
folders, and compare_runs's page and pictures of them.
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SETS = ("portable", "avx2", "avx512", "avx512bf16", "amx")


def train(arguments, isa, precision, folder):
    """Training losses by epoch, or None where the kernels that ran are not those of the instruction set."""
    command = [str(Path(arguments.build) / "examples" / "train_multihead"), "--data", arguments.data, "--recipe", "report",
               "--network", arguments.network, "--epochs", str(arguments.epochs), "--limit", str(arguments.limit),
               "--batch", str(arguments.batch),
               "--seed", "1", "--precision", precision, "--out", str(folder)]
    run = subprocess.run(command, env={**os.environ, "HCNN_ISA": isa}, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"compare_isa.py: {isa}, {precision}: {run.stderr.strip()}")
    if json.loads((folder / "metrics.json").read_text())["isa"] != isa:
        return None
    with (folder / "history.csv").open() as file:
        return [float(row["train.loss"]) for row in csv.DictReader(file)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="synthetic", help="folder of CIFAR-100, or synthetic (default)")
    parser.add_argument("--build", default="build/release", help="folder of the Release build (default: build/release)")
    parser.add_argument("--network", default="compact", choices=("compact", "multihead"), help="default: compact")
    parser.add_argument("--epochs", type=int, default=5, help="default: 5")
    parser.add_argument("--limit", type=int, default=5000, help="training images (default: 5000)")
    parser.add_argument("--batch", type=int, default=32, help="images a step (default: 32)")
    parser.add_argument("--out", type=Path, help="new folder for the run folders and pictures (default: not kept)")
    arguments = parser.parse_args()
    if arguments.out:
        arguments.out.mkdir(parents=True)
    print("| instruction set | precision | training loss of each epoch | last one against the mean |")
    print("| --- | --- | --- | --- |")
    worst = 0
    with tempfile.TemporaryDirectory() as work:
        runs = arguments.out or Path(work)
        kept = []
        for precision in ("fp32", "bf16"):
            losses, missing = {}, []
            for isa in SETS[:3] if precision == "fp32" else SETS:
                run = train(arguments, isa, precision, runs / f"{isa}_{precision}")
                if run is None:
                    missing.append(isa)
                else:
                    losses[isa] = run
                    kept.append(str(runs / f"{isa}_{precision}"))
            mean = sum(run[-1] for run in losses.values()) / len(losses)
            for isa, run in losses.items():
                distance = 100 * (run[-1] / mean - 1)
                worst = max(worst, abs(distance))
                print(f"| {isa} | {precision} | {', '.join(f'{loss:.4f}' for loss in run)} | {distance:+.2f} % |")
            for isa in missing:
                print(f"| {isa} | {precision} | this machine lacks it | |")
        if arguments.out:
            subprocess.run([str(Path(arguments.build) / "examples" / "compare_runs"), *kept, "--out",
                            str(runs / "compare.html")], check=True)
    return 0 if worst <= 2 else 1


sys.exit(main())
