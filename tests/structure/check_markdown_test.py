"""Plants one mistake in Markdown files after another and expects check_markdown.py to name each."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "cmake"))
import check_markdown  # noqa: E402

README = "# Title\n\n```cpp\nint main() {}\n```\n\nPrograms: quickstart. See [design](docs/design.md#files-and-bits) and `core/shape.hpp`.\n"
GOOD = {
    "README.md": README,
    "docs/design.md": '# Design\n\n## Files, and bits\n\n[`x`](../tests/x_test.cpp): "one and one are two"; [up](../README.md), [a](https://x.org/y)\n',
    "examples/quickstart.cpp": "// What it is.\n// Run: so.\nint main() {}\n",
    "include/hcnn/core/shape.hpp": "",
    "tests/x_test.cpp": 'TEST_CASE("one and one are two") {}\n',
}


def violations(changes):
    """What the checker says about GOOD with some files replaced."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in (GOOD | changes).items():
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return list(check_markdown.check(pathlib.Path(folder)))


class PlantedViolations(unittest.TestCase):
    def expect(self, changes, *expected):
        self.assertEqual(violations(changes), list(expected))

    def test_a_good_tree_has_none(self):
        self.expect({})
        self.expect({"docs/notes.md": "```\n[not](a/link)\n```\n`runs/a/best.safetensors`\n"})

    def test_a_link_to_a_file_that_is_not_there(self):
        self.expect({"docs/a.md": "[x](design.md) [y](missing.md)"}, "docs/a.md: link to missing.md: no such file")

    def test_a_link_to_a_heading_that_is_not_there(self):
        self.expect({"docs/a.md": "# Top\n[x](#top) [y](#bottom) [z](design.md#bits)"},
                    "docs/a.md: link to #bottom: no such heading", "docs/a.md: link to design.md#bits: no such heading")

    def test_a_file_named_that_is_not_there(self):
        self.expect({"docs/a.md": "`core/shape.hpp`, `core/form.hpp`"}, "docs/a.md: `core/form.hpp`: no such file")

    def test_a_test_case_that_is_not_there(self):
        self.expect({"docs/a.md": '[`x`](../tests/x_test.cpp): "one and one are three"'},
                    'docs/a.md: ../tests/x_test.cpp: no test case "one and one are three"')

    def test_a_readme_with_other_code_than_the_quickstart(self):
        self.expect({"README.md": README.replace("main() {}", "main() { return 1; }")},
                    "README.md: the first C++ block is not examples/quickstart.cpp without its header")

    def test_a_program_that_the_readme_does_not_name(self):
        self.expect({"examples/serve.cpp": ""}, "README.md: examples/serve.cpp is not named")

    def test_a_program_that_the_table_of_programs_does_not_name(self):
        self.expect({"README.md": README + "serve", "examples/README.md": "quickstart", "examples/serve.cpp": ""},
                    "examples/README.md: examples/serve.cpp is not named")


if __name__ == "__main__":
    unittest.main()
