#!/usr/bin/env python3
"""Spoils the system calls of a training (tiny_run) one at a time: the n-th write, open, fsync, close, rename ... on its run
folder fails with EIO or ENOSPC, is cut short, finds the disk full from then on, or is where SIGKILL comes, for every n
from the making of the folder to the end. Each failure must end the program with status 1 and one line that names the
folder, leave every file whole, no temporary file (but after a SIGKILL), and nothing that stops the run from going on to
the bits of an undisturbed one.
Then the order in which files are written: content, fsync, rename, fsync of the folder.

inject_faults.py build/release/tests/tiny_run build/release/tests/libfaulty_calls.so [--all]

Without --all, each kind of call on each file once, with one of the faults, and the first write of each with all of them.
The last line is the figure.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from kill_and_resume import differences

KINDS = ("eio", "enospc", "short", "full", "kill")
WORK = {"open", "write", "fsync", "rename", "mkdir", "ftruncate", "read"}
MUST_FAIL = {"eio": WORK, "enospc": WORK, "full": {"open", "write", "mkdir"}}


class Call:
    """One line of the library's log: "12 rename /run/.a.tmp1.2 /run/a"; names without the number of the process."""

    def __init__(self, line):
        number, self.name, path, *second = line.split()
        self.number = int(number)
        self.path = re.sub(r"\.tmp\d+\.\d+$", ".tmp", path)
        self.second = second[0] if second else ""
        self.temporary = path
        self.after_rename = False

    def __str__(self):
        return f"call {self.number}, {self.name} of {pathlib.Path(self.path).name}"


def may_pass(kind, call, folder):
    """True for failures that may go unnoticed, because they cost nothing: to open the folder for its lock, to close what
    was not written, and calls that a full disk does not stop."""
    if call.name == "close":
        return kind in ("short", "full") or not call.path.endswith(".tmp")
    for_the_lock = call.name == "open" and call.path == str(folder) and not call.after_rename
    return for_the_lock or call.name not in MUST_FAIL.get(kind, ()) or kind == "full" and not call.path.endswith(".tmp")


class Injection:
    def __init__(self, program, library, root):
        self.program, self.library, self.root = program, library, root
        self.problems = []
        self.faults = 0

    def run(self, task, folder, fault="", log=""):
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "LD_PRELOAD": self.library, "HCNN_FAULT": fault,
                       "HCNN_FAULT_FOLDER": str(folder), "HCNN_FAULT_LOG": str(log)}
        return subprocess.run([self.program, task, folder, "1"], env=environment, capture_output=True, text=True)

    def calls(self, task, folder):
        log = self.root / "log"
        log.unlink(missing_ok=True)
        done = self.run(task, folder, log=log)
        if done.returncode != 0:
            sys.exit(f"undisturbed: status {done.returncode}: {done.stderr}")
        calls = [Call(line) for line in log.read_text().splitlines()]
        for before, call in zip(calls, calls[1:]):
            call.after_rename = before.name == "rename"
        return calls

    def require(self, holds, what):
        if not holds:
            self.problems.append(what)

    def spoil(self, task, kind, call, reference, start=None):
        """One fault, what it leaves, and the run after it."""
        self.faults += 1
        where = f"{task}, {kind} at {call}"
        folder = self.root / "run"
        shutil.rmtree(folder, ignore_errors=True)
        if start:
            shutil.copytree(start, folder)
        before = {path.name for path in folder.iterdir()} if start else set()
        done = self.run(task, folder, f"{kind}:{call.number}")
        if kind == "kill":
            self.require(done.returncode == -9, f"{where}: status {done.returncode}")
        elif done.returncode == 0:
            self.require(may_pass(kind, call, folder), f"{where}: it went unnoticed")
        else:
            self.require(done.returncode == 1, f"{where}: status {done.returncode}, {done.stderr}")
            one_line = done.stderr.count("\n") == 1 and str(folder) in done.stderr
            self.require(one_line, f"{where}: not one line that names the folder: '{done.stderr}'")
            self.require(kind != "short", f"{where}: less than all was written, and that was an error: {done.stderr}")
        there = {path.name for path in folder.iterdir()} if folder.exists() else set()
        self.require(not before - there, f"{where}: {before - there} vanished")
        leftover = kind != "kill" and any(name.startswith(".") for name in there)
        self.require(not leftover, f"{where}: a temporary file stays")
        if folder.exists():
            check = subprocess.run([self.program, "check", folder], capture_output=True, text=True)
            self.require(check.returncode == 0, f"{where}: {check.stderr}")
        if done.returncode != 0 or not (folder / "report.html").exists():
            again = self.run(task, folder)
            self.require(again.returncode == 0, f"{where}: the run does not go on: {again.stderr}")
        wrong = list(differences(folder, reference))
        self.require(not wrong, f"{where}: {', '.join(wrong)} differ afterwards")

    def check_order(self, calls, folder):
        """Every rename follows the fsync of all that was written, and the folder's fsync follows it."""
        renamed = 0
        for i, call in enumerate(calls):
            if call.name != "rename":
                continue
            renamed += 1
            file = [earlier.name for earlier in calls[:i] if earlier.temporary == call.temporary]
            whole = file[:1] == ["open"] and file[-2:] == ["fsync", "close"] and set(file[1:-2]) == {"write"}
            self.require(whole, f"{call}: its calls are {' '.join(file)}")
            after = [(later.name, later.path) for later in calls[i + 1:i + 3]]
            self.require(after == [("open", str(folder)), ("fsync", str(folder))], f"{call}: then comes {after}")
        return renamed


def subset(calls):
    """Each kind of call on each file once."""
    return list({(call.name, call.path): call for call in reversed(calls)}.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="tiny_run")
    parser.add_argument("library", help="of faulty_calls.cpp")
    parser.add_argument("--all", action="store_true", help="every call; some minutes")
    arguments = parser.parse_args()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # where fsync takes no time
    with tempfile.TemporaryDirectory(dir=memory) as temporary:
        test = Injection(arguments.program, str(pathlib.Path(arguments.library).resolve()), pathlib.Path(temporary))
        trained, reported, folder = test.root / "trained", test.root / "reported", test.root / "run"
        training = len(test.calls("train", trained))
        test.calls("report", reported)
        calls = test.calls("report", folder)
        renamed = test.check_order(calls, folder)

        def walk(task, calls, reference, start=None):
            for number, call in enumerate(calls if arguments.all else subset(calls)):
                kinds = [kind for kind in KINDS if kind != "short" or call.name in ("write", "read")]
                if not arguments.all and call.name != "write":
                    kinds = [kinds[number % len(kinds)]]
                for kind in kinds:
                    test.spoil(task, kind, call, reference, start)

        walk("train", [call for call in calls if call.number <= training], trained)
        report = [call for call in calls if call.number > training]
        walk("report", report if arguments.all else [call for call in report if call.name == "open"][::6], reported)
        # A training that goes on, from where a full disk stopped it.
        begun = test.root / "begun"
        shutil.rmtree(folder)
        test.run("train", folder, f"full:{training * 2 // 3}")
        folder.rename(begun)
        shutil.copytree(begun, folder)
        walk("train", test.calls("train", folder), trained, begun)

        for problem in test.problems:
            print("FAILED:", problem)
        print(f"R7: {test.faults} faults in the {len(calls)} calls of a run and in those of its continuation: "
              f"{len(test.problems)} of them lost a file, left one behind, passed unnoticed or stopped the run for good; "
              f"{renamed} files written in the order write, fsync, rename, fsync of the folder")
        return 1 if test.problems else 0


if __name__ == "__main__":
    sys.exit(main())
