#!/bin/sh
# The demonstration: makes the synthetic stream, trains sequential fine-tuning and CTP on it, shows both in one table.
#
#   demo.sh BUILD_FOLDER
#
# `./cmake/run.sh demo` builds the programs and calls this. The stream is made once; the trainings run every time.
set -eu

# What is trained. Both strategies get the same budget; together they stay below six minutes on two cores.
model=tiny
epochs=8
batch_size=32
learning_rate=5e-4
min_learning_rate=5e-6
train_pairs=5400
test_pairs=480
seed=0
workers=1
threads=$(nproc 2>/dev/null || echo 2)
# 32 pixels show what the titles name, and no title is longer than 22 characters and its two marks. So few pictures and
# steps do not leave room for augmentation and dropout: both strategies do without.
further="--image-size 32 --max-words 24 --no-augment --dropout 0"
# Threads that wait must not take the processor from the one that decodes pictures.
OMP_WAIT_POLICY=passive
export OMP_WAIT_POLICY

if [ $# -ne 1 ] || [ ! -d "$1" ]; then
  echo "demo.sh: expected the build folder as the only argument, found: ${*:-nothing}; try ./cmake/run.sh demo" >&2
  exit 2
fi
build=${1%/}
demo=$build/demo

# The first executable of that name below the build folder.
program() {
  found=$(find "$build" -path "$demo" -prune -o -type f -name "$1" -perm -u+x -print | head -n 1)
  if [ -z "$found" ]; then
    echo "demo.sh: $build: expected the program $1, found none; build it: cmake --build $build --target programs" >&2
    exit 2
  fi
  echo "$found"
}
make_stream=$(program make_stream)
continual_pretrain=$(program continual_pretrain)
compare_runs=$(program compare_runs)

mkdir -p "$demo"
stream=$demo/stream
settings="train=$train_pairs test=$test_pairs seed=$seed $(cksum < "$make_stream")"
if [ -f "$stream/json/gallery.json" ] && [ "$(cat "$stream/made_with" 2>/dev/null)" = "$settings" ]; then
  echo "Stream: $stream is there already"
else
  echo "Stream: drawing nine industries, $train_pairs training pairs and $test_pairs test pairs, into $stream"
  rm -rf "$stream"
  "$make_stream" --output "$stream" --train "$train_pairs" --test "$test_pairs" --seed "$seed"
  echo "$settings" > "$stream/made_with"
fi

for strategy in seqf ctp; do
  echo
  echo "Training: $strategy, $model, $epochs epochs a task, into $demo/$strategy"
  rm -rf "${demo:?}/$strategy"
  "$continual_pretrain" --data "$stream" --strategy "$strategy" --model "$model" --epochs "$epochs" \
    --batch-size "$batch_size" --lr "$learning_rate" --min-lr "$min_learning_rate" --seed "$seed" \
    --threads "$threads" --workers "$workers" $further --output "$demo/$strategy"
done

echo
"$compare_runs" "seqf=$demo/seqf" "ctp=$demo/ctp"
echo
echo "Stream:   $stream"
echo "Results:  $demo/seqf and $demo/ctp: metrics.jsonl, config.json, vocab.txt, task_00.safetensors ..."
echo "Compare:  $compare_runs seqf=$demo/seqf ctp=$demo/ctp"
