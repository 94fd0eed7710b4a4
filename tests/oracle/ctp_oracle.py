"""Executable specification of continual vision-language pretraining (CTP and its baselines).

Plain PyTorch (>= 1.13, CPU, no dropout, float32 or float64), written as functions over a flat dict of parameters, so
that every number of the library can be checked against one line here. Docstrings of the library cite a function of this
file as `tests/oracle: name`. Parameter names are those of the published checkpoints. Notation: B batch, N image tokens
(1 + patches), L text tokens, D width, E embedding width, Q queue length, V vocabulary.

Sources: CTP (ICCV 2023, arXiv 2308.07146); ALBEF (momentum contrast, fusion BERT); the paper of each
baseline is named at its function.
"""
from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass, asdict
from typing import Dict, Optional, Tuple

import torch
import torch.nn.functional as F

Params = Dict[str, torch.Tensor]
IGNORE = -100


@dataclass
class Config:
    image: int = 32
    patch: int = 8
    vision_width: int = 32
    vision_depth: int = 2
    vision_heads: int = 4
    vocab: int = 64
    text_width: int = 32
    text_layers: int = 4
    fusion_layer: int = 2        # layers [fusion_layer, text_layers) also cross-attend to the image tokens
    text_heads: int = 4
    intermediate: int = 64
    positions: int = 16
    types: int = 2
    embed: int = 16
    queue: int = 32
    temp: float = 0.07
    distill_temp: float = 1.0
    pad: int = 0
    unk: int = 1
    cls: int = 2
    sep: int = 3
    mask: int = 4


# ---------------------------------------------------------------------------------------------- parameters

def parameter_shapes(c: Config) -> Dict[str, Tuple[int, ...]]:
    """Trainable parameters, in the order in which the model registers them."""
    s: Dict[str, Tuple[int, ...]] = {}
    D, n = c.vision_width, (c.image // c.patch) ** 2
    v = "visual_encoder."
    s[v + "cls_token"] = (1, 1, D)
    s[v + "pos_embed"] = (1, n + 1, D)
    s[v + "patch_embed.proj.weight"] = (D, 3, c.patch, c.patch)
    s[v + "patch_embed.proj.bias"] = (D,)

    def linear(name, out, inp):
        s[name + ".weight"] = (out, inp)
        s[name + ".bias"] = (out,)

    def norm(name, d):
        s[name + ".weight"] = (d,)
        s[name + ".bias"] = (d,)

    for i in range(c.vision_depth):
        b = f"{v}blocks.{i}."
        norm(b + "norm1", D)
        linear(b + "attn.qkv", 3 * D, D)
        linear(b + "attn.proj", D, D)
        norm(b + "norm2", D)
        linear(b + "mlp.fc1", 4 * D, D)
        linear(b + "mlp.fc2", D, 4 * D)
    norm(v + "norm", D)

    T, t = c.text_width, "text_mlm_encoder.bert."
    s[t + "embeddings.word_embeddings.weight"] = (c.vocab, T)
    s[t + "embeddings.position_embeddings.weight"] = (c.positions, T)
    s[t + "embeddings.token_type_embeddings.weight"] = (c.types, T)
    norm(t + "embeddings.LayerNorm", T)
    for i in range(c.text_layers):
        b = f"{t}encoder.layer.{i}."
        for kind, kv in (("attention", T),) + ((("crossattention", c.vision_width),) if i >= c.fusion_layer else ()):
            linear(f"{b}{kind}.self.query", T, T)
            linear(f"{b}{kind}.self.key", T, kv)
            linear(f"{b}{kind}.self.value", T, kv)
            linear(f"{b}{kind}.output.dense", T, T)
            norm(f"{b}{kind}.output.LayerNorm", T)
        linear(b + "intermediate.dense", c.intermediate, T)
        linear(b + "output.dense", T, c.intermediate)
        norm(b + "output.LayerNorm", T)
    p = "text_mlm_encoder.cls.predictions."
    s[p + "bias"] = (c.vocab,)                      # the decoder's weight is the word embedding (tied)
    linear(p + "transform.dense", T, T)
    norm(p + "transform.LayerNorm", T)
    linear("vision_proj", c.embed, c.vision_width)
    linear("text_proj", c.embed, T)
    return s


def init_params(c: Config, seed: int) -> Params:
    """Random parameters with every entry non-trivial (norms and biases too), so that an error in any path shows in the results."""
    g = torch.Generator().manual_seed(seed)
    out: Params = {}
    for name, shape in parameter_shapes(c).items():
        if name.endswith(("norm1.weight", "norm2.weight", "norm.weight", "LayerNorm.weight")):
            out[name] = 1.0 + 0.1 * torch.randn(shape, generator=g)
        elif name.endswith("bias"):
            out[name] = 0.05 * torch.randn(shape, generator=g)
        elif len(shape) >= 2 and "embed" not in name and "token" not in name:
            out[name] = torch.randn(shape, generator=g) / math.sqrt(math.prod(shape[1:]))
        else:
            out[name] = 0.3 * torch.randn(shape, generator=g)
    return out


def init_queues(c: Config, seed: int) -> Tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    return (F.normalize(torch.randn(c.embed, c.queue, generator=g), dim=0),
            F.normalize(torch.randn(c.embed, c.queue, generator=g), dim=0))


# ------------------------------------------------------------------------------------------------ encoders

def _linear(p, name, x):
    return F.linear(x, p[name + ".weight"], p[name + ".bias"])


def _norm(p, name, x, eps):
    return F.layer_norm(x, (x.shape[-1],), p[name + ".weight"], p[name + ".bias"], eps)


def _attention(q, k, v, heads, key_bias=None):
    """softmax(q k^T / sqrt(d) + key_bias) v over `heads` heads; q [B,Lq,D], k and v [B,Lk,D] -> [B,Lq,D]."""
    B, Lq, D = q.shape

    def split(x):
        return x.reshape(B, x.shape[1], heads, D // heads).transpose(1, 2)

    score = split(q) @ split(k).transpose(-1, -2) / math.sqrt(D // heads)
    if key_bias is not None:
        score = score + key_bias[:, None, None, :]
    return (score.softmax(-1) @ split(v)).transpose(1, 2).reshape(B, Lq, D)


def vit(p: Params, c: Config, images: torch.Tensor) -> torch.Tensor:
    """Pre-norm ViT (arXiv 2010.11929, DeiT layout), LayerNorm eps 1e-6, exact GELU. [B,3,H,W] -> [B,N,D]."""
    v = "visual_encoder."
    x = F.conv2d(images, p[v + "patch_embed.proj.weight"], p[v + "patch_embed.proj.bias"], stride=c.patch)
    x = x.flatten(2).transpose(1, 2)
    x = torch.cat([p[v + "cls_token"].expand(x.shape[0], -1, -1), x], 1) + p[v + "pos_embed"]
    for i in range(c.vision_depth):
        b = f"{v}blocks.{i}."
        q, k, w = _linear(p, b + "attn.qkv", _norm(p, b + "norm1", x, 1e-6)).chunk(3, -1)
        x = x + _linear(p, b + "attn.proj", _attention(q, k, w, c.vision_heads))
        h = F.gelu(_linear(p, b + "mlp.fc1", _norm(p, b + "norm2", x, 1e-6)))
        x = x + _linear(p, b + "mlp.fc2", h)
    return _norm(p, v + "norm", x, 1e-6)


class _PadFree(torch.autograd.Function):
    """Embedding look-up whose gradient never reaches the padding row (nn.Embedding's padding_idx)."""

    @staticmethod
    def forward(ctx, table, ids, pad):
        ctx.save_for_backward(ids)
        ctx.shape, ctx.pad = table.shape, pad
        return table[ids]

    @staticmethod
    def backward(ctx, grad):
        (ids,) = ctx.saved_tensors
        out = grad.new_zeros(ctx.shape)
        keep = ids.reshape(-1) != ctx.pad
        out.index_add_(0, ids.reshape(-1)[keep], grad.reshape(-1, ctx.shape[1])[keep])
        return out, None, None


def bert(p: Params, c: Config, ids, attend, image_tokens: Optional[torch.Tensor]) -> torch.Tensor:
    """Post-norm BERT, LayerNorm eps 1e-12, exact GELU; ids, attend [B,L] -> [B,L,D].

    image_tokens None: the text encoder, layers [0, fusion_layer) only.
    Otherwise the fusion encoder: all layers, and those from fusion_layer on cross-attend to image_tokens.
    Padding keys get -10000 added to their attention score.
    """
    t = "text_mlm_encoder.bert."
    e = t + "embeddings."
    x = _PadFree.apply(p[e + "word_embeddings.weight"], ids, c.pad)
    x = x + p[e + "token_type_embeddings.weight"][0] + p[e + "position_embeddings.weight"][: ids.shape[1]]
    x = _norm(p, e + "LayerNorm", x, 1e-12)
    bias = (1.0 - attend.to(x.dtype)) * -10000.0
    for i in range(c.text_layers if image_tokens is not None else c.fusion_layer):
        b = f"{t}encoder.layer.{i}."
        for kind, memory, key_bias in (("attention", None, bias), ("crossattention", image_tokens, None)):
            if kind == "crossattention" and i < c.fusion_layer:
                continue
            a = f"{b}{kind}."
            m = x if memory is None else memory
            h = _attention(_linear(p, a + "self.query", x), _linear(p, a + "self.key", m),
                           _linear(p, a + "self.value", m), c.text_heads, key_bias)
            x = _norm(p, a + "output.LayerNorm", x + _linear(p, a + "output.dense", h), 1e-12)
        h = _linear(p, b + "output.dense", F.gelu(_linear(p, b + "intermediate.dense", x)))
        x = _norm(p, b + "output.LayerNorm", x + h, 1e-12)
    return x


@dataclass
class Encoded:
    image_raw: torch.Tensor     # [B,E] projection of the image's class token
    text_raw: torch.Tensor      # [B,E] projection of the text's class token
    image: torch.Tensor         # [B,E] unit length
    text: torch.Tensor          # [B,E] unit length
    image_tokens: torch.Tensor  # [B,N,D]
    text_tokens: torch.Tensor   # [B,L,D]


def project(p: Params, name: str, x: torch.Tensor, cosine: bool = False) -> torch.Tensor:
    """Linear projection; `cosine` (LUCIR): unit input times unit rows times a learned scale, no bias."""
    if cosine:
        return p[name + ".sigma"] * F.linear(F.normalize(x, dim=1), F.normalize(p[name + ".weight"], dim=1))
    return _linear(p, name, x)


def encode(p: Params, c: Config, images, ids, attend, cosine: bool = False) -> Encoded:
    it = vit(p, c, images)
    tt = bert(p, c, ids, attend, None)
    ir, tr = project(p, "vision_proj", it[:, 0], cosine), project(p, "text_proj", tt[:, 0], cosine)
    return Encoded(ir, tr, F.normalize(ir, dim=-1), F.normalize(tr, dim=-1), it, tt)


def mlm_logits(p: Params, c: Config, masked_ids, attend, image_tokens) -> torch.Tensor:
    """Masked-language-model scores [B,L,V] of the fusion encoder. Losses read the masked positions only."""
    h = bert(p, c, masked_ids, attend, image_tokens)
    q = "text_mlm_encoder.cls.predictions."
    h = _norm(p, q + "transform.LayerNorm", F.gelu(_linear(p, q + "transform.dense", h)), 1e-12)
    return F.linear(h, p["text_mlm_encoder.bert.embeddings.word_embeddings.weight"], p[q + "bias"])


def fusion_feature(p: Params, c: Config, images, ids, attend) -> torch.Tensor:
    """Unit-length multimodal feature [B,D]: class token of the fusion encoder over the unmasked text."""
    return F.normalize(bert(p, c, ids, attend, vit(p, c, images))[:, 0], dim=-1)


def mask_tokens(c: Config, ids, generator, probability=0.15):
    """BERT masking: 15 % of the tokens, never padding or [CLS] ([SEP] may be); of those 80 % become [MASK],
    10 % a random token, 10 % stay. Returns (masked ids, labels with IGNORE at all other positions)."""
    draw = lambda pr: torch.rand(ids.shape, generator=generator) < pr
    chosen = draw(probability) & (ids != c.pad) & (ids != c.cls)
    labels = torch.where(chosen, ids, torch.full_like(ids, IGNORE))
    masked = ids.clone()
    to_mask = draw(0.8) & chosen
    masked[to_mask] = c.mask
    to_random = draw(0.5) & chosen & ~to_mask
    masked[to_random] = torch.randint(c.vocab, ids.shape, generator=generator)[to_random]
    return masked, labels


# ---------------------------------------------------------------------------------------------- objectives

def in_batch_contrast(image, text, temp):
    """Symmetric InfoNCE over the (global) batch: mean of image-to-text and text-to-image cross entropy."""
    target = torch.arange(image.shape[0])
    s = image @ text.T / temp
    return (F.cross_entropy(s, target) + F.cross_entropy(s.T, target)) / 2


def momentum_contrast(image, text, image_m, text_m, image_queue, text_queue, temp):
    """InfoNCE of online features against [momentum features of the batch | queue] of the other modality.
    Queues are [E,Q]; the positive of row i is column i. Momentum features and queues carry no gradient."""
    target = torch.arange(image.shape[0])
    i2t = image @ torch.cat([text_m.T, text_queue], 1) / temp
    t2i = text @ torch.cat([image_m.T, image_queue], 1) / temp
    return (F.cross_entropy(i2t, target) + F.cross_entropy(t2i, target)) / 2


def enqueue(queue, ptr, features):
    """Overwrite columns [ptr, ptr+B) and move the pointer round; Q must be a multiple of B."""
    B, Q = features.shape[0], queue.shape[1]
    assert Q % B == 0
    queue = queue.clone()
    queue[:, ptr:ptr + B] = features.T
    return queue, (ptr + B) % Q


def mlm_loss(logits, labels):
    """Mean cross entropy over the masked positions."""
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1), ignore_index=IGNORE)


# ------------------------------------------------------------------------------------------- distillations

def mlm_distillation(logits, teacher_logits, labels, temp):
    """Soft cross entropy against the teacher's distribution, mean over the masked positions."""
    soft = -(F.log_softmax(logits / temp, -1) * F.softmax(teacher_logits / temp, -1)).sum(-1)
    return soft[labels != IGNORE].mean()


def _kl(student_logits, teacher_logits):
    """KL(teacher || student) summed over columns, mean over rows."""
    return F.kl_div(F.log_softmax(student_logits, 1), F.softmax(teacher_logits, 1), reduction="batchmean")


def topology_preservation(image, text, image_ref, text_ref, temp):
    """Keep the previous model's similarity structure: cross-modal (i2t, t2i) and same-modal (i2i, t2t, the
    diagonal pushed to -1000 before the temperature). Sum of the two means of two KL terms."""
    def off(s):
        return s.masked_fill(torch.eye(s.shape[0], dtype=torch.bool), -1000.0)
    cross = (_kl(image @ text.T / temp, image_ref @ text_ref.T / temp)
             + _kl(text @ image.T / temp, text_ref @ image_ref.T / temp)) / 2
    same = (_kl(off(image @ image.T) / temp, off(image_ref @ image_ref.T) / temp)
            + _kl(off(text @ text.T) / temp, off(text_ref @ text_ref.T) / temp)) / 2
    return cross + same


def lwf_distillation(image_raw, text_raw, image_raw_ref, text_raw_ref, temp):
    """Learning without Forgetting (arXiv 1606.09282) on the raw projections taken as logits."""
    return (_kl(image_raw / temp, image_raw_ref / temp) + _kl(text_raw / temp, text_raw_ref / temp)) / 2


def lucir_distillation(image_tokens, text_tokens, image_tokens_ref, text_tokens_ref):
    """LUCIR's less-forget term (CVPR 2019): 1 - mean token cosine, averaged over the modalities.
    The published code takes the cosine along dim 1, the TOKEN axis, of the unit tokens; so does this."""
    def one(a, b):
        return 1 - torch.cosine_similarity(F.normalize(a, dim=-1), F.normalize(b, dim=-1)).mean()
    return (one(image_tokens, image_tokens_ref) + one(text_tokens, text_tokens_ref)) / 2


# ------------------------------------------------------------------------------------------ momentum models

def ema(momentum_params: Params, params: Params, m: float) -> Params:
    """theta_m <- m theta_m + (1-m) theta. CTP's first task: m = 0.995."""
    return {k: v * m + params[k] * (1 - m) for k, v in momentum_params.items()}


def compatible_momentum(momentum_params: Params, params: Params, ref_params: Params, m: float) -> Params:
    """theta_m <- m theta_m + (1-m)/2 (theta + theta_ref). CTP from the second task on: m = 0.9."""
    return {k: v * m + params[k] * (1 - m) / 2 + ref_params[k] * (1 - m) / 2 for k, v in momentum_params.items()}


# ------------------------------------------------------------------------------- one step's losses, a method

def ctp_first_task_losses(p, pm, c, batch, queues):
    """CTP on task 0. pm: momentum parameters AFTER this step's update. Returns the loss parts and the momentum
    features to enqueue (after the loss)."""
    images, ids, attend, masked, labels = batch
    o = encode(p, c, images, ids, attend)
    logits = mlm_logits(p, c, masked, attend, o.image_tokens)
    with torch.no_grad():
        m = encode(pm, c, images, ids, attend)
        logits_m = mlm_logits(pm, c, masked, attend, m.image_tokens)
    ita = momentum_contrast(o.image, o.text, m.image, m.text, *queues, c.temp) + in_batch_contrast(o.image, o.text, c.temp)
    mlm = mlm_loss(logits, labels) + mlm_distillation(logits, logits_m, labels, c.distill_temp)
    return {"loss_ita": ita, "loss_mlm": mlm}, (m.image, m.text)


def ctp_losses(p, pr, pm, c, batch, queues):
    """CTP from task 1 on. pr: parameters at the end of the previous task; pm as above."""
    images, ids, attend, masked, labels = batch
    o = encode(p, c, images, ids, attend)
    logits = mlm_logits(p, c, masked, attend, o.image_tokens)
    with torch.no_grad():
        m = encode(pm, c, images, ids, attend)
        logits_m = mlm_logits(pm, c, masked, attend, m.image_tokens)
        r = encode(pr, c, images, ids, attend)
    return {
        "loss_ita": in_batch_contrast(o.image, o.text, c.temp),
        "loss_mlm": mlm_loss(logits, labels),
        "loss_ita_dis": momentum_contrast(o.image, o.text, m.image, m.text, *queues, c.temp)
        + topology_preservation(o.image, o.text, r.image, r.text, c.temp),
        "loss_mlm_dis": mlm_distillation(logits, logits_m, labels, c.distill_temp),
    }, (m.image, m.text)


def finetune_losses(p, c, batch, cosine=False):
    """SeqF, JointT and the base loss of every regularisation and replay baseline."""
    images, ids, attend, masked, labels = batch
    o = encode(p, c, images, ids, attend, cosine)
    return {"loss_ita": in_batch_contrast(o.image, o.text, c.temp),
            "loss_mlm": mlm_loss(mlm_logits(p, c, masked, attend, o.image_tokens), labels)}


def lwf_losses(p, pr, c, batch):
    images, ids, attend, masked, labels = batch
    o = encode(p, c, images, ids, attend)
    logits = mlm_logits(p, c, masked, attend, o.image_tokens)
    with torch.no_grad():
        r = encode(pr, c, images, ids, attend)
        logits_r = mlm_logits(pr, c, masked, attend, r.image_tokens)
    return {"loss_ita": in_batch_contrast(o.image, o.text, c.temp), "loss_mlm": mlm_loss(logits, labels),
            "loss_ita_dis": lwf_distillation(o.image_raw, o.text_raw, r.image_raw, r.text_raw, c.temp),
            "loss_mlm_dis": mlm_distillation(logits, logits_r, labels, c.distill_temp)}


def lucir_losses(p, pr, c, batch):
    images, ids, attend, masked, labels = batch
    o = encode(p, c, images, ids, attend, cosine=True)
    logits = mlm_logits(p, c, masked, attend, o.image_tokens)
    with torch.no_grad():
        r = encode(pr, c, images, ids, attend, cosine=True)
        logits_r = mlm_logits(pr, c, masked, attend, r.image_tokens)
    return {"loss_ita": in_batch_contrast(o.image, o.text, c.temp), "loss_mlm": mlm_loss(logits, labels),
            "loss_ita_dis": lucir_distillation(o.image_tokens, o.text_tokens, r.image_tokens, r.text_tokens),
            "loss_mlm_dis": mlm_distillation(logits, logits_r, labels, c.distill_temp)}


# ------------------------------------------------------------- parameter-space regularisers (importance, anchor)

def quadratic_penalty(p: Params, anchor: Params, importance: Params, scale: float):
    """scale * sum importance (theta - anchor)^2.
    EWC (PNAS 2017): scale 5000/2, importance Fisher.   MAS (ECCV 2018): scale 1/2, importance MAS.
    SI (ICML 2017): scale 1.   RWalk (ECCV 2018): scale 1000, importance = score + Fisher.
    AFEC (NeurIPS 2021): 5000/2 with (Fisher, old anchor) plus 1/2 with (forward Fisher, forward anchor)."""
    return scale * sum((importance[k] * (p[k] - anchor[k]) ** 2).sum() for k in importance)


def fisher_of_batch(p: Params, loss) -> Params:
    """Squared gradient of the batch-mean finetune loss; averaged over the task's batches by the caller.
    Across tasks t = 0, 1, ...: F <- t/(t+1) F + 1/(t+1) F_new (EWC, MAS, RWalk, AFEC)."""
    g = torch.autograd.grad(loss, list(p.values()), allow_unused=True)
    return {k: (torch.zeros_like(v) if d is None else d ** 2) for (k, v), d in zip(p.items(), g)}


def mas_objective(p, c, images, ids, attend):
    """MAS importance is the |gradient| of this: mean L2 norms of both raw projections and the raw fusion feature."""
    o = encode(p, c, images, ids, attend)
    f = bert(p, c, ids, attend, o.image_tokens)[:, 0]
    return o.image_raw.norm(dim=1).mean() + o.text_raw.norm(dim=1).mean() + f.norm(dim=1).mean()


def si_consolidate(importance, path, p, anchor, damping=0.1):
    """End of task: importance += path / ((theta - anchor)^2 + damping); path is then zeroed, anchor <- theta.
    Each step: path -= g * (theta_after - theta_before), g the gradient WITHOUT the penalty."""
    return {k: importance[k] + path[k] / ((p[k] - anchor[k]) ** 2 + damping) for k in importance}


def rwalk_consolidate(score, path, fisher, p, anchor, damping=0.1):
    """End of task, after the Fisher was updated: score <- (score + relu(path / (F (theta-anchor)^2 + damping))) / 2."""
    return {k: (score[k] + F.relu(path[k] / (fisher[k] * (p[k] - anchor[k]) ** 2 + damping))) / 2 for k in score}


# ------------------------------------------------------------------------------------------------ optimisation

class AdamW:
    """Decoupled weight decay (arXiv 1711.05101), betas (0.9, 0.999), eps 1e-8; decay applies to every parameter."""

    def __init__(self, p: Params, weight_decay=0.05, betas=(0.9, 0.999), eps=1e-8):
        self.m = {k: torch.zeros_like(v) for k, v in p.items()}
        self.v = {k: torch.zeros_like(v) for k, v in p.items()}
        self.wd, self.betas, self.eps, self.t = weight_decay, betas, eps, 0

    def step(self, p: Params, grad: Params, lr: float) -> Params:
        self.t += 1
        b1, b2 = self.betas
        out = {}
        for k, x in p.items():
            g = grad[k]
            self.m[k] = b1 * self.m[k] + (1 - b1) * g
            self.v[k] = b2 * self.v[k] + (1 - b2) * g * g
            mhat, vhat = self.m[k] / (1 - b1 ** self.t), self.v[k] / (1 - b2 ** self.t)
            out[k] = (x * (1 - lr * self.wd) - lr * mhat / (vhat.sqrt() + self.eps)).detach()
        return out


def cosine_lr(step: int, total: int, init_lr=1e-4, min_lr=1e-6) -> float:
    """One half cosine over all the task's steps; restarts, with a fresh optimiser, at every task."""
    return min_lr + 0.5 * (init_lr - min_lr) * (1 + math.cos(math.pi * step / total))


# -------------------------------------------------------------------------------------------- exemplar buffers

def herding(features, k):
    """iCaRL/MoF herding. features [n,D], unit rows. Greedy: w starts at the mean; each round takes the free row of
    largest <w, x> (lowest index on ties), then w += mean - x. Returns min(k, n) distinct rows in order of taking, so
    that cutting the list keeps the best."""
    mu = features.mean(0)
    w, taken, free = mu.clone(), [], torch.ones(features.shape[0], dtype=torch.bool)
    for _ in range(min(k, features.shape[0])):
        i = int((features @ w).masked_fill(~free, -math.inf).argmax())
        free[i] = False
        taken.append(i)
        w = w + mu - features[i]
    return taken


def herding_published(features, k, bound=100000):
    """The published variant: taken rows may be taken again (and then only move w), and the set comes back in row
    order. Without repeats it is the same set as herding(). May never end, hence the bound."""
    mu = features.mean(0)
    w, taken = mu.clone(), []
    for _ in range(bound):
        if len(taken) == min(k, features.shape[0]):
            return sorted(taken)
        i = int((features @ w).argmax())
        if i not in taken:
            taken.append(i)
        w = w + mu - features[i]
    raise RuntimeError("published herding did not end")


def reservoir(buffer, seen, items, capacity, randint):
    """ER (arXiv 1902.10486): a uniform sample of the stream. randint(n) is uniform on [0, n] INCLUSIVE, where n is
    the number seen before this item, so item number n+1 is kept with probability capacity/(n+1)."""
    for x in items:
        if seen < capacity:
            buffer.append(x)
        else:
            j = randint(seen)
            if j < capacity:
                buffer[j] = x
        seen += 1
    return buffer, seen


def quota(sizes, capacity):
    """Buffer share of each task in proportion to its size, summing to min(capacity, sum): floors first, then one
    more for each of the largest remainders until the sum is reached, the earlier task on ties."""
    capacity = min(capacity, sum(sizes))
    exact = [s * capacity for s in sizes]                       # over sum(sizes), kept as integers
    share, total = [e // sum(sizes) for e in exact], sum(sizes)
    for i in sorted(range(len(sizes)), key=lambda i: (-(exact[i] % total), i))[: capacity - sum(share)]:
        share[i] += 1
    return share


def quota_published(sizes, capacity):
    """round(size / total * capacity), half to even; may sum to one more or less than the capacity."""
    return [round(s / sum(sizes) * capacity) for s in sizes]


def kmeans_exemplars(features, k, iterations=100):
    """k-means exemplars, deterministic. features [n,D], unit rows. Start: the row nearest to the mean, then k-1 times
    the row farthest from all centres so far (lowest index on ties). Lloyd until assignments stay (at most `iterations`);
    an empty cluster keeps its centre. Then, clusters by falling size (lower cluster number on ties), each takes the
    nearest free row (lowest index on ties). Returns min(k, n) distinct rows in that order."""
    n = features.shape[0]
    k = min(k, n)
    distance = lambda c: ((features[:, None, :] - c[None, :, :]) ** 2).sum(-1)     # [n,k]
    first = int(distance(features.mean(0, keepdim=True))[:, 0].argmin())
    chosen, nearest = [first], distance(features[first:first + 1])[:, 0]
    while len(chosen) < k:
        i = int(nearest.argmax())
        chosen.append(i)
        nearest = torch.minimum(nearest, distance(features[i:i + 1])[:, 0])
    centres, assigned = features[chosen].clone(), None
    for _ in range(iterations):
        a = distance(centres).argmin(1)
        if assigned is not None and bool((a == assigned).all()):
            break
        assigned = a
        for j in range(k):
            if bool((a == j).any()):
                centres[j] = features[a == j].mean(0)
    sizes, d, free, out = torch.bincount(assigned, minlength=k), distance(centres), torch.ones(n, dtype=torch.bool), []
    for j in sorted(range(k), key=lambda j: (-int(sizes[j]), j)):
        i = int(d[:, j].masked_fill(~free, math.inf).argmin())
        free[i] = False
        out.append(i)
    return out


# --------------------------------------------------------------------------------------------------- evaluation

def retrieval(image, text):
    """Cross-modal retrieval of matched rows: R@1,5,10 in percent in both directions, and their means.
    The published evaluation keeps only each ROW's 10 best scores and gives the rest -100, which changes nothing
    at these cut-offs."""
    s = image @ text.T
    if not torch.isfinite(s).all():
        raise ValueError("retrieval: a score is not finite")
    index, out = torch.arange(s.shape[0]), {}
    for name, m in (("txt", s), ("img", s.T)):
        own = m.diag()[:, None]
        rank = ((m > own) | ((m == own) & (index[None, :] < index[:, None]))).sum(1)      # ties: the lower index first
        for k in (1, 5, 10):
            out[f"{name}_r{k}"] = 100.0 * (rank < k).float().mean().item()
        out[f"{name}_r_mean"] = sum(out[f"{name}_r{k}"] for k in (1, 5, 10)) / 3
    out["r_mean"] = (out["txt_r_mean"] + out["img_r_mean"]) / 2
    return out


def multimodal_map(query, gallery, query_ids, gallery_ids, query_label, gallery_label, gallery_of_label):
    """mAP@1,5,10 in percent of fusion-feature retrieval by category, the query's own id dropped from its ten best.
    AP@k = mean over hits of precision at the hit, over the first min(k, positives, list length) ranks; 0 without
    a hit. Positives: ALL gallery items of the query's category, of every task, seen or not."""
    s = query @ gallery.T
    if not torch.isfinite(s).all():
        raise ValueError("multimodal_map: a score is not finite")
    out = {}
    for k in (1, 5, 10):
        total = 0.0
        for i, q in enumerate(query_ids):
            best = s[i].sort(descending=True, stable=True).indices[:10].tolist()           # ties: the lower index first
            ranked = [gallery_ids[j] for j in best if gallery_ids[j] != q]
            positives = set(gallery_of_label[query_label[q]])
            n, hits, ap = min(k, len(positives), len(ranked)), 0, 0.0
            for r in range(n):
                if ranked[r] in positives:
                    hits += 1
                    ap += hits / (r + 1)
            total += ap / hits if hits else 0.0
        out[f"map{k}"] = 100.0 * total / len(query_ids)
    return out


# ------------------------------------------------------------------------------------------------- safetensors

_DTYPE = {torch.float64: "F64", torch.float32: "F32", torch.int64: "I64", torch.int32: "I32", torch.bool: "BOOL"}


def save_safetensors(path: str, tensors: Dict[str, torch.Tensor], metadata: Optional[Dict[str, str]] = None) -> None:
    header, offset, blobs = {}, 0, []
    if metadata:
        header["__metadata__"] = metadata
    for name, t in tensors.items():
        t = t.detach().contiguous()
        blob = t.numpy().tobytes()
        header[name] = {"dtype": _DTYPE[t.dtype], "shape": list(t.shape), "data_offsets": [offset, offset + len(blob)]}
        offset += len(blob)
        blobs.append(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)))
        f.write(text)
        for blob in blobs:
            f.write(blob)


def config_metadata(c: Config) -> Dict[str, str]:
    return {"config": json.dumps(asdict(c))}
