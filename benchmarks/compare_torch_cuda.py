#!/usr/bin/env python3
"""One `ctp` step on a GPU: this library beside PyTorch as several people would write it; prints medians and ratios.

    python3 benchmarks/compare_torch_cuda.py                          # all peers, build/release/bin/bench_cuda
    python3 benchmarks/compare_torch_cuda.py --peers fp32,tuned --json rows.jsonl

Peers, from what is written first to what takes effort: `fp32` (eager), `tf32` (the same with TF32 products),
`autocast` (bf16), `tuned` (autocast with scaled_dot_product_attention and fused AdamW), `compiled` (that under
torch.compile, mode="reduce-overhead"). All average their momentum weights with _foreach_. The model, its losses and
sizes are those of compare_torch.py. PyTorch has its batch on the device; ours is uploaded anew in each step.
`retrieval` is no step: the ten best of P9D's gallery for every query, and the ranks of matched pairs in both
directions, as a product with topk or comparisons in fp32; features are on the device on both sides.

Ours is measured before, between and after the peers, in processes of its own, for memory may hold one at a time; each
ratio takes the mean of the two medians around the peer. Exit code: 0 done, 1 a peer or ours failed, 2 the comparison
could not be made, 77 no CUDA device or no PyTorch that sees it.
"""
import argparse
import gc
import json
import math
import os
import statistics
import subprocess
import sys
import time


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", default="build/release/bin", help="folder of bench_cuda")
    p.add_argument("--peers", default="fp32,tf32,autocast,tuned,compiled,retrieval")
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--turns", type=int, default=20)
    p.add_argument("--size", choices=("base", "narrow"), default="base", help="narrow: to try the script")
    p.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu: to try PyTorch's side, without ours")
    p.add_argument("--seconds", type=float, default=420, help="no further peer is begun after this long")
    p.add_argument("--json", help="also write a line of JSON for each measurement to this file")
    return p.parse_args()


options = parse()
try:
    import torch
    import torch.nn.functional as F
except ImportError:
    print("SKIPPED: python3 has no PyTorch")
    sys.exit(77)
if options.device == "cuda" and not torch.cuda.is_available():
    print(f"SKIPPED: PyTorch {torch.__version__} sees no CUDA device")
    sys.exit(77)
if options.device == "cuda" and not hasattr(torch, "compile"):
    print(f"SKIPPED: expected PyTorch 2.1 or newer, found {torch.__version__}")
    sys.exit(77)

# compare_torch.py reads its options when it is imported; here they are the defaults.
arguments, sys.argv = sys.argv, [os.path.join(os.path.dirname(os.path.abspath(__file__)), "compare_torch.py")]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
import compare_torch as ct  # noqa: E402
sys.argv = arguments

SIZES = {"base": ct.BASE, "narrow": ct.NARROW}
plain_attend = ct.attend


def fused_attend(q, k, v, heads, bias, dropout):
    """attend() of compare_torch.py by PyTorch's own fused attention."""
    b, l, d = q.shape
    q, k, v = (x.view(b, -1, heads, d // heads).transpose(1, 2) for x in (q, k, v))
    mask = None if bias is None else bias.view(b, heads, 1, -1).to(q.dtype)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout).transpose(1, 2).reshape(b, l, d)


PEERS = {  # name: (what it is, TF32, autocast, fused attention and AdamW, compiled, our precision)
    "fp32": ("eager, fp32", False, False, False, False, "fp32"),
    "tf32": ("eager, TF32", True, False, False, False, "tf32"),
    "autocast": ("eager, bf16 autocast", True, True, False, False, "bf16"),
    "tuned": ("tuned eager: bf16 autocast, fused attention and AdamW", True, True, True, False, "bf16"),
    "compiled": ("torch.compile, reduce-overhead, otherwise as tuned", True, True, True, True, "bf16"),
}
RETRIEVAL = {"cuda": (4615, 46855, 768, 256), "cpu": (461, 4685, 64, 64)}  # queries, gallery, their width, embedding


def to_device(model):
    for p in model.parameters.values():
        p.data = p.data.to(options.device)
    return model


class Step:
    """compare_torch.TorchStep on a device, as a peer writes it."""

    def __init__(self, c, pairs, tf32, autocast, fused, compiled):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        ct.attend = fused_attend if fused else plain_attend
        self.c, self.autocast = c, autocast
        self.batch = ct.Batch(c, pairs)
        for name, value in vars(self.batch).items():
            setattr(self.batch, name, value.to(options.device))
        self.online = to_device(ct.Model(c))
        self.previous, self.momentum = (ct.Model(c, trained=False) for _ in range(2))
        for teacher in (self.previous, self.momentum):
            for mine, its in zip(self.online.parameters.values(), teacher.parameters.values()):
                its.data = mine.detach().clone()
        self.lists = [list(m.parameters.values()) for m in (self.momentum, self.online, self.previous)]
        how = {"fused": True} if fused and options.device == "cuda" else {"foreach": True}
        self.optimizer = torch.optim.AdamW(self.lists[1], lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05,
                                           **how)
        self.used = c.queue // pairs * pairs
        self.queues = [F.normalize(torch.randn(self.used, c.embed), dim=1).to(options.device) for _ in range(2)]
        self.next = 0
        self.loss = ct.ctp_loss
        if compiled:
            import torch._dynamo as dynamo
            for tensor in [p for one in self.lists for p in one] + self.queues:
                dynamo.mark_static_address(tensor)  # replayed graphs need no copies of weights then
            self.loss = torch.compile(ct.ctp_loss, mode="reduce-overhead")

    def __call__(self):
        ct.compatible_momentum(*self.lists, 0.9)
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(options.device, dtype=torch.bfloat16, enabled=self.autocast):
            loss, features = self.loss(self.online, self.momentum, self.previous, self.batch, self.queues,
                                       self.c.dropout)
        loss.backward()
        if not math.isfinite(loss.item()):
            raise ArithmeticError("the loss is not finite")
        for queue, rows in zip(self.queues, features):
            queue[self.next:self.next + rows.shape[0]] = rows
        self.next = (self.next + features[0].shape[0]) % self.used
        self.optimizer.step()


def synchronize():
    if options.device == "cuda":
        torch.cuda.synchronize()


def free_memory():
    gc.collect()
    if options.device == "cuda":
        torch.cuda.empty_cache()


def milliseconds(work, warm):
    """Sorted times of single turns, after `warm` that do not count."""
    times = []
    for _ in range(warm):
        work()
    for _ in range(options.turns):
        synchronize()
        begin = time.perf_counter()
        work()
        synchronize()
        times.append(1e3 * (time.perf_counter() - begin))
    return sorted(times)


def summary(times):
    return {"median_ms": statistics.median(times), "min_ms": times[0], "max_ms": times[-1], "turns": len(times)}


def time_peer(name, pairs):
    what, tf32, autocast, fused, compiled, _ = PEERS[name]
    if options.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    step = Step(SIZES[options.size], pairs, tf32, autocast, fused, compiled)
    times = milliseconds(step, 5 if compiled else 3)
    peak = torch.cuda.max_memory_reserved() / 2 ** 20 if options.device == "cuda" else 0
    return {"name": "torch_step", "peer": name, "what": what, "batch": pairs, **summary(times), "memory_mib": peak}


def time_retrieval():
    """{what bench_cuda calls it: its row}. Of equal scores topk promises no order; the ranks count none of them."""
    torch.backends.cuda.matmul.allow_tf32 = False
    queries, gallery, width, embed = RETRIEVAL[options.device]

    def rows(n, d):
        return F.normalize(torch.randn(n, d, device=options.device), dim=1)

    query, items, image, text = rows(queries, width), rows(gallery, width), rows(queries, embed), rows(queries, embed)

    def ten_best():
        return (query @ items.T).topk(10, dim=1)

    def recall():
        scores = image @ text.T
        own = scores.diagonal()
        return (scores > own[:, None]).sum(1), (scores > own[None, :]).sum(0)

    return {of: {"name": "torch_retrieval", "peer": "retrieval", "of": of, **summary(milliseconds(work, 3))}
            for of, work in (("ten best", ten_best), ("recall", recall))}


def run_bench(name, arguments):
    """Those lines of bench_cuda that have this name: at least one."""
    command = [os.path.join(options.bin, "bench_cuda"), *arguments, "--turns", str(options.turns)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        print(f"compare_torch_cuda: {command[0]} is not there; build the target bench_cuda")
        sys.exit(2)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    lines = [line for line in lines if line["name"] == name]
    if done.returncode != 0 or not lines:
        said = (done.stdout + done.stderr)[-500:]
        print(f"compare_torch_cuda: {' '.join(command)} ended with {done.returncode}: {said}")
        sys.exit(1)
    return lines


def run_ours(pairs, precisions):
    """Our recorded step: {precision: line of bench_cuda}, with the batch that fitted."""
    part = "recorded_steps" if options.size == "base" else "tiny"
    lines = run_bench("step", ["--only", part, "--batch", str(pairs), "--precision", ",".join(precisions)])
    return {line["precision"]: line for line in lines if line["recorded"]}


def run_our_retrieval():
    return {line["of"]: line for line in run_bench("retrieval", ["--only", "retrieval"])}


def compare(title, row, precision, before, after):
    """Prints a row, with ours and the ratio if that was measured, and adds them to it."""
    text = f"{title}: torch {row['median_ms']:.3g} ms ({row['min_ms']:.3g} to {row['max_ms']:.3g})"
    if before is not None:
        row["ours_precision"], row["ours_ms"] = precision, (before["median_ms"] + after["median_ms"]) / 2
        row["ratio"] = row["median_ms"] / row["ours_ms"]
        text += (f", ctp {precision} {row['ours_ms']:.3g} ms "
                 f"({before['median_ms']:.3g}, {after['median_ms']:.3g}), ratio {row['ratio']:.2f}")
    print(text + (f"  [{row['what']}]" if "what" in row else ""), flush=True)


def main():
    begin = time.monotonic()
    names = options.peers.split(",")
    for name in names:
        if name not in PEERS and name != "retrieval":
            print(f"compare_torch_cuda: --peers: expected {', '.join(PEERS)} or retrieval, found '{name}'")
            sys.exit(2)
    where = torch.cuda.get_device_name() if options.device == "cuda" else "cpu"
    print(f"PyTorch {torch.__version__}, {where}, batch {options.batch}, {options.turns} turns", flush=True)
    torch.manual_seed(0)
    pairs, failed, rows = options.batch, False, []

    last = {}  # what ours took when it was measured last, if nothing but a peer has run since

    def ours(precision):
        if options.device != "cuda":
            return None
        last.clear()
        last.update(run_ours(pairs, [precision]))
        return last[precision]

    def clean_up(name):
        ct.attend = plain_attend
        if name in PEERS and PEERS[name][4]:
            torch.compiler.reset()
        free_memory()

    def compare_step(name):
        nonlocal pairs
        precision = PEERS[name][5]
        before = last.get(precision) or ours(precision)
        if before is not None:
            pairs = int(before["batch"])  # what fitted
        row = time_peer(name, pairs)
        clean_up(name)
        compare(name, row, precision, before, ours(precision))
        rows.append(row)

    def compare_retrieval():
        before = run_our_retrieval() if options.device == "cuda" else {}
        found = time_retrieval()
        free_memory()
        after = run_our_retrieval() if options.device == "cuda" else {}
        for of, row in found.items():
            compare(f"retrieval, {of}", row, "fp32", before.get(of), after.get(of))
            rows.append(row)

    for name in names:
        kind = "torch_retrieval" if name == "retrieval" else "torch_step"
        if time.monotonic() - begin > options.seconds:
            print(f"{name}: skipped, {options.seconds:g} seconds are over", flush=True)
            rows.append({"name": kind, "peer": name, "skipped": "no time left"})
            continue
        try:
            compare_retrieval() if name == "retrieval" else compare_step(name)
        except Exception as error:  # noqa: BLE001  one peer that fails must not hide the others
            why = f"{type(error).__name__}: {error}".splitlines()[0][:300]
            print(f"{name}: FAIL: {why}", flush=True)
            rows.append({"name": kind, "peer": name, "failed": why})
            failed = True
            clean_up(name)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as f:
            f.writelines(json.dumps(row) + "\n" for row in rows)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
