# shellcheck shell=bash
# The library of products, for programs that were linked elsewhere. Sourced by run_all.sh.

# cublaslt_folders <python>: where a cuBLASLt may be that the loader does not know. Python's folders come first: what
# PyTorch uses then serves both sides of a comparison. PyTorch itself is not imported.
cublaslt_folders() {
  local folder
  tr ':' '\n' <<<"${LD_LIBRARY_PATH:-}"
  "$1" -c 'import glob, os, sys
for path in sys.path:
    for names in ("cu[0-9]*", "cublas"):
        print(*glob.glob(os.path.join(path, "nvidia", names, "lib")), sep="\n")' 2>/dev/null </dev/null
  for folder in /usr/local/lib/python3*/{dist,site}-packages/nvidia/*/lib /usr/local/cuda*/lib64 \
    /usr/local/cuda*/targets/x86_64-linux/lib; do
    [[ ! -d $folder ]] || printf '%s\n' "$folder"
  done
  ldconfig -p 2>/dev/null | sed -n 's|.* => \(/.*\)/libcublasLt\.so\..*|\1|p'
}

# find_cublaslt <program> <python> [folder with libgcc_s.so.1]: puts the folder of the cuBLASLt that the program was linked with into
# LD_LIBRARY_PATH if the loader does not find it. Says in a sentence what is missing, and fails.
find_cublaslt() {
  local loaded wanted folder file others=''
  loaded=$(LD_TRACE_LOADED_OBJECTS=1 "$1" 2>&1 </dev/null) # what ldd does; ldd itself may not be there
  wanted=$(sed -n 's/^[[:space:]]*\(libcublasLt\.so\.[0-9]*\) => not found.*/\1/p' <<<"$loaded")
  if [[ $wanted ]]; then
    while IFS= read -r folder; do
      [[ $folder ]] || continue
      if [[ -e $folder/$wanted ]]; then
        export LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
        printf 'cuBLASLt: %s\n' "$folder/$wanted"
        loaded=$(LD_TRACE_LOADED_OBJECTS=1 "$1" 2>&1 </dev/null)
        wanted=''
        break
      fi
      for file in "$folder"/libcublasLt.so.[0-9]*; do
        if [[ -e $file && $others != *"$file"* ]]; then others+=${others:+, }$file; fi
      done
    done <<<"$(cublaslt_folders "$2")" # no process substitution: there may be no /dev/fd
  fi
  if [[ $wanted ]]; then
    local major=${wanted##*.} package
    package="nvidia-cublas==$major.*"
    ((major > 12)) || package=nvidia-cublas-cu$major
    printf 'run_all.sh: expected %s, cuBLAS of CUDA %s, found %s; install it, for instance with: %s\n' \
      "$wanted" "$major" "${others:-none}" "pip install '$package', or name its folder in LD_LIBRARY_PATH" >&2
    return 1
  fi
  if [[ $loaded == *'libgcc_s.so.1 => not found'* && -d ${3:-} ]]; then # a need of cuBLASLt
    export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$3
    loaded=$(LD_TRACE_LOADED_OBJECTS=1 "$1" 2>&1 </dev/null)
  fi
  IFS=$' \t' read -r wanted <<<"$(grep -m 1 ' not found' <<<"$loaded")"
  if [[ $wanted ]]; then
    printf 'run_all.sh: the programs cannot start here: %s\n' "$wanted" >&2
    return 1
  fi
}
