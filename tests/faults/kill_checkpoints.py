#!/usr/bin/env python3
"""Kills a training that writes checkpoints without a pause (tiny_run) with SIGKILL at random moments. After each kill every
file must be readable, none may have vanished, and the checkpoint must not stand before the last one that was seen; then
the same run goes on. A run that reaches its end must have the files of an undisturbed one, bit for bit.

kill_checkpoints.py build/release/tests/tiny_run [--kills 1000] [--seed 1] [--folder DIR]

The last line is the figure; exit status 0: every kill left the old files or the new ones.
"""
import argparse
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"  # threads that wait for a second core keep the disk idle
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from kill_and_resume import differences

EPOCHS = 30


class Campaign:
    def __init__(self, program, root, seed):
        self.program, self.root = program, root
        self.chance = random.Random(seed)
        self.problems = []
        self.kills = self.in_a_write = self.finished = 0

    def train(self, folder):
        return subprocess.Popen([self.program, "train", folder, str(EPOCHS)], stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)

    def position(self, folder):
        """(epoch, step) of the checkpoint, (0, 0) without one; None, and a problem, where a file is not whole."""
        if not folder.exists():
            return 0, 0
        check = subprocess.run([self.program, "check", folder], capture_output=True, text=True)
        if check.returncode != 0:
            self.problems.append(f"kill {self.kills}: {check.stderr.strip()}")
            return None
        return tuple(map(int, re.findall(r"\d+", check.stdout))) or (0, 0)

    def run_once(self, folder, kills, reference, whole):
        """Kills one run again and again until it ends or enough kills are done."""
        seen, names = (0, 0), set()
        while self.kills < kills:
            process = self.train(folder)
            try:
                _, errors = process.communicate(timeout=self.chance.uniform(0, 0.2 * whole))
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            else:
                if process.returncode != 0:
                    self.problems.append(f"kill {self.kills}: the run did not go on: {errors.strip()}")
                    return
                self.finished += 1
                self.problems += [f"{folder.name}: {name} differs" for name in differences(folder, reference)]
                return
            self.kills += 1
            there = {path.name for path in folder.iterdir()} if folder.exists() else set()
            self.in_a_write += any(name.startswith(".") for name in there)
            whole_files = {name for name in there if not name.startswith(".")}
            if names - whole_files:
                self.problems.append(f"kill {self.kills}: {', '.join(names - whole_files)} vanished")
            names = whole_files
            position = self.position(folder)
            if position is None:
                return
            if position < seen:
                self.problems.append(f"kill {self.kills}: the checkpoint went from {seen} back to {position}")
            seen = position

    def all(self, kills):
        reference = self.root / "undisturbed"
        begin = time.monotonic()
        process = self.train(reference)
        _, errors = process.communicate()
        if process.returncode != 0:
            sys.exit(errors)
        whole = time.monotonic() - begin
        number = 0
        while self.kills < kills and not self.problems:
            number += 1
            self.run_once(self.root / f"run{number}", kills, reference, whole)
        for problem in self.problems:
            print("FAILED:", problem)
        print(f"R7: {self.kills} kills, {self.in_a_write} of them while a file was written: {len(self.problems)} unreadable, "
              f"lost or stale files; {self.finished} runs reached their end with the bits of an undisturbed run")
        return 1 if self.problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="tiny_run")
    parser.add_argument("--kills", type=int, default=1000, help="default: %(default)s, a few minutes")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--folder", help="on the disk to be tested; default: that of temporary files")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as temporary:
        return Campaign(arguments.program, pathlib.Path(temporary), arguments.seed).all(arguments.kills)


if __name__ == "__main__":
    sys.exit(main())
