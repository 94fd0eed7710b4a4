"""A peer in PyTorch, and the parts that all peers share."""
from dataclasses import dataclass
from typing import Callable, Optional

import torch
import torch.nn.functional as F


@dataclass
class Setting:
    """The device and the size at which a peer runs."""
    device: str
    pairs: int
    small: bool  # to try the scripts: narrow models, short rows


@dataclass
class Peer:
    id: str        # row of the table of targets
    workload: str  # {pairs} stands for their number
    what: str      # the PyTorch implementation
    target: str    # the aim; printed, never asserted
    ours: dict     # facts of bench_cuda's line for the same work
    make: Callable[[Setting], Callable[[], None]]
    clock: str = "device"  # or wall, where ours is timed on the host
    warm: int = 3
    pairs: Optional[int] = None  # if other than the setting's


@dataclass
class Group:
    """Peers that are compared with one run of bench_cuda before and one after them."""
    peers: list
    part: str
    precision: str
    seconds: float  # for both sides together
    turns: Optional[int] = None  # if fewer than the option
    after: bool = True


def autocast(device, enabled=True):
    """bf16 autocast; disabled on a CPU before PyTorch 2.0, whose layer norm takes no mixed types."""
    able = device == "cuda" or hasattr(torch, "compile")
    return torch.autocast(device, dtype=torch.bfloat16, enabled=enabled and able)


def scaled_attention(q, k, v, mask, dropout):
    """scaled_dot_product_attention; before PyTorch 2.0 the same by hand, to try the scripts."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout)
    scores = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
    return F.dropout((scores if mask is None else scores + mask).softmax(-1), dropout) @ v


def compiled_with(function, tensors):
    """torch.compile with graphs that read `tensors` in place; `function` itself on a PyTorch without a compiler."""
    if not hasattr(torch, "compile"):
        return function
    import torch._dynamo as dynamo
    for tensor in tensors:
        dynamo.mark_static_address(tensor)
    return torch.compile(function, mode="reduce-overhead")
