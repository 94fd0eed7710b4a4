"""Write one golden file: random parameters, one batch, and every quantity the oracle derives from them.

    python3 make_golden.py OUT.safetensors [--seed N] [--batch N] [--length N] [--store f32|f64] [--set field=value ...]

Parameters, images and queues are exact float32 numbers; everything derived from them is computed in float64 and stored
rounded to float32 (or as float64). An error in a comparison is therefore an error of the compared implementation.

Tensors in the file (floating point unless said):
  config                      JSON in the safetensors metadata key "config" (fields of ctp_oracle.Config)
  params.*, previous.*, momentum.*   three independent parameter sets (online, previous task's, momentum)
  queue.image, queue.text     [E,Q]
  batch.images [B,3,H,W]; batch.ids, batch.attend, batch.masked, batch.labels  int64 [B,L]
  out.image_tokens [B,N,D] .text_tokens [B,L,D] .image_raw .text_raw .image .text [B,E] .fusion [B,D]
  out.mlm_logits [B,L,V]
  loss.METHOD.PART            scalars; METHOD: finetune lwf lucir ctp_first ctp
  grad.METHOD.*               gradient of the sum of the METHOD's parts with respect to params.*
  after.ema.*, after.compatible.*    momentum parameters after one update (m = 0.995 / m = 0.9)
  after.queue.image, after.queue.text   queues after the ctp step enqueued at column 0
  after.adamw.*               params.* after 3 AdamW steps along grad.finetune.* (lr 1e-3, weight decay 0.05)
  fisher.*, mas.*             importance of this one batch
  penalty.ewc                 5000/2 sum fisher (params - previous)^2
LUCIR's heads have no bias and a learned scale, 1 here: grad.lucir.* has vision_proj.sigma and text_proj.sigma instead
of the two biases. The queue must be a multiple of the batch; the length at least 3 and at most `positions`.
"""
import argparse
import torch
import ctp_oracle as O


def make_batch(c, seed, B, L):
    g = torch.Generator().manual_seed(seed)
    images = torch.randn(B, 3, c.image, c.image, generator=g)
    ids = torch.randint(5, c.vocab, (B, L), generator=g)
    ids[:, 0] = c.cls
    attend = torch.ones(B, L, dtype=torch.long)
    for b in range(B):
        n = int(torch.randint(3, L + 1, (1,), generator=g))
        ids[b, n - 1] = 3                      # [SEP]
        ids[b, n:] = c.pad
        attend[b, n:] = 0
    masked, labels = O.mask_tokens(c, ids, g)
    if (labels == O.IGNORE).all():
        return make_batch(c, seed + 1000003, B, L)
    return images, ids, attend, masked, labels


def main():
    a = argparse.ArgumentParser()
    a.add_argument("out")
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--batch", type=int, default=8)
    a.add_argument("--length", type=int, default=12)
    a.add_argument("--store", choices=("f32", "f64"), default="f32")
    a.add_argument("--set", nargs="*", default=[])
    a = a.parse_args()
    c = O.Config()
    for kv in a.set:
        k, v = kv.split("=")
        setattr(c, k, type(getattr(c, k))(v))

    double = lambda x: x.double() if x.is_floating_point() else x
    p, previous, momentum = ({k: double(v) for k, v in O.init_params(c, a.seed * 10 + i).items()} for i in range(3))
    queues = tuple(map(double, O.init_queues(c, a.seed)))
    batch = tuple(map(double, make_batch(c, a.seed, a.batch, a.length)))
    images, ids, attend, masked, labels = batch
    t = {}
    for prefix, q in (("params", p), ("previous", previous), ("momentum", momentum)):
        t.update({f"{prefix}.{k}": v for k, v in q.items()})
    t["queue.image"], t["queue.text"] = queues
    for n, v in zip(("images", "ids", "attend", "masked", "labels"), batch):
        t["batch." + n] = v

    with torch.no_grad():
        o = O.encode(p, c, images, ids, attend)
        for n in ("image_tokens", "text_tokens", "image_raw", "text_raw", "image", "text"):
            t["out." + n] = getattr(o, n)
        t["out.fusion"] = O.fusion_feature(p, c, images, ids, attend)
        t["out.mlm_logits"] = O.mlm_logits(p, c, masked, attend, o.image_tokens)
        after_ema, after_compatible = O.ema(momentum, p, 0.995), O.compatible_momentum(momentum, p, previous, 0.9)
        t.update({f"after.ema.{k}": v for k, v in after_ema.items()})
        t.update({f"after.compatible.{k}": v for k, v in after_compatible.items()})

    def cosine(q):                              # LUCIR's heads: no bias, a learned scale of 1
        q = {k: v for k, v in q.items() if k not in ("vision_proj.bias", "text_proj.bias")}
        return {**q, "vision_proj.sigma": torch.ones(1).double(), "text_proj.sigma": torch.ones(1).double()}

    methods = {
        "finetune": (p, lambda q: O.finetune_losses(q, c, batch)),
        "lwf": (p, lambda q: O.lwf_losses(q, previous, c, batch)),
        "lucir": (cosine(p), lambda q: O.lucir_losses(q, cosine(previous), c, batch)),
        "ctp_first": (p, lambda q: O.ctp_first_task_losses(q, after_ema, c, batch, queues)[0]),
        "ctp": (p, lambda q: O.ctp_losses(q, previous, after_compatible, c, batch, queues)[0]),
    }
    for name, (q, losses) in methods.items():
        q = {k: v.clone().requires_grad_() for k, v in q.items()}
        parts = losses(q)
        for part, v in parts.items():
            t[f"loss.{name}.{part}"] = v.reshape(1)
        g = torch.autograd.grad(sum(parts.values()), list(q.values()), allow_unused=True)
        for (k, v), d in zip(q.items(), g):
            t[f"grad.{name}.{k}"] = torch.zeros_like(v) if d is None else d
    with torch.no_grad():
        _, (im, tm) = O.ctp_losses(p, previous, after_compatible, c, batch, queues)
        t["after.queue.image"], _ = O.enqueue(queues[0], 0, im)
        t["after.queue.text"], _ = O.enqueue(queues[1], 0, tm)

    opt, q = O.AdamW(p, 0.05), p
    grad = {k: t["grad.finetune." + k] for k in p}
    for _ in range(3):
        q = opt.step(q, grad, 1e-3)
    t.update({f"after.adamw.{k}": v for k, v in q.items()})

    q = {k: v.clone().requires_grad_() for k, v in p.items()}
    fisher = O.fisher_of_batch(q, sum(O.finetune_losses(q, c, batch).values()))
    g = torch.autograd.grad(O.mas_objective(q, c, images, ids, attend), list(q.values()), allow_unused=True)
    t.update({f"fisher.{k}": v for k, v in fisher.items()})
    t.update({f"mas.{k}": torch.zeros_like(v) if d is None else d.abs() for (k, v), d in zip(q.items(), g)})
    t["penalty.ewc"] = torch.as_tensor(O.quadratic_penalty(p, previous, fisher, 2500.0)).reshape(1)
    if a.store == "f32":
        t = {k: v.float() if v.is_floating_point() else v for k, v in t.items()}
    O.save_safetensors(a.out, t, O.config_metadata(c))
    print(a.out, {k: round(v.item(), 6) for k, v in t.items() if k.startswith(("loss.", "penalty."))})


if __name__ == "__main__":
    main()
