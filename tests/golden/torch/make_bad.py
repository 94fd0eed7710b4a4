#!/usr/bin/env python3
"""Makes the malicious and the damaged files of this folder, each with the rule by which it must be refused.

bad_pickles.txt    a pickle a line (the data.pkl of an archive)
bad_archives.txt   a zip archive a line
bad_legacy.txt     a file of the old format a line
A line: rule, name, bytes in hexadecimal, separated by tabs. The rule `none` marks a good file: the others differ from
it in one thing. Written by hand, without pickle and zipfile: no file of this list can be made by a well-meant program.
"""
import pathlib
import struct
import zlib

here = pathlib.Path(__file__).parent
PROTO = b"\x80\x02"


def g(module, name):
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def s(text):
    text = text if isinstance(text, bytes) else text.encode()
    return b"X" + struct.pack("<I", len(text)) + text


def i(n):
    if -2**31 <= n < 2**31:
        return b"J" + struct.pack("<i", n)
    length = 8 if -2**63 <= n < 2**63 else 9
    return b"\x8a" + bytes([length]) + n.to_bytes(length, "little", signed=True)


def t(*items):
    return b"(" + b"".join(items) + b"t"


ORDERED = g("collections", "OrderedDict") + b")R"


def storage(key="0", kind=("torch", "FloatStorage"), count=4, word="storage", more=()):
    return t(s(word), g(*kind), s(key), s("cpu"), i(count), *more) + b"Q"


def tensor(stored=None, offset=i(0), size=(4,), strides=(1,), more=(b"\x89", ORDERED), call="_rebuild_tensor_v2"):
    shape = size if isinstance(size, bytes) else t(*(i(n) for n in size))
    steps = strides if isinstance(strides, bytes) else t(*(i(n) for n in strides))
    return g("torch._utils", call) + t(stored or storage(), offset, shape, steps, *more) + b"R"


def dict_of(*pairs):
    return b"}(" + b"".join(pairs) + b"u"


def whole(value):
    return PROTO + value + b"."


def weights(value):
    return whole(dict_of(s("a"), value))


def call(module, name, *arguments):
    return whole(g(module, name) + t(*arguments) + b"R")


LINE = s("touch /tmp/ctp-was-here")
GOOD = weights(tensor())

PICKLES = [
    ("none", "good", GOOD),
    ("none", "no metadata", weights(tensor(more=(b"\x89", ORDERED, b"N")))),
    ("none", "metadata without an item", weights(tensor(more=(b"\x89", ORDERED, b"}")))),
    # --- what a malicious pickle calls
    ("globals", "os.system", call("os", "system", LINE)),
    ("globals", "posix.system", call("posix", "system", LINE)),
    ("globals", "subprocess.Popen", call("subprocess", "Popen", LINE)),
    ("globals", "builtins.eval", call("builtins", "eval", LINE)),
    ("globals", "builtins.exec", call("builtins", "exec", LINE)),
    ("globals", "__builtin__.eval of Python 2", call("__builtin__", "eval", LINE)),
    ("globals", "builtins.getattr", call("builtins", "getattr", ORDERED, s("__class__"))),
    ("globals", "builtins.__import__", call("builtins", "__import__", s("os"))),
    ("globals", "builtins.open", call("builtins", "open", s("/etc/passwd"))),
    ("globals", "torch.load", call("torch", "load", s("other.pth"))),
    ("globals", "torch.hub.load", call("torch.hub", "load", s("owner/name"), s("model"))),
    ("globals", "torch.jit.load", call("torch.jit", "load", s("other.pt"))),
    ("globals", "torch.storage._load_from_bytes", call("torch.storage", "_load_from_bytes", s("x"))),
    ("globals", "numpy.load", call("numpy", "load", s("other.npy"))),
    ("globals", "numpy reconstruct", call("numpy.core.multiarray", "_reconstruct", LINE)),
    ("globals", "functools.partial", call("functools", "partial", LINE)),
    ("globals", "pickle.loads", call("pickle", "loads", LINE)),
    ("globals", "argparse.Namespace", call("argparse", "Namespace")),
    ("globals", "a module of a model", weights(g("torch.nn.modules.linear", "Linear") + b")R")),
    ("globals", "_rebuild_tensor of old files", weights(tensor(call="_rebuild_tensor"))),
    ("globals", "a name that begins as a known one", call("torch", "FloatStorage2")),
    ("globals", "a known name of another module", call("torch.evil", "_rebuild_tensor_v2")),
    ("globals", "a dotted name", call("torch", "FloatStorage.__class__")),
    ("globals", "an empty name", call("", "")),
    ("globals", "STACK_GLOBAL of os.system", whole(s("os") + s("system") + b"\x93" + t(LINE) + b"R")),
    ("globals", "STACK_GLOBAL of numbers", whole(i(1) + i(2) + b"\x93")),
    ("globals", "os.system behind good weights", whole(dict_of(s("a"), tensor(), s("b"), g("os", "system")))),
    ("globals", "os.system as a hook", weights(tensor(more=(b"\x89", g("os", "system") + t(LINE) + b"R")))),
    ("globals", "os.system popped", whole(g("os", "system") + b"0" + dict_of(s("a"), tensor()))),
    ("opcodes", "INST os.system", PROTO + b"(" + LINE + b"ios\nsystem\n."),
    ("opcodes", "OBJ", PROTO + b"(" + g("collections", "OrderedDict") + b"o."),
    ("opcodes", "NEWOBJ", whole(g("collections", "OrderedDict") + b")\x81")),
    ("opcodes", "NEWOBJ_EX", whole(g("collections", "OrderedDict") + b")}\x92")),
    ("opcodes", "EXT1", whole(b"\x82\x01")),
    ("opcodes", "EXT2", whole(b"\x83\x01\x00")),
    ("opcodes", "EXT4", whole(b"\x84\x01\x00\x00\x00")),
    ("opcodes", "PERSID", PROTO + b"P0\n."),
    ("opcodes", "INT", PROTO + b"I1\n."),
    ("opcodes", "LONG", PROTO + b"L1L\n."),
    ("opcodes", "FLOAT", PROTO + b"F1\n."),
    ("opcodes", "STRING", PROTO + b"S'a'\n."),
    ("opcodes", "UNICODE", PROTO + b"Va\n."),
    ("opcodes", "GET", PROTO + b"Np0\ng0\n."),
    ("opcodes", "DUP", whole(b"N2")),
    ("opcodes", "LIST", whole(b"(Nl")),
    ("opcodes", "DICT", whole(b"(NNd")),
    ("opcodes", "EMPTY_SET", whole(b"\x8f")),
    ("opcodes", "FROZENSET", whole(b"(N\x91")),
    ("opcodes", "BYTEARRAY8", whole(b"\x96" + struct.pack("<Q", 1) + b"a")),
    ("opcodes", "NEXT_BUFFER", whole(b"\x97")),
    ("opcodes", "no opcode", whole(b"\xff")),
    ("opcodes", "no PROTO", GOOD[2:]),
    ("opcodes", "protocol 1", b"\x80\x01" + GOOD[2:]),
    ("opcodes", "protocol 6", b"\x80\x06" + GOOD[2:]),
    ("opcodes", "PROTO twice", PROTO + GOOD),
    ("calls", "REDUCE of a text", whole(s("os.system") + t(LINE) + b"R")),
    ("calls", "REDUCE of what REDUCE made", whole(ORDERED + b")R")),
    ("calls", "REDUCE of a storage type", call("torch", "FloatStorage", i(4))),
    ("calls", "REDUCE with a list", whole(g("collections", "OrderedDict") + b"]R")),
    ("calls", "OrderedDict with arguments", call("collections", "OrderedDict", t(s("a"), i(1)))),
    ("calls", "torch.Size of a number", call("torch", "Size", i(4))),
    ("calls", "a parameter of a number", call("torch._utils", "_rebuild_parameter", i(1), b"\x88", ORDERED)),
    ("calls", "a tensor of five arguments", weights(tensor(more=(b"\x89",)))),
    ("calls", "a tensor of eight arguments", weights(tensor(more=(b"\x89", ORDERED, ORDERED, ORDERED)))),
    ("calls", "a tensor that is the conjugate of its storage",
     weights(tensor(more=(b"\x89", ORDERED, dict_of(s("conj"), b"\x88"))))),
    ("calls", "a tensor that is the negative of its storage",
     weights(tensor(more=(b"\x89", ORDERED, dict_of(s("neg"), b"\x88"))))),
    ("calls", "a number as metadata", weights(tensor(more=(b"\x89", ORDERED, i(1))))),
    ("calls", "a tensor without storage", weights(tensor(stored=i(0)))),
    ("calls", "a tensor with a text as offset", weights(tensor(offset=s("0")))),
    ("calls", "a tensor with a text as shape", weights(tensor(size=s("4")))),
    ("calls", "a tensor with a list of texts as strides", weights(tensor(strides=t(s("1"))))),
    ("calls", "a tensor with an offset of 72 bits", weights(tensor(offset=i(2**64)))),
    ("state", "BUILD of a dict", whole(dict_of() + dict_of(s("__setstate__"), i(1)) + b"b")),
    ("state", "BUILD of a tensor", weights(tensor() + dict_of(s("__class__"), i(1)) + b"b")),
    ("state", "BUILD of a global", whole(g("torch", "Size") + dict_of(s("a"), i(1)) + b"b")),
    ("state", "BUILD with a text", whole(ORDERED + LINE + b"b")),
    ("storages", "a text as storage", whole(LINE + b"Q")),
    ("storages", "a storage of two parts", whole(t(s("storage"), s("0")) + b"Q")),
    ("storages", "a key of 257 bytes", weights(tensor(storage(key="k" * 257)))),
    ("storages", "another word than storage", weights(tensor(storage(word="module")))),
    ("storages", "another type of storage", weights(tensor(storage(kind=("collections", "OrderedDict"))))),
    ("storages", "a negative number of elements", weights(tensor(storage(count=-4)))),
    ("storages", "a view of a storage", weights(tensor(storage(more=(t(s("v"), i(0), i(4)),))))),
    ("storages", "one key with two lengths",
     whole(dict_of(s("a"), tensor(), s("b"), tensor(storage(count=8))))),
    ("storages", "one key with two types",
     whole(dict_of(s("a"), tensor(), s("b"), tensor(storage(kind=("torch", "IntStorage")))))),
    ("views", "an offset behind the storage", weights(tensor(offset=i(4)))),
    ("views", "an offset that moves the end out", weights(tensor(offset=i(1)))),
    ("views", "a negative offset", weights(tensor(offset=i(-1)))),
    ("views", "an offset of 2^63 - 1", weights(tensor(offset=i(2**63 - 1)))),
    ("views", "a stride that leads out", weights(tensor(strides=(2,)))),
    ("views", "a negative stride", weights(tensor(offset=i(3), strides=(-1,)))),
    ("views", "a stride of 2^63 - 1", weights(tensor(strides=(2**63 - 1,)))),
    ("views", "a negative size", weights(tensor(size=(-4,)))),
    ("views", "two negative sizes", weights(tensor(size=(-2, -2), strides=(2, 1)))),
    ("views", "a size too large", weights(tensor(size=(5,)))),
    ("views", "a product that overflows", weights(tensor(size=(2**32, 2**32 + 1), strides=(0, 0)))),
    ("views", "bytes that overflow", weights(tensor(size=(2**62, 2), strides=(0, 0)))),
    ("views", "a stride too few", weights(tensor(size=(2, 2), strides=(2,)))),
    ("views", "a stride too many", weights(tensor(size=(4,), strides=(4, 1)))),
    ("views", "nine dimensions", weights(tensor(size=(1,) * 9, strides=(1,) * 9))),
    ("views", "windows that overlap", weights(tensor(size=(3, 2), strides=(1, 1)))),
    ("views", "an empty storage", weights(tensor(storage(count=0), size=(1,)))),
    ("stack", "nothing", whole(b"")),
    ("stack", "two values", whole(b"NN")),
    ("stack", "an open mark", whole(b"(N")),
    ("stack", "POP of nothing", whole(b"0")),
    ("stack", "APPEND to nothing", whole(b"Na")),
    ("stack", "APPENDS without mark", whole(b"]Ne")),
    ("stack", "TUPLE without mark", whole(b"t")),
    ("stack", "TUPLE3 of two", whole(b"NN\x87")),
    ("stack", "TUPLE2 over a mark", whole(b"N(N\x86")),
    ("stack", "SETITEM of one", whole(b"}Ns")),
    ("stack", "REDUCE of nothing", whole(b"R")),
    ("stack", "BUILD of nothing", whole(b"b")),
    ("stack", "PUT of nothing", whole(b"q\x00")),
    ("stack", "MEMOIZE of nothing", whole(b"\x94")),
    ("memo", "GET of nothing", whole(b"h\x00")),
    ("memo", "LONG_BINGET of nothing", whole(b"Nq\x00j\x01\x00\x00\x00")),
    ("memo", "PUT far away", whole(b"Nr\xff\xff\xff\xff")),
    ("memo", "PUT one too far", whole(b"Nq\x01")),
    ("memo", "a memo from 1, as Python 2 wrote it", whole(b"}q\x01" + s("a") + tensor() + b"s")),
    ("kinds", "APPEND to a dict", whole(b"}Na")),
    ("kinds", "SETITEM of a list", whole(b"]NNs")),
    ("kinds", "SETITEM of a tensor", whole(tensor() + b"NNs")),
    ("kinds", "SETITEMS of three", whole(b"}(NNNu")),
    ("depth", "a thousand lists", whole(b"]" * 1000 + b"a" * 999)),
    ("depth", "a thousand tuples", whole(b")" + b"\x85" * 1000)),
    ("depth", "a list in itself", whole(b"]q\x00" + b"h\x00a" * 100)),
    ("size", "an integer of 2 GiB", whole(b"\x8b\xff\xff\xff\x7f")),
    ("size", "an integer of 256 bytes", whole(b"\x8b\x00\x01\x00\x00" + b"\x01" * 256)),
    ("size", "a module of 300 letters", whole(b"c" + b"m" * 300 + b"\nn\n")),
    ("end", "a text of 4 GiB", whole(b"X\xff\xff\xff\xff")),
    ("end", "a text of 2^63 bytes", whole(b"\x8d" + struct.pack("<Q", 2**63))),
    ("end", "a text of 2^64 - 1 bytes", whole(b"\x8d" + struct.pack("<Q", 2**64 - 1))),
    ("end", "a frame of 2^60 bytes", b"\x80\x04\x95" + struct.pack("<Q", 2**60) + GOOD[2:]),
    ("end", "a text that is cut", whole(b"X\x10\x00\x00\x00abc")),
    ("end", "no STOP", GOOD[:-1]),
    ("end", "nothing at all", b""),
    # --- what the weights are
    ("state dict", "a tensor alone", whole(tensor())),
    ("state dict", "a list of tensors", whole(b"]" + tensor() + b"a")),
    ("state dict", "no tensor", whole(dict_of(s("a"), i(1)))),
    ("state dict", "an empty dict", whole(b"}")),
    ("state dict", "two usual keys",
     whole(dict_of(s("model"), dict_of(s("a"), tensor()), s("state_dict"), dict_of(s("a"), tensor())))),
    ("state dict", "a tensor beside a usual key",
     whole(dict_of(s("model"), dict_of(s("a"), tensor()), s("b"), tensor()))),
    ("state dict", "two dicts of tensors",
     whole(dict_of(s("x"), dict_of(s("a"), tensor()), s("y"), dict_of(s("a"), tensor())))),
    ("state dict", "tensors and a dict of tensors",
     whole(dict_of(s("x"), dict_of(s("a"), tensor()), s("b"), tensor()))),
    ("state dict", "five dicts inside each other",
     whole(dict_of(s("a"), dict_of(s("b"), dict_of(s("c"), dict_of(s("d"), dict_of(s("e"), tensor()))))))),
    ("state dict", "dicts that double sixty times",
     PROTO + b"}q\x00" + b"".join(b"0}q" + bytes([k + 1]) + b"(" + s("model") + b"h" + bytes([k]) + s("module") + b"h" +
                                   bytes([k]) + b"u" for k in range(60)) + b"."),
    ("names", "a name twice", whole(dict_of(s("a"), tensor(), s("a"), tensor()))),
    ("names", "a name first of a tensor, then of a number",
     whole(dict_of(s("a"), tensor(), s("b"), tensor(), s("a"), i(1)))),
    ("names", "two state dicts under one key",
     whole(dict_of(s("state_dict"), dict_of(s("a"), tensor()), s("state_dict"), dict_of(s("b"), tensor())))),
    ("names", "a key twice in an inner dict",
     whole(dict_of(s("model"), dict_of(s("model"), dict_of(s("a"), tensor()), s("model"), i(1))))),
    ("names", "a dict of tensors, then a number under its key",
     whole(dict_of(s("net"), dict_of(s("a"), tensor()), s("net"), i(1)))),
    ("names", "a number as name", whole(dict_of(i(1), tensor()))),
    ("names", "a NUL in a name", whole(dict_of(s("a\0b"), tensor()))),
    ("names", "no UTF-8", whole(dict_of(s(b"\xff\xfe"), tensor()))),
    ("names", "a name of 1025 bytes", whole(dict_of(s("n" * 1025), tensor()))),
    ("copies", "one element a thousand million times", weights(tensor(size=(10**9,), strides=(0,)))),
]


def entry(name, data=b"", **changed):
    """An entry with what its header and its record say."""
    facts = {"name": name, "data": data, "flags": 0, "method": 0, "packed": len(data), "size": len(data),
             "local_name": name, "local_size": None, "local_method": None, "extra": b"", "begin": None,
             "hidden": False}  # hidden: without a header of its own
    facts.update(changed)
    return facts


def archive(entries, end=None, tail=b"", zip64=None, gap=b"", count=None, size=None, begin=None):
    out, records, at = b"", b"", []
    for e in entries:
        at.append(len(out))
        if e["hidden"]:
            continue
        name = e["local_name"].encode() if isinstance(e["local_name"], str) else e["local_name"]
        own = e["size"] if e["local_size"] is None else e["local_size"]
        method = e["method"] if e["local_method"] is None else e["local_method"]
        crc = zlib.crc32(e["data"])
        out += struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, e["flags"], method, 0, 0, crc,
                           min(e["packed"] if e["local_size"] is None else own, 2**32 - 1), min(own, 2**32 - 1),
                           len(name), 0) + name + e["data"]
    for e, offset in zip(entries, at):
        name = e["name"].encode() if isinstance(e["name"], str) else e["name"]
        offset = offset if e["begin"] is None else e["begin"]
        records += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, e["flags"], e["method"], 0, 0,
                               zlib.crc32(e["data"]), min(e["packed"], 2**32 - 1), min(e["size"], 2**32 - 1),
                               len(name), len(e["extra"]), 0, 0, 0, 0, min(offset, 2**32 - 1)) + name + e["extra"]
    out += gap
    count = len(entries) if count is None else count
    size = len(records) if size is None else size
    begin = len(out) if begin is None else begin
    out += records
    if zip64 is not None:
        wide = {"count": count, "size": size, "begin": begin, "length": 44, "at": len(out)}
        wide.update(zip64)
        out += struct.pack("<IQHHIIQQQQ", 0x06064B50, wide["length"], 45, 45, 0, 0, wide["count"], wide["count"],
                           wide["size"], wide["begin"]) + struct.pack("<IIQI", 0x07064B50, 0, wide["at"], 1)
    out += end if end is not None else struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, min(count, 65535), min(count, 65535),
                                                   min(size, 2**32 - 1), min(begin, 2**32 - 1), 0)
    return out + tail


DATA = struct.pack("<4f", 1, -2, 3.5, 0)


def with_pickle(pickle, data=DATA, more=(), version=b"3\n"):
    return [entry("a/data.pkl", pickle), entry("a/data/0", data), entry("a/version", version), *more]


def extra(*numbers):
    return struct.pack("<HH", 1, 8 * len(numbers)) + b"".join(struct.pack("<Q", n) for n in numbers)


def changed(index, **facts):
    entries = with_pickle(GOOD)
    entries[index] = {**entries[index], **facts}
    return archive(entries)


INNER = archive([entry("a/data/0", DATA)])[:30 + 8 + len(DATA)]
NORMAL = archive(with_pickle(GOOD))
ARCHIVES = [
    ("none", "good", NORMAL),
    ("none", "good with zip64", archive(with_pickle(GOOD), zip64={})),
    ("none", "good with wide sizes", changed(1, size=2**32 - 1, packed=2**32 - 1, extra=extra(16, 16), local_size=16)),
    ("end record", "nothing", b""),
    ("end record", "21 bytes", NORMAL[-21:]),
    ("end record", "a byte behind the end", NORMAL + b"x"),
    ("end record", "a comment", NORMAL[:-2] + b"\x03\x00abc"),
    ("end record", "an archive behind it that is cut", NORMAL + NORMAL[:100]),
    ("end record", "cut in the middle", NORMAL[:len(NORMAL) // 2]),
    ("end record", "the second of two parts", NORMAL[:-18] + b"\x01\x00" + NORMAL[-16:]),
    ("end record", "a directory at 4 GiB", archive(with_pickle(GOOD), begin=2**32 - 2)),
    ("end record", "a directory of 4 GiB", archive(with_pickle(GOOD), size=2**32 - 2)),
    ("end record", "a directory one byte too short", archive(with_pickle(GOOD), size=157)),
    ("end record", "a directory one byte too early", archive(with_pickle(GOOD), begin=10)),
    ("zip64", "another number of entries", archive(with_pickle(GOOD), zip64={"count": 2})),
    ("zip64", "another size of the directory", archive(with_pickle(GOOD), zip64={"size": 2**60})),
    ("zip64", "another place of the directory", archive(with_pickle(GOOD), zip64={"begin": 2**63})),
    ("zip64", "a record somewhere else", archive(with_pickle(GOOD), zip64={"at": 2**64 - 8})),
    ("zip64", "a record of another length", archive(with_pickle(GOOD), zip64={"length": 2**40})),
    ("zip64", "an entry without its wide size", changed(1, size=2**32 - 1, packed=2**32 - 1, local_size=16)),
    ("zip64", "an extra field that does not fit", changed(1, extra=b"\x01\x00\xff\xff")),
    ("zip64", "two fields of zip64", changed(1, extra=extra(16) + extra(16))),
    ("entries", "one more than there are", archive(with_pickle(GOOD), count=4)),
    ("entries", "one fewer than there are", archive(with_pickle(GOOD), count=2)),
    ("entries", "65,534", archive(with_pickle(GOOD), count=65534)),
    ("entries", "2^60 by zip64", archive(with_pickle(GOOD), count=2**60, zip64={})),
    ("names", "data.pkl twice", archive(with_pickle(GOOD) + [entry("a/data.pkl", GOOD)])),
    ("names", "a storage twice", archive(with_pickle(GOOD, more=[entry("a/data/0", DATA)]))),
    ("names", "a path upwards", archive(with_pickle(GOOD, more=[entry("a/../../x", b"x")]))),
    ("names", "an absolute path", archive(with_pickle(GOOD, more=[entry("/etc/passwd", b"x")]))),
    ("names", "a backslash", archive(with_pickle(GOOD, more=[entry("a\\x", b"x")]))),
    ("names", "a drive", archive(with_pickle(GOOD, more=[entry("C:x", b"x")]))),
    ("names", "a NUL", archive(with_pickle(GOOD, more=[entry("a/data.pkl\0.txt", b"x")]))),
    ("names", "an empty name", archive(with_pickle(GOOD, more=[entry("", b"x")]))),
    ("names", "a folder", archive(with_pickle(GOOD, more=[entry("a/b/", b"")]))),
    ("names", "no UTF-8", archive(with_pickle(GOOD, more=[entry(b"a/\xff", b"", local_name=b"a/\xff")]))),
    ("stored", "deflated", changed(0, data=zlib.compress(GOOD)[2:-4], method=8,
                                   packed=len(zlib.compress(GOOD)) - 6, size=len(GOOD))),
    ("stored", "a bomb: ten bytes of 4 GiB", changed(1, data=b"0123456789", method=8, packed=10, size=2**32 - 2)),
    ("stored", "two sizes", changed(1, packed=8, local_size=16)),
    ("encryption", "encrypted", changed(1, flags=1)),
    ("encryption", "strongly encrypted", changed(1, flags=0x41)),
    ("local header", "another name", changed(0, local_name="a/data.pk2")),
    ("local header", "a longer name", changed(0, local_name="a/data.pkl2")),
    ("local header", "another size", changed(1, local_size=12)),
    ("local header", "another method", changed(1, local_method=8)),
    ("local header", "a place in the data of another", changed(1, begin=8)),
    ("local header", "a place behind the end", changed(1, begin=2**32 - 2)),
    ("local header", "a place at 2^63", changed(1, begin=2**32 - 1, extra=extra(2**63))),
    ("local header", "data up to the end of the file", changed(2, size=4096, packed=4096)),
    ("local header", "data of 2^63 bytes", changed(1, size=2**32 - 1, packed=2**32 - 1, extra=extra(2**63, 2**63),
                                                   local_size=16)),
    ("overlap", "an entry in the data of another", archive(
        [entry("a/data.pkl", GOOD + INNER), entry("a/data/0", DATA, begin=40 + len(GOOD), hidden=True),
         entry("a/version", b"3\n")])),
    ("data.pkl", "no data.pkl", archive([entry("a/data/0", DATA), entry("a/version", b"3\n")])),
    ("data.pkl", "no entries", archive([])),
    ("data.pkl", "data.pkl without folder", archive([entry("data.pkl", GOOD), entry("version", b"3\n")])),
    ("data.pkl", "two folders", archive(with_pickle(GOOD, more=[entry("b/data.pkl", GOOD)]))),
    ("data.pkl", "TorchScript", archive(with_pickle(GOOD, more=[entry("a/constants.pkl", b"\x80\x02).")]))),
    ("byte order", "big", archive(with_pickle(GOOD, more=[entry("a/byteorder", b"big")]))),
    ("version", "11", archive(with_pickle(GOOD, version=b"11\n"))),
    ("version", "no number", archive(with_pickle(GOOD, version=b"three"))),
    ("version", "none", archive(with_pickle(GOOD)[:2])),
    ("end", "bytes behind the pickle", archive(with_pickle(GOOD + b"N"))),
    ("end", "an empty pickle", archive(with_pickle(b""))),
    ("storages", "too short", archive(with_pickle(GOOD, data=DATA[:12]))),
    ("storages", "too long", archive(with_pickle(GOOD, data=DATA + DATA))),
    ("storages", "missing", archive([with_pickle(GOOD)[0], with_pickle(GOOD)[2]])),
    ("storages", "a path as key", archive(with_pickle(weights(tensor(storage(key="../../../../etc/passwd")))))),
    ("storages", "bytes that overflow", archive(with_pickle(weights(tensor(storage(count=2**62 + 4)))))),
    ("storages", "2^63 - 1 elements", archive(with_pickle(weights(tensor(storage(count=2**63 - 1)))))),
    ("copies", "one element a thousand million times",
     archive(with_pickle(weights(tensor(size=(10**9,), strides=(0,)))))),
    ("globals", "os.system", archive(with_pickle(call("os", "system", LINE)))),
]

MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."


def legacy(data=GOOD, version=whole(i(1001)), little=b"\x88", keys=whole(b"](" + s("0") + b"e"), counts=(4,), tail=DATA,
           magic=MAGIC, machine=None):
    machine = whole(dict_of(s("little_endian"), little)) if machine is None else machine
    return magic + version + machine + data + keys + b"".join(struct.pack("<q", n) for n in counts) + tail


LEGACY = [
    ("none", "good", legacy()),
    ("version", "another magic number", legacy(magic=MAGIC[:-2] + b"\x1a.")),
    ("version", "a magic number of 64 bits", legacy(magic=PROTO + b"\x8a\x08\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8.")),
    ("size", "a version of more than 64 KiB", legacy(version=whole(s("1" * 70000)))),
    ("version", "1002", legacy(version=whole(i(1002)))),
    ("version", "a text as version", legacy(version=whole(s("1001")))),
    ("byte order", "big", legacy(little=b"\x89")),
    ("byte order", "a number as byte order", legacy(little=i(1))),
    ("names", "two byte orders",
     legacy(machine=whole(dict_of(s("little_endian"), b"\x88", s("little_endian"), b"\x89")))),
    ("byte order", "no facts", legacy(machine=whole(b"N"))),
    ("storages", "no list of keys", legacy(keys=whole(b"}"))),
    ("storages", "a number as key", legacy(keys=whole(b"](" + i(0) + b"e"))),
    ("storages", "no keys", legacy(keys=whole(b"]"))),
    ("storages", "another key", legacy(keys=whole(b"](" + s("1") + b"e"))),
    ("storages", "a key twice", legacy(keys=whole(b"](" + s("0") + s("0") + b"e"))),
    ("storages", "fewer elements than the tensors say", legacy(counts=(3,))),
    ("storages", "more elements than the tensors say", legacy(counts=(5,))),
    ("storages", "a negative number", legacy(counts=(-1,))),
    ("storages", "2^62 elements", legacy(weights(tensor(storage(count=2**62))), counts=(2**62,))),
    ("storages", "a byte too few", legacy(tail=DATA[:-1])),
    ("storages", "a byte too many", legacy(tail=DATA + b"x")),
    ("storages", "no elements", legacy(counts=(), tail=b"")),
    ("storages", "a file behind it", legacy() + legacy()),
    ("end", "cut in the data", legacy()[:80]),
    ("end", "the magic number alone", MAGIC),
    ("globals", "os.system as data", legacy(data=call("os", "system", LINE))),
    ("globals", "os.system as version", legacy(version=call("os", "system", LINE))),
    ("globals", "os.system as facts", legacy(machine=call("os", "system", LINE))),
    ("globals", "os.system as keys", legacy(keys=call("os", "system", LINE))),
]

for file, lines in (("pickles", PICKLES), ("archives", ARCHIVES), ("legacy", LEGACY)):
    names = [name for _, name, _ in lines]
    assert len(set(names)) == len(names), file
    (here / f"bad_{file}.txt").write_text("".join(f"{rule}\t{name}\t{data.hex()}\n" for rule, name, data in lines))
    print(file, len(lines))
