#!/usr/bin/env python3
"""Makes the PyTorch files of this folder with PyTorch itself.

*_zip.pth, *_legacy.pth, *_protocol4.pth, *_training.pth   one set of tensors, written by two versions of PyTorch
expected.safetensors   what PyTorch reads from each of them, contiguous, written by the package safetensors
two_parts/             the same tensors in two safetensors files with an index

Made with PyTorch 1.13.1 (Debian's python3-torch) and 2.15.0 with safetensors 0.8.0 (pip). First `write` with each:

    /usr/bin/python3 make_torch.py write v1.13 && PYTHON_WITH_CURRENT_TORCH make_torch.py write v2.15
    PYTHON_WITH_CURRENT_TORCH make_torch.py expect
"""
import collections
import json
import pathlib
import sys

import torch

here = pathlib.Path(__file__).parent


def ramp(*shape, dtype=torch.float32):
    n = 1
    for extent in shape:
        n *= extent
    return ((torch.arange(n, dtype=torch.float64) - n // 3) / 7).to(dtype).reshape(shape)


def weights():
    """Types, and the ways in which a tensor can be a part of a storage."""
    base = ramp(5, 6)
    block = ramp(2, 3, 4, 5)
    half, brain = ramp(4, 3, dtype=torch.float16), ramp(3, 4, dtype=torch.bfloat16)
    return collections.OrderedDict([
        ("f32", ramp(2, 3)), ("f64", ramp(3, dtype=torch.float64)), ("f16", half), ("bf16", brain),
        ("f16_special", torch.tensor([0.0, -0.0, 65504.0, 6e-8, float("inf"), -float("inf")], dtype=torch.float16)),
        ("i64", torch.tensor([-2**63, 2**63 - 1, 0])), ("i32", torch.tensor([-2**31, 7], dtype=torch.int32)),
        ("i16", torch.tensor([-32768, 7], dtype=torch.int16)), ("i8", torch.tensor([-128, 7], dtype=torch.int8)),
        ("u8", torch.tensor([0, 255], dtype=torch.uint8)), ("bool", torch.tensor([True, False, True])),
        ("rank0", torch.tensor(0.07)), ("empty", torch.zeros(0, 3)), ("counter", torch.tensor(12345)),
        ("base", base), ("base.tied", base), ("base.rows", base[1:4]), ("base.column", base[:, 2]),
        ("base.transposed", base.t()), ("base.steps", base[::2, 1::3]), ("base.corner", base[3:, 4:].t()),
        ("f16.transposed", half.t()), ("bf16.steps", brain[:, ::2]),
        ("block.permuted", block.permute(3, 1, 0, 2)), ("block.inner", block[1, :, 1:3, ::2].permute(2, 0, 1)),
        ("expanded", ramp(3).reshape(3, 1).expand(3, 4)), ("expanded.rows", ramp(1, 3).expand(4, 3)),
        ("parameter", torch.nn.Parameter(ramp(2, 2))), ("frozen", torch.nn.Parameter(ramp(2, 2), requires_grad=False)),
        ("channels_last", ramp(1, 2, 3, 3).to(memory_format=torch.channels_last)),
        ("名字.权重", ramp(2)),
    ])


def write(tag):
    tensors = weights()
    tensors._metadata = collections.OrderedDict([("", {"version": 1})])  # as Module.state_dict() has it
    torch.save(tensors, here / f"{tag}_zip.pth")
    torch.save(tensors, here / f"{tag}_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(tensors, here / f"{tag}_protocol4.pth", pickle_protocol=4)
    torch.save(tensors, here / f"{tag}_legacy_protocol4.pth", pickle_protocol=4, _use_new_zipfile_serialization=False)
    parameter = torch.nn.Parameter(ramp(3))
    optimizer = torch.optim.AdamW([parameter], lr=1e-3)
    (parameter ** 2).sum().backward()
    optimizer.step()
    state = {"epoch": 3, "model": tensors, "optimizer": optimizer.state_dict(), "best": torch.tensor(0.5),
             "history": [0.5, None, True, -1, 70000, 2**40, "text"], "size": torch.Size([3, 224, 224])}
    torch.save(state, here / f"{tag}_training.pth")
    torch.save({"state_dict": {"model": tensors}}, here / f"{tag}_nested_legacy.pth",
               _use_new_zipfile_serialization=False)


def expect():
    from safetensors.torch import save_file

    wanted = {name: tensor.detach().contiguous().clone() for name, tensor in weights().items()}
    files = sorted(here.glob("*.pth"))
    for path in files:
        found = torch.load(path, weights_only=False)  # our own files; weights_only refuses protocol 4
        while "f32" not in found:
            found = found["state_dict"] if "state_dict" in found else found["model"]
        assert list(found) == list(wanted), path
        for name, tensor in wanted.items():
            assert found[name].dtype == tensor.dtype and found[name].shape == tensor.shape, (path, name)
            same = found[name].detach().contiguous().reshape(-1).view(torch.uint8)
            assert torch.equal(same, tensor.reshape(-1).view(torch.uint8)), (path, name)
    save_file(wanted, here / "expected.safetensors")
    folder = here / "two_parts"
    folder.mkdir(exist_ok=True)
    names, where = list(wanted), {}
    for i, part in enumerate((names[:11], names[11:])):
        file = f"model-{i + 1:05}-of-00002.safetensors"
        save_file({name: wanted[name] for name in part}, folder / file, metadata={"format": "pt", "part": str(i)})
        where.update({name: file for name in part})
    size = sum(tensor.numel() * tensor.element_size() for tensor in wanted.values())
    index = {"metadata": {"total_size": size}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
    print(len(files), "files,", len(wanted), "tensors")


if __name__ == "__main__":
    write(sys.argv[2]) if sys.argv[1] == "write" else expect()
