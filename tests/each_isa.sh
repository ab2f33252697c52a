#!/usr/bin/env bash
# Runs the tests of whole networks again on every instruction set of this machine:  tests/each_isa.sh
# ctest has a test kernels.<set> for each of them; HCNN_EXPECT_ISA proves which kernels ran.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ran=()
sets=$(ctest --test-dir "$root/build/release" --show-only -R '^kernels\.' | sed -n 's/.*: kernels\.//p')
for isa in $sets; do
  [[ $isa == avx512bf16 || $isa == amx ]] && continue  # of bfloat16 alone: kernels.$isa has run
  echo "instruction set $isa"
  HCNN_ISA=$isa HCNN_EXPECT_ISA=$isa ctest --test-dir "$root/build/release" --parallel "$(nproc)" --output-on-failure \
    --output-log "$root/build/release/$isa.log" --no-tests=error -R '^(layers|losses|optim|train)$'
  ran+=("$isa")
done
if ((${#ran[@]} == 0)); then
  echo "tests/each_isa.sh: no test kernels.<set>; expected a release build with tests" >&2
  exit 1
fi
echo "R3: layers, losses, optim and train passed on ${ran[*]} alone"
