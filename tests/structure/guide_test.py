"""Plants mistakes in a chapter of the guide and expects guide.py to name each."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import guide  # noqa: E402

FIRST = "```cpp\n#include <hcnn/hcnn.hpp>\nusing namespace hcnn;\n```\n"


class Chapters(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def chapter(self, text):
        path = self.folder / "one.md"
        path.write_text(text, encoding="utf-8")
        return path

    def program(self, text):
        guide.write_program(self.folder / "out.cpp", [self.chapter(text)])
        return (self.folder / "out.cpp").read_text(encoding="utf-8")

    def commands(self, text, programs=None):
        """What is printed; programs: name -> text of its --help."""
        for name, usage in (programs or {}).items():
            (self.folder / name).write_text(f"#!/bin/sh\ncat <<'END'\n{usage}\nEND\n", encoding="utf-8")
            (self.folder / name).chmod(0o755)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            guide.run_commands(self.folder, self.folder / "work", [self.chapter(text)])
        return out.getvalue()

    def refused(self, expected, call, *arguments):
        with self.assertRaises(SystemExit) as caught:
            call(*arguments)
        self.assertIn(expected, str(caught.exception))

    def test_classes_stand_outside_main_and_statements_in_it(self):
        code = self.program(FIRST + "```cpp\n/// What it is.\ntemplate <class T>\nclass A {};\n```\ntext\n```cpp\nA<int> a;\n```\n")
        outside, inside = code.split("void run()")
        self.assertIn("class A {};", outside)
        self.assertIn("A<int> a;", inside)
        self.assertIn(f'#line 12 "{(self.folder / "one.md").as_posix()}"\nA<int> a;', inside)

    def test_a_hidden_part_is_compiled_and_a_whole_program_left_out(self):
        code = self.program(FIRST + "<!-- with:\nint a = 1;\n-->\n```cpp\nint b = a;\n```\n```cpp\nint main() {}\n```\n")
        self.assertIn("int a = 1;\n#line 9", code)
        self.assertIn("int b = a;", code)
        self.assertNotIn("int main() {}", code)

    def test_a_header_that_the_chapter_does_not_include(self):
        self.refused("'io::'; the chapter does not include <hcnn/io.hpp>", self.program, FIRST + "```cpp\nio::Image i;\n```\n")

    def test_a_chapter_without_the_first_block(self):
        self.refused("no 'using namespace hcnn;'", self.program, "```cpp\nint a = 1;\n```\n")
        self.refused("no C++ block", self.program, "text\n")

    def test_commands_run_and_failures_are_named(self):
        self.assertIn("hello\n", self.commands("```sh\necho hello\n```\n"))
        self.refused("one.md:5: exit status 1", self.commands, "```sh\ntrue\n```\n```sh\nfalse | true\n```\n")
        self.refused("no sh block was run", self.commands, "text\n")

    def test_options_of_commands_that_are_not_run(self):
        text = "```sh\ntrue\n```\n<!-- not run: it is slow -->\n```sh\ntrain --epochs 3 --rate=2 -- --more\n```\n"
        self.commands(text, {"train": "--epochs N\n--rate X"})
        self.refused("one.md:6: train has no option --rate", self.commands, text, {"train": "--epochs N\n--rates X"})
        (self.folder / "train").unlink()
        self.assertIn("not built here: train --epochs 3", self.commands(text))


if __name__ == "__main__":
    unittest.main()
