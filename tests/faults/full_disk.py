#!/usr/bin/env python3
"""A training (tiny_run) on a file system that is too small: for each of many sizes it must end with one line that names the
folder, leave whole files and no temporary one, and go on, once there is space, to the bits of an undisturbed run.

full_disk.py build/release/tests/tiny_run [--sizes 12]

Mounts a tmpfs, as root or in a user namespace of its own; where neither is allowed it says so, with exit status 77.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from kill_and_resume import differences

MIB = 1 << 20


def mount(place, size):
    """Mounts or, where it is mounted, grows; true where that is allowed."""
    options = ("remount," if os.path.ismount(place) else "") + f"size={size}"
    return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "hcnn", place], capture_output=True).returncode == 0


def try_size(program, disk, size, reference):
    """The figure of this size, and what went wrong."""
    wrong = []

    def train():
        return subprocess.run([program, "train", disk / "run", "1"], capture_output=True, text=True)

    stopped = train()
    folder = disk / "run"
    if stopped.returncode != 0:
        line = stopped.stderr.strip()
        if stopped.returncode != 1 or "\n" in line or str(folder) not in line or "No space left on device" not in line:
            wrong.append(f"status {stopped.returncode}: '{line}'")
        if folder.exists() and any(path.name.startswith(".") for path in folder.iterdir()):
            wrong.append("a temporary file stays")
        if folder.exists():
            check = subprocess.run([program, "check", folder], capture_output=True, text=True)
            wrong += [check.stderr.strip()] if check.returncode != 0 else []
        mount(disk, 16 * MIB)
        again = train()
        wrong += [f"it does not go on: {again.stderr.strip()}"] if again.returncode != 0 else []
    wrong += [f"{name} differs" for name in differences(folder, reference)]
    return stopped.returncode != 0, [f"{size} bytes: {what}" for what in wrong]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="tiny_run")
    parser.add_argument("--sizes", type=int, default=12, help="of the file system, from one page to a little more than is needed")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        disk = root / "disk"
        disk.mkdir()
        if not mount(disk, MIB):
            words = ["unshare", "--map-root-user", "--mount", sys.executable, *sys.argv, "--inside"]
            if not arguments.inside and subprocess.run(words[:3] + ["true"], capture_output=True).returncode == 0:
                return subprocess.run(words).returncode
            print("SKIPPED: mounting a tmpfs is not allowed here, not in a user namespace either")
            return 77
        subprocess.run(["umount", disk], check=True)
        reference = root / "undisturbed"
        subprocess.run([arguments.program, "train", reference, "1"], check=True)
        files = [path.stat().st_size for path in reference.iterdir()]
        most = sum(files) + max(files) + MIB // 4  # the largest is there twice while it is written
        stopped, problems = 0, []
        for number in range(arguments.sizes):
            size = 4096 + (most - 4096) * number // max(1, arguments.sizes - 1)
            mount(disk, size)
            try:
                ended, wrong = try_size(arguments.program, disk, size, reference)
            finally:
                subprocess.run(["umount", disk], check=True)
            stopped += ended
            problems += wrong
    for problem in problems:
        print("FAILED:", problem)
    print(f"R7: {arguments.sizes} small disks: {stopped} were full, {len(problems)} of them lost a file or stopped the run for good")
    return 1 if problems or stopped == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
