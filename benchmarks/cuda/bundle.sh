#!/usr/bin/env bash
# One folder with all that a machine with a GPU runs. See usage() or: bundle.sh --help
set -euo pipefail

usage() {
  cat <<'END'
usage: benchmarks/cuda/bundle.sh [--output FOLDER] [--build FOLDER]
       benchmarks/cuda/bundle.sh --check FOLDER

Builds test_cuda, cuda_training, cuda_thrust, conformance and bench_cuda in --build (build/bundle) for sm_90 and
x86-64-v3, and puts them into --output (build/ctp_bundle) with the records, the scripts, the list of a step's launches
and PyTorch's side of the comparison. The folder runs on a machine without compiler and packages: it needs glibc 2.36, the driver and cuBLASLt.
There: FOLDER/run_all.sh --part tests|bench|trace|peers|sanitizer --output OUT

--check looks at a folder that is there: the libraries and versions of glibc that its programs need, and its size.

  CTP_CONFIGURE="-D..."   more options of the configuration, such as -DCMAKE_CUDA_ARCHITECTURES=80-real
Exit code: 0 done, 1 the build failed, or a program needs more, or the folder exceeds 50 MB, 2 wrong usage.
END
}

most_glibc=2.36
most_bytes=50000000
libraries='ld-linux-x86-64|libc|libm|libdl|libpthread|librt|libcublasLt' # all but the last are glibc's
programs=(test_cuda cuda_training cuda_thrust conformance bench_cuda)
trace=libkernel_trace.so

caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=cmake/common.sh
. cmake/common.sh

# check_program <file>
check_program() {
  local needed version
  needed=$(objdump -p "$1" | awk '$1 == "NEEDED" || $1 == "RPATH" || $1 == "RUNPATH" {print $2}' |
    grep -vE "^($libraries)\.so(\.[0-9]+)*$" || true)
  [[ -z $needed ]] || ctp_fail 1 "$1: expected no library but glibc's and cuBLASLt, and no folder of them, found ${needed//$'\n'/ }"
  version=$(objdump -T "$1" | grep -oE 'GLIBC_[0-9.]+' | sed 's/GLIBC_//' | sort -uV | tail -n 1)
  [[ $(printf '%s\n' "$version" "$most_glibc" | sort -V | tail -n 1) == "$most_glibc" ]] ||
    ctp_fail 1 "$1: expected symbols of glibc $most_glibc at most, found $version"
}

# check_folder <folder>
check_folder() {
  local name bytes
  for name in "${programs[@]}"; do
    [[ -x $1/bin/$name ]] || ctp_fail 1 "$1: expected the program bin/$name, found none"
    check_program "$1/bin/$name"
  done
  [[ ! -e $1/bin/$trace ]] || check_program "$1/bin/$trace"
  bytes=$(du -sb "$1" | cut -f 1)
  ((bytes <= most_bytes)) || ctp_fail 1 "$1: expected at most $most_bytes bytes, found $bytes"
  ctp_say "$1: $bytes bytes of at most $most_bytes; glibc up to $most_glibc and cuBLASLt are all that its programs need"
}

output=build/ctp_bundle
build=build/bundle
while (($# > 0)); do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --output | --build | --check)
      [[ ${2:-} ]] || ctp_fail 2 "$1: expected a folder, found none"
      folder=$2
      [[ $folder == /* ]] || folder=$caller/$folder
      case $1 in
        --output) output=$folder ;;
        --build) build=$folder ;;
        --check)
          check_folder "$folder"
          exit 0
          ;;
      esac
      shift
      ;;
    *) ctp_fail 2 "expected --output, --build or --check, found '$1'; see --help" ;;
  esac
  shift
done
if [[ -e $output ]] && ! grep -qs '^commit ' "$output/VERSION"; then
  ctp_fail 2 "--output: expected a new folder or an earlier bundle, found '$output'"
fi
ctp_find_nvcc || ctp_fail 2 "nvcc of CUDA 12 or newer is needed and not found; put it on PATH, or set CUDACXX"

# --- build ---------------------------------------------------------------------------------------------------------
# Libraries of the compiler are linked statically; those of pictures serve no program of the bundle.
flags='-march=x86-64-v3 -fno-math-errno -fno-trapping-math'
mkdir -p "$build"
ctp_say "configuring $build"
# CTP_CONFIGURE may hold several options, so it is split into words.
# shellcheck disable=SC2086
cmake --preset cuda -B "$build" -DCMAKE_CUDA_ARCHITECTURES=90-real \
  "-DCMAKE_CXX_FLAGS_RELEASE=-O3 -DNDEBUG $flags" "-DCMAKE_CUDA_FLAGS_RELEASE=-O3 -DNDEBUG -Xcompiler=${flags// /,}" \
  '-DCMAKE_EXE_LINKER_FLAGS=-static-libstdc++ -static-libgcc -Wl,--as-needed' -DCMAKE_SKIP_RPATH=ON \
  '-DCMAKE_MODULE_LINKER_FLAGS=-static-libstdc++ -static-libgcc -Wl,--as-needed' \
  "-DOpenMP_gomp_LIBRARY=$("${CXX:-c++}" -print-file-name=libgomp.a)" -DCMAKE_DISABLE_FIND_PACKAGE_JPEG=ON \
  -DCMAKE_DISABLE_FIND_PACKAGE_PNG=ON -DCMAKE_DISABLE_FIND_PACKAGE_WebP=ON ${CTP_CONFIGURE:-} \
  >"$build/configure.log" 2>&1 || {
  tail -n 20 "$build/configure.log" >&2
  ctp_fail 1 "configuring failed; all of its output is in $build/configure.log"
}
ctp_build "$build" "${programs[@]}" launch_list kernel_trace

# --- the folder ----------------------------------------------------------------------------------------------------
rm -rf "$output"
mkdir -p "$output"/{bin,lib,benchmarks/{cuda,results},tests/golden/records}
for name in "${programs[@]}"; do
  for folder in bin tests/cuda; do
    if [[ -x $build/$folder/$name ]]; then strip -o "$output/bin/$name" "$build/$folder/$name"; fi
  done
done
cp -L "$("${CXX:-c++}" -print-file-name=libgcc_s.so.1)" "$output/lib/" # of cuBLASLt, where the machine has none
cp tests/golden/records/*.safetensors "$output/tests/golden/records/"
cp benchmarks/{compare_torch_cuda,comparison_table,torch_model,torch_operations,torch_peers,torch_steps}.py "$output/benchmarks/"
cp benchmarks/cuda/{run_all.sh,run_parts.sh,find_cublaslt.sh,find_cupti.sh,table.py} "$output/benchmarks/cuda/"
cp benchmarks/cuda/{measured,predict,devices,kernel_time,kernel_work,machine_code}.py "$output/benchmarks/cuda/"
cp benchmarks/results/predict_counts.json "$output/benchmarks/results/"
for precision in bf16 tf32; do
  "$build/bin/launch_list" "$precision" --in-order >"$output/benchmarks/cuda/launches_$precision.jsonl"
done
if [[ -e $build/bin/$trace ]]; then strip -o "$output/bin/$trace" "$build/bin/$trace"; fi
cp LICENSE "$output/"
cat >"$output/run_all.sh" <<'END'
#!/usr/bin/env bash
# benchmarks/cuda/run_all.sh with the programs of this folder; see: run_all.sh --help
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 2
exec "$here/benchmarks/cuda/run_all.sh" --from "$here" "$@"
END
chmod +x "$output/run_all.sh"
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
[[ -z $(git status --porcelain 2>/dev/null) ]] || commit+=' and changes'
version_of() { "$@" --version | sed -n "s/.*[ V]\([0-9][0-9]*\.[0-9]*\.[0-9]*\)$/\1/p" | head -n 1; }
cat >"$output/VERSION" <<END
commit $commit
built $(date -u +%F) with nvcc $(version_of "${CUDACXX:-nvcc}"), g++ $(version_of "${CXX:-c++}")
code $(sed -n 's/^CMAKE_CUDA_ARCHITECTURES:[A-Z]*=\(.*\)/sm_\1/; s/-real//gp' "$build/CMakeCache.txt"), x86-64-v3
needs glibc $most_glibc, $(objdump -p "$output/bin/bench_cuda" | awk '$2 ~ /^libcublasLt/ {print $2}')
END
check_folder "$output"
ctp_say "on the machine with the GPU: $(basename "$output")/run_all.sh --help"
