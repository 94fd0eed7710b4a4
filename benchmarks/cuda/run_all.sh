#!/usr/bin/env bash
# Everything that needs a GPU, in one run and one table. See usage() or: run_all.sh --help
# shellcheck disable=SC2016  # back-quotes of Markdown
set -uo pipefail

usage() {
  cat <<'END'
usage: benchmarks/cuda/run_all.sh [BUILD_FOLDER]

Builds what is missing or older than the sources in BUILD_FOLDER (build/cuda), then, in less than ten minutes: the tests
on the device, trainings, the records in three precisions, bench_cuda, PyTorch beside it where python3 has one that sees
the device, and compute-sanitizer where it is found, in what time is left. Prints what it finds and writes tables to
benchmarks/results/cuda_<device>.md; what each part printed is kept in BUILD_FOLDER/cuda_results.

Seconds of each part; what one leaves, those after it may use: test_cuda 35, cuda_training 35, conformance 3 x 12,
bench_cuda 60 (all of it, without PyTorch: 150), PyTorch 360 (without: none), compute-sanitizer 4 x 11; together 570.

  CTP_BUILD=no      use the programs as they are
  CTP_PYTHON=...    the Python with PyTorch, and that makes the tables (python3)
  CTP_SECONDS=570   what all parts together may take; the build is not counted
  CTP_BATCH=128     pairs of a step
Exit code: 0 all is well, 1 something failed, 2 it could not be built, 77 no device.
END
}

case ${1:-} in
  -h | --help)
    usage
    exit 0
    ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
build=${1:-build/cuda}
python=${CTP_PYTHON:-python3}
batch=${CTP_BATCH:-128}
seconds=${CTP_SECONDS:-570}

say() { printf '%s\n' "$*"; }

if ! nvidia-smi -L 2>/dev/null | grep -q GPU && ! compgen -G '/dev/nvidia[0-9]*' >/dev/null && [[ ! -e /dev/dxg ]]; then
  say 'SKIPPED: no NVIDIA device (nvidia-smi lists none, there is no /dev/nvidia0); run this where there is one'
  exit 77
fi

# --- build -------------------------------------------------------------------------------------------------------
programs=("$build/tests/cuda/test_cuda" "$build/tests/cuda/cuda_training" "$build/bin/conformance"
  "$build/bin/bench_cuda")
must_build=no
for program in "${programs[@]}"; do
  if [[ ! -x $program || -n $(find include benchmarks/cuda tests/cuda tests/backend tests/support examples/common examples/conformance \
    -newer "$program" \( -name '*.hpp' -o -name '*.cuh' -o -name '*.cu' -o -name '*.cpp' \) -print -quit) ]]; then
    must_build=yes
  fi
done
if [[ $must_build == yes && ${CTP_BUILD:-yes} != no ]]; then
  say "building in $build"
  mkdir -p "$build"
  if ! {
    cmake -S . -B "$build" -G Ninja --preset cuda &&
      cmake --build "$build" --target test_cuda cuda_training conformance bench_cuda
  } >"$build/cuda_build.log" 2>&1; then
    tail -n 20 "$build/cuda_build.log"
    say "run_all.sh: the build failed; all of its output is in $build/cuda_build.log"
    exit 2
  fi
fi
for program in "${programs[@]}"; do
  [[ -x $program ]] || {
    say "run_all.sh: expected $program, found none; run this without CTP_BUILD=no"
    exit 2
  }
done

logs=$build/cuda_results
mkdir -p "$logs"
rm -f "$logs"/*
rows=$logs/rows
: >"$rows"
begin=$SECONDS
planned=0 # seconds of the parts so far

# row <part> <result> <details>
row() {
  printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}" >>"$rows"
  printf '  %-44s %-12s %s\n' "$1" "$2" "${3:-}"
}

# part <log name> <title> <seconds> <result if out of time> <command...>: runs the command until the seconds of all parts
# so far are over, and adds a row. Sets `code`.
part() {
  local log=$logs/$1.log title=$2 late=$4 left most started=$SECONDS
  ((planned += $3))
  left=$((seconds - (SECONDS - begin)))
  most=$((planned - (SECONDS - begin)))
  shift 4
  ((most < left)) || most=$left
  if ((most < 5)); then
    row "$title" skipped 'no time left'
    code=124
    return
  fi
  timeout -k 5 "$most" "$@" >"$log" 2>&1 </dev/null
  code=$?
  case $code in
    0) row "$title" ok "$((SECONDS - started)) s" ;;
    77) row "$title" skipped "$(grep -m 1 SKIPPED "$log" | cut -c 1-100)" ;;
    124 | 137) row "$title" "$late" "not done after $most s" ;;
    *) row "$title" FAIL "exit code $code, see $log" ;;
  esac
}

# --- the parts ---------------------------------------------------------------------------------------------------
"${programs[3]}" --only upload --turns 1 --batch 1 >"$logs/device.log" 2>&1
code=$?
if ((code == 77)); then
  cat "$logs/device.log"
  exit 77
fi
device=$(sed -n 's/.*"name":"device","text":"\(.*\)"}.*/\1/p' "$logs/device.log")
if ((code != 0)) || [[ -z $device ]]; then
  cat "$logs/device.log"
  say 'run_all.sh: the device cannot be used'
  exit 1
fi
driver=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1)
say "$device, driver ${driver:-unknown}"

part test_cuda 'test_cuda' 35 FAIL "${programs[0]}"
part training 'cuda_training: same bits, the CPU'"'"'s curve' 35 FAIL "${programs[1]}"
for precision in fp32 tf32 bf16; do
  records=(tests/golden/records/golden_*.safetensors)
  [[ $precision != fp32 ]] || records=(tests/golden/records/*.safetensors)
  part "conformance_$precision" "conformance, $precision" 12 FAIL \
    "${programs[2]}" --device cuda --precision "$precision" "${records[@]}"
done

bench=("${programs[3]}" --batch "$batch")
if "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
  # The comparison also measures steps and strategies of ctp.
  part bench 'bench_cuda' 60 FAIL "${bench[@]}" \
    --only encoder,attention,products,optimizer,words,contrast,retrieval,tiny,upload,input
  part torch 'PyTorch beside it' 360 unfinished "$python" benchmarks/compare_torch_cuda.py --bin "$build/bin" \
    --batch "$batch" --seconds 360 --json "$logs/torch.jsonl"
else
  row 'PyTorch beside it' skipped "$python has no PyTorch that sees the device"
  part bench 'bench_cuda' 150 FAIL "${bench[@]}"
fi

sanitizer=$(command -v compute-sanitizer || true)
for tool in memcheck racecheck initcheck synccheck; do
  if [[ $sanitizer ]]; then
    part "$tool" "compute-sanitizer $tool, test_cuda" 11 unfinished \
      "$sanitizer" --tool "$tool" --error-exitcode 1 "${programs[0]}"
  else
    row "compute-sanitizer $tool, test_cuda" skipped 'no compute-sanitizer on PATH'
  fi
done

# --- the table ---------------------------------------------------------------------------------------------------
slug=$(printf '%s' "${device%%,*}" | tr '[:upper:]' '[:lower:]' | tr -cs 'a-z0-9' '_' | sed 's/^_//; s/_$//')
file=benchmarks/results/cuda_$slug.md
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
[[ -z $(git status --porcelain -- include benchmarks tests/cuda 2>/dev/null) ]] || commit+=' and changes'
if "$python" benchmarks/cuda/table.py "$logs" >"$logs/tables.md" 2>"$logs/failed"; then failed=0; else failed=1; fi
{
  printf '# On %s\n\n- %s, driver %s\n- %s, commit %s, `benchmarks/cuda/run_all.sh`, %d s\n' "${device%%,*}" "$device" \
    "${driver:-unknown}" "$(date -u +%F)" "$commit" "$((SECONDS - begin))"
  printf -- '- a time is the median of 20 turns (fp32 steps: 8), with the least and the greatest; a step of this library\n'
  printf -- '  includes the upload of its batch; a ratio is the time of PyTorch divided by the time of this library\n\n'
  cat "$logs/tables.md"
} >"$file"
say "$(tail -n 1 "$logs/failed"), $((SECONDS - begin)) s; written to $file"
exit "$failed"
