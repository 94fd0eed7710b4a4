#!/usr/bin/env bash
# Installs missing packages, then configures, builds and runs. See usage() or: ./cmake/run.sh --help
set -euo pipefail

usage() {
  cat <<'END'
usage: ./cmake/run.sh build|portable|demo|test|cuda

  build   installs missing packages (apt-get, as root or with sudo), configures and builds everything for the CPU
  portable  builds the programs for any x86-64-v3 processor (AVX2, FMA), to run them on other machines
  demo    builds three programs, makes a small stream of nine industries, trains two strategies on it, prints a table
  test    builds everything for the CPU and runs the tests
  cuda    builds every program with a CUDA part (nvcc must be installed) and runs the tests of these parts; tests that
          need a device are skipped without one

build, demo and test use build/release; without installing packages: cmake --workflow --preset release
portable uses build/portable; without installing packages: cmake --workflow --preset portable
cuda uses build/cuda; without installing packages: cmake --workflow --preset cuda
Exit code: 0 done, 1 a build or a test failed, 2 wrong usage or a package that cannot be installed.
CTP_CONFIGURE="-D..." in the environment adds options to the configuration.
END
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$here"
# shellcheck source=cmake/common.sh
. cmake/common.sh

command=${1:-}
preset=release
case $command in
  build | demo | test) ;;
  cuda | portable) preset=$command ;;
  -h | --help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac
if (($# > 1)); then
  ctp_fail 2 "$command takes no arguments, found: ${*:2}"
fi

ctp_install build/apt.log "${ctp_build_packages[@]}"
version=$(cmake --version | sed -n 's/^cmake version \([0-9]*\.[0-9]*\).*/\1/p')
if [[ $(printf '%s\n' 3.25 "$version" | sort -V | head -n 1) != 3.25 ]]; then
  ctp_fail 2 "CMake 3.25 or newer is needed, this system has $version; install a newer one, for instance with: pip install cmake"
fi
if [[ $command == cuda ]] && ! ctp_find_nvcc; then
  ctp_fail 2 "nvcc of CUDA 12 or newer is needed and not found; install it and put it on PATH, or set CUDACXX=/path/to/nvcc"
fi

# CTP_CONFIGURE may hold several options, so it is split into words.
# shellcheck disable=SC2086
ctp_configure "$preset" ${CTP_CONFIGURE:-}
case $command in
  build)
    ctp_build build/release all
    ctp_say "done; the programs are in build/release/bin"
    ;;
  portable)
    ctp_build build/portable programs
    ctp_say "done; the programs are in build/portable/bin"
    ;;
  demo)
    ctp_build build/release make_stream continual_pretrain compare_runs
    ctp_say "running examples/demo.sh"
    examples/demo.sh build/release
    ;;
  test)
    ctp_build build/release all
    ctp_say "testing"
    ctest --preset release --parallel "$(ctp_jobs)" || ctp_fail 1 "a test failed; its output is above"
    ctp_say "done; all tests passed"
    ;;
  cuda)
    ctp_build build/cuda cuda
    ctp_say "testing"
    ctest --preset cuda || ctp_fail 1 "a test failed; its output is above"
    if ! nvidia-smi -L 2>/dev/null | grep -q GPU; then
      ctp_say "!!! no GPU was found: the tests that need one were SKIPPED"
    fi
    ctp_say "done; the programs with a CUDA part are in build/cuda/bin"
    ;;
esac
