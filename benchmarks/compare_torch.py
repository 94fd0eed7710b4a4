#!/usr/bin/env python3
"""One training step in PyTorch and in this library, measured alternately on one machine; prints times and ratio.

    /usr/bin/python3 benchmarks/compare_torch.py                       # all cases, build/release
    /usr/bin/python3 benchmarks/compare_torch.py --cases narrow,tiny --rounds 3
    /usr/bin/python3 benchmarks/compare_torch.py --write benchmarks/results/compare_torch.md

Cases: `base` (B=4), `narrow` (64 wide, 12 + 12 layers, B=2), `tiny` (B=32) are one `ctp` step on the second task;
`optimizer` is AdamW, compatible momentum and zeroing over the 202,666,120 parameters of `base`; `optimizer_small` is
the same over the parameters of a smaller model, to try the script. Everything is float32 on one thread (--threads to
change), dropout 0.1 in the online text encoder.

The PyTorch side is optimised: parameters resolved once, teachers under no_grad, masked positions gathered before the
vocabulary product, in-place attention scores, _foreach_ moving averages, the faster of AdamW's two implementations.
Needs python3-torch and an optimised BLAS: the script refuses reference BLAS, whose times would make the comparison
worthless. Exit code: 0 every gate held, 1 a gate was missed, 2 the comparison could not be made.
"""
import argparse
import copy
import datetime
import json
import math
import os
import platform
import re
import statistics
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", default="build/release/bin", help="folder of bench_step and bench_optimizer")
    p.add_argument("--cases", default="narrow,tiny,base,optimizer")
    p.add_argument("--rounds", type=int, default=5, help="turns of each side")
    p.add_argument("--min-time", type=float, default=1.0, help="seconds of each turn, where steps are short")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--write", help="also write the result to this Markdown file")
    return p.parse_args()


options = parse()
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(options.threads)  # read when torch and its BLAS are loaded

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    sys.exit("compare_torch: PyTorch is missing; apt-get install python3-torch libopenblas0-pthread, then use /usr/bin/python3")

from torch_model import BASE, HAVE_FOREACH, NARROW, TINY, Batch, Model, compatible_momentum, ctp_loss  # noqa: E402


# ------------------------------------------------------------------------------------------------ the step

def make_adamw(parameters, foreach):
    settings = {"lr": 1e-4, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.05}
    try:
        return torch.optim.AdamW(parameters, foreach=foreach, **settings)
    except TypeError:  # before PyTorch 1.12
        return torch.optim.AdamW(parameters, **settings)


def faster_adamw(parameters):
    """The faster AdamW of this PyTorch: over lists of tensors, or one tensor at a time."""
    for p in parameters:
        p.grad = torch.zeros_like(p)
    took = {}
    for foreach in (False, True):
        optimizer = make_adamw(parameters, foreach)
        optimizer.step()
        took[foreach] = min(timed(optimizer.step) for _ in range(2))
        del optimizer
    best = min(took, key=took.get)
    say(f"  AdamW: one by one {took[False]:.1f} ms, foreach {took[True]:.1f} ms; using {'foreach' if best else 'one by one'}")
    return make_adamw(parameters, best)


class TorchStep:
    def __init__(self, c, pairs):
        self.batch, self.online = Batch(c, pairs), Model(c)
        self.previous, self.momentum = self.online.copy(), self.online.copy()
        self.lists = [list(m.parameters.values()) for m in (self.momentum, self.online, self.previous)]
        self.optimizer = faster_adamw(self.lists[1])
        self.used = c.queue // pairs * pairs
        self.queues = [F.normalize(torch.randn(self.used, c.embed), dim=1) for _ in range(2)]
        self.next = 0

    def __call__(self):
        compatible_momentum(*self.lists, 0.9)
        self.optimizer.zero_grad(set_to_none=True)
        loss, features = ctp_loss(self.online, self.momentum, self.previous, self.batch, self.queues, self.online.c.dropout)
        loss.backward()
        if not math.isfinite(loss.item()):
            raise ArithmeticError("the loss is not finite")
        for queue, rows in zip(self.queues, features):
            queue[self.next:self.next + rows.shape[0]] = rows
        self.next = (self.next + features[0].shape[0]) % self.used
        self.optimizer.step()


class TorchOptimizer:
    """AdamW, compatible momentum and zeroing over the parameters of a model, with gradients at fixed addresses."""

    def __init__(self, c):
        online = Model(c)
        say(f"  {sum(p.numel() for p in online.parameters.values()):,} parameters in {len(online.parameters)} tensors")
        self.online = list(online.parameters.values())
        self.slow, self.previous = [[p.detach().clone() for p in self.online] for _ in range(2)]
        self.optimizer = faster_adamw(self.online)
        for p in self.online:
            p.grad.fill_(0.01)
        self.gradients = [p.grad for p in self.online]

    def __call__(self):
        compatible_momentum(self.slow, self.online, self.previous, 0.9)
        self.optimizer.step()
        if HAVE_FOREACH:
            torch._foreach_zero_(self.gradients)
        else:
            self.optimizer.zero_grad(set_to_none=False)


# ------------------------------------------------------------------------------------------------ the comparison

@dataclass
class Case:
    title: str
    program: str
    name: str  # of the benchmark
    make: object
    gate: float  # 0: none
    turns: int = 0  # of PyTorch in each round; 0: as many as fit --min-time


MEDIUM = copy.copy(NARROW)
MEDIUM.vision_width = MEDIUM.text_width = 256
MEDIUM.intermediate = 1024
CASES = {
    "narrow": Case("ctp step, 64 wide, 12 + 12 layers, B=2", "bench_step", "ctp_step/narrow/2", lambda: TorchStep(NARROW, 2), 5.0),
    "tiny": Case("ctp step, tiny, B=32", "bench_step", "ctp_step/tiny/32", lambda: TorchStep(TINY, 32), 0.0),
    "base": Case("ctp step, base, B=4", "bench_step", "ctp_step/base/4", lambda: TorchStep(BASE, 4), 1.2, 2),
    "optimizer": Case("AdamW + momentum + zeroing, 202,666,120", "bench_optimizer", "adamw_momentum_zero/202666120",
                      lambda: TorchOptimizer(BASE), 2.0, 4),
    "optimizer_small": Case("AdamW + momentum + zeroing, 20 million", "bench_optimizer", "adamw_momentum_zero/20000000",
                            lambda: TorchOptimizer(MEDIUM), 0.0, 4),
}


def say(text):
    print(text, flush=True)


def timed(turn):
    begin = time.perf_counter()
    turn()
    return 1e3 * (time.perf_counter() - begin)


def blas_in_use():
    """The BLAS of PyTorch's matrix products: a name, and whether it is optimised. Inspects the loaded libraries."""
    a = torch.randn(768, 768)
    torch.mm(a, a)
    rate = 2 * 768 ** 3 / min(timed(lambda: torch.mm(a, a)) for _ in range(5)) / 1e6
    if torch.backends.mkl.is_available():
        return "MKL", rate, True
    with open("/proc/self/maps", encoding="utf-8") as maps:
        loaded = {os.path.realpath(m.group(0)) for line in maps if (m := re.search(r"/\S*(blas|blis|mkl|atlas)\S*\.so\S*", line))}
    loaded = {path for path in loaded if "gslcblas" not in path}
    products = {p for p in loaded if "lapack" not in p}
    real = sorted(products) if products and all(re.search(r"openblas|blis|mkl|atlas", p) for p in products) else []
    # A wheel brings its BLAS within its own library; then there is nothing to see, and the speed has to tell.
    return ", ".join(real or sorted(loaded)) or "linked into torch", rate, bool(real) or (not loaded and rate > 20)


def introduce():
    config = torch.__config__.show()
    blas, rate, real = blas_in_use()
    info = re.search(r"BLAS_INFO=(\w+)", config)
    lines = [f"PyTorch {torch.__version__} on Python {platform.python_version()}, {options.threads} thread(s)",
             f"BLAS: {blas} (built with BLAS_INFO={info.group(1) if info else '?'}), 768^3 product: {rate:.0f} GFLOP/s"]
    lines += [line.strip(" -") for line in config.splitlines() if "MKL-DNN" in line or "CPU capability" in line]
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = re.search(r"model name\s*:\s*(.*)", f.read())
    lines.append(f"processor: {model.group(1) if model else platform.processor()}, load {os.getloadavg()[0]:.1f} before the start")
    for line in lines:
        say(line)
    if not real:
        say("compare_torch: PyTorch runs on reference BLAS, which no one who wants speed uses; "
            "apt-get install libopenblas0-pthread and run this again")
        sys.exit(2)
    return lines


def run_ours(case):
    """One turn of our benchmark: its median in milliseconds."""
    program = os.path.join(options.bin, case.program)
    command = [program, f"--benchmark_filter=^{case.name}/", f"--benchmark_min_time={options.min_time}", "--benchmark_format=json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        say(f"compare_torch: {program} is not there; build it: cmake --build build/release --target {case.program}")
        sys.exit(2)
    except subprocess.CalledProcessError as e:
        say(f"compare_torch: {' '.join(command)} ended with {e.returncode}: {e.stderr.strip()[-300:]}")
        sys.exit(2)
    found = json.loads(done.stdout)["benchmarks"] if done.stdout.strip() else []
    if len(found) != 1:
        say(f"compare_torch: {program} has {len(found)} benchmarks called {case.name}, expected one; build it again")
        sys.exit(2)
    return found[0]["median_ms"]


def run_torch(case, turn):
    times, begin = [], time.perf_counter()
    while len(times) < (case.turns or 3) or (not case.turns and time.perf_counter() - begin < options.min_time):
        times.append(timed(turn))
    return statistics.median(times)


def compare(case):
    say(f"\n{case.title}")
    turn = case.make()
    turn()
    turn()
    ours, theirs = [], []
    for i in range(options.rounds):
        ours.append(run_ours(case))
        theirs.append(run_torch(case, turn))
        say(f"  round {i + 1} of {options.rounds}: ctp {ours[-1]:.1f} ms, torch {theirs[-1]:.1f} ms, ratio {theirs[-1] / ours[-1]:.2f}")
    ratios = [t / o for t, o in zip(theirs, ours)]
    row = {"title": case.title, "ours": statistics.median(ours), "theirs": statistics.median(theirs), "gate": case.gate,
           "ours_spread": (min(ours), max(ours)), "theirs_spread": (min(theirs), max(theirs)), "ratios": (min(ratios), max(ratios))}
    row["ratio"] = row["theirs"] / row["ours"]
    row["verdict"] = "no gate" if not case.gate else f"{'PASS' if row['ratio'] >= case.gate else 'FAIL'} (>= {case.gate:g})"
    say(f"  median: ctp {row['ours']:.1f} ms, torch {row['theirs']:.1f} ms, ratio {row['ratio']:.2f}  {row['verdict']}")
    return row


def filled(item):
    """A list item in lines of at most 120 characters."""
    return textwrap.fill(item, 120, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)


def table(rows):
    out = ["| | ctp, ms (rounds) | PyTorch, ms (rounds) | ratio (rounds) | gate |", "| --- | --- | --- | --- | --- |"]
    for r in rows:
        spread = lambda key: f"{r[key][0]:.1f} to {r[key][1]:.1f}"
        out.append(f"| {r['title']} | **{r['ours']:.1f}** ({spread('ours_spread')}) | {r['theirs']:.1f} ({spread('theirs_spread')}) "
                   f"| **{r['ratio']:.2f}** ({r['ratios'][0]:.2f} to {r['ratios'][1]:.2f}) | {r['verdict']} |")
    return "\n".join(out)


def main():
    names = options.cases.split(",")
    for name in names:
        if name not in CASES:
            say(f"compare_torch: --cases: expected {', '.join(CASES)}, found '{name}'")
            sys.exit(2)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    facts = introduce()
    rows = [compare(CASES[name]) for name in names]
    say("\n" + table(rows))
    if options.write:
        with open(options.write, "w", encoding="utf-8") as f:
            commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
            made = f"{datetime.date.today()}, commit {commit.stdout.strip()}: "
            made += f"`/usr/bin/python3 benchmarks/compare_torch.py {' '.join(sys.argv[1:])}`"
            sides = (f"{options.rounds} rounds, both sides measured alternately; a cell has the median of the rounds' "
                     "medians and their range")
            items = "\n".join(filled(f"- {line}") for line in (made, *facts, sides))
            f.write(f"# One step beside PyTorch\n\n{items}\n\n{table(rows)}\n")
    sys.exit(1 if any(r["verdict"].startswith("FAIL") for r in rows) else 0)


if __name__ == "__main__":
    main()
