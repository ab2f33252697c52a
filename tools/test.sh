#!/usr/bin/env bash
# Installs what is missing, builds everything optimised and runs the tests, those of the parsers with sanitizers too;
# prints the table of figures that tests/README.md explains:  tools/test.sh [--full]
# --full compiles each header alone, runs the tests again on each instruction set and all of them with sanitizers, counts
# coverage and fuzzes each reader for a minute: 80 minutes on 2 cores. What takes longer is a campaign of tests/record.py;
# the table has the last figure of each.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
case "${1:-}" in
  "" | --full) ;;
  *) sed -n '2,6s/^# //p' "${BASH_SOURCE[0]}"; [[ $1 == --help ]] && exit 0 || exit 2 ;;
esac
full=${1:-}
logs="$root/build/figures"

bash "$root/tools/install_packages.sh" tests
rm -rf "$logs" && mkdir -p "$logs"

cmake -S "$root" --preset release -DHCNN_BUILD_TESTS=ON -DHCNN_BUILD_EXAMPLES=ON -DHCNN_BUILD_BENCHMARKS=ON
cmake --build "$root/build/release"

if [[ $full ]]; then
  bash "$root/tests/each_isa.sh" | tee "$logs/each_isa.log"
  bash "$root/tests/asan.sh" | tee "$logs/asan.log"
  bash "$root/tests/tsan.sh" | tee "$logs/tsan.log"
  python3 "$root/tests/coverage.py" | tee "$logs/coverage.log"
  python3 "$root/tests/fuzz/run.py" | tee "$logs/fuzz.log"
else
  bash "$root/tests/asan.sh" io core | tee "$logs/asan.log"  # untrusted input is where the sanitizers find most
fi

quick=(--label-exclude '^slow$')
[[ $full ]] && quick=()
ctest --test-dir "$root/build/release" --parallel "$(nproc)" --output-on-failure "${quick[@]}" | tee "$logs/ctest_summary.log"
cp "$root/build/release/Testing/Temporary/LastTest.log" "$logs/ctest.log"
python3 "$root/tests/figures.py" ${full:+--full} "$logs"/*.log
