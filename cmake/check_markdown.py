#!/usr/bin/env python3
"""Checks the Markdown files of the repository: check_markdown.py [FOLDER]. One line per violation; exit status 1 if any.

Relative links lead to files and headings that exist; files named in `backticks` with a folder exist; a test case named
behind a link to its file, `[...](x_test.cpp): "name"`, is in it; README.md shows examples/quickstart.cpp as it is; it and
examples/README.md name every program.
"""
import pathlib
import re
import sys

FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+[ \t]+(.+?)[ \t]*$", re.MULTILINE)
NAMED_FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)+\.(?:hpp|cpp|py|sh|md|cmake|safetensors))`")
TEST_CASE = re.compile(r'\]\(([^)]+_test\.cpp)\): "([^"]+)"')
BUILT = re.compile(r"runs/|build/")  # made by programs, not part of the repository


def anchor(heading):
    """What GitHub makes of a heading: lower case, hyphens for spaces, no punctuation."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def anchors(text):
    return {anchor(heading) for heading in HEADING.findall(FENCE.sub("", text))}


def check_links(path, text):
    for link in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, fragment = link.partition("#")
        target = path.parent / name if name else path
        if not target.exists():
            yield f"link to {link}: no such file"
        elif fragment and target.suffix == ".md" and fragment not in anchors(target.read_text(encoding="utf-8")):
            yield f"link to {link}: no such heading"


def check_names(root, path, text):
    for name in NAMED_FILE.findall(text):
        places = (root, root / "include" / "hcnn", root / "include", path.parent)
        if not BUILT.match(name) and not any((place / name).exists() for place in places):
            yield f"`{name}`: no such file"
    for name, case in TEST_CASE.findall(text):
        file = path.parent / name
        if file.exists() and f'"{case}"' not in file.read_text(encoding="utf-8"):
            yield f'{name}: no test case "{case}"'


def check_quickstart(root, text):
    """README.md shows the quickstart, without its header."""
    shown = re.search(r"^```cpp\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    quickstart = root / "examples" / "quickstart.cpp"
    code = re.sub(r"\A(//.*\n)+", "", quickstart.read_text(encoding="utf-8"))
    if not shown or shown.group(1) != code:
        yield "the first C++ block is not examples/quickstart.cpp without its header"


def check_programs(root, text):
    """README.md and examples/README.md name every program."""
    for program in sorted([*root.glob("examples/*.cpp"), *root.glob("benchmarks/*.cpp"), *root.glob("examples/*.py")]):
        if not re.search(rf"\b{re.escape(program.stem)}\b", text):
            yield f"{program.relative_to(root)} is not named"


def check(root):
    """All violations in the Markdown files under `root`, but those of build folders."""
    skipped = ("build", "runs", "data", ".git")
    files = [file for file in sorted(root.rglob("*.md")) if file.relative_to(root).parts[0] not in skipped]
    if not files:
        yield f"{root}: no Markdown file; expected the repository's folder"
    for file in files:
        text = file.read_text(encoding="utf-8")
        name = file.relative_to(root)
        found = [*check_links(file, text), *check_names(root, file, text)]
        found += check_quickstart(root, text) if str(name) == "README.md" else []
        found += check_programs(root, text) if str(name) in ("README.md", "examples/README.md") else []
        yield from (f"{name}: {violation}" for violation in found)


def main():
    default = pathlib.Path(__file__).resolve().parent.parent
    violations = list(check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default))
    print("\n".join(violations) or "Markdown: no violation")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
