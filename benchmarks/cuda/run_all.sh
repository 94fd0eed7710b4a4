#!/usr/bin/env bash
# Everything that needs a GPU, in one table. See usage() or: run_all.sh --help
# shellcheck disable=SC2016  # back-quotes of Markdown
set -uo pipefail

usage() {
  cat <<'END'
usage: benchmarks/cuda/run_all.sh [--part PART] [--output OUT] [BUILD_FOLDER]
       benchmarks/cuda/run_all.sh --from BUNDLE [--part PART] [--output OUT]

Runs on the device: the tests, trainings and records in three precisions, bench_cuda, PyTorch beside it where python3
has one that sees the device, and compute-sanitizer where it is found; with --part or --from also the times of a step's
kernels, where CUPTI is found. Builds what is missing or older than the sources
in BUILD_FOLDER (build/cuda), or takes the programs of BUNDLE, a folder made by bundle.sh, which needs no compiler, no
packages, and Python only for PyTorch and the tables of measurements.

Without --part and --from everything shares ten minutes. Otherwise each part has nine minutes:
  --part tests      test_cuda, cuda_training, cuda_thrust, conformance in fp32, tf32 and bf16
  --part bench      bench_cuda
  --part trace      the time of each kernel of a step's captured part, beside the predicted one
  --part peers      PyTorch, with bench_cuda before and after
  --part sanitizer  test_cuda under compute-sanitizer's four tools
A program that fails becomes a row of the table, and the rest goes on.

OUT (BUILD_FOLDER/cuda_results; with --from: cuda_results) gets the table cuda_<device>.md, the archive
ctp_cuda_<device>.tar.gz and the folder <device> with what each program printed. Parts of later calls join the table if
OUT has the folder or the archive. Without --from and --output the table goes to benchmarks/results, too.

  CTP_BUILD=no      use the programs of BUILD_FOLDER as they are
  CTP_PYTHON=...    the Python with PyTorch, and that makes the tables (python3)
  CTP_SECONDS=...   what all parts together may take (575), or, with --part or --from, each (520); without the build
  CTP_BATCH=128     pairs of a step
  CTP_PEERS=...     --peers of compare_torch_cuda.py
Exit code: 0 all is well, 1 something failed, 2 wrong usage, or it could not be built or started, 77 no device.
END
}

say() { printf '%s\n' "$*"; }

# stop <exit code> <message>
stop() {
  printf 'run_all.sh: %s\n' "$2" >&2
  exit "$1"
}

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 2
# shellcheck source=benchmarks/cuda/run_parts.sh
. "$scripts/run_parts.sh" || exit 2
# shellcheck source=benchmarks/cuda/find_cublaslt.sh
. "$scripts/find_cublaslt.sh" || exit 2
# shellcheck source=benchmarks/cuda/find_cupti.sh
. "$scripts/find_cupti.sh" || exit 2

from='' only='' output='' build=''
while (($# > 0)); do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --from | --part | --output)
      [[ ${2:-} ]] || stop 2 "$1: expected a value, found none; see --help"
      case $1 in
        --from) from=$2 ;;
        --part) only=$2 ;;
        --output) output=$2 ;;
      esac
      shift
      ;;
    -*) stop 2 "expected --from, --part or --output, found '$1'; see --help" ;;
    *)
      [[ -z $build ]] || stop 2 "expected one build folder, found '$build' and '$1'"
      build=$1
      ;;
  esac
  shift
done
[[ -z $only || " ${all_parts[*]} " == *" $only "* ]] ||
  stop 2 "--part: expected one of ${all_parts[*]}, found '$only'"
[[ -z $from || -z $build ]] || stop 2 "expected a build folder or --from, found both"
[[ -z $output || $output == /* ]] || output=$PWD/$output
python=${CTP_PYTHON:-python3}
batch=${CTP_BATCH:-128}

if [[ $from ]]; then
  [[ -f $from/VERSION && -d $from/bin ]] || stop 2 "--from: expected a folder of bundle.sh, found none in '$from'"
  output=${output:-$PWD/cuda_results}
  cd "$from" || exit 2
else
  cd "$scripts/../.." || exit 2
  build=${build:-build/cuda}
fi

if ! nvidia-smi -L 2>/dev/null | grep -q GPU && ! compgen -G '/dev/nvidia[0-9]*' >/dev/null && [[ ! -e /dev/dxg ]]; then
  say 'SKIPPED: no NVIDIA device (nvidia-smi lists none, there is no /dev/nvidia0); run this where there is one'
  exit 77
fi

# program <name>: where it is in a bundle or a build folder.
program() {
  case $from,$1 in
    ?*,*) printf '%s' "$PWD/bin/$1" ;;
    ,bench_cuda | ,conformance | ,launch_list | ,libkernel_trace.so) printf '%s' "$build/bin/$1" ;;
    *) printf '%s' "$build/tests/cuda/$1" ;;
  esac
}
test_cuda=$(program test_cuda)
training=$(program cuda_training)
thrust=$(program cuda_thrust)
conformance=$(program conformance)
bench_cuda=$(program bench_cuda)
programs=("$test_cuda" "$training" "$thrust" "$conformance" "$bench_cuda")

# launches_of <precision>: file of what a step launches.
launches_of() {
  local file=$scripts/launches_$1.jsonl
  if [[ -z $from ]]; then
    file=$logs/launches_$1.jsonl
    "$(program launch_list)" "$1" --in-order >"$file"
  fi
  printf '%s' "$file"
}

# --- build -------------------------------------------------------------------------------------------------------
must_build() {
  local file
  for file in "${programs[@]}"; do
    [[ -x $file && -z $(find include benchmarks/cuda tests/cuda tests/autograd tests/backend tests/interop tests/support examples/common \
      examples/conformance -newer "$file" \( -name '*.hpp' -o -name '*.cuh' -o -name '*.cu' -o -name '*.cpp' \) \
      -print -quit) ]] || return 0
  done
  return 1
}
if [[ -z $from && ${CTP_BUILD:-yes} != no ]] && must_build; then
  say "building in $build"
  mkdir -p "$build"
  if ! {
    cmake -S . -B "$build" -G Ninja --preset cuda &&
      cmake --build "$build" --target test_cuda cuda_training cuda_thrust conformance bench_cuda launch_list \
        kernel_trace
  } >"$build/cuda_build.log" 2>&1; then
    tail -n 20 "$build/cuda_build.log"
    stop 2 "the build failed; all of its output is in $build/cuda_build.log"
  fi
fi
for file in "${programs[@]}"; do
  [[ -x $file ]] || stop 2 "expected $file, found none; run this without CTP_BUILD=no, or make the bundle again"
done
find_cublaslt "$bench_cuda" "$python" "$PWD/lib" || exit 2

# --- the device --------------------------------------------------------------------------------------------------
results=${output:-$build/cuda_results}
mkdir -p "$results" || stop 2 "--output: expected a folder that can be written, found '$results'"
start=$SECONDS
begin=$start # the look at the device counts
timeout -k 5 60 "$bench_cuda" --only upload --turns 1 --batch 1 >"$results/device.log" 2>&1 </dev/null
found=$?
if ((found == 77)); then
  cat "$results/device.log"
  exit 77
fi
device=$(sed -n 's/.*"name":"device","text":"\(.*\)"}.*/\1/p' "$results/device.log")
[[ $device ]] || device=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -n 1)
device=${device:-unknown device}
driver=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1)
say "$device, driver ${driver:-unknown}"
slug=$(printf '%s' "${device%%,*}" | tr '[:upper:]' '[:lower:]' | tr -cs 'a-z0-9' '_' | sed 's/^_//; s/_$//')
logs=$results/$slug
archive=$results/ctp_cuda_$slug.tar.gz
[[ -d $logs || ! -f $archive ]] || gzip -dc "$archive" | tar -xf - -C "$results" # of an earlier machine
mkdir -p "$logs"
mv "$results/device.log" "$logs/device.log"
if [[ $from ]]; then
  commit=$(sed -n 's/^commit //p' VERSION)
else
  commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
  [[ -z $(git status --porcelain -- include benchmarks tests/cuda 2>/dev/null) ]] || commit+=' and changes'
fi

# --- the parts ---------------------------------------------------------------------------------------------------
failed=0
shared=no
if [[ $only ]]; then
  parts=("$only")
else
  parts=("${all_parts[@]}")
  if [[ -z $from ]]; then
    shared=yes
    parts=(tests bench peers sanitizer)
  fi
fi
if [[ $shared == yes ]]; then seconds=${CTP_SECONDS:-575}; else seconds=${CTP_SECONDS:-520}; fi
planned=0
for name in "${parts[@]}"; do
  part_began=$SECONDS
  begin_part "$name"
  origin="$(date -u +%F), commit ${commit:-unknown}, driver ${driver:-unknown}"
  printf '%s, not finished\n' "$origin" >"$logs/when_$name"
  if ((found != 0)); then
    row 'a look at the device by bench_cuda' FAIL "exit code $found: $(last_line "$logs/device.log")"
    found=0
  fi
  "part_$name"
  printf '%s, %d s\n' "$origin" "$((SECONDS - part_began))" >"$logs/when_$name"
  if [[ $shared == no ]]; then
    begin=$SECONDS
    planned=0
  fi
  write_table # after each part: what stops the next part loses nothing
done

if [[ -z $from && -z $output ]]; then
  mkdir -p benchmarks/results && cp "$table" benchmarks/results/
fi
say "$failed failed, $((SECONDS - start)) s; written to $table"
((failed == 0)) || exit 1
