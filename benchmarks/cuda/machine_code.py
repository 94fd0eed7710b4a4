"""What a kernel's machine code says without running it: instructions of each loop, and how often it waits for memory.

`count(root, nvcc)` compiles benchmarks/cuda/kernels.cu for sm_90, disassembles it and returns, for each kernel:

    {"registers": 168, "straight": LOOP, "loops": [LOOP, ...]}

LOOP counts the instructions outside of the loops within it: "n" of them, "drop" more where dropout draws random
numbers or reads their bits, "slope" more that a branch skips without GELU, "reload" more in a block with a barrier that
a branch may skip, in attention on tensor cores "unaligned" more that read or write pairs number by number where rows
are not aligned, and "adds" more that read what a gradient is added to; "load" bytes that one thread reads from global
memory, "copy" bytes that it copies from there to shared memory, "store" and "store2" stores of whole and of two-byte numbers, "mma" tensor-core products, "fma" multiply-adds,
"sfu" special functions, "shuffle" exchanges within a warp, "shared" reads of shared memory, "banks" the clocks for
which a warp's reads of shared memory occupy all banks, and "waits", how often an instruction needs the result of a load
that nothing has waited for yet ("wide": of a load of 8 bytes or more). "in" is the place of the enclosing loop, or -1.

A block that only a slow path reaches (a call of a division, a square root; an exchange of a warp whose lanes came apart,
behind the kernel's end) is left out. Both arms of any other branch
count, so the number of instructions of branchy code is too high rather than too low.
"""
import os
import re
import shutil
import subprocess
import tempfile

ARCHITECTURE = "sm_90"
RANDOM = re.compile(r"0xd2511f53|0xcd9e8d57|-0x2daee0ad|-0x326172a9", re.I)  # the multipliers of Philox
SLOPE = "0.39894229"  # 1 / sqrt(2 pi), a factor of GELU's slope
INSTRUCTION = re.compile(r"^\s+/\*([0-9a-f]{4,})\*/\s+(.*?)\s*;")
LABEL = re.compile(r"^(\.L_x_\d+|\$\S+):")
REGISTER = re.compile(r"\bR(\d+)(\.64)?")
ADDRESS = re.compile(r"\[(R\d+)\.64(?:\+(0x[0-9a-f]+))?\]")
ARM = 8  # accesses of a block at least, for mark_arms()
NOTES = {"LDG": "load", "LDGSTS": "copy", "HMMA": "mma", "HGMMA": "mma", "FFMA": "fma", "LDS": "shared",
         "MUFU": "sfu", "SHFL": "shuffle"}


class Missing(Exception):
    """Something that the person must provide, and how."""


def tool(name, package):
    """Path of a tool, or of the one that the pip package brings."""
    found = os.environ.get(name.upper()) or shutil.which(name)
    if not found:
        try:
            import nvidia  # the name space of NVIDIA's pip packages
            places = [os.path.join(p, "cu13", "bin", name) for p in nvidia.__path__]
        except ImportError:
            places = []
        found = next((p for p in places if os.path.exists(p)), None)
    if not found:
        raise Missing(f"expected {name} on PATH or in {name.upper()}, found none; {package}")
    return found


def short_name(demangled):
    """Name of a kernel's body as launch_list prints it; None for other functions."""
    body = re.search(r"run_body<(.*)>\(", demangled)
    if not body:
        return None
    return re.sub(r"\w+::", "", body.group(1)).replace(" ", "").replace("<float>", "")


def operation(text):
    words = re.sub(r"^@!?\w+\s+", "", text).split(None, 1)
    return words[0], (words[1] if len(words) > 1 else "")


def bank_clocks(name):
    """Clocks of a warp's read of shared memory without conflicts: 128 bytes a clock. An LDSM reads up to four matrices
    of 128 bytes; an LDS counts as if its lanes read different words."""
    if name.startswith("LDSM"):
        return int(name[-1]) if name[-1] in "24" else 1
    return max(load_bytes(name) // 4, 1) if name.startswith("LDS") else 0


def load_bytes(name):
    for part, size in ((".128", 16), (".64", 8), (".U16", 2), (".S16", 2), (".U8", 1), (".S8", 1)):
        if part in name:
            return size
    return 4


def reads_and_writes(text):
    """Numbers of the registers that an instruction reads, and that it writes."""
    name, operands = operation(text)
    parts = operands.split(",")
    writes = set()
    if not name.startswith(("ST", "BRA", "RED", "ISETP", "FSETP", "EXIT", "BAR")):
        first = REGISTER.match(parts[0].strip())
        if first:
            size = max(load_bytes(name) // 4, 1) if name.startswith("LD") else 1
            writes = {int(first.group(1)) + i for i in range(size)}
            parts = parts[1:]
    reads = set()
    for found in REGISTER.finditer(",".join(parts)):
        reads |= {int(found.group(1))} | ({int(found.group(1)) + 1} if found.group(2) else set())
    return reads, writes


def waits(lines, repeats):
    """How often a pass over the lines uses a load that is still on its way, and how often a wide one; in a loop: of any
    pass but the first."""
    pending, count, wide = {}, 0, 0
    for _ in range(2 if repeats else 1):
        count = wide = 0
        for text in lines:
            reads, writes = reads_and_writes(text)
            if any(register in pending for register in reads):
                count += 1
                wide += any(pending.get(register, 0) >= 8 for register in reads)
                pending = {}
            for register in writes:
                pending.pop(register, None)
            if operation(text)[0].startswith("LDG"):
                pending.update(dict.fromkeys(writes, load_bytes(operation(text)[0])))
    return count, wide


class Function:
    """One kernel: its instructions, its loops, and the blocks that are special."""

    def __init__(self, listing):
        self.lines, labels = [], {}
        for line in listing.split("\n"):
            found = INSTRUCTION.match(line)
            if found:
                self.lines.append(found.group(2))
            elif LABEL.match(line):
                labels[LABEL.match(line).group(1)] = len(self.lines)
        self.end = min([at for label, at in labels.items() if label.startswith("$")] + [len(self.lines)])
        while self.end and self.lines[self.end - 1] == "NOP":
            self.end -= 1
        jumps, self.special = [], {}
        for at, text in enumerate(self.lines[:self.end]):
            target = re.search(r"BRA.*`\((\.L_x_\d+)\)", text)
            if target and operation(text)[0] == "BRA.DIV":
                self.leave_out(labels[target.group(1)])
            elif target and at not in self.special:
                jumps.append((at, labels[target.group(1)], text.startswith("@")))
        heads = {}
        for at, to, _ in jumps:
            if to < at:
                heads[to] = max(heads.get(to, 0), at + 1)
        self.loops = sorted(heads.items(), key=lambda loop: (loop[0], -loop[1]))
        skipped = sorted((to - at, at, to) for at, to, conditional in jumps if conditional and to > at)
        for at, text in enumerate(self.lines[:self.end]):
            kind = self.kind_of(at, text)
            block = next(((a, b) for _, a, b in skipped if a < at < b), None) if kind else None
            for i in range(block[0] + 1, block[1]) if block else ():
                if kind != "reload" or self.innermost(i) == self.innermost(at):
                    self.special.setdefault(i, kind)
        if any(operation(text)[0].startswith("HMMA") for text in self.lines):
            self.mark_arms(sorted({0, self.end, *labels.values(), *(at + 1 for at, _, _ in jumps)}))

    def leave_out(self, begin):
        """Marks the block from `begin` to its jump back."""
        for at in range(begin, self.end):
            self.special[at] = "call"
            if self.lines[at].startswith("BRA "):
                return

    def mark_arms(self, borders):
        """Marks the blocks of put_rows() and load_left(), kernel/tensor_tile.hpp, that aligned rows do not need, and
        those that gradients do not need that are overwritten."""
        blocks = [range(a, b) for a, b in zip(borders, borders[1:]) if b <= self.end]
        for block, after in zip(blocks, blocks[1:] + [range(0)]):
            single = self.addresses(block, ("LDG.E", "STG.E"))
            kind = None
            if sum((base, offset + 4) in single for base, offset in single) >= ARM:
                kind = "unaligned"
            elif len(self.addresses(block, ("LDG.E.64",)) & self.addresses(after, ("STG.E.64",))) >= ARM:
                kind = "adds"
            for i in block if kind else ():
                self.special[i] = kind

    def addresses(self, block, names):
        found = (ADDRESS.search(self.lines[i]) for i in block if operation(self.lines[i])[0] in names)
        return {(one.group(1), int(one.group(2) or "0", 16)) for one in found if one}

    def innermost(self, at):
        return max((i for i, (begin, end) in enumerate(self.loops) if begin <= at < end), default=-1)

    def kind_of(self, at, text):
        """Why the block around an instruction is special; LDS.U8 reads dropout's bits."""
        name = operation(text)[0]
        if name.startswith("CALL"):
            return "call"
        if RANDOM.search(text) or name.startswith("LDS.U8"):
            return "drop"
        if SLOPE in text:
            return "slope"
        return "reload" if name.startswith("BAR") and self.innermost(at) >= 0 else None

    def within(self, inner, outer):
        return inner != outer and outer[0] <= inner[0] and inner[1] <= outer[1]

    def counts(self, places, repeats):
        waited, wide = waits([self.lines[i] for i in places if i not in self.special], repeats)
        c = {"n": 0, "waits": waited, **({"wide": wide} if wide else {})}
        for i in places:
            if i in self.special:
                if self.special[i] != "call":
                    c[self.special[i]] = c.get(self.special[i], 0) + 1
                continue
            c["n"] += 1
            name = operation(self.lines[i])[0]
            key = NOTES.get(name.split(".")[0])
            if name.startswith("STG"):
                key = "store2" if ".U16" in name else "store"
            if key:
                c[key] = c.get(key, 0) + (load_bytes(name) if key in ("load", "copy") else 1)
            if bank_clocks(name):
                c["banks"] = c.get("banks", 0) + bank_clocks(name)
        return c

    def summary(self):
        found = []
        for loop in self.loops:
            inner = [other for other in self.loops if self.within(other, loop)]
            own = [i for i in range(*loop) if not any(a <= i < b for a, b in inner)]
            around = [k for k, other in enumerate(self.loops) if self.within(loop, other)]
            found.append({**self.counts(own, True), "in": max(around, default=-1)})
        straight = [i for i in range(self.end) if not any(a <= i < b for a, b in self.loops)]
        return {"straight": self.counts(straight, False), "loops": found}


def count(root, wanted):
    """The kernels with a name in `wanted`. **Errors.** Missing."""
    nvcc = tool("nvcc", "install the CUDA toolkit, or leave --count out to use the recorded counts")
    disassembler = tool("nvdisasm", "python3 -m pip install nvidia-cuda-nvdisasm")
    demangler = tool("c++filt", "install binutils")
    with tempfile.TemporaryDirectory() as work:
        unit = os.path.join(work, "kernels.cubin")
        command = [nvcc, "-std=c++20", "-O3", "-DNDEBUG", "-I" + os.path.join(root, "include"), "-cubin",
                   "--resource-usage", "-arch=" + ARCHITECTURE, "-o", unit,
                   os.path.join(root, "benchmarks", "cuda", "kernels.cu")]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Missing(f"expected {nvcc} to compile benchmarks/cuda/kernels.cu, found\n{done.stderr[-2000:]}")
        listing = subprocess.run([disassembler, "-c", unit], capture_output=True, text=True, check=True).stdout
    registers = dict(re.findall(r"Compiling entry function '(\S+)'.*?Used (\d+) registers", done.stderr, re.S))
    parts = re.split(r"^\.text\.(\S+):$", listing, flags=re.M)
    names = subprocess.run([demangler], input="\n".join(parts[1::2]), capture_output=True, text=True, check=True).stdout
    kernels = {}
    for symbol, name, text in zip(parts[1::2], names.split("\n"), parts[2::2]):
        short = short_name(name)
        if short in wanted:
            kernels[short] = {"registers": int(registers[symbol]), **Function(text).summary()}
    absent = sorted(name for name in wanted if name and name not in kernels)
    if absent:
        raise Missing(f"expected the kernels {', '.join(absent)} in benchmarks/cuda/kernels.cu, found none; was "
                      "launch_list built from the same sources?")
    said = subprocess.run([nvcc, "--version"], capture_output=True, text=True, check=True).stdout
    release = re.search(r"release ([\d.]+)", said)
    return {"architecture": ARCHITECTURE, "compiler": f"nvcc {release.group(1) if release else 'unknown'}",
            "kernels": dict(sorted(kernels.items()))}
