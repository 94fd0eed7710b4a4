#!/usr/bin/env bash
# Tests run_all.sh and bundle.sh --check without a device: programs, nvidia-smi, compute-sanitizer and PyTorch are small
# scripts here. usage: run_all_test.sh [C++ compiler]
# shellcheck disable=SC2016  # texts of scripts
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
compiler=${1:-c++}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export PATH=$work/tools:$PATH PYTHONPATH=$work/site PYTHONDONTWRITEBYTECODE=1
unset CTP_BUILD CTP_PYTHON CTP_SECONDS CTP_BATCH CTP_PEERS LD_LIBRARY_PATH
bundle=$work/bundle
said=$work/said

fail() {
  printf 'run_all_test.sh: %s; it said:\n' "$1"
  cat "$said"
  exit 1
}

# ends <exit code> <what> <arguments of run_all.sh...>
ends() {
  local wanted=$1 what=$2 code
  shift 2
  (cd "$work" && "$here/run_all.sh" "$@") >"$said" 2>&1
  code=$?
  ((code == wanted)) || fail "$what: expected exit code $wanted, found $code"
}

says() { grep -qF -- "$1" "$said" || fail "expected the words '$1'"; }
table_has() { grep -qE -- "$1" "$out/cuda_fake_gpu.md" || fail "expected the line '$1' in the table, found: $(<"$out/cuda_fake_gpu.md")"; }
table_lacks() { ! grep -qE -- "$1" "$out/cuda_fake_gpu.md" || fail "expected no line '$1' in the table"; }

# make <file> <lines of a script...>
make() {
  local file=$1
  shift
  mkdir -p "${file%/*}"
  printf '%s\n' '#!/usr/bin/env bash' "$@" >"$file"
  chmod +x "$file"
}

# --- a bundle of scripts --------------------------------------------------------------------------------------------
device='{"name":"device","text":"Fake GPU, compute capability 9.0, 1 MiB, driver for CUDA 13.0"}'
make "$work/tools/nvidia-smi" 'case $1 in -L) echo "GPU 0: Fake" ;; *name*) echo "Fake GPU" ;; *) echo 1.2.3 ;; esac'
make "$work/tools/compute-sanitizer" '[[ $2 != racecheck ]] || { echo "a race"; exit 1; }'
for name in test_cuda cuda_training cuda_thrust conformance; do
  make "$bundle/bin/$name" "echo \"$name \$*\""
done
make "$bundle/bin/bench_cuda" "echo '$device'" '[[ $* != *"--turns 1"* ]] || exit 0' \
  "echo '{\"name\":\"upload\",\"batch\":128,\"median_ms\":1.5,\"min_ms\":1,\"max_ms\":2}'" \
  "echo '{\"name\":\"training\",\"batch\":128,\"mean_ms\":80.5,\"pairs_per_second\":1590}'"
printf 'commit abc1234\n' >"$bundle/VERSION"
mkdir -p "$bundle/tests/golden/records" "$bundle/benchmarks" "$work/site"
touch "$bundle/tests/golden/records/"{golden_a,trajectory_b}.safetensors
cat >"$work/site/torch.py" <<'END'
import os
class cuda:
    is_available = staticmethod(lambda: "FAKE_TORCH" in os.environ)
END
cat >"$bundle/benchmarks/compare_torch_cuda.py" <<'END'
import sys
with open(sys.argv[sys.argv.index("--json") + 1], "w") as f:
    f.write('{"name": "torch", "peer": "tuned", "id": "G1", "workload": "a step", "what": "eager", "target": "1.2", '
            '"median_ms": 3.0, "min_ms": 2.0, "max_ms": 4.0, "turns": 20}\n')
END

# --- usage, and no device -------------------------------------------------------------------------------------------
ends 2 'a wrong part' --from "$bundle" --part nonsense
says "--part: expected one of tests bench trace peers sanitizer, found 'nonsense'"
ends 2 'a wrong option' --form "$bundle"
ends 2 'a folder that is no bundle' --from "$work/tools"
says 'expected a folder of bundle.sh'
ends 2 'an option without a value' --from
ends 0 'help' --help
if ! compgen -G '/dev/nvidia[0-9]*' >/dev/null && [[ ! -e /dev/dxg ]]; then
  mv "$work/tools/nvidia-smi" "$work/tools/kept"
  make "$work/tools/nvidia-smi" 'exit 9'
  ends 77 'no device' --from "$bundle"
  says 'SKIPPED: no NVIDIA device'
  mv "$work/tools/kept" "$work/tools/nvidia-smi"
fi

# --- parts in calls of their own join one table ---------------------------------------------------------------------
out=$work/out
make "$bundle/bin/test_cuda" 'echo "3 of 9 are wrong"; exit 1'
ends 1 'a failed program' --from "$bundle" --part tests --output out
table_has '^\| test_cuda \| FAIL \| exit code 1, test_cuda.log: 3 of 9 are wrong \|$'
table_has '^\| cuda_thrust \| ok '
table_has '^\| conformance, bf16 \| ok '
table_has '^- tests: .*commit abc1234, driver 1.2.3'
table_lacks '^\| bench_cuda'
ends 0 'bench' --from bundle --part bench --output out
table_has '^\| test_cuda \| FAIL '
table_has '^\| bench_cuda \| ok '
table_has '^\| upload, B=128 \| ok \| 1.5 ms \(1 to 2\) \|$'
table_has '^\| training, B=128 \| ok \| 80.5 ms a step, 1590 pairs/s \|$'
rm -r "$out/fake_gpu" # the archive has it
ends 0 'no PyTorch' --from bundle --part peers --output out
table_has '^\| PyTorch beside it \| skipped '
table_has '^\| upload, B=128 '
ends 0 'a device without rates' --from bundle --part trace --output out
table_has '^\| times of kernels \| skipped \| needs python3, rates of the device'
FAKE_TORCH=1 ends 0 'peers' --from bundle --part peers --output out
table_has '^\| G1 \| a step \|'
table_has '^\| upload, B=128 '
ends 1 'a race' --from bundle --part sanitizer --output out
table_has 'racecheck, test_cuda \| FAIL .*: a race \|$'
table_has 'synccheck, test_cuda \| ok '
make "$bundle/bin/test_cuda" 'echo fine'
ends 0 'the repaired program' --from bundle --part tests --output out
table_has '^\| test_cuda \| ok '
table_has 'racecheck, test_cuda \| FAIL '
listed=$(tar -tzf "$out/ctp_cuda_fake_gpu.tar.gz") || fail 'the archive cannot be read'
for name in cuda_fake_gpu.md fake_gpu/{test_cuda,conformance_tf32,bench,torch,synccheck,device}.log fake_gpu/torch.jsonl; do
  grep -qx "$name" <<<"$listed" || fail "expected $name in the archive, found: $listed"
done
grep -q golden_a "$out/fake_gpu/conformance_tf32.log" || fail 'conformance got no records'
! grep -q trajectory_b "$out/fake_gpu/conformance_tf32.log" || fail 'rounded records of trajectories'

# --- all parts, each with its time ------------------------------------------------------------------------------------
make "$work/tools/timeout" "echo \"\$3\" >>'$work/limits'" 'shift 3' 'exec "$@"'
out=$work/all
FAKE_TORCH=1 ends 1 'all parts' --from bundle --output all
for name in test_cuda bench_cuda 'PyTorch beside it' 'compute-sanitizer initcheck, test_cuda'; do
  table_has "^\| $name \| ok "
done
(($(sort -n "$work/limits" | tail -n 1) <= 520)) || fail "expected at most 520 s, found $(sort -n "$work/limits" | tail -n 1)"
rm "$work/tools/timeout"
cp "$bundle/bin/conformance" "$work/conformance"
make "$bundle/bin/conformance" 'exec sleep 60'
out=$work/late
began=$SECONDS
CTP_SECONDS=10 ends 1 'a program that does not end' --from bundle --part tests --output late
((SECONDS - began < 40)) || fail "expected less than 40 s, found $((SECONDS - began))"
table_has '^\| cuda_thrust \| ok '
table_has '^\| conformance, fp32 \| FAIL \| not done after [0-9]+ s \|$'
table_has '^\| conformance, bf16 \| skipped \| no time left \|$'
cp "$work/conformance" "$bundle/bin/conformance"

# --- without Python; from a build folder ------------------------------------------------------------------------------
out=$work/plain
CTP_PYTHON=$work/none ends 0 'no Python' --from bundle --part bench --output plain
table_has '^\| bench_cuda \| ok '
table_has '^\{"name":"upload","batch":128,"median_ms":1.5'
mkdir -p "$work/build/tests/cuda" && cp -r "$bundle/bin" "$work/build/bin"
mv "$work/build/bin/"{test_cuda,cuda_training,cuda_thrust} "$work/build/tests/cuda/"
out=$work/built
CTP_BUILD=no ends 1 'a build folder' --output built "$work/build"
table_has '^\| test_cuda \| ok '
rm "$work/build/tests/cuda/cuda_thrust"
CTP_BUILD=no ends 2 'a build folder without a program' --output built "$work/build"
says 'cuda_thrust, found none'

# --- a program that cannot start, and one that finds no device ----------------------------------------------------------
cp "$bundle/bin/bench_cuda" "$work/bench_cuda"
out=$work/broken
make "$bundle/bin/bench_cuda" 'echo "no kernel image"; exit 1'
ends 1 'a failed look at the device' --from bundle --part tests --output broken
table_has '^\| a look at the device by bench_cuda \| FAIL \| exit code 1: no kernel image \|$'
table_has '^\| test_cuda \| ok '
make "$bundle/bin/bench_cuda" 'echo "SKIPPED: no CUDA device: the driver is too old"; exit 77'
ends 77 'a driver that is too old' --from bundle --part tests --output broken
says 'the driver is too old'

# library <file> <version of its symbols>
library() {
  printf 'V%s { global: *; };\n' "$2" >"$work/versions"
  mkdir -p "${1%/*}"
  "$compiler" -shared -fPIC -Wl,-soname,libcublasLt.so.999 "-Wl,--version-script=$work/versions" -x c++ \
    - -o "$1" <<<'extern "C" int product() { return 0; }' || fail 'the compiler makes no library'
}
library "$work/libs/libcublasLt.so.999" 999
"$compiler" -x c++ - -x none "$work/libs/libcublasLt.so.999" -o "$bundle/bin/bench_cuda" \
  <<<'extern "C" int product(); int main() { return product(); }' || fail 'the compiler makes no program'
ends 2 'no cuBLASLt' --from bundle --part tests --output cublas
says 'expected libcublasLt.so.999, cuBLAS of CUDA 999, found'
says "pip install 'nvidia-cublas==999.*'"
mkdir -p "$work/site/nvidia/cublas/lib" && touch "$work/site/nvidia/cublas/lib/libcublasLt.so.12"
ends 2 'a cuBLASLt of another version' --from bundle --part tests --output cublas
says "nvidia/cublas/lib/libcublasLt.so.12"
out=$work/cublas
LD_LIBRARY_PATH=$work/libs ends 0 'cuBLASLt in LD_LIBRARY_PATH' --from bundle --part tests --output cublas
table_has '^\| test_cuda \| ok '
library "$work/site/nvidia/cu999/lib/libcublasLt.so.999" 999
ends 0 'cuBLASLt in the folder of Python' --from bundle --part tests --output cublas
says "nvidia/cu999/lib/libcublasLt.so.999"
library "$work/site/nvidia/cu999/lib/libcublasLt.so.999" 12
ends 2 'a cuBLASLt under a wrong name' --from bundle --part tests --output cublas
says 'cannot start here'

# --- bundle.sh --check --------------------------------------------------------------------------------------------------
# checks <exit code> <what>
checks() {
  local code
  "$here/bundle.sh" --check "$bundle" >"$said" 2>&1
  code=$?
  ((code == $1)) || fail "--check, $2: expected exit code $1, found $code"
}
allocates='int main(int n, char**) { return *new int(n) - n; }'
for name in cuda_training cuda_thrust conformance bench_cuda test_cuda; do
  "$compiler" -static-libstdc++ -static-libgcc -x c++ - -o "$bundle/bin/$name" <<<"$allocates" ||
    fail 'the compiler links no static library'
done
checks 0 'programs that need glibc alone'
"$compiler" -x c++ - -o "$bundle/bin/conformance" <<<"$allocates"
checks 1 'a program that needs the library of the compiler'
says 'libstdc++.so'
cp "$bundle/bin/test_cuda" "$bundle/bin/conformance"
truncate -s 60M "$bundle/large"
checks 1 'a large folder'
says 'expected at most 50000000 bytes'
rm "$bundle/large" "$bundle/bin/cuda_thrust"
checks 1 'a program that is not there'
echo 'run_all.sh: parts, table, archive, limits, cuBLASLt and bundle.sh --check are as described'
