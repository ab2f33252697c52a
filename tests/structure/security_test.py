#!/usr/bin/env python3
"""What SECURITY.md promises of the source itself, and that the tests it names exist.

security_test.py ROOT
"""
import pathlib
import re
import sys

RUNS = re.compile(r"\b(system|popen|execl?[vpe]*|fork|vfork|posix_spawnp?|dlopen|dlsym|wordexp)\s*\(")
WRITES = re.compile(r"\bO_(WRONLY|RDWR|CREAT|TRUNC|APPEND)\b|\bstd::(ofstream|fstream)\b|\bfopen\s*\((?!.*\"rb\")|\bcreat\s*\(")
# The only headers that open files for writing, and what makes, moves and removes folders and files.
MAY_WRITE = {"io/atomic_file.hpp", "run/steps_file.hpp"}
CHANGES = re.compile(r"\b(rename|unlink|rmdir|mkdir|symlink|link|chmod|truncate|ftruncate)\s*\(|"
                     r"filesystem::(rename|remove|remove_all|create_\w+|copy\w*|resize_file|permissions)\b")
MAY_CHANGE = MAY_WRITE | {"run/run_folder.hpp"}


def code(path):
    return re.sub(r"//.*", "", path.read_text())


def violations(include, security, tests):
    """A line for each promise that is broken."""
    found = []
    for path in sorted(include.rglob("*.hpp")):
        name = path.relative_to(include).as_posix()
        text = code(path)
        for pattern, may, what in ((RUNS, set(), "could run something"), (WRITES, MAY_WRITE, "opens a file for writing"),
                                   (CHANGES, MAY_CHANGE, "changes the file system")):
            if (match := pattern.search(text)) and name not in may:
                found.append(f"{name}: {match.group(0)}: {what}")
    table = [line for line in security.splitlines() if line.startswith("|")][2:]
    for row in table:
        cell = row.split("|")[3]
        named = re.findall(r"`([\w.]+)`", cell)
        if not named:
            found.append(f"SECURITY.md: no test in: {row[:60]}")
        found += [f"SECURITY.md: no test {name}" for name in named if name not in tests]
    return found


def main():
    root = pathlib.Path(sys.argv[1])
    tests = {path.parent.name for path in root.glob("tests/*/*_test.cpp")}  # one for each folder
    for path in root.glob("tests/**/*.cmake"):
        tests.update(re.findall(r"add_test\(NAME ([\w.]+)\s", path.read_text()))
    security = (root / "SECURITY.md").read_text()
    found = violations(root / "include/hcnn", security, tests)
    # The check itself: each pattern finds what it is for.
    for pattern, text in ((RUNS, 'std::system("x")'), (RUNS, "execvp(a, b)"), (WRITES, "std::ofstream out(path)"),
                          (WRITES, 'std::fopen(path.c_str(), "ab")'),
                          (CHANGES, "std::filesystem::remove_all(path)")):
        if not pattern.search(text):
            found.append(f"the pattern does not find {text}")
    if len(tests) < 20 or "structure.security" not in tests:
        found.append(f"{len(tests)} tests found: not all of them")
    print("\n".join(found) or f"{len(tests)} tests, every promise has one of them")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
