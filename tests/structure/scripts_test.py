#!/usr/bin/env python3
"""Every script of the repository can be run as it is named in the documentation: it is executable, and it is read
without errors by its interpreter.

scripts_test.py ROOT
"""
import pathlib
import subprocess
import sys

SKIPPED = {".git", "build", "runs", "data"}


def scripts(root):
    """Files that begin with "#!", with their interpreter."""
    for path in sorted(root.rglob("*")):
        if path.relative_to(root).parts[0] in SKIPPED or not path.is_file():
            continue
        with path.open("rb") as file:
            line = file.readline(200)
        if line.startswith(b"#!"):
            yield path, line.decode().split()[-1].removeprefix("#!").rpartition("/")[2]


def main():
    root, problems, count = pathlib.Path(sys.argv[1]), [], 0
    for path, interpreter in scripts(root):
        count += 1
        if not path.stat().st_mode & 0o100:
            problems.append(f"{path}: it begins with #! and is not executable")
        if interpreter == "python3":
            try:
                compile(path.read_text(), str(path), "exec")
            except SyntaxError as error:
                problems.append(f"{path}:{error.lineno}: {error.msg}")
        elif interpreter in ("bash", "sh"):
            read = subprocess.run([interpreter, "-n", path], capture_output=True, text=True)
            if read.returncode:
                problems.append(read.stderr.strip())
        else:
            problems.append(f"{path}: interpreter {interpreter}; expected python3, bash or sh")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{count} scripts, {len(problems)} problems")
    return 1 if problems or count < 20 else 0


sys.exit(main())
