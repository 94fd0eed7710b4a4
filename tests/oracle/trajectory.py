"""Write one trajectory: a method trained by the oracle over two or more tasks, with everything needed to repeat it.

    python3 trajectory.py METHOD OUT.safetensors [--seed N] [--tasks N] [--epochs N] [--steps N] [--batch N]
                          [--length N] [--lr X] [--store f32|f64] [--set field=value ...]
    METHOD: seqf si mas ewc afec rwalk lwf lucir ctp   (er, mof, kmeans follow seqf; icarl lwf; ctp_er ctp)

Each epoch walks the task's S batches in order. Masks are part of the batch, so every pass of a method (importance,
AFEC's forward model) sees the same draws. No dropout, no augmentation. A fresh AdamW and a fresh cosine per task.

In the file (float64 arithmetic, stored float32 unless --store f64):
  metadata "config" (as golden files) and "run": method, tasks, epochs, steps, lr, min_lr, weight_decay
  start.*                        parameters before the first step;  queue.image, queue.text
  task{t}.images [S,B,3,H,W], task{t}.ids .attend .masked .labels [S,B,L] (int64)
  task{t}.loss.PART [epochs*S]   loss_ita loss_mlm loss_ita_dis loss_mlm_dis penalty; zero if the method has no such part
  task{t}.end.*                  parameters after the task;  task{t}.momentum.* and task{t}.queue.* for ctp
  task{t}.STATE.*                after consolidation: fisher (ewc, afec, rwalk), importance (mas, si), score (rwalk),
                                 forward_fisher, forward_params (afec, last epoch of the task)

The comparison that decides is in double precision (--store f64): a double run started 1e-15 away ends within 2e-10, so
everything must agree to 1e-6. In float32 a fresh AdamW's first step is about lr * sign(gradient), which magnifies
rounding: PyTorch's own float32 differs by up to 4e-3 in the parameters' change at --lr 1e-3, but by 7e-6 in losses and
1.2e-3 in the change at --lr 1e-4. Float32 is compared at --lr 1e-4 only.
The momentum model is recorded before the update that the next step would make.
LUCIR: vision_proj and text_proj have no bias and a sigma of 1 at the start; start.* holds the biases of the other
methods. Parameters whose gradient is zero in exact arithmetic (biases of attention keys, the middle third of qkv biases,
LUCIR's sigma) move by rounding noise under AdamW; comparisons leave them out.
"""
import argparse
import json

import torch
import ctp_oracle as O
from make_golden import make_batch

METHODS = "seqf si mas ewc afec rwalk lwf lucir ctp".split()


def leaf(p):
    return {k: v.detach().clone().requires_grad_() for k, v in p.items()}


def gradient(loss, q):
    g = torch.autograd.grad(loss, list(q.values()), allow_unused=True)
    return {k: torch.zeros_like(v) if d is None else d for (k, v), d in zip(q.items(), g)}


def mean_over_batches(batches, f):
    out = None
    for b in batches:
        x = f(b)
        out = x if out is None else {k: out[k] + x[k] for k in out}
    return {k: v / len(batches) for k, v in out.items()}


def train(method, c, p, queues, tasks, epochs, lr, min_lr, weight_decay):
    """Yields (task, loss curves, end parameters, states) per task. tasks: list of lists of batches."""
    cosine = method == "lucir"
    if cosine:
        p = {k: v for k, v in p.items() if k not in ("vision_proj.bias", "text_proj.bias")}
        p["vision_proj.sigma"], p["text_proj.sigma"] = torch.ones(1).double(), torch.ones(1).double()
    zeros = lambda: {k: torch.zeros_like(v) for k, v in p.items()}
    parts_of = ("loss_ita", "loss_mlm", "loss_ita_dis", "loss_mlm_dis", "penalty")
    fisher, importance, score, path, anchor, ptr = None, zeros(), zeros(), zeros(), p, 0
    base = lambda q, b: sum(O.finetune_losses(q, c, b).values())

    def fisher_of(theta, batches):
        def one(b):
            q = leaf(theta)
            return {k: g ** 2 for k, g in gradient(base(q, b), q).items()}
        return mean_over_batches(batches, one)

    def mas_of(theta, batches):
        def one(b):
            q = leaf(theta)
            return {k: g.abs() for k, g in gradient(O.mas_objective(q, c, *b[:3]), q).items()}
        return mean_over_batches(batches, one)

    for t, batches in enumerate(tasks):
        opt, previous, momentum, total = O.AdamW(p, weight_decay), p, dict(p), epochs * len(batches)
        forward, forward_opt, forward_fisher = p, O.AdamW(p, weight_decay), None
        curve = {k: [] for k in parts_of}
        for e in range(epochs):
            if method == "afec" and t:
                for s, b in enumerate(batches):
                    q = leaf(forward)
                    forward = forward_opt.step(forward, gradient(base(q, b), q), O.cosine_lr(e * len(batches) + s, total, lr, min_lr))
                forward_fisher = fisher_of(forward, batches)
            for s, b in enumerate(batches):
                q = leaf(p)
                if method == "ctp":
                    momentum = O.compatible_momentum(momentum, p, previous, 0.9) if t else O.ema(momentum, p, 0.995)
                    f = O.ctp_losses if t else O.ctp_first_task_losses
                    parts, keys = f(q, previous, momentum, c, b, queues) if t else f(q, momentum, c, b, queues)
                    queues = tuple(O.enqueue(x, ptr, k)[0] for x, k in zip(queues, keys))
                    ptr = O.enqueue(queues[0], ptr, keys[0])[1]
                elif method == "lwf" and t:
                    parts = O.lwf_losses(q, previous, c, b)
                elif method == "lucir" and t:
                    parts = O.lucir_losses(q, previous, c, b)
                else:
                    parts = O.finetune_losses(q, c, b, cosine)
                raw, penalty = gradient(sum(parts.values()), q), torch.zeros(()).double()
                if t:
                    if method == "ewc":
                        penalty = O.quadratic_penalty(q, anchor, fisher, 5000 / 2)
                    elif method == "mas":
                        penalty = O.quadratic_penalty(q, anchor, importance, 1 / 2)
                    elif method == "si":
                        penalty = O.quadratic_penalty(q, anchor, importance, 1)
                    elif method == "rwalk":
                        penalty = O.quadratic_penalty(q, anchor, {k: score[k] + fisher[k] for k in score}, 1000)
                    elif method == "afec":
                        penalty = (O.quadratic_penalty(q, anchor, fisher, 5000 / 2)
                                   + O.quadratic_penalty(q, forward, forward_fisher, 1 / 2))
                g = raw
                if penalty.requires_grad:
                    extra = gradient(penalty, q)
                    g = {k: raw[k] + extra[k] for k in raw}
                after = opt.step(p, g, O.cosine_lr(e * len(batches) + s, total, lr, min_lr))
                if method in ("si", "rwalk"):
                    path = {k: path[k] - raw[k] * (after[k] - p[k]) for k in path}
                p = after
                for k in parts_of:
                    v = penalty if k == "penalty" else parts.get(k, torch.zeros(()))
                    curve[k].append(float(v.detach()))

        states, a = {}, t / (t + 1)
        blend = lambda old, new: new if old is None else {k: a * old[k] + (1 - a) * new[k] for k in new}
        if method in ("ewc", "afec", "rwalk"):
            fisher = blend(fisher, fisher_of(p, batches))
            states["fisher"] = fisher
        if method == "mas":
            importance = blend(importance if t else None, mas_of(p, batches))
            states["importance"] = importance
        if method == "si":
            importance = O.si_consolidate(importance, path, p, anchor)
            states["importance"], path = importance, zeros()
        if method == "rwalk":
            score = O.rwalk_consolidate(score, path, fisher, p, anchor)
            states["score"], path = score, zeros()
        if method == "afec" and t:
            states["forward_fisher"], states["forward_params"] = forward_fisher, forward
        if method == "ctp":
            states["momentum"] = momentum
            states["queue"] = {"image": queues[0], "text": queues[1]}
        anchor = p
        yield t, curve, p, states


def main():
    a = argparse.ArgumentParser()
    a.add_argument("method", choices=METHODS)
    a.add_argument("out")
    for name, kind, value in (("seed", int, 1), ("tasks", int, 2), ("epochs", int, 2), ("steps", int, 5), ("batch", int, 8), ("length", int, 12)):
        a.add_argument("--" + name, type=kind, default=value)
    a.add_argument("--lr", type=float, default=1e-4)
    a.add_argument("--store", choices=("f32", "f64"), default="f32")
    a.add_argument("--set", nargs="*", default=[])
    a = a.parse_args()
    c = O.Config(image=16)
    for kv in a.set:
        k, v = kv.split("=")
        setattr(c, k, type(getattr(c, k))(v))
    double = lambda x: x.double() if x.is_floating_point() else x
    p = {k: double(v) for k, v in O.init_params(c, a.seed).items()}
    queues = tuple(map(double, O.init_queues(c, a.seed)))
    tasks = [[tuple(map(double, make_batch(c, a.seed * 1000 + 100 * t + s, a.batch, a.length))) for s in range(a.steps)] for t in range(a.tasks)]

    out = {f"start.{k}": v for k, v in p.items()}
    out["queue.image"], out["queue.text"] = queues
    for t, batches in enumerate(tasks):
        for i, n in enumerate(("images", "ids", "attend", "masked", "labels")):
            out[f"task{t}.{n}"] = torch.stack([b[i] for b in batches])
    run = dict(method=a.method, tasks=a.tasks, epochs=a.epochs, steps=a.steps, lr=a.lr, min_lr=a.lr / 100, weight_decay=0.05)
    for t, curve, end, states in train(a.method, c, p, queues, tasks, a.epochs, a.lr, a.lr / 100, 0.05):
        out.update({f"task{t}.loss.{k}": torch.tensor(v, dtype=torch.float64) for k, v in curve.items()})
        out.update({f"task{t}.end.{k}": v for k, v in end.items()})
        for s, q in states.items():
            out.update({f"task{t}.{s}.{k}": v for k, v in q.items()})
        print(a.method, "task", t, {k: f"{v[0]:.4f} -> {v[-1]:.4f}" for k, v in curve.items() if any(v)})
    if a.store == "f32":
        out = {k: v.float() if v.is_floating_point() else v for k, v in out.items()}
    O.save_safetensors(a.out, out, {**O.config_metadata(c), "run": json.dumps(run)})


if __name__ == "__main__":
    main()
