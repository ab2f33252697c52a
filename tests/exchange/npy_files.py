#!/usr/bin/env python3
"""NumPy reads hcnn's .npy files and hcnn reads NumPy's: npy_files.py EXCHANGE_FILES FOLDER."""
import pathlib
import shutil
import subprocess
import sys

from needs import Checks, needs

needs(["numpy"], "nobody but hcnn read its .npy files")
import numpy as np

TYPES = ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]


def numpy_arrays():
    """Arrays by name, as NumPy users have them."""
    arrays = {}
    for dtype in TYPES + ["b1"]:
        for shape in [(), (7,), (3, 4), (0, 2), (2, 1, 3, 2)]:
            values = np.arange(np.prod(shape, dtype=int)).reshape(shape) - (0 if dtype[0] in "ub" else 3)
            arrays[f"{dtype}_{len(shape)}_{values.size}"] = (values % 2 if dtype == "b1" else values).astype(dtype)
    arrays["f8_special"] = np.array([np.nan, np.inf, -np.inf, 1e300, -0.0])
    arrays["u8_large"] = np.array([2**64 - 1, 2**63], np.uint64)
    arrays["i8_small"] = np.array([-2**63, 2**63 - 1], np.int64)
    return arrays


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    arrays = numpy_arrays()
    for name, array in arrays.items():
        for version in [(1, 0), (2, 0), (3, 0)]:
            with open(folder / f"numpy_{name}_v{version[0]}.npy", "wb") as file:
                np.lib.format.write_array(file, array, version=version)
    subprocess.run([program, "npy", folder], check=True)

    check = Checks()
    for name, array in arrays.items():
        for version in (1, 2, 3):
            answer = np.load(folder / f"answer_{name}_v{version}.npy", allow_pickle=False)
            wide = "u8" if array.dtype == np.uint64 else "f8" if array.dtype.kind == "f" else "i8"
            check(f"type of {name}, version {version}", answer.dtype, np.dtype(wide))
            check(f"extents of {name}, version {version}", answer.shape, array.shape)
            check(f"values of {name}, version {version}", answer.tobytes(), array.astype(wide).tobytes())
    for dtype in TYPES:
        for shape in [(), (5,), (2, 3), (0, 4), (2, 1, 3, 2)]:
            expected = (np.arange(np.prod(shape, dtype=int)) - 2).astype(dtype).reshape(shape)
            name = f"{dtype}_{len(shape)}_{expected.size}.npy"
            ours = np.load(folder / name, allow_pickle=False)
            check(f"type of {name}", ours.dtype, np.dtype(dtype))
            check(f"values of {name}", ours.shape == shape and ours.tobytes() == expected.tobytes())
            check(f"start of the values of {name}", ((folder / name).stat().st_size - ours.nbytes) % 64, 0)
    half = np.load(folder / "bfloat16.npy", allow_pickle=False)
    check("bfloat16", (half.dtype, half.tolist()), (np.dtype("f4"), [[1.5] * 3] * 2))
    check.finish(".npy files between hcnn and NumPy " + np.__version__)


if __name__ == "__main__":
    main()
