#!/usr/bin/env python3
"""Checks the include order of include/hcnn: check_includes.py [FOLDER]. One line per violation; exit status 1 if any.

A file includes only from its own folder and from the folders below it, without cycles; only core/parallel.hpp names
OpenMP; intrinsics stand in kernels/isa; what hcnn.hpp reaches needs the standard library alone; an umbrella
header reaches every file.
"""
import pathlib
import re
import sys

# Folder (or single file) -> the folders directly below it. Below is transitive.
BELOW = {
    "core": [],
    "kernels": ["core"],
    "layers": ["kernels"],
    "models": ["layers"],
    "hierarchy": ["core"],
    "losses": ["hierarchy", "kernels"],
    "metrics": ["hierarchy"],
    "data": ["hierarchy", "kernels"],
    "optim": ["kernels"],
    "io": ["core"],
    "data/folder_classes.hpp": ["data", "io"],
    "data/image_folder.hpp": ["data/folder_classes.hpp"],
    "exchange": ["models", "optim", "data", "hierarchy", "io"],
    "report": ["metrics", "hierarchy", "io"],
    "train": ["layers", "losses", "optim", "data", "metrics"],
    "run": ["train", "exchange", "report"],
    "testing": ["layers", "losses"],
    "hcnn.hpp": ["train", "models"],
    "io.hpp": ["io", "exchange", "data/image_folder.hpp"],
    "report.hpp": ["report"],
    "run.hpp": ["run"],
    "testing.hpp": ["testing"],
}
UMBRELLAS = ["hcnn.hpp", "io.hpp", "report.hpp", "run.hpp", "testing.hpp"]

STANDARD = re.compile(r"[a-z_0-9]+$|unistd\.h$|fcntl\.h$|sys/")
# What io, and so everything above it, may also use: JSON, zlib, libpng, libjpeg.
PACKAGES = re.compile(r"nlohmann/|zlib\.h$|png\.h$|jpeglib\.h$|jerror\.h$|setjmp\.h$")
INTRINSICS_HEADER = re.compile(r"(\w*intrin|cpuid|arm_\w+)\.h$")
INTRINSICS = re.compile(r"\b_(mm|tile|xgetbv)\w*\s*\(|\b__m\d+\w*|__builtin_ia32_|__(get_)?cpuid")
OPENMP = re.compile(r"\bomp\.h|pragma\s+omp|_OPENMP|\bomp_\w+")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def group(path):
    """The entry of BELOW that rules `path`: itself, or its first folder."""
    return path if path in BELOW else path.split("/")[0]


def below(name):
    """Every entry under `name`, with itself."""
    return {name}.union(*(below(lower) for lower in BELOW.get(name, [])))


def check_file(path, text, files):
    """Yields what one file does wrong."""
    mine = group(path)
    if mine not in BELOW:
        yield f"{path}: folder '{mine}' is not in the include order"
        return
    if "#pragma once" not in text:
        yield f"{path}: no #pragma once"
    for kind, name in INCLUDE.findall(text):
        if kind == '"':
            target = name.removeprefix("hcnn/")
            if target == name or target not in files:
                yield f'{path}: includes "{name}"; expected "hcnn/folder/file.hpp" of an existing file'
            elif group(target) not in below(mine):
                yield f"{path}: includes {target}; {mine} is not above {group(target)}"
        elif OPENMP.search(name) or INTRINSICS_HEADER.search(name):
            pass  # reported below, with every other trace of OpenMP and of intrinsics
        elif not STANDARD.match(name) and not ("io" in below(mine) and PACKAGES.match(name)):
            yield f"{path}: includes <{name}>, which is not among the packages {mine} may use"
    code = COMMENT.sub("", text)
    if path != "core/parallel.hpp" and (found := OPENMP.search(code)):
        yield f"{path}: '{found.group()}'; only core/parallel.hpp names OpenMP"
    uses = [name for _, name in INCLUDE.findall(text) if INTRINSICS_HEADER.search(name)]
    uses += [found.group() for found in INTRINSICS.finditer(code)]
    if uses and not path.startswith("kernels/isa/"):
        yield f"{path}: '{uses[0]}'; intrinsics stand in kernels/isa"


def reach(path, edges, seen):
    """Adds to `seen` every file that `path` includes, directly or not."""
    if path not in seen:
        seen.add(path)
        for target in edges[path]:
            reach(target, edges, seen)
    return seen


def check(root):
    """All violations under `root`, the folder that holds core/, layers/, ... and the umbrella headers."""
    files = {str(file.relative_to(root)): file.read_text(encoding="utf-8") for file in sorted(root.rglob("*.hpp"))}
    if not files:
        yield f"{root}: no header; expected the folder include/hcnn"
    edges = {}
    for path, text in files.items():
        yield from check_file(path, text, files)
        targets = (name.removeprefix("hcnn/") for kind, name in INCLUDE.findall(text) if kind == '"')
        edges[path] = [target for target in targets if target in files]
    for path in files:
        if any(path in reach(target, edges, set()) for target in edges[path]):
            yield f"{path}: includes itself through other files"
    reached = set().union(*(reach(umbrella, edges, set()) for umbrella in UMBRELLAS if umbrella in files))
    for path in files:
        if path not in reached and not path.startswith("kernels/reference/"):
            yield f"{path}: no umbrella header reaches it ({', '.join(UMBRELLAS)})"


def main():
    default = pathlib.Path(__file__).resolve().parent.parent / "include" / "hcnn"
    violations = list(check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default))
    print("\n".join(violations) or "include order: no violation")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
