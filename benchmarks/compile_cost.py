#!/usr/bin/env python3
"""Prints what a program pays to compile: processor seconds and memory of the compiler, hcnn beside Eigen alone.

    benchmarks/compile_cost.py [--compiler g++] [--repeats 5]

Rows: an empty program; `#include <Eigen/Core>`, and with one product of matrices, where Eigen is installed (a peer: hcnn
does not need it); `#include <hcnn/hcnn.hpp>`; and a program that trains and evaluates a network of two heads
(tests/consumer/main.cpp). With -O2, as -fopenmp programs. Takes the smallest of the repeats: what else runs on the
machine only adds.
"""
import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = """#include <Eigen/Core>
Eigen::MatrixXf product(const Eigen::MatrixXf& a, const Eigen::MatrixXf& b) { return a * b; }
"""
PROGRAMS = {
    "empty program": "int main() {}\n",
    "`#include <Eigen/Core>`": "#include <Eigen/Core>\n",
    "the same and one product": PRODUCT,
    "`#include <hcnn/hcnn.hpp>`": "#include <hcnn/hcnn.hpp>\n",
    "a small training program": (ROOT / "tests/consumer/main.cpp").read_text(encoding="utf-8"),
}


def compile_once(compiler, source, out):
    """Processor seconds and MB of the largest process."""
    command = [compiler, "-std=c++20", "-O2", "-fopenmp", f"-I{ROOT / 'include'}", "-isystem", "/usr/include/eigen3", "-c",
               str(source), "-o", str(out)]
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"compile_cost.py: {' '.join(command)} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default="g++", help="default: g++")
    parser.add_argument("--repeats", type=int, default=5, help="default: 5")
    arguments = parser.parse_args()
    version = subprocess.run([arguments.compiler, "--version"], capture_output=True, text=True, check=True).stdout
    print(version.splitlines()[0])
    print("| compiled with -O2 | seconds | MB |")
    print("| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as work:
        source = Path(work, "program.cpp")
        for name, text in PROGRAMS.items():
            if "Eigen" in text and not Path("/usr/include/eigen3/Eigen/Core").exists():
                print(f"| {name} | Eigen is not installed | |")
                continue
            source.write_text(text, encoding="utf-8")
            runs = [compile_once(arguments.compiler, source, Path(work, "program.o")) for _ in range(arguments.repeats)]
            print(f"| {name} | {min(run[0] for run in runs):.1f} | {min(run[1] for run in runs):.0f} |", flush=True)


main()
