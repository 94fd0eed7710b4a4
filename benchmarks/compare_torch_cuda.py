#!/usr/bin/env python3
"""This library beside several PyTorch implementations on a GPU: steps, operations, retrieval; prints a table.

    python3 benchmarks/compare_torch_cuda.py                          # all peers, build/cuda/bin/bench_cuda
    python3 benchmarks/compare_torch_cuda.py --peers fp32,tuned --json rows.jsonl
    python3 benchmarks/compare_torch_cuda.py --device cpu --turns 1   # to try every peer: tiny sizes, without ours

Peers of a `ctp` step, from the simplest to the most optimised: `fp32` (eager), `tf32` (the same with TF32 products),
`autocast` (bf16), `tuned` (autocast with scaled_dot_product_attention and fused AdamW), `compiled` (`tuned` under
torch.compile, mode="reduce-overhead"). All average their momentum weights with _foreach_. PyTorch has its batch on the
device; this library uploads its batch in each step. The others: `strategies` (G4), `vit` and `vit_compiled` (G5),
`attention` (G6), `products` (G7), `optimizer` (G8), `words` (G9), `contrast` (G10), `tiny` and `tiny_compiled` (G11),
`retrieval` (G12).

This library is measured before and after each group of peers, in processes of its own, since the memory may hold one
side at a time; a ratio takes the mean of the two medians around the peer. For `strategies` this library is measured
only before. Each row states a target and never asserts it. Exit code: 0 done, 1 a side failed, 2 the comparison could
not be made, 77 no CUDA device or no PyTorch that sees it.
"""
import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", help="folder of bench_cuda (build/cuda/bin; on cpu none, and no ours)")
    p.add_argument("--peers", help="all but vit_compiled and tiny_compiled")
    p.add_argument("--batch", type=int, help="128; with --device cpu 2")
    p.add_argument("--turns", type=int, default=20)
    p.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu: to try PyTorch's side at tiny sizes")
    p.add_argument("--seconds", type=float, default=360, help="peers that need more than is left of this are skipped")
    p.add_argument("--json", help="also write a line of JSON for each measurement to this file, as it is made")
    p.add_argument("--write", help="also write the table to this Markdown file")
    found = p.parse_args()
    small = found.device == "cpu"
    found.bin = found.bin or (None if small else "build/cuda/bin")
    found.batch = found.batch or (2 if small else 128)
    return found


options = parse()
try:
    import torch
except ImportError:
    print("SKIPPED: python3 has no PyTorch")
    sys.exit(77)
if options.device == "cuda" and not torch.cuda.is_available():
    print(f"SKIPPED: PyTorch {torch.__version__} sees no CUDA device")
    sys.exit(77)
if options.device == "cuda" and not hasattr(torch, "compile"):
    print(f"SKIPPED: expected PyTorch 2.1 or newer, found {torch.__version__}")
    sys.exit(77)

import torch_operations as operations  # noqa: E402
import torch_steps as steps  # noqa: E402
from comparison_table import table  # noqa: E402
from torch_peers import Group, Setting  # noqa: E402

# In the order in which they run; neighbours with the same run of ours share one. What compiles comes late, since it may
# take longer than planned. Seconds: README.md has the sum.
GROUPS = {
    "retrieval": Group(operations.RETRIEVAL, "retrieval", "fp32", 10),
    "attention": Group(operations.ATTENTION, "attention", "bf16", 8),
    "products": Group(operations.PRODUCTS, "products", "bf16", 10),
    "optimizer": Group(operations.OPTIMIZER, "optimizer", "bf16", 11),
    "words": Group(operations.WORDS, "words", "bf16", 9),
    "contrast": Group(operations.CONTRAST, "contrast", "bf16", 8),
    "vit": Group(operations.VIT, "encoder", "bf16", 10),
    "tiny": Group(steps.TINY, "tiny", "bf16", 12),
    "fp32": Group(steps.FP32, "recorded_steps", "fp32", 45, turns=8),
    "tf32": Group(steps.TF32, "recorded_steps", "tf32", 33),
    "autocast": Group(steps.AUTOCAST, "recorded_steps", "bf16", 30),
    "tuned": Group(steps.TUNED_STEP, "recorded_steps", "bf16", 18),
    "compiled": Group(steps.COMPILED, "recorded_steps", "bf16", 90),
    "strategies": Group(steps.STRATEGIES, "strategies", "bf16", 66, after=False),
    "vit_compiled": Group(operations.VIT_COMPILED, "encoder", "bf16", 45),
    "tiny_compiled": Group(steps.TINY_COMPILED, "tiny", "bf16", 60),
}
BY_DEFAULT = [name for name in GROUPS if name not in ("vit_compiled", "tiny_compiled")]


def synchronize():
    if options.device == "cuda":
        torch.cuda.synchronize()


def free_memory():
    gc.collect()
    if options.device == "cuda":
        torch.compiler.reset()
        torch.cuda.empty_cache()


def one_turn(work, clock):
    """Milliseconds by the host's clock until the device is done, or by the device's clock."""
    if clock == "device" and options.device == "cuda":
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        work()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end)
    synchronize()
    begin = time.perf_counter()
    work()
    synchronize()
    return 1e3 * (time.perf_counter() - begin)


def time_peer(peer, setting, turns):
    if options.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    torch.manual_seed(0)
    work = peer.make(setting)
    for _ in range(peer.warm):
        work()
    times = sorted(one_turn(work, peer.clock) for _ in range(turns))
    row = {"median_ms": statistics.median(times), "min_ms": times[0], "max_ms": times[-1], "turns": len(times)}
    if options.device == "cuda":
        row["memory_mib"] = torch.cuda.max_memory_reserved() / 2 ** 20
    return row


class Ours:
    """Runs of bench_cuda. Keeps the last run until the next request."""

    def __init__(self):
        self.command, self.lines = None, []

    def run(self, group, pairs, anew):
        if options.bin is None:
            return []
        turns = min(options.turns, group.turns or options.turns)
        command = [os.path.join(options.bin, "bench_cuda"), "--only", group.part, "--precision", group.precision,
                   "--batch", str(pairs), "--turns", str(turns)]
        if command == self.command and not anew:
            return self.lines
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            print(f"compare_torch_cuda: {command[0]} is not there; build the target bench_cuda")
            sys.exit(2)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0:
            said = (done.stdout + done.stderr)[-200:]
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {said}")
        self.command, self.lines = command, lines
        return lines


def line_of(peer, lines):
    found = [line for line in lines if all(line.get(key) == value for key, value in peer.ours.items())]
    if lines and len(found) != 1:
        raise LookupError(f"expected one line of bench_cuda with {peer.ours}, found {len(found)}")
    if found and any(found[0][key] is None for key in ("median_ms", "min_ms", "max_ms")):
        raise ValueError(f"expected finite times of bench_cuda with {peer.ours}, found null")
    return found[0] if found else None


def with_ours(row, peer, group, before, after):
    lines = [line for line in (line_of(peer, before), line_of(peer, after)) if line is not None]
    if not lines:
        return
    row["ours_ms"] = statistics.mean(line["median_ms"] for line in lines)
    row["ours_medians_ms"] = [line["median_ms"] for line in lines]
    row["ours_min_ms"] = min(line["min_ms"] for line in lines)
    row["ours_max_ms"] = max(line["max_ms"] for line in lines)
    row["ours_precision"], row["ratio"] = group.precision, row["median_ms"] / row["ours_ms"]
    if lines[0].get("memory_mib") is not None:
        row["ours_memory_mib"] = lines[0]["memory_mib"]


def described(name, peer, pairs):
    return {"name": "torch", "peer": name, "id": peer.id, "workload": peer.workload.format(pairs=pairs),
            "what": peer.what, "target": peer.target}


def compare(name, group, ours):
    """The rows of a group. The row of a failed peer has its error, so that a failure hides no other peer."""
    before = ours.run(group, options.batch, anew=False)
    fitted = [int(line["batch"]) for line in before if line["name"] == "step"]
    rows = []
    for peer in group.peers:
        pairs = peer.pairs or min(fitted, default=options.batch)
        row = described(name, peer, pairs)
        try:
            row.update(time_peer(peer, Setting(options.device, pairs, options.device == "cpu"),
                                 min(options.turns, group.turns or options.turns)))
        except Exception as error:  # noqa: BLE001
            row["failed"] = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        free_memory()
        rows.append(row)
    after = ours.run(group, options.batch, anew=True) if group.after else []
    for row, peer in zip(rows, group.peers):
        if "failed" not in row:
            with_ours(row, peer, group, before, after)
    return rows


def say(row):
    if "median_ms" not in row:
        text = "skipped, " + row["skipped"] if "skipped" in row else "FAIL: " + row["failed"]
    else:
        text = f"torch {row['median_ms']:.3g} ms ({row['min_ms']:.3g} to {row['max_ms']:.3g})"
        if "ours_ms" in row:
            medians = ", ".join(f"{x:.3g}" for x in row["ours_medians_ms"])
            text += f", ctp {row['ours_precision']} {row['ours_ms']:.3g} ms ({medians}), ratio {row['ratio']:.2f}"
    print(f"{row['peer']}: {row['id']} {row['workload']}: {text}  [{row['what']}]", flush=True)


def main():
    begin = time.monotonic()
    names = options.peers.split(",") if options.peers else list(GROUPS) if options.device == "cpu" else BY_DEFAULT
    for name in names:
        if name not in GROUPS:
            print(f"compare_torch_cuda: --peers: expected {', '.join(GROUPS)}, found '{name}'")
            sys.exit(2)
    where = torch.cuda.get_device_name() if options.device == "cuda" else "cpu, tiny sizes"
    title = f"PyTorch {torch.__version__}, {where}, batch {options.batch}, {options.turns} turns"
    print(title, flush=True)
    ours, rows = Ours(), []
    lines = open(options.json, "w", encoding="utf-8") if options.json else None
    for name in names:
        group = GROUPS[name]
        nothing = described(name, group.peers[0], options.batch)
        left = options.seconds - (time.monotonic() - begin)
        try:
            made = compare(name, group, ours) if left >= group.seconds else [
                {**nothing, "skipped": f"needs {group.seconds:g} s, {max(left, 0):.0f} s are left"}]
        except (RuntimeError, LookupError, ValueError) as error:
            made = [{**nothing, "failed": str(error)[:300]}]
        for row in made:
            say(row)
            if lines:
                print(json.dumps(row), file=lines, flush=True)
        rows += made
    print("\n" + table(rows))
    if options.write:
        with open(options.write, "w", encoding="utf-8") as f:
            f.write(f"# Beside PyTorch\n\n- {title}\n\n{table(rows)}\n")
    sys.exit(1 if any("failed" in row for row in rows) else 0)


if __name__ == "__main__":
    main()
