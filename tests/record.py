#!/usr/bin/env python3
"""Runs one of the long campaigns and records its figure in tests/campaigns.csv, where tools/test.sh --full finds it.

tests/record.py [NAME]        without a NAME it lists them

The figure is the last line "R7: ..." that the campaign prints. A campaign that fails records nothing.
"""
import csv
import datetime
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests/campaigns.csv"
COLUMNS = ["check", "figure", "command", "date", "commit"]
TESTS = "build/release/tests"
CAMPAIGNS = {  # what runs, and about how long
    "kills": (f"tests/faults/kill_checkpoints.py {TESTS}/tiny_run --kills 1000", "2 to 20 minutes"),
    "resume": ("tests/kill_and_resume.py build/release/examples/train_multihead --kills 20 --stops 2 -- --data synthetic "
               "--network compact --limit 120 --epochs 2 --batch 16 --checkpoint-every 0.1", "1 to 3 minutes"),
    "soak": (f"{TESTS}/soak --minutes 30", "30 minutes"),
    "infer": ("tests/tsan.sh --minutes 10", "25 minutes"),
    "fuzz": ("tests/fuzz/run.py --seconds 3600 --csv tests/fuzz/campaign.csv", "9 hours on 2 cores"),
    "mistakes": ("tests/mistakes/plant.py --jobs 2 --results tests/mistakes/caught.csv",
                 "an hour, less where much is as it was"),
}


def git(*words):
    return subprocess.run(["git", *words], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in CAMPAIGNS:
        print(__doc__)
        for name, (command, time) in CAMPAIGNS.items():
            print(f"{name}: {command}   (about {time})")
        sys.exit(0 if len(sys.argv) == 1 else 2)
    command = CAMPAIGNS[sys.argv[1]][0]
    program = ["python3", "-B"] if command.split()[0].endswith(".py") else []
    commit = git("describe", "--always", "--dirty", "--abbrev=10", "--exclude=*")
    run = subprocess.Popen([*program, *command.split()], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    figures = []
    for line in run.stdout:
        print(line, end="", flush=True)
        figures += re.findall(r"^([\w ]+): (.+)$", line)
    if run.wait() != 0 or not figures:
        sys.exit(f"record.py: `{command}` failed with status {run.returncode}: nothing recorded")
    check, figure = figures[-1]
    lines = []
    if TABLE.exists():
        with TABLE.open(newline="") as file:
            lines = [line for line in csv.DictReader(file) if line["command"] != command]
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    lines.append({"check": check, "figure": figure, "command": command, "date": today, "commit": commit})
    with TABLE.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(lines, key=lambda line: (line["check"], line["command"])))


if __name__ == "__main__":
    main()
