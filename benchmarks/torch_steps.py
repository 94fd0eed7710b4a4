"""Whole training steps in PyTorch on a device, in several implementations: peers of bench_cuda's steps."""
import math

import torch
import torch.nn.functional as F

import torch_model as tm
from torch_peers import Peer, autocast, compiled_with, scaled_attention


def fused_attend(q, k, v, heads, bias, dropout):
    """attend() of torch_model.py by PyTorch's own fused attention."""
    b, l, d = q.shape
    q, k, v = (x.view(b, -1, heads, d // heads).transpose(1, 2) for x in (q, k, v))
    mask = None if bias is None else bias.view(b, heads, 1, -1).to(q.dtype)
    return scaled_attention(q, k, v, mask, dropout).transpose(1, 2).reshape(b, l, d)


plain_attend = tm.attend


class Training:
    """An online model, its batch and its optimiser. `loss(step)` is the loss of one forward pass."""

    def __init__(self, s, c, tf32=True, autocast=True, fused=True):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        tm.attend = fused_attend if fused else plain_attend
        self.c, self.device, self.autocast = c, s.device, autocast
        self.batch = tm.Batch(c, s.pairs).to(s.device)
        self.online = tm.Model(c, device=s.device)
        self.weights = list(self.online.parameters.values())
        how = {"fused": True} if fused and s.device == "cuda" else {"foreach": True}
        self.optimizer = torch.optim.AdamW(self.weights, lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05,
                                           **how)

    def forward(self, loss, *arguments):
        with autocast(self.device, self.autocast):
            return loss(*arguments)

    @staticmethod
    def require_finite(loss):
        if not math.isfinite(loss.item()):
            raise ArithmeticError("the loss is not finite")


class Ctp(Training):
    def __init__(self, s, c, compiled=False, **how):
        super().__init__(s, c, **how)
        self.previous, self.momentum = self.online.copy(), self.online.copy()
        self.lists = [list(m.parameters.values()) for m in (self.momentum, self.online, self.previous)]
        self.used = c.queue // s.pairs * s.pairs
        self.queues = [F.normalize(torch.randn(self.used, c.embed, device=s.device), dim=1) for _ in range(2)]
        self.next = 0
        self.loss = tm.ctp_loss
        if compiled:
            self.loss = compiled_with(tm.ctp_loss, [p for one in self.lists for p in one] + self.queues)

    def __call__(self):
        tm.compatible_momentum(*self.lists, 0.9)
        self.optimizer.zero_grad(set_to_none=True)
        loss, features = self.forward(self.loss, self.online, self.momentum, self.previous, self.batch, self.queues,
                                      self.c.dropout)
        loss.backward()
        self.require_finite(loss)
        for queue, rows in zip(self.queues, features):
            queue[self.next:self.next + rows.shape[0]] = rows
        self.next = (self.next + features[0].shape[0]) % self.used
        self.optimizer.step()


class FineTune(Training):
    """SeqF; strategies with further terms derive from this class."""

    def gradient(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.forward(tm.finetune_loss, self.online, self.batch, self.c.dropout)
        loss.backward()
        self.require_finite(loss)
        return [p.grad for p in self.weights]

    def __call__(self):
        self.gradient()
        self.optimizer.step()


class Lwf(FineTune):
    def __init__(self, s, c):
        super().__init__(s, c)
        self.previous = self.online.copy()

    def __call__(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.forward(tm.lwf_loss, self.online, self.previous, self.batch, self.c.dropout)
        loss.backward()
        self.require_finite(loss)
        self.optimizer.step()


class Ewc(FineTune):
    """A quadratic penalty, whose gradient _foreach_ adds, without autograd."""

    def __init__(self, s, c):
        super().__init__(s, c)
        self.anchor = [p.detach().clone() for p in self.weights]
        self.importance = [torch.full_like(p, 1e-6, requires_grad=False) for p in self.weights]

    @torch.no_grad()
    def add_penalty(self, gradients):
        moved = torch._foreach_sub(self.weights, self.anchor)
        torch._foreach_addcmul_(gradients, self.importance, moved, value=5000.0)

    def __call__(self):
        self.add_penalty(self.gradient())
        self.optimizer.step()


class Si(Ewc):
    """Synaptic intelligence. As published the path's gradient takes a forward and backward pass of its own."""

    def __init__(self, s, c, passes):
        super().__init__(s, c)
        self.passes = passes
        self.path = [torch.zeros_like(p, requires_grad=False) for p in self.weights]

    def __call__(self):
        gradients = self.gradient()
        raw = [g.clone() for g in gradients]
        self.add_penalty(self.gradient() if self.passes == 2 else gradients)
        before = [p.detach().clone() for p in self.weights]
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_addcmul_(self.path, raw, torch._foreach_sub(self.weights, before), value=-1.0)


class Fisher(FineTune):
    """One batch of the pass that sums squared gradients."""

    def __init__(self, s, c):
        super().__init__(s, c)
        self.fisher = [torch.zeros_like(p, requires_grad=False) for p in self.weights]

    def __call__(self):
        gradients = self.gradient()
        with torch.no_grad():
            torch._foreach_addcmul_(self.fisher, gradients, gradients, value=0.05)


def ctp_peer(id, what, target, size="base", **how):
    def make(s):
        return Ctp(s, tm.NARROW if s.small or size == "narrow" else tm.BASE, **how)
    return Peer(id, f"ctp step, {size}, B={{pairs}}", what, target, {"name": "step", "recorded": True}, make,
                clock="wall", warm=5 if how.get("compiled") else 3, pairs=2 if size == "narrow" else None)


def strategy_peer(name, what, target, make, line=None):
    return Peer("G4", (f"{name} step" if line is None else name) + ", B={pairs}", what, target,
                line or {"name": "step", "strategy": name, "recorded": True},
                lambda s: make(s, tm.NARROW if s.small else tm.BASE), clock="wall")


TUNED = "tuned eager: bf16 autocast, fused attention and AdamW"
FP32 = [ctp_peer("G3", "eager, fp32", "<= 650 ms, >= 1.12x", tf32=False, autocast=False, fused=False)]
TF32 = [ctp_peer("G2", "eager, TF32", "<= 100 ms, >= 2.3x", autocast=False, fused=False)]
AUTOCAST = [ctp_peer("G1", "eager, bf16 autocast", "<= 52 ms, >= 3x", fused=False)]
TUNED_STEP = [ctp_peer("G1", TUNED, "<= 52 ms, >= 1.5x")]
COMPILED = [ctp_peer("G1", "torch.compile, reduce-overhead, otherwise as tuned", "<= 52 ms, >= 1.2x", compiled=True)]
TINY = [ctp_peer("G11", TUNED, "<= 1.2 ms, >= 60x eager", size="narrow")]
TINY_COMPILED = [ctp_peer("G11", "torch.compile, reduce-overhead, otherwise as tuned", "<= 1.2 ms", size="narrow",
                          compiled=True)]
STRATEGIES = [
    strategy_peer("seqf", TUNED, "none", FineTune),
    strategy_peer("ewc", "tuned, penalty by _foreach_", "<= 0.6 ms above ours for seqf", Ewc),
    strategy_peer("si", "tuned, as published: the path's gradient is a second pass", ">= 2.5x compiled",
                  lambda s, c: Si(s, c, passes=2)),
    strategy_peer("si", "tuned, one pass", "none", lambda s, c: Si(s, c, passes=1)),
    strategy_peer("lwf", TUNED, "none", Lwf),
    strategy_peer("fisher pass, a batch", "tuned, squares by _foreach_", "<= 1.03x ours for seqf", Fisher,
                  {"name": "fisher_pass"}),
]
