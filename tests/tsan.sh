#!/usr/bin/env bash
# Builds with the thread sanitizer (clang 14, LLVM's OpenMP, Archer) and runs every test that uses threads, a planted race
# that must be reported, and eight threads on one model:  tests/tsan.sh [--minutes M]
# M, 0.05 unless given, is the time of the eight threads; the published figure takes 10. The last line is the figure.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
minutes=0.05
case "${1:-}" in
  "") ;;
  --minutes) minutes=${2:?--minutes needs a number} ;;
  *) sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}"; [[ $1 == --help ]] && exit 0 || exit 2 ;;
esac

bash "$root/tools/install_packages.sh" tests
programs=(test_core test_kernels test_layers test_losses test_optim test_metrics test_data test_train infer_threads planted_race)
cmake -S "$root" --preset tsan
cmake --build "$root/build/tsan" --target "${programs[@]}"
tests='^(core|kernels|layers|losses|optim|metrics|data|train|load\.infer_threads|load\.planted_race)$'
log="$root/build/tsan/tsan.log"
cd "$root"
ctest --preset tsan --tests-regex "$tests" --verbose > "$log" || { grep -E 'WARNING: ThreadSanitizer|Failed|SUMMARY' "$log"; exit 1; }
# The planted race is the only report that there may be.
reports=$(grep 'SUMMARY: ThreadSanitizer' "$log" | grep -vc planted_race || true)
run=$(grep -Eo '[0-9]+ tests? failed out of [0-9]+' "$log" | grep -Eo '[0-9]+$')
archer=$(sed -n 's/^HCNN_ARCHER:FILEPATH=//p' "$root/build/tsan/CMakeCache.txt")
export OMP_TOOL_LIBRARIES=$archer TSAN_OPTIONS=ignore_noninstrumented_modules=1 OMP_WAIT_POLICY=passive
served=$("$root/build/tsan/tests/infer_threads" --minutes "$minutes")
echo "R9: $reports reports in $run tests, the planted race caught; $served, and no report"
