#!/usr/bin/env bash
# Installs the Debian packages that are missing: install_packages.sh programs|tests|aarch64|coverage. Needs no network if all are there.
set -euo pipefail

programs=(build-essential cmake ninja-build git ca-certificates nlohmann-json3-dev libcli11-dev
          zlib1g-dev libpng-dev libjpeg-dev)
tests=(python3 libeigen3-dev python3-onnx doctest-dev libbenchmark-dev clang libomp-14-dev pkgconf doxygen)

aarch64=(g++-aarch64-linux-gnu qemu-user zlib1g-dev:arm64 libpng-dev:arm64 libjpeg-dev:arm64)

case "${1:-}" in
  programs) wanted=("${programs[@]}") ;;
  tests) wanted=("${programs[@]}" "${tests[@]}") ;;
  coverage) wanted=("${programs[@]}" "${tests[@]}" llvm) ;;
  aarch64) wanted=("${programs[@]}" "${tests[@]}" "${aarch64[@]}") ;;
  *) echo "usage: $0 programs|tests|aarch64|coverage" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
  echo "$0: not a Debian system; make sure that the equivalents are installed of: ${wanted[*]}" >&2
  exit 0
fi

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query --show --showformat='${Architecture} ${db:Status-Status}\n' "$package" 2>/dev/null || true)
  [[ $package == *:* ]] || status=$(grep -E "^($(dpkg --print-architecture)|all) " <<<"$status" || true)
  [[ $status == *" installed" ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then exit 0; fi

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "$0: not root and no sudo; as root run: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo DEBIAN_FRONTEND=noninteractive)  # sudo drops the variable that is exported below
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
if [[ $1 == aarch64 ]]; then
  "${as_root[@]}" dpkg --add-architecture arm64
fi
if ! "${as_root[@]}" apt-get update --quiet=2 ||
   ! "${as_root[@]}" apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}"; then
  echo "$0: apt-get could not install: ${missing[*]}" >&2
  exit 1
fi
