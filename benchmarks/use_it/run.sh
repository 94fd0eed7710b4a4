#!/bin/sh
# The measured numbers of docs/use_it.md: benchmarks/use_it/run.sh [folder of built programs]
# Run it on a machine without other work, and then beside other work. Each number three times.
# Variables: EPOCHS, epochs of each task (8); WITH, a command that starts the trainings, such as WITH="chrt -f 1".
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${1:-$root/build/release/bin}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for flag in "" -march=native; do
  ${CXX:-g++} -std=c++20 -O3 $flag -fopenmp -I "$root/include" -I "${EIGEN:-/usr/include/eigen3}" \
    "$root/benchmarks/use_it/speed.cpp" -o "$work/speed"
  for run in 1 2 3; do echo "-O3 $flag: $(OMP_WAIT_POLICY=passive "$work/speed")"; done
done

# How threads wait: the default of libgomp, and asleep. One training, then two at once.
"$bin/make_stream" --output "$work/stream" --train 160 --test 60 --quiet
train() {  # train <assignment> <name>
  ${WITH:-} env "$1" "$bin/continual_pretrain" --data "$work/stream" --output "$work/$2" --strategy ctp \
    --epochs "${EPOCHS:-8}" --batch-size 16 --threads 2 --workers 0 --no-check --log-every 1 \
    --tasks 家居用品,家装家饰 >"$work/$2.log" 2>&1 || { cat "$work/$2.log" >&2; return 1; }
}
for run in 1 2 3; do
  for how in GOMP_SPINCOUNT=300000 OMP_WAIT_POLICY=passive; do
    train $how alone
    echo "$how, alone: $(sed -n 's/.*"pairs_per_second":\([0-9.]*\).*/\1/p' "$work/alone/metrics.jsonl" | sort -n |
      awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }') pairs per second"
    begin=$(date +%s)
    train $how a & a=$!
    train $how b & b=$!
    wait $a
    wait $b
    echo "$how, two at once: $(($(date +%s) - begin)) s"
    rm -rf "$work/alone" "$work/a" "$work/b"
  done
done
