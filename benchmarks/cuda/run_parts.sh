# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016  # variables of run_all.sh; back-quotes of Markdown
# The parts of run_all.sh and its table. Each part leaves in the folder $logs: rows_<part> (program, result, findings,
# separated by tabs), when_<part>, what its programs printed, and for bench, trace and peers the table of measurements.

all_parts=(tests bench trace peers sanitizer)

last_line() { grep -v '^[[:space:]]*$' "$1" 2>/dev/null | tail -n 1 | tr '\t' ' ' | cut -c 1-120; }

# begin_part <part>: forgets what an earlier call left of it.
begin_part() {
  rows=$logs/rows_$1
  rm -f "$logs/when_$1" "$logs/$1.md"
  : >"$rows"
}

# row <program> <result> <details>
row() {
  printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}" >>"$rows"
  printf '  %-44s %-12s %s\n' "$1" "$2" "${3:-}"
  [[ $2 != FAIL ]] || ((failed += 1))
}

# work <log name> <title> <seconds if all is shared> <seconds in its own part> <result if out of time> <command...>: runs
# the command until the seconds of all programs so far are over, and adds a row.
work() {
  local log=$logs/$1.log title=$2 late=$5 left most code started=$SECONDS
  if [[ $shared == yes ]]; then ((planned += $3)); else ((planned += $4)); fi
  left=$((seconds - (SECONDS - begin)))
  most=$((planned - (SECONDS - begin)))
  shift 5
  ((most < left)) || most=$left
  rm -f "$log"
  if ((most < 5)); then
    row "$title" skipped 'no time left'
    return
  fi
  timeout -k 5 "$most" "$@" >"$log" 2>&1 </dev/null
  code=$?
  case $code in
    0) row "$title" ok "$((SECONDS - started)) s" ;;
    77) row "$title" skipped "$(grep -i -m 1 skipped "$log" | cut -c 1-100)" ;;
    124 | 137) row "$title" "$late" "not done after $most s" ;;
    *) row "$title" FAIL "exit code $code, ${log##*/}: $(last_line "$log")" ;;
  esac
}

# measured <part> <file of lines of JSON>: the table of a part's measurements; the lines themselves without Python.
measured() {
  local code file=$logs/$1.md
  [[ -s $2 ]] || return 0
  "$python" -B "$scripts/table.py" "$logs" "$1" >"$file" 2>"$logs/$1_table.log"
  code=$?
  if ((code == 1)) && [[ -s $file ]]; then
    row "measurements, $1" FAIL "$(last_line "$logs/$1_table.log")"
  elif ((code != 0)); then
    row "measurements, $1" skipped "no table of them, since $python cannot make it"
    printf '## Lines of %s\n\n```\n%s\n```\n' "${2##*/}" "$(grep '^{' "$2")" >"$file"
  fi
}

sees_device() {
  timeout -k 5 60 "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' >/dev/null 2>&1 </dev/null
}

part_tests() {
  local precision records
  work test_cuda 'test_cuda' 35 150 FAIL "$test_cuda"
  work training 'cuda_training: same bits, the CPU'"'"'s curve' 35 150 FAIL "$training"
  work thrust 'cuda_thrust' 5 20 FAIL "$thrust"
  for precision in fp32 tf32 bf16; do
    records=(tests/golden/records/golden_*.safetensors)
    [[ $precision != fp32 ]] || records=(tests/golden/records/*.safetensors)
    work "conformance_$precision" "conformance, $precision" 12 60 FAIL \
      "$conformance" --device cuda --precision "$precision" "${records[@]}"
  done
}

part_bench() {
  local short=150 command=("$bench_cuda" --batch "$batch")
  if [[ $shared == yes ]] && sees_device; then # the comparison also measures steps and strategies of ctp
    short=60
    command+=(--only 'encoder,attention,products,optimizer,words,contrast,retrieval,tiny,upload,input')
  fi
  work bench 'bench_cuda' "$short" 520 FAIL "${command[@]}"
  measured bench "$logs/bench.log"
}

# The times of the kernels of a step's captured part, beside the predicted ones.
part_trace() {
  local precision rates library cupti launches
  rates=$(grep -oE '\b[AH][12]00\b' <<<"$device" | head -n 1 | tr '[:upper:]' '[:lower:]')
  library=$(program libkernel_trace.so)
  cupti=$(find_cupti "$library" "$python")
  if [[ -z $rates || ! -e $library || -z $cupti ]] || ! "$python" -c '' 2>/dev/null; then
    row 'times of kernels' skipped "needs $python, rates of the device in devices.py, libkernel_trace.so and a libcupti"
    return
  fi
  : >"$logs/trace.md"
  for precision in bf16 tf32; do
    launches=$(launches_of "$precision")
    rm -f "$logs/trace_$precision.tsv" # of an earlier call
    work "trace_$precision" "times of kernels, $precision" 10 60 skipped env "LD_PRELOAD=$cupti" \
      "CUDA_INJECTION64_PATH=$library" "CTP_KERNEL_TRACE=$logs/trace_$precision.tsv" \
      "$bench_cuda" --only recorded_steps --precision "$precision" --turns 3 --batch 128
    work "measured_$precision" "predicted times beside them, $precision" 5 15 FAIL "$python" -B "$scripts/measured.py" \
      "$logs/trace_$precision.tsv" "$launches" --device "$rates" --precision "$precision" --kernels
    [[ ! -s $logs/measured_$precision.log ]] ||
      printf '## Kernels of a step, %s\n\n%s\n\n' "$precision" "$(<"$logs/measured_$precision.log")" >>"$logs/trace.md"
  done
}

part_peers() {
  local most=500 command
  rm -f "$logs/torch.jsonl"
  if ! sees_device; then
    row 'PyTorch beside it' skipped "$python has no PyTorch that sees the device"
    return
  fi
  [[ $shared == no ]] || most=360
  command=("$python" -B benchmarks/compare_torch_cuda.py --bin "${bench_cuda%/*}" --batch "$batch" --seconds "$most"
    --json "$logs/torch.jsonl")
  [[ -z ${CTP_PEERS:-} ]] || command+=(--peers "$CTP_PEERS")
  work torch 'PyTorch beside it' 360 520 unfinished "${command[@]}"
  measured peers "$logs/torch.jsonl"
}

part_sanitizer() {
  local tool sanitizer
  sanitizer=$(command -v compute-sanitizer || compgen -G '/usr/local/cuda*/bin/compute-sanitizer' | tail -n 1)
  for tool in memcheck racecheck initcheck synccheck; do
    if [[ $sanitizer ]]; then
      work "$tool" "compute-sanitizer $tool, test_cuda" 11 125 unfinished \
        "$sanitizer" --tool "$tool" --report-api-errors no --error-exitcode 1 "$test_cuda"
    else
      row "compute-sanitizer $tool, test_cuda" skipped 'no compute-sanitizer on PATH or in /usr/local/cuda'
    fi
  done
}

# write_table: the table of all parts that have run, and the archive. Sets `table`.
write_table() {
  local name program result details
  table=$results/cuda_$slug.md
  {
    printf '# On %s\n\n- %s, `benchmarks/cuda/run_all.sh`\n' "${device%%,*}" "$device"
    for name in "${all_parts[@]}"; do
      [[ ! -f $logs/when_$name ]] || printf -- '- %s: %s\n' "$name" "$(<"$logs/when_$name")"
    done
    printf -- '- a time is the median of 20 turns (fp32 steps: 8), with the least and the greatest; a step of this library\n'
    printf -- '  includes the upload of its batch; a ratio is the time of PyTorch divided by the time of this library\n'
    printf '\n## Programs\n\n| program | result | found |\n| --- | --- | --- |\n'
    for name in "${all_parts[@]}"; do
      [[ -f $logs/when_$name ]] || continue
      while IFS=$'\t' read -r program result details; do
        printf '| %s | %s | %s |\n' "${program//|//}" "$result" "${details//|//}"
      done <"$logs/rows_$name"
    done
    for name in peers bench trace; do
      [[ ! -s $logs/$name.md ]] || printf '\n%s\n' "$(<"$logs/$name.md")"
    done
  } >"$table"
  if ! tar -cf - -C "$results" "$slug" "${table##*/}" | gzip >"$archive.part" || ! mv "$archive.part" "$archive"; then
    say "run_all.sh: $archive could not be written"
  fi
}
