#!/bin/sh
# Makes the records of this folder with the executable specification, tests/oracle:
#   ./make.sh             all of them
#   ./make.sh METHOD...   trajectory_METHOD_f64.safetensors of each method: three tasks of a small model, in double
# Made with Debian 12's python3-torch 1.13.1. Other versions of PyTorch draw other numbers; another processor may round
# the last digit differently. PYTHON names another interpreter. The test conformance.records recomputes every record;
# conformance must reject the records under damaged/.
set -eu
cd "$(dirname "$0")"
oracle=../../oracle
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1
python=${PYTHON:-/usr/bin/python3}

golden() { out=$1; shift; "$python" "$oracle/make_golden.py" "$out.safetensors" "$@"; }
trajectory() { out=$1; method=$2; shift 2; "$python" "$oracle/trajectory.py" "$method" "$out.safetensors" "$@"; }

# Three tasks, so that importances of two tasks are combined; a model so small that the file is small.
small() {
  trajectory "trajectory_$1_f64" "$1" --seed 13 --tasks 3 --steps 2 --batch 3 --length 5 --lr 1e-3 --store f64 \
    --set image=4 patch=2 vision_width=6 vision_depth=1 vision_heads=2 vocab=13 text_width=6 text_layers=2 \
    fusion_layer=1 text_heads=2 intermediate=7 positions=6 embed=4 queue=3
}

if [ $# -gt 0 ]; then
  for method in "$@"; do small "$method"; done
  exit
fi

# Odd widths, an odd batch, a queue of three batches, fusion from the second of three layers.
golden golden_odd_f32 --seed 3 --batch 3 --length 7 --set image=15 patch=5 vision_width=10 vision_depth=2 \
  vision_heads=2 vocab=37 text_width=13 text_layers=3 fusion_layer=1 text_heads=1 intermediate=17 positions=8 embed=7 queue=9
# One head, fusion from the first layer on, in double.
golden golden_one_head_f64 --seed 5 --batch 2 --length 6 --store f64 --set image=8 patch=4 vision_width=9 vision_depth=1 \
  vision_heads=1 vocab=29 text_width=11 text_layers=2 fusion_layer=0 text_heads=1 intermediate=13 positions=7 embed=5 queue=6
# The smallest: a batch of one pair. The damaged records are made of golden_least_f32. Its two texts must differ: for
# equal texts the gradients of the text projection cancel, and in single precision only rounding errors remain.
golden golden_single_f64 --seed 11 --batch 1 --length 5 --store f64 --set image=4 patch=2 vision_width=4 vision_depth=1 \
  vision_heads=2 vocab=13 text_width=4 text_layers=1 fusion_layer=0 text_heads=2 intermediate=6 positions=6 embed=3 queue=2
golden golden_least_f32 --seed 14 --batch 2 --length 5 --set image=4 patch=2 vision_width=4 vision_depth=1 \
  vision_heads=2 vocab=13 text_width=4 text_layers=1 fusion_layer=0 text_heads=2 intermediate=6 positions=6 embed=3 queue=4
# Two tasks each. In single precision at a learning rate of 1e-4, the trajectory's default.
trajectory trajectory_seqf_f32 seqf --seed 7 --steps 3 --batch 4 --length 7 --set image=8 patch=4 vision_width=12 \
  vision_depth=1 vision_heads=2 vocab=31 text_width=12 text_layers=2 fusion_layer=1 text_heads=3 intermediate=16 positions=8 embed=6 queue=8
trajectory trajectory_ctp_f32 ctp --seed 9 --steps 3 --batch 4 --length 6 --set image=8 patch=4 vision_width=12 \
  vision_depth=1 vision_heads=2 vocab=31 text_width=12 text_layers=2 fusion_layer=2 text_heads=3 intermediate=16 positions=8 embed=6 queue=8
trajectory trajectory_ctp_f64 ctp --seed 8 --steps 3 --batch 3 --length 7 --store f64 --set image=8 patch=4 vision_width=10 \
  vision_depth=1 vision_heads=2 vocab=31 text_width=12 text_layers=2 fusion_layer=1 text_heads=3 intermediate=14 positions=8 embed=6 queue=9
for method in si mas ewc afec rwalk lwf lucir; do small $method; done
# Exemplars of herding and k-means, and quotas.
"$python" "$oracle/exemplars.py" exemplars.safetensors --seed 4 --rows 90 --width 7 --take 25 --clusters 5

mkdir -p damaged
"$python" damage.py golden_least_f32.safetensors damaged
