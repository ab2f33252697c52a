#!/usr/bin/env bash
# From a fresh clone to a trained, evaluated and reported model in one command: bash tools/run.sh --help
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<TEXT
Usage: bash tools/run.sh [--data DIR] [--download] [OPTION...]

Installs the packages that are missing, builds the training program, trains, evaluates and writes a report.

  --data DIR   folder with CIFAR-100's train.bin and test.bin, or CIFAR-10's files (binary versions), or "synthetic".
               Default: \$HCNN_CIFAR100_DIR, else data/cifar-100-binary, else synthetic
  --download   first fetch CIFAR-100 (161 MB) into data/cifar-100-binary; its SHA-256 is verified
  --help       this text
  OPTION...    handed to the training program, e.g. --epochs 3 --seed 2;
               all of them: build/release/examples/train_multihead --help

CIFAR-100 trains the multi-head network with the recipe "best"; the synthetic data set trains the compact network. --network
and --recipe choose others.
With --resume or --config the images and the network are those of the other run.
TEXT
}

data=""
download=no
network_given=no
recipe_given=no
goes_on=no  # with the settings of another run: its images and network too
options=()
while (($# > 0)); do
  case "$1" in
    --help | -h) usage; exit 0 ;;
    --download) download=yes ;;
    --data=*) data=${1#--data=} ;;
    --data)
      if (($# < 2)); then echo "run.sh: --data: no folder; expected a folder or 'synthetic'" >&2; exit 2; fi
      data=$2
      shift ;;
    --network | --network=*) network_given=yes; options+=("$1") ;;
    --recipe | --recipe=*) recipe_given=yes; options+=("$1") ;;
    --resume | --config | --config=*) goes_on=yes; options+=("$1") ;;
    *) options+=("$1") ;;
  esac
  shift
done

bash "$root/tools/install_packages.sh" programs

folder=$root/data/cifar-100-binary
if [[ $download == yes && ! -d $folder ]]; then
  cmake -DFOLDER="$root/data" -P "$root/cmake/download_cifar100.cmake"
fi
if [[ -z $data && $goes_on == no ]]; then
  if [[ $download == no && -n ${HCNN_CIFAR100_DIR:-} ]]; then
    data=$HCNN_CIFAR100_DIR
  elif [[ -d $folder ]]; then
    data=$folder
  else
    data=synthetic
  fi
fi
if [[ $goes_on == no ]]; then
  if [[ $data == synthetic ]]; then
    if [[ $network_given == no ]]; then options+=(--network compact); fi
  elif [[ $recipe_given == no ]]; then
    options+=(--recipe best)
  fi
fi

# The training program and the one that uses its models are built; a build folder that has been configured for more stays so.
if [[ ! -f $root/build/release/build.ninja ]]; then
  cmake -S "$root" --preset release -DHCNN_BUILD_TESTS=OFF -DHCNN_BUILD_BENCHMARKS=OFF >/dev/null
fi
cmake --build "$root/build/release" --target train_multihead predict_image
if [[ -n $data ]]; then options=(--data "$data" "${options[@]}"); fi
exec "$root/build/release/examples/train_multihead" "${options[@]}"
