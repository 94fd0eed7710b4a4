#!/usr/bin/env bash
# Installs what is missing, then configures, builds and runs. See usage() or: ./cmake/run.sh --help
set -euo pipefail

usage() {
  cat <<'END'
usage: ./cmake/run.sh build|demo|test

  build   installs what is missing (apt-get, as root or with sudo), configures and builds everything
  demo    builds three programs, makes a small stream of nine industries, trains two strategies on it, prints a table
  test    builds everything and runs the tests

Everything goes to build/release. The same without installing: cmake --workflow --preset release
Exit code: 0 done, 1 a build or a test failed, 2 wrong usage or a package that cannot be installed.
CTP_CONFIGURE="-D..." in the environment adds options to the configuration.
END
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$here"
# shellcheck source=cmake/common.sh
. cmake/common.sh

command=${1:-}
case $command in
  build | demo | test) ;;
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

# Words, not one word: several options may be given.
# shellcheck disable=SC2086
ctp_configure release ${CTP_CONFIGURE:-}
case $command in
  build)
    ctp_build build/release all
    ctp_say "done; the programs are in build/release/bin"
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
esac
