"""Plants one violation of the include order after another and expects check_includes.py to name each."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "cmake"))
import check_includes  # noqa: E402

GOOD = {
    "core/shape.hpp": ["<cstddef>"],
    "core/parallel.hpp": ["<omp.h>", '"hcnn/core/shape.hpp"'],
    "kernels/gemm.hpp": ["<vector>", '"hcnn/core/parallel.hpp"'],
    "kernels/isa/gemm_avx2.hpp": ["<immintrin.h>", '"hcnn/core/shape.hpp"'],
    "kernels/reference/gemm.hpp": ['"hcnn/core/shape.hpp"'],
    "layers/linear.hpp": ['"hcnn/kernels/gemm.hpp"', '"hcnn/kernels/isa/gemm_avx2.hpp"'],
    "data/dataset.hpp": ['"hcnn/core/shape.hpp"'],
    "data/image_folder.hpp": ['"hcnn/data/dataset.hpp"', '"hcnn/io/image.hpp"'],
    "io/image.hpp": ["<png.h>", '"hcnn/core/shape.hpp"'],
    "hcnn.hpp": ['"hcnn/core/parallel.hpp"', '"hcnn/layers/linear.hpp"', '"hcnn/data/dataset.hpp"'],
    "io.hpp": ['"hcnn/data/image_folder.hpp"'],
}


def violations(changes):
    """What the checker says about GOOD with some files replaced; a file is its includes and other lines of code."""
    with tempfile.TemporaryDirectory() as folder:
        for path, lines in (GOOD | changes).items():
            code = "".join(f"#include {line}\n" if line[0] in '<"' else f"{line}\n" for line in lines)
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("#pragma once\n" + code, encoding="utf-8")
        return list(check_includes.check(pathlib.Path(folder)))


class PlantedViolations(unittest.TestCase):
    def expect(self, changes, *expected):
        self.assertEqual(violations(changes), list(expected))

    def test_a_good_tree_has_none(self):
        self.expect({})
        self.expect({"core/shape.hpp": ["// omp_get_max_threads() and _mm256_add_ps() in a comment"]})

    def test_an_include_from_above(self):
        self.expect({"kernels/gemm.hpp": ['"hcnn/layers/other.hpp"'], "layers/other.hpp": ["<vector>"]},
                    "kernels/gemm.hpp: includes layers/other.hpp; kernels is not above layers")

    def test_an_include_from_beside(self):
        self.expect({"data/dataset.hpp": ['"hcnn/layers/linear.hpp"']},
                    "data/dataset.hpp: includes layers/linear.hpp; data is not above layers")

    def test_only_image_folder_includes_images(self):
        self.expect({"data/dataset.hpp": ['"hcnn/io/image.hpp"']},
                    "data/dataset.hpp: includes io/image.hpp; data is not above io")

    def test_the_core_umbrella_reaching_packages(self):
        self.expect({"hcnn.hpp": GOOD["hcnn.hpp"] + ['"hcnn/data/image_folder.hpp"']},
                    "hcnn.hpp: includes data/image_folder.hpp; hcnn.hpp is not above data/image_folder.hpp")

    def test_a_cycle_inside_a_folder(self):
        self.expect({"core/shape.hpp": ['"hcnn/core/parallel.hpp"']},
                    "core/parallel.hpp: includes itself through other files",
                    "core/shape.hpp: includes itself through other files")

    def test_a_package_below_io(self):
        self.expect({"core/shape.hpp": ["<nlohmann/json.hpp>"]},
                    "core/shape.hpp: includes <nlohmann/json.hpp>, which is not among the packages core may use")

    def test_openmp_elsewhere(self):
        text = "kernels/gemm.hpp: '{}'; only core/parallel.hpp names OpenMP"
        for line, name in [("<omp.h>", "omp.h"), ("#pragma omp simd", "pragma omp"), ("#ifdef _OPENMP", "_OPENMP"),
                           ("int n = omp_get_max_threads();", "omp_get_max_threads")]:
            self.expect({"kernels/gemm.hpp": [line]}, text.format(name))

    def test_intrinsics_elsewhere(self):
        text = "kernels/gemm.hpp: '{}'; intrinsics stand in kernels/isa"
        for line, name in [("<immintrin.h>", "immintrin.h"), ("<arm_neon.h>", "arm_neon.h"),
                           ("auto c = _mm256_add_ps(a, b);", "_mm256_add_ps("), ("__m512 sum;", "__m512")]:
            self.expect({"kernels/gemm.hpp": [line]}, text.format(name))

    def test_an_unknown_folder(self):
        self.expect({"utils/all.hpp": [], "core/shape.hpp": []},
                    "utils/all.hpp: folder 'utils' is not in the include order",
                    "utils/all.hpp: no umbrella header reaches it (hcnn.hpp, io.hpp, report.hpp, run.hpp, testing.hpp)")

    def test_a_file_that_is_not_there_and_a_relative_name(self):
        text = 'core/shape.hpp: includes "{}"; expected "hcnn/folder/file.hpp" of an existing file'
        self.expect({"core/shape.hpp": ['"hcnn/core/missing.hpp"']}, text.format("hcnn/core/missing.hpp"))
        self.expect({"core/shape.hpp": ['"parallel.hpp"']}, text.format("parallel.hpp"))

    def test_a_header_nobody_reaches(self):
        self.expect({"layers/lost.hpp": []},
                    "layers/lost.hpp: no umbrella header reaches it "
                    "(hcnn.hpp, io.hpp, report.hpp, run.hpp, testing.hpp)")


if __name__ == "__main__":
    unittest.main()
