#!/usr/bin/env bash
# Cross-compiles the unit tests and a program for 64-bit ARM and runs them under qemu, on the portable path: what a
# board without kernels of its own computes. Prints the size of the program. Installs the cross compiler if missing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [[ ${1:-} == --help ]]; then
  echo "usage: $0    (about 15 minutes on 2 cores)"
  exit
fi
folders=(core data hierarchy io kernels layers losses metrics optim testing train)  # models: too slow under emulation

bash "$root/tools/install_packages.sh" aarch64
cd "$root"
cmake --preset aarch64
cmake --build build/aarch64 --target embedded_inference quickstart "${folders[@]/#/test_}"
ctest --test-dir build/aarch64 --parallel "$(nproc)" --output-on-failure \
  --tests-regex "^($(IFS='|'; echo "${folders[*]}"))\$"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && qemu-aarch64 "$root/build/aarch64/examples/quickstart" | tail -n 3)
printf 'aarch64: embedded_inference, statically linked and stripped: %s bytes\n' \
  "$(stat --format=%s build/aarch64/examples/embedded_inference)"
