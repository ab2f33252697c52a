#!/usr/bin/env bash
# Installs what is missing, builds everything optimised and runs all tests; then the parsers' tests with sanitizers.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc)

bash "$root/tools/install_packages.sh" tests

cmake -S "$root" --preset release -DHCNN_BUILD_TESTS=ON -DHCNN_BUILD_EXAMPLES=ON -DHCNN_BUILD_BENCHMARKS=ON
cmake --build "$root/build/release"

# Untrusted input is where the sanitizers find most.
cmake -S "$root" --preset asan
cmake --build "$root/build/asan" --target test_io test_core
ctest --test-dir "$root/build/asan" --parallel "$jobs" --output-on-failure --tests-regex '^(io|core)$'

# Last, so that the last line is the summary of all tests.
ctest --test-dir "$root/build/release" --parallel "$jobs" --output-on-failure
