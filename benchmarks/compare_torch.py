#!/usr/bin/env python3
"""The same training step in PyTorch and in this library, turn about on the same machine; prints both and their ratio.

    /usr/bin/python3 benchmarks/compare_torch.py                       # all cases, build/release
    /usr/bin/python3 benchmarks/compare_torch.py --cases narrow,tiny --rounds 3
    /usr/bin/python3 benchmarks/compare_torch.py --write benchmarks/results/compare_torch.md

Cases: `base` (B=4), `narrow` (64 wide, 12 + 12 layers, B=2), `tiny` (B=32) are one `ctp` step on the second task; `optimizer`
is AdamW, compatible momentum and zeroing over the 202,666,120 parameters of `base`; `optimizer_small` the same over those of
a smaller model, to try the script. Everything is float32 on one thread (--threads to change), dropout 0.1 in the online text encoder.

The PyTorch side is written as one would who cares: parameters resolved once, teachers under no_grad, asked-for rows
gathered before the vocabulary product, in-place attention scores, _foreach_ moving averages, the faster of AdamW's two
implementations. Needs python3-torch and a real BLAS: reference BLAS is refused, for the comparison would be worthless.
Exit code: 0 every gate held, 1 a gate was missed, 2 the comparison could not be made.
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

IGNORE = -100
HAVE_FOREACH = hasattr(torch, "_foreach_addcdiv_")


# ------------------------------------------------------------------------------------------------ the models

@dataclass
class Sizes:
    """As ctp::ModelConfig; the defaults are `base`. Keep alike with benchmarks/step.cpp."""
    image: int = 224
    patch: int = 16
    vision_width: int = 768
    vision_depth: int = 12
    vision_heads: int = 12
    vocab: int = 21128
    text_width: int = 768
    text_layers: int = 12
    fusion_layer: int = 6
    text_heads: int = 12
    intermediate: int = 3072
    positions: int = 512
    types: int = 2
    embed: int = 256
    queue: int = 1024
    temp: float = 0.07
    distill_temp: float = 1.0
    dropout: float = 0.1
    pad: int = 0
    cls: int = 2
    mask: int = 4


BASE = Sizes()
NARROW = Sizes(image=32, patch=16, vision_width=64, vision_depth=12, vision_heads=1, vocab=1000, text_width=64, text_layers=12,
               fusion_layer=6, text_heads=1, intermediate=256, positions=64, embed=64, queue=64)
TINY = Sizes(image=64, patch=8, vision_width=96, vision_depth=4, vision_heads=3, vocab=2000, text_width=96, text_layers=4,
             fusion_layer=2, text_heads=3, intermediate=384, positions=64, embed=64, queue=256)


class Affine:
    """A weight and a bias, registered under their published names."""

    def __init__(self, model, name, out, inp):
        self.w = model.parameter(name + ".weight", (out, inp), "weight")
        self.b = model.parameter(name + ".bias", (out,), "zeros")

    def __call__(self, x):
        return F.linear(x, self.w, self.b)


class Norm:
    def __init__(self, model, name, width, eps):
        self.shape, self.eps = (width,), eps
        self.w = model.parameter(name + ".weight", (width,), "ones")
        self.b = model.parameter(name + ".bias", (width,), "zeros")

    def __call__(self, x):
        return F.layer_norm(x, self.shape, self.w, self.b, self.eps)


def heads_of(x, heads):
    """[B,L,D] -> [B*heads,L,D/heads]"""
    b, l, d = x.shape
    return x.view(b, l, heads, d // heads).transpose(1, 2).reshape(b * heads, l, d // heads)


def attend(q, k, v, heads, bias, dropout):
    """softmax(q k^T / sqrt(d) + bias) v; q, k, v [B,*,D], bias [B*heads,1,keys] or None -> [B,L,D]"""
    b, l, d = q.shape
    scale = 1.0 / math.sqrt(d // heads)
    q, k, v = heads_of(q, heads), heads_of(k, heads), heads_of(v, heads)
    if bias is None:
        p = torch.bmm(q * scale, k.transpose(1, 2)).softmax(-1)
    else:
        p = torch.baddbmm(bias, q, k.transpose(1, 2), alpha=scale).softmax(-1)
    if dropout > 0:
        p = F.dropout(p, dropout)
    return torch.bmm(p, v).view(b, heads, l, d // heads).transpose(1, 2).reshape(b, l, d)


class VitBlock:
    def __init__(self, model, name, d, heads):
        self.heads = heads
        self.norm1, self.qkv = Norm(model, name + "norm1", d, 1e-6), Affine(model, name + "attn.qkv", 3 * d, d)
        self.proj, self.norm2 = Affine(model, name + "attn.proj", d, d), Norm(model, name + "norm2", d, 1e-6)
        self.fc1, self.fc2 = Affine(model, name + "mlp.fc1", 4 * d, d), Affine(model, name + "mlp.fc2", d, 4 * d)

    def __call__(self, x):
        q, k, v = self.qkv(self.norm1(x)).chunk(3, -1)
        x = x + self.proj(attend(q, k, v, self.heads, None, 0.0))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class BertAttention:
    def __init__(self, model, name, width, memory_width, heads):
        self.heads = heads
        self.q, self.k = Affine(model, name + "self.query", width, width), Affine(model, name + "self.key", width, memory_width)
        self.v = Affine(model, name + "self.value", width, memory_width)
        self.out = Affine(model, name + "output.dense", width, width)
        self.norm = Norm(model, name + "output.LayerNorm", width, 1e-12)

    def __call__(self, x, memory, bias, p):
        h = self.out(attend(self.q(x), self.k(memory), self.v(memory), self.heads, bias, p))
        return self.norm(x + (F.dropout(h, p) if p > 0 else h))


class BertBlock:
    def __init__(self, model, name, c, crosses):
        self.own = BertAttention(model, name + "attention.", c.text_width, c.text_width, c.text_heads)
        self.cross = BertAttention(model, name + "crossattention.", c.text_width, c.vision_width, c.text_heads) if crosses else None
        self.up = Affine(model, name + "intermediate.dense", c.intermediate, c.text_width)
        self.down = Affine(model, name + "output.dense", c.text_width, c.intermediate)
        self.norm = Norm(model, name + "output.LayerNorm", c.text_width, 1e-12)

    def __call__(self, x, bias, image_tokens, p):
        x = self.own(x, x, bias, p)
        if self.cross is not None:
            x = self.cross(x, image_tokens, None, p)
        h = self.down(F.gelu(self.up(x)))
        return self.norm(x + (F.dropout(h, p) if p > 0 else h))


class Model:
    """The vision-language model. `dropout` is that of the text encoder; teachers have none."""

    def __init__(self, c, seed=0, trained=True):
        self.c, self.parameters, self.trained = c, {}, trained
        self.generator = torch.Generator().manual_seed(seed)
        v, t, h = "visual_encoder.", "text_mlm_encoder.bert.", "text_mlm_encoder.cls.predictions."
        d, n = c.vision_width, (c.image // c.patch) ** 2
        self.class_token = self.parameter(v + "cls_token", (1, 1, d), "table")
        self.pos = self.parameter(v + "pos_embed", (1, n + 1, d), "table")
        self.patch_w = self.parameter(v + "patch_embed.proj.weight", (d, 3, c.patch, c.patch), "weight")
        self.patch_b = self.parameter(v + "patch_embed.proj.bias", (d,), "zeros")
        self.vit_blocks = [VitBlock(self, f"{v}blocks.{i}.", d, c.vision_heads) for i in range(c.vision_depth)]
        self.vit_norm = Norm(self, v + "norm", d, 1e-6)
        self.words = self.parameter(t + "embeddings.word_embeddings.weight", (c.vocab, c.text_width), "table")
        self.positions = self.parameter(t + "embeddings.position_embeddings.weight", (c.positions, c.text_width), "table")
        self.types = self.parameter(t + "embeddings.token_type_embeddings.weight", (c.types, c.text_width), "table")
        self.embed_norm = Norm(self, t + "embeddings.LayerNorm", c.text_width, 1e-12)
        self.blocks = [BertBlock(self, f"{t}encoder.layer.{i}.", c, i >= c.fusion_layer) for i in range(c.text_layers)]
        self.head_bias = self.parameter(h + "bias", (c.vocab,), "zeros")
        self.head = Affine(self, h + "transform.dense", c.text_width, c.text_width)
        self.head_norm = Norm(self, h + "transform.LayerNorm", c.text_width, 1e-12)
        self.vision_proj = Affine(self, "vision_proj", c.embed, d)
        self.text_proj = Affine(self, "text_proj", c.embed, c.text_width)

    def parameter(self, name, shape, kind):
        x = torch.ones(shape) if kind == "ones" else torch.zeros(shape)
        if kind in ("weight", "table"):
            fan_in = shape[-1] if kind == "table" else math.prod(shape[1:])
            x.normal_(0.0, 1 / math.sqrt(fan_in), generator=self.generator)
        self.parameters[name] = x.requires_grad_(self.trained)
        return x

    def copy(self):
        """The same weights, apart, without gradients."""
        other = Model(self.c, trained=False)
        with torch.no_grad():
            for mine, its in zip(self.parameters.values(), other.parameters.values()):
                its.copy_(mine)
        return other

    def image_tokens(self, images):
        x = F.conv2d(images, self.patch_w, self.patch_b, stride=self.c.patch).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], 1) + self.pos
        for block in self.vit_blocks:
            x = block(x)
        return self.vit_norm(x)

    def text(self, ids, bias, image_tokens, p):
        x = F.embedding(ids, self.words, padding_idx=self.c.pad) + (self.types[0] + self.positions[: ids.shape[1]])
        x = self.embed_norm(x)
        if p > 0:
            x = F.dropout(x, p)
        for block in self.blocks if image_tokens is not None else self.blocks[: self.c.fusion_layer]:
            x = block(x, bias, image_tokens, p)
        return x

    def features(self, image_tokens, batch, p):
        text = self.text(batch.ids, batch.bias, None, p)
        return F.normalize(self.vision_proj(image_tokens[:, 0]), dim=-1), F.normalize(self.text_proj(text[:, 0]), dim=-1)

    def word_scores(self, image_tokens, batch, p):
        """Scores of every word, at the asked-for positions alone."""
        x = self.text(batch.masked, batch.bias, image_tokens, p)
        x = x.reshape(-1, x.shape[-1]).index_select(0, batch.asked)
        return F.linear(self.head_norm(F.gelu(self.head(x))), self.words, self.head_bias)


# ------------------------------------------------------------------------------------------------ the step

class Batch:
    """As made_batch() of benchmarks/step.cpp: noise, random words, 15 % of them asked for, no padding."""

    def __init__(self, c, pairs, length=30, seed=1):
        g = torch.Generator().manual_seed(seed)
        self.images = torch.randn(pairs, 3, c.image, c.image, generator=g)
        self.ids = torch.randint(5, c.vocab, (pairs, length), generator=g)
        self.ids[:, 0] = c.cls
        chosen = torch.rand(pairs, length, generator=g) < 0.15
        chosen[:, 0] = False
        self.set_texts(c, self.ids, torch.ones_like(self.ids), torch.where(chosen, torch.full_like(self.ids, c.mask), self.ids),
                       torch.where(chosen, self.ids, torch.full_like(self.ids, IGNORE)))

    def set_texts(self, c, ids, attention, masked, labels):
        self.ids, self.masked = ids, masked
        bias = (1.0 - attention.to(self.images.dtype)) * -10000.0
        self.bias = bias.repeat_interleave(c.text_heads, 0)[:, None, :]
        self.asked = (labels.reshape(-1) != IGNORE).nonzero()[:, 0]
        self.targets = labels.reshape(-1)[self.asked]


def both_ways(a, b):
    return (a + b) / 2


def kl(scores, teacher):
    return F.kl_div(F.log_softmax(scores, 1), F.log_softmax(teacher, 1), reduction="batchmean", log_target=True)


def ctp_loss(online, momentum, previous, batch, queues, dropout):
    """All losses of CTP from the second task on, and the momentum features for the queues."""
    c = online.c
    temp, eye = c.temp, torch.eye(batch.ids.shape[0], dtype=torch.bool, device=batch.ids.device)
    own = torch.arange(batch.ids.shape[0], device=batch.ids.device)
    tokens = online.image_tokens(batch.images)
    image, text = online.features(tokens, batch, dropout)
    scores = online.word_scores(tokens, batch, dropout)
    with torch.no_grad():
        tokens_m = momentum.image_tokens(batch.images)
        image_m, text_m = momentum.features(tokens_m, batch, 0.0)
        scores_m = momentum.word_scores(tokens_m, batch, 0.0)
        image_r, text_r = previous.features(previous.image_tokens(batch.images), batch, 0.0)
        cross_r, images_r, texts_r = image_r @ text_r.T / temp, image_r @ image_r.T, text_r @ text_r.T
        images_r, texts_r = images_r.masked_fill_(eye, -1000.0) / temp, texts_r.masked_fill_(eye, -1000.0) / temp
        keys_i, keys_t = torch.cat([image_m, queues[0]]), torch.cat([text_m, queues[1]])
    cross = image @ text.T / temp
    images = (image @ image.T).masked_fill(eye, -1000.0) / temp
    texts = (text @ text.T).masked_fill(eye, -1000.0) / temp
    loss = both_ways(F.cross_entropy(cross, own), F.cross_entropy(cross.T, own))
    loss = loss + both_ways(F.cross_entropy(image @ keys_t.T / temp, own), F.cross_entropy(text @ keys_i.T / temp, own))
    loss = loss + both_ways(kl(cross, cross_r), kl(cross.T, cross_r.T)) + both_ways(kl(images, images_r), kl(texts, texts_r))
    log_p = F.log_softmax(scores, -1)
    loss = loss + F.nll_loss(log_p, batch.targets)
    if c.distill_temp != 1.0:
        log_p = F.log_softmax(scores / c.distill_temp, -1)
    loss = loss - (log_p * F.softmax(scores_m / c.distill_temp, -1)).sum(-1).mean()
    return loss, (image_m, text_m)


@torch.no_grad()
def compatible_momentum(slow, online, previous, decay):
    if HAVE_FOREACH:
        torch._foreach_mul_(slow, decay)
        torch._foreach_add_(slow, online, alpha=(1 - decay) / 2)
        torch._foreach_add_(slow, previous, alpha=(1 - decay) / 2)
    else:
        for s, o, p in zip(slow, online, previous):
            s.mul_(decay).add_(o, alpha=(1 - decay) / 2).add_(p, alpha=(1 - decay) / 2)


def make_adamw(parameters, foreach):
    settings = {"lr": 1e-4, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.05}
    try:
        return torch.optim.AdamW(parameters, foreach=foreach, **settings)
    except TypeError:  # before PyTorch 1.12
        return torch.optim.AdamW(parameters, **settings)


def faster_adamw(parameters):
    """AdamW as it is faster here: over lists of tensors or one tensor at a time."""
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
    """AdamW, compatible momentum and zeroing over the parameters of a model, whose gradients stay where they are."""

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
    """What does PyTorch's matrix products: a name, and whether it is a real one. Looks at what is loaded, not at names."""
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
            commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
            made = f"{datetime.date.today()}, commit {commit}: `/usr/bin/python3 benchmarks/compare_torch.py {' '.join(sys.argv[1:])}`"
            f.write(f"# One step beside PyTorch\n\n- {made}\n" + "\n".join(f"- {line}" for line in facts)
                    + f"\n- {options.rounds} rounds, turn about; a cell is the median of the rounds' medians and their range\n\n" + table(rows) + "\n")
    sys.exit(1 if any(r["verdict"].startswith("FAIL") for r in rows) else 0)


if __name__ == "__main__":
    main()
