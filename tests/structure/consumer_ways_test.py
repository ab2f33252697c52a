#!/usr/bin/env python3
"""Builds tests/consumer_ways in every way that a project can get hcnn, and runs it.

consumer_ways_test.py SOURCE BUILD WORK COMPILER: hcnn's sources, its build folder, a scratch folder, a C++ compiler.
"""
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE, BUILD, WORK = (Path(argument) for argument in sys.argv[1:4])
COMPILER = sys.argv[4]
CONSUMER = SOURCE / "tests" / "consumer_ways"
IO_PACKAGES = ("nlohmann_json", "ZLIB", "PNG", "JPEG", "doctest", "CLI11", "benchmark")


def run(*command, **environment):
    """Output of the command; ends the test where it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode:
        sys.exit(f"failed ({done.returncode}): {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect_threads(program, expected):
    threads = run(program, OMP_NUM_THREADS="3").strip()
    if threads != expected:
        sys.exit(f"{program}: {threads} threads; expected {expected}")


def configure(way, *options):
    folder = WORK / way
    hidden = [f"-DCMAKE_DISABLE_FIND_PACKAGE_{package}=ON" for package in IO_PACKAGES]
    return folder, ["cmake", "-S", CONSUMER, "-B", folder, f"-DCMAKE_CXX_COMPILER={COMPILER}", f"-DWAY={way}",
                    "-DCMAKE_BUILD_TYPE=Debug", "--no-warn-unused-cli", *hidden, *options]


def build_with_cmake(way, *options, threads="3"):
    folder, command = configure(way, *options)
    run(*command)
    run("cmake", "--build", folder)
    expect_threads(folder / "consumer_ways", threads)


def build_by_hand(name, flags, threads):
    program = WORK / name
    run(COMPILER, "-std=c++20", CONSUMER / "main.cpp", *flags, "-o", program)
    expect_threads(program, threads)


def package_path():
    return str(WORK / "moved/share/pkgconfig")


def package_flags(*names):
    return shlex.split(run("pkg-config", "--cflags", "--libs", *names, PKG_CONFIG_PATH=package_path()))


def check_share_folder():
    """A program built with hcnn_io's flags, taken as the shell takes $(pkg-config ...), finds the pages' scripts."""
    flags = run("pkg-config", "--cflags", "--libs", "hcnn_io", PKG_CONFIG_PATH=package_path()).split()
    source, program = WORK / "share.cpp", WORK / "share"
    source.write_text("#include <hcnn/report/share.hpp>\n#include <iostream>\n"
                      "int main() { std::cout << hcnn::report::read_page_scripts().scripts.size(); }\n")
    run(COMPILER, "-std=c++20", source, *flags, "-o", program)
    if int(run(program)) < 5:
        sys.exit("hcnn_io.pc does not lead to share/hcnn")


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    run("cmake", "--install", BUILD, "--prefix", WORK / "prefix")
    (WORK / "prefix").rename(WORK / "moved")  # an installed package may be moved

    build_with_cmake("add_subdirectory", f"-DHCNN_SOURCE={SOURCE}")
    build_with_cmake("FetchContent", f"-DFETCHCONTENT_SOURCE_DIR_HCNN={SOURCE}")
    build_with_cmake("optional_io", f"-DCMAKE_PREFIX_PATH={WORK / 'moved'}")
    for way, reason in (("0.2", 'requested version "0.2"'), ("1.0", 'requested version "1.0"'),
                        ("io", "needs packages that are not found: nlohmann_json")):
        _, command = configure(way, f"-DCMAKE_PREFIX_PATH={WORK / 'moved'}")
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode == 0 or reason not in " ".join(done.stderr.split()):
            sys.exit(f"find_package(hcnn) in the way '{way}' was not refused: {done.stderr}")
    build_with_cmake("0.1", f"-DCMAKE_PREFIX_PATH={WORK / 'moved'}", "-DCMAKE_DISABLE_FIND_PACKAGE_OpenMP=ON", threads="1")

    build_by_hand("plain", [f"-I{SOURCE / 'include'}"], "1")
    build_by_hand("pkg-config", package_flags("hcnn"), "3")
    check_share_folder()
    shutil.rmtree(WORK)


main()
