# shellcheck shell=bash
# Functions of cmake/run.sh and .ci/run: messages with the elapsed time, missing packages, building with little output.

ctp_say() { printf 'ctp %02d:%02d  %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"; }

# ctp_fail <exit code> <message>
ctp_fail() {
  printf 'ctp: %s\n' "$2" >&2
  exit "$1"
}

# The packages of a build: Debian's package (a comma separates alternative names) | a command or a <header> that shows
# without the package manager that the package is installed | a description.
# shellcheck disable=SC2034
ctp_build_packages=(
  'g++|c++|a C++20 compiler with its library (g++ 12 or newer)'
  'cmake|cmake|CMake 3.25 or newer'
  'ninja-build|ninja|Ninja'
  'git|git|git'
  'pkg-config,pkgconf|pkg-config|pkg-config'
  'libeigen3-dev|<Eigen/Core>|Eigen 3.4'
  'doctest-dev|<doctest/doctest.h>|doctest 2.4'
  'nlohmann-json3-dev|<nlohmann/json.hpp>|nlohmann/json 3.9 or newer'
  'libxxhash-dev|<xxhash.h>|xxHash 0.8'
  'libutf8proc-dev|<utf8proc.h>|utf8proc'
  'libcli11-dev|<CLI/CLI.hpp>|CLI11 2.1 or newer'
  'libyaml-cpp-dev|<yaml-cpp/yaml.h>|yaml-cpp'
  'libstb-dev|<stb/stb_image.h>|stb'
  'libjpeg62-turbo-dev,libjpeg-turbo8-dev|<jpeglib.h>|libjpeg-turbo'
  'libpng-dev|<png.h>|libpng 1.6'
  'libwebp-dev|<webp/demux.h>|libwebp 1'
  'libbenchmark-dev|<benchmark/benchmark.h>|Google Benchmark'
)

# ctp_is_there <package line>
ctp_is_there() {
  local packages probe name
  IFS='|' read -r packages probe _ <<<"$1"
  if command -v dpkg-query >/dev/null; then
    for name in ${packages//,/ }; do
      [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed* ]] && return 0
    done
  fi
  if [[ $probe == '<'* ]]; then
    command -v "${CXX:-c++}" >/dev/null &&
      "${CXX:-c++}" -std=c++20 -I/usr/include/eigen3 -E -x c++ - <<<"#include $probe" >/dev/null 2>&1
  else
    [[ $probe != c++ ]] || probe=${CXX:-c++}
    command -v "$probe" >/dev/null
  fi
}

# ctp_install <log file> <package lines...>: installs missing packages; exits with 2 if it cannot.
ctp_install() {
  local log=$1 line packages name what missing=() debian=() words=''
  local -a root=()
  shift
  for line in "$@"; do
    ctp_is_there "$line" || missing+=("$line")
  done
  if ((${#missing[@]} == 0)); then
    return 0
  fi
  for line in "${missing[@]}"; do
    IFS='|' read -r packages _ what <<<"$line"
    debian+=("${packages%%,*}")
    words+=$'\n'"  $what (Debian: ${packages%%,*})"
  done
  if ! command -v apt-get >/dev/null; then
    ctp_fail 2 "this system has no apt-get; install these packages with its own package manager and run this again:$words"
  fi
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      ctp_fail 2 "packages are missing and there is no sudo; as root, run: apt-get install ${debian[*]}"
    root=(sudo)
  fi

  ctp_say "installing with apt-get: ${debian[*]}"
  mkdir -p "$(dirname "$log")"
  "${root[@]}" apt-get -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 ||
    ctp_say "apt-get update reported errors (in $log); trying with the lists that are there"
  debian=()
  for line in "${missing[@]}"; do  # the first of its names that this system knows
    IFS='|' read -r packages _ <<<"$line"
    name=${packages%%,*}
    for what in ${packages//,/ }; do
      if [[ $(LC_ALL=C apt-cache policy "$what" 2>/dev/null) =~ Candidate:\ [^\(] ]]; then
        name=$what
        break
      fi
    done
    debian+=("$name")
  done
  if ! "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y \
    --no-install-recommends "${debian[@]}" >>"$log" 2>&1 </dev/null; then
    tail -n 5 "$log" >&2
    ctp_fail 2 "apt-get could not install everything (the whole output is in $log); needed are:$words"
  fi
}

# ctp_find_nvcc: whether CMake will find nvcc: in CUDACXX, on PATH, or in /usr/local/cuda, which is then added to PATH.
ctp_find_nvcc() {
  [[ -z ${CUDACXX:-} ]] || return 0
  command -v nvcc >/dev/null && return 0
  [[ -x /usr/local/cuda/bin/nvcc ]] || return 1
  export PATH=$PATH:/usr/local/cuda/bin
}

# How many compilers to run at once: one for each processor, as long as each has 2 GiB of memory.
ctp_jobs() {
  local cores memory
  cores=$(nproc 2>/dev/null || echo 2)
  memory=$(awk '/^MemAvailable:/ {print int($2 / 2097152)}' /proc/meminfo 2>/dev/null || true)
  if [[ -n $memory ]] && ((memory < cores)); then cores=$memory; fi
  echo $((cores > 0 ? cores : 1))
}

# ctp_configure <preset> [options...]: quiet, unless it fails.
ctp_configure() {
  local preset=$1 log="build/configure-$1.log"
  shift
  mkdir -p build
  ctp_say "configuring build/$preset"
  if ! cmake --preset "$preset" "$@" >"$log" 2>&1; then
    cat "$log" >&2
    ctp_fail 1 "configuring failed"
  fi
  grep -E '^-- ctp:' "$log" | sed 's/^-- ctp: /           /' || true
}

# ctp_build <build folder> <targets...>: on a terminal Ninja's own updating line; elsewhere a line of progress every
# fifteen seconds, and all warnings and errors.
ctp_build() {
  local folder=$1 line next=$((SECONDS + 15)) jobs
  jobs=$(ctp_jobs)
  shift
  ctp_say "building $* in $folder ($jobs at a time)"
  if [[ -t 1 ]]; then
    cmake --build "$folder" --parallel "$jobs" --target "$@" || ctp_fail 1 "the build failed; its first error is above"
    return
  fi
  cmake --build "$folder" --parallel "$jobs" --target "$@" 2>&1 | while IFS= read -r line; do
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\  ]]; then
      if ((SECONDS >= next)); then
        ctp_say "  step ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]}"
        next=$((SECONDS + 15))
      fi
    elif [[ $line != 'ninja: no work to do.' ]]; then
      printf '%s\n' "$line"
    fi
  done || ctp_fail 1 "the build failed; its first error is above"
}
