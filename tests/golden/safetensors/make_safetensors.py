#!/usr/bin/env python3
"""Makes the safetensors files of this folder with the reference library (pip: safetensors, numpy).

reference.safetensors   every type that ctp knows, rank 0, an empty tensor, Unicode names, metadata; the values follow
                        rules that tests/io/safetensors.test.cpp repeats
oracle_style.safetensors  tensors in the order of insertion, with the compact header that tests/oracle writes
verdicts.txt            small files, good and bad, one per line: verdict of the reference library, name, bytes in hexadecimal

Made with safetensors 0.8.0 and numpy 2.
"""
import json
import pathlib
import struct

import numpy as np
import safetensors
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent


def reference():
    i = np.arange(12)
    tensors = {
        "f64": (i.reshape(3, 4) / 7).astype(np.float64),
        "f32": (i.reshape(2, 6) / 7 - 1).astype(np.float32),
        "f16": np.array([0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, 1 / 3, np.inf, -np.inf], dtype=np.float16),
        "i64": np.array([-(2**63), 2**63 - 1, 0], dtype=np.int64),
        "i32": np.array([-(2**31), 2**31 - 1], dtype=np.int32),
        "i16": np.array([-(2**15), 2**15 - 1], dtype=np.int16),
        "i8": np.array([-128, 127, 5], dtype=np.int8),
        "u8": np.array([0, 255], dtype=np.uint8),
        "bool": np.array([True, False, True]),
        "scalar": np.array(0.07, dtype=np.float32),
        "empty": np.zeros((0, 5), dtype=np.float32),
        "名字.权重": np.array([1.5], dtype=np.float32),
    }
    save_file(tensors, here / "reference.safetensors", metadata={"config": '{"width":4}', "作者": "ctp"})


def pack(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def oracle_style():
    rng = np.random.default_rng(5)
    tensors = {"z.weight": rng.standard_normal((3, 2)), "a.bias": rng.standard_normal(3), "ptr": np.array([4], dtype=np.int64)}
    header, data = {"__metadata__": {"config": '{"seed": 5}'}}, b""
    for name, t in tensors.items():
        dtype = {"float64": "F64", "int64": "I64"}[str(t.dtype)]
        header[name] = {"dtype": dtype, "shape": list(t.shape), "data_offsets": [len(data), len(data) + t.nbytes]}
        data += t.tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    (here / "oracle_style.safetensors").write_bytes(pack(text, data))


def entry(dtype="F32", shape=(2,), begin=0, end=8):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def raw(dtype='"F32"', shape="[2]", offsets="[0,8]"):
    return ('{"t":{"dtype":%s,"shape":%s,"data_offsets":%s}}' % (dtype, shape, offsets)).encode()


def corpus():
    d8, d16 = bytes(range(8)), bytes(range(16))
    two = {"a": entry(), "b": entry(begin=8, end=16)}
    yield "good", pack({"t": entry()}, d8)
    yield "good two", pack(two, d16)
    yield "good unsorted names", pack({"b": entry(), "a": entry(begin=8, end=16)}, d16)
    yield "good data out of order", pack({"a": entry(begin=8, end=16), "b": entry()}, d16)
    yield "good padding", pack(raw() + b"     ", d8)
    yield "good rank 0", pack({"t": entry(shape=(), end=4)}, d8[:4])
    yield "good empty tensor", pack({"t": entry(shape=(0, 3), end=0)})
    yield "good empty tensors in the middle", pack({"a": entry(), "e": entry(shape=(0,), begin=8, end=8), "b": entry(begin=8, end=16)}, d16)
    yield "good no tensors", pack({})
    yield "good metadata only", pack({"__metadata__": {"a": "b"}})
    yield "good inner white space", pack(b'{ "t" :\n{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', d8)
    yield "good escaped name", pack(b'{"\\u0041\\n":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', d8)
    for n in range(17):
        yield f"file of {n} zeros", bytes(n)
    for n in (0, 1, 7, 2**31, 2**63, 2**64 - 8, 2**64 - 1, 100_000_001):
        yield f"header length {n}", pack(raw(), d8, length=n)
    yield "header one byte longer than the file", pack(raw(), b"", length=len(raw()) + 1)
    yield "header not UTF-8", pack(b'{"\xff":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', d8)
    yield "header starts with a space", pack(b" " + raw(), d8)
    yield "header starts with a bracket", pack(b"[]      ")
    yield "root is a string", pack(b'"header"')
    yield "padding with a tab", pack(raw() + b"\t", d8)
    yield "padding with a line end", pack(raw() + b"\n", d8)
    yield "padding with NUL", pack(raw() + b"\0\0", d8)
    yield "text behind the object", pack(raw() + b" x", d8)
    yield "trailing comma", pack(raw()[:-1] + b",}", d8)
    yield "comment", pack(b"{/**/" + raw()[1:], d8)
    yield "duplicate name", pack(raw()[:-1] + b"," + raw()[1:], d8)
    yield "duplicate metadata", pack(b'{"__metadata__":{},"__metadata__":{}}')
    yield "duplicate metadata key", pack(b'{"__metadata__":{"a":"1","a":"2"}}')
    yield "duplicate dtype", pack(b'{"t":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', d8)
    yield "metadata is a list", pack(b'{"__metadata__":[]}')
    yield "metadata is null", pack(b'{"__metadata__":null}')
    yield "metadata value is a number", pack(b'{"__metadata__":{"a":1}}')
    yield "metadata value is an object", pack(b'{"__metadata__":{"a":{}}}')
    yield "entry is a number", pack(b'{"t":5}')
    yield "entry is an array", pack(b'{"t":[]}')
    yield "entry is null", pack(b'{"t":null}')
    yield "no dtype", pack(b'{"t":{"shape":[2],"data_offsets":[0,8]}}', d8)
    yield "no shape", pack(b'{"t":{"dtype":"F32","data_offsets":[0,8]}}', d8)
    yield "no data_offsets", pack(b'{"t":{"dtype":"F32","shape":[2]}}', d8)
    yield "extra field", pack(b'{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}', d8)
    yield "unknown dtype", pack(raw('"F33"'), d8)
    yield "dtype in lower case", pack(raw('"f32"'), d8)
    yield "dtype is a number", pack(raw("4"), d8)
    yield "unsigned dtype", pack(raw('"U32"'), d8)
    yield "shape is a number", pack(raw(shape="2"), d8)
    yield "shape nested", pack(raw(shape="[[2]]"), d8)
    yield "shape with a string", pack(raw(shape='["2"]'), d8)
    for n in ("2.0", "2e0", "-2", "-0", "18446744073709551616", "9223372036854775808", "true", "null"):
        yield f"dimension {n}", pack(raw(shape=f"[{n}]"), d8)
    yield "dimension -0 of an empty tensor", pack(raw(shape="[-0]", offsets="[0,0]"))
    yield "nine dimensions", pack(raw(shape="[2,1,1,1,1,1,1,1,1]"), d8)
    yield "eight dimensions", pack(raw(shape="[2,1,1,1,1,1,1,1]"), d8)
    yield "published shape overflow", pack(raw(shape="[4194305,4194305,211106198978564]"), d8)
    yield "bytes overflow", pack(raw('"F64"', shape="[2305843009213693953]"), d8)
    yield "zero times huge", pack(raw(shape="[0,9223372036854775807,9223372036854775807]", offsets="[0,0]"))
    yield "huge times zero", pack(raw(shape="[9223372036854775807,9223372036854775807,0]", offsets="[0,0]"))
    yield "one offset", pack(raw(offsets="[8]"), d8)
    yield "three offsets", pack(raw(offsets="[0,8,8]"), d8)
    yield "offsets as object", pack(raw(offsets="{}"), d8)
    for o in ("[0,8.0]", "[-0,8]", "[0,8e0]", '["0",8]', "[8,0]", "[0,18446744073709551624]"):
        yield f"offsets {o}", pack(raw(offsets=o), d8)
    yield "shape and offsets disagree", pack(raw(shape="[3]"), d8)
    yield "first data not at 0", pack({"t": entry(begin=8, end=16)}, d16)
    yield "gap", pack({"a": entry(), "b": entry(begin=12, end=20)}, bytes(20))
    yield "overlap", pack({"a": entry(), "b": entry(begin=4, end=12)}, bytes(12))
    yield "same data twice", pack({"a": entry(), "b": entry()}, d8)
    yield "end behind the file", pack({"t": entry(shape=(4,), end=16)}, d8)
    yield "trailing byte", pack({"t": entry()}, d8 + b"\0")
    yield "zip appended", pack({"t": entry()}, d8 + b"PK\5\6" + bytes(18))
    yield "data without tensors", pack({}, d8)
    yield "NUL in a name", pack(b'{"a\\u0000b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', d8)
    yield "name of 1024 bytes", pack({"n" * 1024: entry()}, d8)
    yield "name of 1025 bytes", pack({"n" * 1025: entry()}, d8)
    yield "empty name", pack({"": entry()}, d8)
    yield "lone surrogate in a name", pack(b'{"\\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', d8)
    yield "deep nesting", pack(b'{"t":' + b"[" * 200 + b"]" * 200 + b"}")
    yield "byte order mark", pack(b"\xef\xbb\xbf" + raw(), d8)


def verdict(content):
    try:
        safetensors.deserialize(content)
    except safetensors.SafetensorError:
        return "reject"
    return "accept"


reference()
oracle_style()
lines = [f"{verdict(content)}\t{name}\t{content.hex()}\n" for name, content in corpus()]
(here / "verdicts.txt").write_text("".join(lines))
