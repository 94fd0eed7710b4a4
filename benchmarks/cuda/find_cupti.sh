# shellcheck shell=bash
# The library that records the times of kernels. Sourced by run_all.sh.

# find_cupti <libkernel_trace.so> <python>: path of the first libcupti in the folders of cuBLASLt, or of the CUDA in
# /usr/local; nothing if there is none.
find_cupti() {
  local folder file
  [[ -e $1 ]] || return 0
  {
    cublaslt_folders "$2"
    printf '%s\n' /usr/local/cuda*/extras/CUPTI/lib64
  } | while IFS= read -r folder; do
    for file in "$folder"/libcupti.so.[0-9]*; do
      if [[ -e $file ]]; then
        printf '%s\n' "$file"
        return
      fi
    done
  done | head -n 1
}
