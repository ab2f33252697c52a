"""Makes programs of the guide's chapters and the README, so that a test can compile and run what they show.

guide.py program OUT CHAPTER.md...          writes one C++ program with a namespace for each chapter
guide.py commands PROGRAMS WORK CHAPTER.md...  runs the `sh` blocks in WORK/<chapter>; of those behind a comment
                                            "<!-- not run: reason -->" it checks that each option is in --help

What a C++ block takes for granted may stand before it in a comment, "<!-- with:", the lines, "-->", which pages do not
show. A block with a main function is a program of its own and is left out.
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys

BLOCK = re.compile(r"(?:^<!-- not run: (?P<reason>[^\n]*) -->\n)?(?:^<!-- with:\n(?P<given>(?:(?!-->).)*?)^-->\n)?^```(?P<kind>\w*)\n(?P<code>.*?)^```[ \t]*$",
                   re.MULTILINE | re.DOTALL)
OUTSIDE_MAIN = re.compile(r"\A(?:\s*//[^\n]*\n)*\s*(?:template|class|struct|inline)\b")
# What a name needs that hcnn.hpp does not have.
HEADERS = {r"\b(?:exchange|io)::": "hcnn/io.hpp", r"\brun::": "hcnn/run.hpp", r"\breport::": "hcnn/report.hpp",
           r"\btesting::": "hcnn/testing.hpp", r"\bstd::c(?:out|err)\b": "iostream",
           r"\bstd::(?:abs|exp|log|sqrt|pow)\b": "cmath", r"\bstd::thread\b": "thread",
           r"\bstd::(?:max|min|sort|copy_n|transform)\b": "algorithm", r"\bstd::chrono\b": "chrono"}


def blocks(path, kind):
    """(code, line of its first line, reason not to run it or None) of each block of a kind."""
    text = path.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        if block["kind"] != kind or re.search(r"^int main\(", block["code"], re.MULTILINE):
            continue
        for part in ("given", "code"):
            if block[part]:
                yield block[part], text.count("\n", 0, block.start(part)) + 1, block["reason"]


class Chapter:
    """The C++ of one chapter: includes, what stands outside main, and what stands in it."""

    def __init__(self, path):
        self.name = path.stem
        self.includes, outside, inside = [], [], []
        code = ""
        for block, line, _ in blocks(path, "cpp"):
            code += block
            place = outside if OUTSIDE_MAIN.match(block) else inside
            place.append(f'#line {line} "{path.as_posix()}"')
            for text in block.splitlines():
                included = re.fullmatch(r"#include <(.+)>", text)
                if included:
                    self.includes.append(included[1])
                # an empty line keeps the numbers of the lines right
                place.append("" if included or text == "using namespace hcnn;" else text)
        self.outside, self.inside = "\n".join(outside), "\n".join(inside)
        if code and not re.search(r"^using namespace hcnn;$", code, re.MULTILINE):
            sys.exit(f"{path}: no 'using namespace hcnn;'; a chapter's first block has it")
        for pattern, header in HEADERS.items():
            used = re.search(pattern, code)
            if used and header not in self.includes:
                sys.exit(f"{path}: '{used[0]}'; the chapter does not include <{header}>")


def write_program(out, paths):
    chapters = [chapter for chapter in map(Chapter, paths) if chapter.inside]
    if not chapters:
        sys.exit("guide.py: no C++ block in any chapter; expected some")
    includes = sorted({include for chapter in chapters for include in chapter.includes})
    parts = ["// Made by tests/structure/guide.py from the chapters of docs/guide.",
             *(f"#include <{include}>" for include in includes), "#include <filesystem>", "#include <iostream>",
             "using namespace hcnn;"]
    for chapter in chapters:
        parts.append(f"namespace chapter_{chapter.name} {{\n{chapter.outside}\nvoid run() {{\n{chapter.inside}\n}}\n}}")
    parts.append('#line 1 "main of the guide"')
    parts.append("int main(int, char** argv) {")
    parts.append("  const std::filesystem::path work = std::filesystem::absolute(argv[1]);")
    parts.append("  std::filesystem::remove_all(work);")
    for chapter in chapters:
        parts.append(f'  std::filesystem::create_directories(work / "{chapter.name}");')
        parts.append(f'  std::filesystem::current_path(work / "{chapter.name}");')
        parts.append(f'  std::cout << "-- {chapter.name}" << std::endl;')
        parts.append(f"  chapter_{chapter.name}::run();")
    parts.append("}")
    pathlib.Path(out).write_text("\n".join(parts) + "\n", encoding="utf-8")


def check_options(programs, where, code):
    """Every option that a command gives to a program is in its --help."""
    for line in code.splitlines():
        words = shlex.split(line, comments=True)
        program = programs / words[0] if words else None
        if not program or not program.exists():
            print(f"{where}: not checked, because it is not built here: {line}")
            continue
        text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
        own = words[1:words.index("--")] if "--" in words else words[1:]
        for option in (word.partition("=")[0] for word in own if word.startswith("--")):
            if not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text):
                sys.exit(f"{where}: {words[0]} has no option {option}")


def run_commands(programs, work, paths):
    programs, work = pathlib.Path(programs).resolve(), pathlib.Path(work).resolve()
    environment = dict(os.environ, PATH=f"{programs}{os.pathsep}{os.environ['PATH']}")
    ran = 0
    subprocess.run(["rm", "-rf", "--", work], check=True)
    for path in paths:
        for code, line, reason in blocks(path, "sh"):
            where = f"{path}:{line}"
            if reason is not None:
                check_options(programs, where, code)
                continue
            ran += 1
            folder = work / path.stem
            folder.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", code], cwd=folder, env=environment,
                                  capture_output=True, text=True)
            print(f"-- {where}\n{done.stdout}", end="")
            if done.returncode != 0:
                sys.exit(f"{where}: exit status {done.returncode}\n{done.stderr}")
    if ran == 0:
        sys.exit("guide.py: no sh block was run; expected some")


def main():
    mode, *arguments = sys.argv[1:]
    if mode == "program":
        write_program(arguments[0], [pathlib.Path(path) for path in arguments[1:]])
    else:
        run_commands(arguments[0], arguments[1], [pathlib.Path(path) for path in arguments[2:]])


if __name__ == "__main__":
    main()
