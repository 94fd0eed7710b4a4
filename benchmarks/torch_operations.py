"""The operations of a step, and retrieval, in PyTorch on a device: peers of bench_cuda's parts of the same names."""
import torch
import torch.nn.functional as F

import torch_model as tm
from torch_peers import Peer, autocast, compiled_with, scaled_attention
from torch_steps import fused_attend

BF16 = torch.bfloat16


def noise(s, *shape, dtype=BF16, scale=1.0, trained=False):
    return (scale * torch.randn(shape, device=s.device)).to(dtype).requires_grad_(trained)


def vit(s, compiled):
    """The image encoder with weights in bfloat16, four times the pairs, without gradients."""
    c = tm.NARROW if s.small else tm.BASE
    tm.attend = fused_attend
    model = tm.Model(c, trained=False, device=s.device)
    for p in model.parameters.values():
        p.data = p.data.to(BF16)
    images = noise(s, 4 * s.pairs, 3, c.image, c.image)
    encode = compiled_with(model.image_tokens, model.parameters.values()) if compiled else model.image_tokens

    @torch.no_grad()
    def forward():
        encode(images)
    return forward


def attention(s, queries, keys, dropout, masked, backward):
    heads, width = (2, 8) if s.small else (12, 64)
    q = noise(s, s.pairs, heads, queries, width, trained=True)
    k, v = (noise(s, s.pairs, heads, keys, width, trained=True) for _ in range(2))
    mask = torch.zeros(s.pairs, 1, 1, keys, device=s.device, dtype=BF16) if masked else None
    if not backward:
        return lambda: scaled_attention(q, k, v, mask, dropout)
    o = scaled_attention(q, k, v, mask, dropout)
    d_o = torch.randn_like(o)
    return lambda: torch.autograd.grad(o, (q, k, v), d_o, retain_graph=True)


def product(s, m, n, k, gelu=False, weights=False):
    """m, n, k: functions of the pairs."""
    m, n, k = (f(s.pairs) if callable(f) else f // 16 if s.small else f for f in (m, n, k))
    with torch.no_grad():
        if weights:
            dy, x, total = noise(s, k, m), noise(s, k, n), noise(s, m, n, dtype=torch.float32)
            return lambda: total.add_(dy.T @ x)
        x, w, bias = noise(s, m, k), noise(s, n, k, scale=0.05), noise(s, n)
        return (lambda: F.gelu(F.linear(x, w, bias))) if gelu else (lambda: F.linear(x, w, bias))


def optimizer(s):
    """AdamW, compatible momentum and zeroing over the parameters of base, one tensor for each parameter."""
    online = list(tm.Model(tm.NARROW if s.small else tm.BASE, device=s.device).parameters.values())
    slow, previous = ([p.detach().clone() for p in online] for _ in range(2))
    for p in online:
        p.grad = torch.full_like(p, 0.01)
    gradients = [p.grad for p in online]
    how = {"fused": True} if s.device == "cuda" else {"foreach": True}
    adamw = torch.optim.AdamW(online, lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05, **how)

    def run():
        tm.compatible_momentum(slow, online, previous, 0.9)
        adamw.step()
        torch._foreach_zero_(gradients)
    return run


def words(s, gather):
    """Word scores of online and momentum model, both losses and their backward, of masked positions or of all rows."""
    c = tm.NARROW if s.small else tm.BASE
    models = [tm.Model(c, device=s.device), tm.Model(c, trained=False, device=s.device)]
    rows = s.pairs * 30
    asked = max(s.pairs * 557 // 128, 1)
    at = torch.arange(asked, device=s.device) * rows // asked
    targets = torch.arange(asked, device=s.device) * 37 % c.vocab
    hidden = noise(s, rows, c.text_width, dtype=torch.float32, trained=True)
    hidden_m = noise(s, rows, c.text_width, dtype=torch.float32)

    def scores(model, x):
        y = model.head_norm(F.gelu(model.head(x.index_select(0, at) if gather else x)))
        y = F.linear(y, model.words, model.head_bias)
        return y if gather else y.index_select(0, at)

    def run():
        for p in models[0].parameters.values():
            p.grad = None
        with autocast(s.device):
            with torch.no_grad():
                wise = scores(models[1], hidden_m)
            loss = tm.word_losses(scores(models[0], hidden), wise, targets, c.distill_temp)
        loss.backward()
    return run


def contrast(s):
    """In-batch contrast, momentum contrast with its queue and both topologies, and their backward to the features."""
    c = tm.NARROW if s.small else tm.BASE

    def rows(n, trained=False):
        return F.normalize(torch.randn(n, c.embed, device=s.device), dim=1).requires_grad_(trained)
    online = rows(s.pairs, True), rows(s.pairs, True)
    momentum, previous, queues = [(rows(n), rows(n)) for n in (s.pairs, s.pairs, c.queue)]

    def run():
        with autocast(s.device):
            loss = tm.contrast_losses(online, momentum, previous, queues, c.temp)
        torch.autograd.grad(loss, online)
    return run


def retrieval(s, of):
    """Ranks from features on the device. Equal scores: topk promises no order, and the ranks do not count them."""
    torch.backends.cuda.matmul.allow_tf32 = False
    queries, gallery, width, embed = (461, 4685, 64, 64) if s.small else (4615, 46855, 768, 256)

    def rows(n, d):
        return F.normalize(torch.randn(n, d, device=s.device), dim=1)
    if of == "ten best":
        query, items = rows(queries, width), rows(gallery, width)
        return lambda: (query @ items.T).topk(10, dim=1)
    image, text = rows(queries, embed), rows(queries, embed)

    def recall():
        scores = image @ text.T
        own = scores.diagonal()
        return (scores > own[:, None]).sum(1), (scores > own[None, :]).sum(0)
    return recall


def attention_peers():
    shapes = ("image", 197, 197, 0.0), ("text", 30, 30, 0.1), ("text to image", 30, 197, 0.1)
    for heads, queries, keys, dropout in shapes:
        for name, most, factor in (("forward", 75, 1.25), ("backward", 220, 1.25)):
            target = f"<= {most} us, >= {factor}x" if heads == "image" else ">= 3x"
            yield Peer("G6", f"attention, {heads}, {queries} x {keys}, {name}, B={{pairs}}",
                       "scaled_dot_product_attention, bf16", target,
                       {"name": "attention", "heads": heads, "pass": name},
                       lambda s, a=(queries, keys, dropout, heads == "text", name == "backward"): attention(s, *a))


def product_peers():
    image, text, asked = (lambda b: 197 * b), (lambda b: 30 * b), (lambda b: max(b * 557 // 128, 1))
    for of, *sizes in (("ViT qkv", image, 2304, 768), ("ViT proj", image, 768, 768),
                       ("ViT fc1 with GELU", image, 3072, 768, True), ("ViT fc2", image, 768, 3072),
                       ("ViT fc1, weights", 3072, 768, image, False, True),
                       ("ViT proj, weights", 768, 768, image, False, True), ("text out", text, 768, 768),
                       ("text fc1 with GELU", text, 3072, 768, True), ("text fc2", text, 768, 3072),
                       ("cross keys and values", image, 1536, 768), ("words", asked, 21128, 768)):
        what = "dy^T x, added" if "weights" in of else "linear, then gelu, bf16" if "GELU" in of else "linear, bf16"
        yield Peer("G7", f"product, {of}, B={{pairs}}", what, ">= 1.2x" if "GELU" in of else ">= 1.0x",
                   {"name": "product", "of": of, "operands": "packed", "algorithm": "measured"},
                   lambda s, a=sizes: product(s, *a))


ATTENTION, PRODUCTS = list(attention_peers()), list(product_peers())
VIT_LINE = {"name": "vit_forward", "recorded": True}
VIT_TITLE = "ViT-B/16 forward, 4 x {pairs} images"
VIT = [Peer("G5", VIT_TITLE, "eager, bf16 weights, fused attention", ">= 600 TFLOP/s", VIT_LINE,
            lambda s: vit(s, False))]
VIT_COMPILED = [Peer("G5", VIT_TITLE, "torch.compile, otherwise the same", ">= 600 TFLOP/s, >= 1.15x", VIT_LINE,
                     lambda s: vit(s, True), warm=5)]
OPTIMIZER = [Peer("G8", "AdamW + momentum + zeroing, 202.7 M", "fused AdamW, _foreach_ momentum", "<= 2.5 ms, >= 2.2x",
                  {"name": "adamw_momentum_zero"}, optimizer)]
WORDS = [Peer("G9", "masked words, forward and backward, B={pairs}", what, target,
              {"name": "masked_words", "recorded": True}, lambda s, g=gather: words(s, g))
         for what, target, gather in (("masked positions only, bf16 autocast", ">= 2x", True),
                                      ("all rows, bf16 autocast", ">= 12x", False))]
CONTRAST = [Peer("G10", "contrast, queue and topology, forward and backward, B={pairs}", "eager", "<= 60 us, >= 20x",
                 {"name": "contrast_and_topology", "recorded": True}, contrast)]
RETRIEVAL = [Peer("G12", f"retrieval, {of}", "fp32 product, topk or comparisons", target,
                  {"name": "retrieval", "of": of}, lambda s, of=of: retrieval(s, of))
             for of, target in (("ten best", "<= 9 ms, >= 2x"), ("recall", "none"))]
