"""The model of this library in PyTorch, with the losses of its strategies, for the comparison scripts.

Optimised by hand: parameters resolved once, teachers under no_grad, masked positions gathered before the vocabulary
product, in-place attention scores, _foreach_ moving averages. Parameter names are those of the published
checkpoints. Needs PyTorch when it is imported.
"""
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

IGNORE = -100
HAVE_FOREACH = hasattr(torch, "_foreach_addcdiv_")


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


def unit_rows(pair):
    return F.normalize(pair[0], dim=-1), F.normalize(pair[1], dim=-1)


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

    def __init__(self, c, seed=0, trained=True, device="cpu"):
        self.c, self.parameters, self.trained, self.device = c, {}, trained, device
        self.generator = torch.Generator(device).manual_seed(seed)
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
        x = (torch.ones if kind == "ones" else torch.zeros)(shape, device=self.device)
        if kind in ("weight", "table"):
            fan_in = shape[-1] if kind == "table" else math.prod(shape[1:])
            x.normal_(0.0, 1 / math.sqrt(fan_in), generator=self.generator)
        self.parameters[name] = x.requires_grad_(self.trained)
        return x

    def copy(self):
        """A copy of the weights without gradients."""
        other = Model(self.c, trained=False, device=self.device)
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

    def projections(self, image_tokens, batch, p):
        text = self.text(batch.ids, batch.bias, None, p)
        return self.vision_proj(image_tokens[:, 0]), self.text_proj(text[:, 0])

    def features(self, image_tokens, batch, p):
        return unit_rows(self.projections(image_tokens, batch, p))

    def word_scores(self, image_tokens, batch, p):
        """Scores of every word, at the masked positions only."""
        x = self.text(batch.masked, batch.bias, image_tokens, p)
        x = x.reshape(-1, x.shape[-1]).index_select(0, batch.asked)
        return F.linear(self.head_norm(F.gelu(self.head(x))), self.words, self.head_bias)


# ------------------------------------------------------------------------------------------------ the step

class Batch:
    """As batch_options of benchmarks/step.cpp: noise, random tokens, 15 % of them masked, no padding."""

    def __init__(self, c, pairs, length=30, seed=1):
        g = torch.Generator().manual_seed(seed)
        self.images = torch.randn(pairs, 3, c.image, c.image, generator=g)
        self.ids = torch.randint(5, c.vocab, (pairs, length), generator=g)
        self.ids[:, 0] = c.cls
        chosen = torch.rand(pairs, length, generator=g) < 0.15
        chosen[:, 0] = False
        self.set_texts(c, self.ids, torch.ones_like(self.ids), torch.where(chosen, torch.full_like(self.ids, c.mask), self.ids),
                       torch.where(chosen, self.ids, torch.full_like(self.ids, IGNORE)))

    def to(self, device):
        for name, value in vars(self).items():
            setattr(self, name, value.to(device))
        return self

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


def in_batch_contrast(scores):
    own = torch.arange(scores.shape[0], device=scores.device)
    return both_ways(F.cross_entropy(scores, own), F.cross_entropy(scores.T, own))


def momentum_contrast(image, text, image_m, text_m, queues, temp):
    """Online features against the momentum features and the queue of the other modality."""
    own = torch.arange(image.shape[0], device=image.device)
    keys_i, keys_t = torch.cat([image_m, queues[0]]), torch.cat([text_m, queues[1]])
    return both_ways(F.cross_entropy(image @ keys_t.T / temp, own), F.cross_entropy(text @ keys_i.T / temp, own))


def contrast_losses(features, features_m, features_r, queues, temp):
    """In-batch contrast, momentum contrast, both topologies. Features: image and text of online, momentum, previous."""
    image, text = features
    eye = torch.eye(image.shape[0], dtype=torch.bool, device=image.device)
    with torch.no_grad():
        image_r, text_r = features_r
        cross_r, images_r, texts_r = image_r @ text_r.T / temp, image_r @ image_r.T, text_r @ text_r.T
        images_r, texts_r = images_r.masked_fill_(eye, -1000.0) / temp, texts_r.masked_fill_(eye, -1000.0) / temp
    cross = image @ text.T / temp
    images = (image @ image.T).masked_fill(eye, -1000.0) / temp
    texts = (text @ text.T).masked_fill(eye, -1000.0) / temp
    loss = in_batch_contrast(cross) + momentum_contrast(image, text, *features_m, queues, temp)
    loss = loss + both_ways(kl(cross, cross_r), kl(cross.T, cross_r.T))
    return loss + both_ways(kl(images, images_r), kl(texts, texts_r))


def word_losses(scores, scores_t, targets, temp):
    """Cross entropy with the target words, and with the teacher's distribution."""
    log_p = F.log_softmax(scores, -1)
    loss = F.nll_loss(log_p, targets)
    if temp != 1.0:
        log_p = F.log_softmax(scores / temp, -1)
    return loss - (log_p * F.softmax(scores_t / temp, -1)).sum(-1).mean()


def ctp_loss(online, momentum, previous, batch, queues, dropout):
    """All losses of CTP from the second task on, and the momentum features for the queues."""
    c = online.c
    tokens = online.image_tokens(batch.images)
    features, scores = online.features(tokens, batch, dropout), online.word_scores(tokens, batch, dropout)
    with torch.no_grad():
        tokens_m = momentum.image_tokens(batch.images)
        features_m, scores_m = momentum.features(tokens_m, batch, 0.0), momentum.word_scores(tokens_m, batch, 0.0)
        features_r = previous.features(previous.image_tokens(batch.images), batch, 0.0)
    loss = contrast_losses(features, features_m, features_r, queues, c.temp)
    return loss + word_losses(scores, scores_m, batch.targets, c.distill_temp), features_m


def finetune_loss(online, batch, dropout):
    """In-batch contrast and masked words: the loss of SeqF, to which every penalty is added."""
    tokens = online.image_tokens(batch.images)
    image, text = online.features(tokens, batch, dropout)
    return (in_batch_contrast(image @ text.T / online.c.temp)
            + F.cross_entropy(online.word_scores(tokens, batch, dropout), batch.targets))


def lwf_loss(online, previous, batch, dropout):
    """The loss of SeqF, and distillation of the previous model's projections and word scores as distributions."""
    c = online.c
    tokens = online.image_tokens(batch.images)
    raw, scores = online.projections(tokens, batch, dropout), online.word_scores(tokens, batch, dropout)
    with torch.no_grad():
        tokens_r = previous.image_tokens(batch.images)
        raw_r, scores_r = previous.projections(tokens_r, batch, 0.0), previous.word_scores(tokens_r, batch, 0.0)
    image, text = unit_rows(raw)
    return (in_batch_contrast(image @ text.T / c.temp) + word_losses(scores, scores_r, batch.targets, c.distill_temp)
            + both_ways(*(kl(x / c.temp, x_r / c.temp) for x, x_r in zip(raw, raw_r))))


@torch.no_grad()
def compatible_momentum(slow, online, previous, decay):
    if HAVE_FOREACH:
        torch._foreach_mul_(slow, decay)
        torch._foreach_add_(slow, online, alpha=(1 - decay) / 2)
        torch._foreach_add_(slow, previous, alpha=(1 - decay) / 2)
    else:
        for s, o, p in zip(slow, online, previous):
            s.mul_(decay).add_(o, alpha=(1 - decay) / 2).add_(p, alpha=(1 - decay) / 2)
