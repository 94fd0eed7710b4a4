#!/usr/bin/env bash
# Registers, shared memory, stack and spills of every kernel of a training and its evaluation. See usage() or:
# registers.sh --help
# shellcheck disable=SC2016  # back-quotes of Markdown
set -euo pipefail

usage() {
  cat <<'END'
usage: benchmarks/cuda/registers.sh [FILE]

Compiles benchmarks/cuda/registers.cu for Ampere, Hopper and Blackwell, reads what the assembler says of each kernel and
writes a table to FILE (benchmarks/results/cuda_registers.md). Needs nvcc, no device; NVCC names another nvcc.
Exit code: 0 done, 1 a hot kernel spills (attention, layer norm, cross entropy, AdamW, retrieval) or is not there,
2 no nvcc.
END
}

case ${1:-} in
  -h | --help)
    usage
    exit 0
    ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
file=${1:-benchmarks/results/cuda_registers.md}
nvcc=${NVCC:-nvcc}
architectures=(80 90 100 120)
hot='AdamW(OfFour)?<|Attention|Tensor(Key|Query)Gradient|LayerNorm(Backward)?(Wide)?[<>]|CrossEntropy(Backward)?>|CountAhead|TopOfChunk'
options=(-std=c++20 -O3 -DNDEBUG -Iinclude -cubin --resource-usage)

command -v "$nvcc" >/dev/null || {
  printf 'registers.sh: expected nvcc on PATH or in NVCC, found none\n' >&2
  exit 2
}
demangle=$(command -v cu++filt || command -v c++filt || true)
[[ $demangle ]] || {
  printf 'registers.sh: expected cu++filt (with nvcc) or c++filt (binutils) on PATH, found neither\n' >&2
  exit 2
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for architecture in "${architectures[@]}"; do
  if ! "$nvcc" "${options[@]}" "-arch=sm_$architecture" benchmarks/cuda/registers.cu -o "$work/cubin" 2>"$work/said"; then
    cat "$work/said" >&2
    exit 1
  fi
  # One line a kernel: name, architecture, registers, shared memory, stack, spill stores, spill loads.
  "$demangle" <"$work/said" | awk -v "architecture=$architecture" '
    /Compiling entry function/ {
      name = $0
      sub(/^[^\47]*\47/, "", name)         # from the first quotation mark ...
      sub(/\47 for \47sm_.*$/, "", name)
      sub(/^.*run_body</, "", name)
      name = substr(name, 1, index(name, ">(") - 1)  # ... to where the template arguments end
      gsub(/ctp::backend::(cuda::)?((detail|kernel)::)?|ctp::(penalty|autograd|nn|train)::/, "", name)
      gsub(/<float>/, "", name)
      gsub(/ >/, ">", name)
      sub(/ +$/, "", name)
      stack = stores = loads = 0
    }
    /bytes stack frame/ { stack = $1; stores = $5; loads = $9 }
    / Used [0-9]+ registers/ {
      shared = 0
      for (i = 1; i <= NF; ++i) {
        if ($i == "Used") registers = $(i + 1)
        if ($i ~ /^smem/) shared = $(i - 2)
      }
      print name "\t" architecture "\t" registers "\t" shared "\t" stack "\t" stores "\t" loads
    }' >>"$work/kernels"
done
sort -u "$work/kernels" -o "$work/kernels"

commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
[[ -z $(git status --porcelain -- include benchmarks/cuda/registers.cu 2>/dev/null) ]] || commit+=' and changes'
{
  cat <<'END'
# Registers of the CUDA kernels

Every kernel of `ctp`, `ewc` and `si` trainings and of evaluation in bf16. Other precisions use the same kernels without
`RoundRows` and the tensor-core kernels. A cell has registers / static shared memory / stack / spills on stores and
loads, the last three in bytes. Attention and retrieval request their shared memory at launch. Hot kernels, **bold**,
must not spill.

END
  printf -- '- %s\n' "$("$nvcc" --version | grep -o 'release.*')"
  printf -- '- %s, commit %s\n' "$(date -u +%F)" "$commit"
  printf -- '- `benchmarks/cuda/registers.sh`, that is, for each architecture\n  `nvcc %s -arch=... benchmarks/cuda/registers.cu`\n\n' \
    "${options[*]}"
  printf '| kernel |'
  printf ' sm_%s |' "${architectures[@]}"
  printf '\n| --- |'
  printf ' --- |%.0s' "${architectures[@]}"
  printf '\n'
  awk -F '\t' -v "hot=$hot" -v "architectures=${architectures[*]}" '
    { cell[$1, $2] = $3 " / " $4 " / " $5 " / " $6 + $7; if (!($1 in seen)) { seen[$1] = 1; names[++n] = $1 } }
    END {
      count = split(architectures, columns, " ")
      for (i = 1; i <= n; ++i) {
        line = "| " (names[i] ~ hot ? "**`" names[i] "`**" : "`" names[i] "`") " |"
        for (c = 1; c <= count; ++c) line = line " " cell[names[i], columns[c]] " |"
        print line
      }
    }' "$work/kernels"
} >"$file"

awk -F '\t' -v "hot=$hot" -v "architectures=${architectures[*]}" '
  $6 + $7 > 0 {
    printf "%s: %s at sm_%s spills %d bytes\n", $1 ~ hot ? "FAIL" : "note", $1, $2, $6 + $7
    if ($1 ~ hot) bad = 1
  }
  $1 ~ hot {
    ++found
    if ($1 ~ /AdamW/) part["AdamW"]
    else if ($1 ~ /Attention/) part["attention"]
    else if ($1 ~ /LayerNorm/) part["layer norm"]
    else if ($1 ~ /CountAhead|TopOfChunk/) part["retrieval"]
    else part["cross entropy"]
  }
  END {
    n = split("AdamW,attention,layer norm,cross entropy,retrieval", wanted, ",")
    for (i = 1; i <= n; ++i) if (!(wanted[i] in part)) { print "FAIL: no kernel of " wanted[i] " was found"; bad = 1 }
    printf "%d kernels, %d of them hot: %s\n", NR, found, bad ? "FAIL" : "no hot kernel spills"
    exit bad
  }' "$work/kernels"
