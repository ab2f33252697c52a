#!/usr/bin/env bash
# Builds tests with the address and undefined-behaviour sanitizers and runs them:  tests/asan.sh [TEST ...]
# Without names all of them, but not those of compilers, installed packages and pages, in which no code of hcnn runs, and
# not load.soak, whose memory grows because the sanitizer keeps what is freed.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build="$root/build/asan"
cmake -S "$root" --preset asan
if [[ $# -gt 0 ]]; then
  cmake --build "$build" --target "${@/#/test_}"
  choice=(--tests-regex "^($(IFS='|'; echo "$*"))$")
  what=$*
else
  cmake --build "$build"
  choice=(--exclude-regex '^load\.soak$|^structure\.(consumer|header_alone|umbrellas|download|documentation|markdown|results|include_order)')
  what="every test"
fi
ctest --test-dir "$build" --parallel "$(nproc)" --output-on-failure --no-tests=error "${choice[@]}"
echo "R8: $what: 0 reports"
