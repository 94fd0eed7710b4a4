"""Instructions and times of launches: the loops of a kernel's machine code times their trips.

A *unit* is what one trip of a loop does for a warp: 32 elements of an elementwise kernel, 32 columns of a row, a step
of attention. For each kernel, a recipe finds the loop that does a unit in the counts of machine_code.py. A kernel
without a recipe is timed by its bytes alone.

    floor    = the most of: bytes / copy rate, FLOPs / rate, instructions / issue rate
    expected = the most of: bytes, FLOPs and instructions at the shares of devices.py, and
               units * (instructions + waits * latency) / warps that run at a time;   plus the time of a node

Attention on tensor cores has more units that may be the busiest: tensor cores, special functions, banks of shared
memory. Its few warps, 12 a multiprocessor, cannot keep the busiest one occupied: its expected time is the most of its
bytes and the times of `queue_rate`.
"""
from dataclasses import dataclass, field

import devices
from kernel_work import PRODUCTS_OF, base, bytes_of, columns_at_once, flops_of, key_of, rows_of, shape, sizes_of
from machine_code import Missing

WARP, STRIP = 32, 16
KEPT_COLUMNS, KEPT_LANES = 128, 16  # of KeptBits: a call of the generator is for eight elements
ROW_ONCE = 150  # straight-line instructions of a row: most of that code is other forms of the loops, for short rows


@dataclass
class Work:
    """Of one launch."""
    units: float
    instructions: float      # of a unit
    waits: float             # of a unit
    latency: str = "memory"  # what the waits wait for: memory, or l2
    once: float = 0          # straight-line instructions
    warps: float = 0         # that run them
    serial: float = 0        # waits one after the other of the longest warp
    serial_clocks: float = 0  # of that warp, beside the waits
    per_unit: float = 0      # instructions to report of a unit, if others than `instructions`
    limits: dict = field(default_factory=dict)  # seconds for which each unit of a multiprocessor is busy
    queued: float = 0        # seconds, with what is exposed

    @property
    def all_instructions(self):
        return self.units * self.instructions + self.once * self.warps


def always(_):
    return True


def is_inner(loop):
    return loop["in"] >= 0


def unrolled(kernel, fits, marker, per_unit):
    """(instructions, waits, instructions of dropout) of a unit, in the loop that fits and does most units a trip."""
    found = [loop for loop in kernel["loops"] if loop.get(marker, 0) >= per_unit and fits(loop)]
    if not found:
        return None
    loop = max(found, key=lambda one: one[marker])
    units = loop[marker] / per_unit
    return loop["n"] / units, loop["waits"] / units, loop.get("drop", 0) / units or drop_loop(kernel)


def drop_loop(kernel):
    """Instructions of a loop that draws random numbers and does nothing else; 0 if there is none."""
    return max((loop["drop"] for loop in kernel["loops"] if loop.get("drop") and not loop["n"]), default=0)


def store_of(size):
    return "store2" if size == 2 else "store"


def elementwise(launch, kernel, marker, per_unit, fits=lambda loop: True, latency="memory"):
    found = unrolled(kernel, fits, marker, per_unit)
    if not found:
        return None
    instructions, waits, drop = found
    warps = launch["blocks"] * launch["threads"] / WARP
    return Work(launch["n"] / WARP, instructions + drop * launch.get("dropout", 0), waits, latency=latency,
                once=kernel["straight"]["n"], warps=warps)


def gradient_sums(launch, kernel):
    """A thread adds up the rows of a part in one column, or in four; a unit is a row of a warp's columns."""
    size = columns_at_once(launch) * sum(sizes_of(launch)[1:])
    found = unrolled(kernel, is_inner, "load", size)
    if not found:
        return None
    loop = max((loop for loop in kernel["loops"] if is_inner(loop)), key=lambda one: one.get("load", 0))
    slope = loop.get("slope", 0) / (loop["load"] / size) * bool(launch["before"])
    return column_sums(launch, (found[0] + slope, found[1]))


def element_sums(launch, kernel):
    return column_sums(launch, unrolled(kernel, is_inner, "load", columns_at_once(launch) * sizes_of(launch)[1]))


def column_sums(launch, found):
    if not found:
        return None
    return Work(launch["rows"] * launch["columns"] / WARP, found[0], found[1], warps=launch["n"] / WARP)


def parts_sums(launch, kernel):
    """A lane reads eight of its parts at a time; the waits of a lane are one after the other."""
    loop = max(kernel["loops"], key=lambda one: one.get("load", 0))
    warps = launch["blocks"] * launch["threads"] / WARP
    turns = -(-launch["parts"] // (8 << launch["log_lanes"]))
    return Work(turns * warps, loop["n"], loop["waits"], latency="l2", once=kernel["straight"]["n"], warps=warps,
                serial=turns + 1, serial_clocks=loop["n"] * turns + kernel["straight"]["n"])


def rows(*passes):
    """A warp or a block walks over a row once for each (loads, stores) in `passes`; stores of "y" have its size."""
    def recipe(launch, kernel):
        width = launch.get("d") or launch["m"]
        instructions = drop_loop(kernel) if launch.get("dropout") else 0
        waits = 0
        seen = []
        for loads, stores, condition in passes:
            if not condition(launch):
                continue
            marker = store_of(launch.get("y", 4)) if stores == "y" else "store"
            loop = best_row_loop(kernel, loads, 1 if stores == "y" else stores, marker, seen)
            if loop is None:
                return None
            seen.append(loop)
            trips = loop["load"] / loads
            drop = loop.get("drop", 0) if launch.get("dropout") else 0
            instructions += (loop["n"] + drop) / trips
            waits += loop["waits"] / trips
        straight = kernel["straight"]
        warps = rows_of(launch) * (1 if "rows" in launch else launch["threads"] / WARP)
        return Work(rows_of(launch) * width / WARP, instructions, waits, once=min(straight["n"], ROW_ONCE), warps=warps)
    return recipe


def wide_rows(launch, kernel):
    """A warp holds a row in registers: code for 1,024 columns, of which shorter rows skip a share. It is not in a loop
    where a warp has one row, else it is the loop over the rows, the one that reads most."""
    code = max((kernel["straight"], *kernel["loops"]), key=lambda one: one.get("load", 0))
    most, of_row = 1024 / WARP, launch["d"] / WARP
    drop = code.get("drop", 0) / of_row if launch.get("dropout") else 0
    warps = launch["blocks"] * launch["threads"] / WARP
    return Work(rows_of(launch) * of_row, code["n"] / most + drop, code["waits"] / most,
                once=0 if code is kernel["straight"] else kernel["straight"]["n"], warps=warps)


def best_row_loop(kernel, loads, stores, marker, seen):
    fits = [loop for loop in kernel["loops"]
            if loop.get("load", 0) % loads == 0 and loop.get("load", 0) and not any(loop is other for other in seen)
            and loop.get(marker, 0) * loads == loop["load"] * stores
            and loop.get("store", 0) + loop.get("store2", 0) == loop.get(marker, 0)]
    return max(fits, key=lambda loop: loop["load"], default=None)


def scatter(launch, kernel):
    """A warp a place and 128 columns looks whether its word occurred before; that of the first occurrence then reads
    all places, 32 at a time, and adds their rows, eight at a time: as long as the most frequent word takes. Of the
    benchmark's 3,840 tokens 557 are [MASK] in one text and 128 are [CLS] in the other; 131 of 688 gathered rows are
    padding. How many words there are is not known: the scans of the others do not count."""
    n = launch["n"]
    longest = {3840: (557 + 128) / 2, 688: 131}.get(n, n / 30)
    before = max((loop for loop in kernel["loops"] if loop["in"] < 0 and not loop.get("shuffle")),
                 key=lambda one: one.get("load", 0))
    scans = [loop for loop in kernel["loops"] if loop.get("shuffle")]
    add = next(loop for loop in kernel["loops"] if is_inner(loop))
    trips, adds = -(-n // WARP), max(min(-(-n // WARP), longest), longest / 8)
    looks = n / 2 / (WARP * before["load"] / 4)  # of a warp, on average
    return Work(launch["rows"], kernel["straight"]["n"] + looks * before["n"], looks + 2, latency="l2",
                warps=launch["blocks"] * launch["threads"] / WARP, serial=trips + adds,
                serial_clocks=trips * max(loop["n"] for loop in scans) + adds * add["n"])


class Load:
    """What some code makes of the units of a multiprocessor, per warp, and its clocks for a warp that runs alone."""
    UNITS = ("issue", "tensor", "sfu", "banks")

    def __init__(self, device=None, code=None, extra=0, waits=0.0):
        code = code or {"n": 0}
        self.issue = code["n"] + extra
        self.tensor = code.get("mma", 0) * device.mma if device else 0
        self.sfu = code.get("sfu", 0) * devices.SFU
        self.banks = code.get("banks", 0)
        # A warp executes in order, so that alone it overlaps little: products and special functions occupy their units
        # one after the other, and all else takes a clock.
        longer = max(self.tensor - code.get("mma", 0), 0) + self.sfu - code.get("sfu", 0)
        self.alone = self.issue + longer + waits

    def add(self, other, times=1.0):
        for key in (*self.UNITS, "alone"):
            setattr(self, key, getattr(self, key) + getattr(other, key) * times)
        return self


def step_waits(code, device, depth):
    """Clocks of a step over rows in shared memory that a warp alone waits: the first read of each of the two sets of
    rows; scores, whose products over the width, `depth` of them, are a chain; the maximum's two exchanges, which are in
    turn; the last special function. Products with the weights are a chain over the steps, which hides them."""
    independent = code["mma"] * device.mma / 2
    return (2 * devices.SHARED_LATENCY + max(depth * devices.MMA_LATENCY - independent, 0) + devices.MMA_LATENCY
            + (2 * devices.SHUFFLE_LATENCY if code.get("shuffle") else 0) + devices.SFU_LATENCY)


def step_loops(launch, kernel):
    """(places of the loops over strips and over chunks, {rows of a step: its loops}). Of two loops for as many rows the
    first is for rows without bias."""
    per_strip = PRODUCTS_OF[key_of(launch)] * 2 * width_steps(launch)
    steps = {}
    for loop in kernel["loops"]:
        if loop.get("mma") and loop["mma"] % per_strip == 0:
            steps.setdefault(STRIP * loop["mma"] // per_strip, []).append(loop)
    if STRIP not in steps:
        raise Missing(f"expected a loop with {per_strip} tensor-core products in {base(launch)}, found none; adapt "
                      "tensor_attention() in benchmarks/cuda/kernel_time.py to the kernel's new form")
    chunks = steps[STRIP][0]["in"]
    return kernel["loops"][chunks]["in"], chunks, steps


def width_steps(launch):
    return shape(launch)[3] // (16 if "Bf16Form" in base(launch) else 8)


def load_of_rows(launch, device, loops, rows, warps, wait, kept):
    """The load phase: `rows` rows of the other side, twice, by all warps; a number or two of each; dropout's bits, one
    call of the generator for eight. Loops of unaligned rows have no wide load and do not run. Rows of operands come
    before those of gradients."""
    threads, found, copies = warps * WARP, Load(), 0
    sizes = [launch["q"], launch["d_o"] if key_of(launch) == "TensorKeyGradient" else launch["q"]]
    for loop in loops:
        if loop.get("copy"):  # which wait for nothing: one latency for all of them
            trips = -(-rows * shape(launch)[3] // (16 // sizes.pop(0)) // (threads * loop["copy"] // 16))
            copies = wait
        elif loop.get("wide"):
            trips = -(-rows * shape(launch)[3] // (16 // sizes.pop(0)) // (threads * loop["load"] // 16))
        elif loop.get("load", 0) in (4, 8):
            trips = -(-rows // threads)
        else:
            continue
        reads = loop.get("wide") or launch.get("key_bias") or loop.get("load") == 8
        found.add(Load(device, loop, waits=wait * loop["waits"] if reads else 0), trips)
    draws = max((loop["drop"] for loop in loops if loop.get("drop") and not loop["n"]), default=0)
    found.add(Load(waits=copies))
    return found.add(Load(extra=draws), -(-kept // threads)) if launch["dropout"] else found


def tensor_attention(launch, kernel, device, memory):
    """A block loads the other side of a head, all of it where it fits in one chunk, then each warp goes over strips of
    16 rows by steps of 32 (forward in TF32: 64; for dq: 16) and then of 16 rows of the other side. `memory`:
    seconds of the launch's bytes at a copy's rate."""
    name, (_, queries, keys, _) = key_of(launch), shape(launch)
    strip_loop, chunk_loop, steps = step_loops(launch, kernel)
    strips, chunk, warps = launch["strips"], launch["chunk"], launch["threads"] // WARP
    of_keys = name == "TensorKeyGradient"
    others = queries if of_keys else keys
    kept_rows, kept_chunks = (min(chunk, others), -(-strips * STRIP // KEPT_COLUMNS)) if of_keys else (
        strips * STRIP, -(-chunk // KEPT_COLUMNS))
    kept = kept_rows * kept_chunks * KEPT_LANES
    loops, once = kernel["loops"], others <= chunk
    outer = [loop for i, loop in enumerate(loops) if loop["in"] < 0 and i < strip_loop]
    inner = [loop for loop in loops if loop["in"] == chunk_loop and not loop.get("mma")]
    start = Load(extra=kernel["straight"]["n"])
    if once:
        start.add(load_of_rows(launch, device, outer, padded(others), warps, device.memory, kept))
    # A load of a strip is of 16 bytes in each of eight rows, so that eight loads share their lines: the others hit.
    waits, misses = loops[strip_loop]["waits"], loops[strip_loop]["load"] / 32
    strip = Load(device, loops[strip_loop],
                 extra=0 if launch.get("overwrite", 1) else loops[strip_loop].get("adds", 0),
                 waits=min(waits, misses) * device.memory + max(waits - misses, 0) * device.l1)
    reloads = Load()
    for first in range(0, others, chunk):
        held = min(chunk, others - first)
        rows = padded(held)
        strip.add(Load(device, loops[chunk_loop]))
        if not once:  # the rows were read before, for another strip or by the pass before
            reloads.add(Load(extra=loops[chunk_loop].get("reload", 0)))
            reloads.add(load_of_rows(launch, device, inner, rows, warps, device.l2, kept))
        for size in sorted(steps, reverse=True):
            plain = held // size if len(steps[size]) > 1 and not launch["key_bias"] else 0
            for code, times in ((steps[size][0], plain), (steps[size][-1], rows // size - plain)):
                drop = code.get("drop", 0) if launch["dropout"] else 0
                strip.add(Load(device, code, drop, step_waits(code, device, width_steps(launch))), times)
            rows %= size
    turns = -(-strips // warps)
    of_block = Load().add(start, warps).add(reloads, warps * turns).add(strip, strips)
    # Alone, the block's warps run side by side, and in the last turn some of them have no strip.
    alone = start.alone + turns * (reloads.alone + strip.alone)
    largest = steps[max(steps)][0]
    per_step = largest["n"] + (largest.get("drop", 0) if launch["dropout"] else 0)
    blocks = launch["blocks"]
    work = Work(blocks, of_block.issue, 0, per_unit=per_step)
    resident = device.resident_warps(kernel["registers"], launch["threads"], launch["shared"], blocks) / warps
    seconds = blocks / (device.multiprocessors * device.clock)  # of a clock that each block takes
    # A block occupies a unit of its multiprocessor: one of four schedulers, or the banks; and its share of the memory.
    busy = {unit: getattr(of_block, unit) / (1 if unit == "banks" else 4) for unit in Load.UNITS}
    work.limits = {unit: clocks * seconds for unit, clocks in busy.items()}
    work.limits["latency"] = alone / resident * seconds
    busy["memory"] = memory / seconds
    work.queued = max(seconds / queue_rate(resident, alone, clocks) for clocks in busy.values())
    return work


def queue_rate(customers, alone, busy):
    """Blocks a clock through a unit that each occupies for `busy` clocks of the `alone` that it takes by itself: mean
    value analysis (Reiser and Lavenberg 1980). Between the two bounds 1 / busy and customers / alone, since a block
    that needs the unit sometimes finds it occupied."""
    alone = max(alone, busy)
    queue, rate = 0.0, 0.0
    for n in range(1, max(int(customers), 1) + 1):
        stay = busy * (1 + queue)
        rate = n / (alone - busy + stay)
        queue = rate * stay
    return rate


def padded(rows):
    return -(-rows // STRIP) * STRIP


def scalar_attention(launch, kernel):
    """Inner loops of multiply-adds with one or two reads of shared memory each; all else is little beside them."""
    heads, queries, keys, width = shape(launch)
    loop = max(kernel["loops"], key=lambda one: one.get("fma", 0) if one.get("shared") else 0)
    units = PRODUCTS_OF[key_of(launch)] * heads * queries * keys * width / WARP  # multiply-adds of a warp
    # A multiprocessor reads shared memory for one warp a clock, so a read takes the place of four instructions.
    reads = loop["shared"] / loop["fma"]
    return Work(units, max(loop["n"] / loop["fma"], 4 * reads), 0, warps=launch["blocks"] * launch["threads"] / WARP)


RECIPES = {
    "Gelu": lambda l, k: elementwise(l, k, store_of(l["y"]), 1),
    "GeluOfFour": lambda l, k: elementwise(l, k, "load", 4 * sizes_of(l)[1]),  # a unit is 32 times four elements
    "ResultGradient": lambda l, k: elementwise(l, k, "load", sum(sizes_of(l)[1:2 + l["before"]]),
                                               lambda loop: (loop.get("fma", 0) > 0) == bool(l["before"])),
    "PartialColumnSums<float,ResultGradient>": gradient_sums,
    "PartialColumnSums<Neighbours,ResultGradientOfFour>": gradient_sums,
    "PartialColumnSums<float,Element>": element_sums,
    "PartialColumnSums<Neighbours,ElementOfFour>": element_sums,
    "PartialColumnSums<float,PositionTerm>": lambda l, k: column_sums(l, unrolled(k, is_inner, "load", 4)),
    "PartialColumnSums<Two,GainAndBiasTerm>": lambda l, k: column_sums(
        l, unrolled(k, is_inner, "load", 12 + sizes_of(l)[1])),
    "AddParts": parts_sums,
    "LayerNorm": rows((8, 1, lambda l: l["h"]), (4, 0, always), (4, 0, always), (12, "y", always)),
    "LayerNormBackward": lambda l, k: rows((8 + sizes_of(l)[1], 0, always),
                                           (16 + sizes_of(l)[1], 2, lambda l: l["dx"] and l["dh"]),
                                           (12 + sizes_of(l)[1], 1, lambda l: not (l["dx"] and l["dh"])))(l, k),
    "LayerNormWide": wide_rows,
    "LayerNormBackwardWide": wide_rows,
    "RoundRows": lambda l, k: elementwise(l, k, "store2", 1),
    "AdamW": lambda l, k: elementwise(l, k, "store", 4),
    "AverageOfTwo": lambda l, k: elementwise(l, k, "store", 1),
    "AddScaled": lambda l, k: elementwise(l, k, "store", 1),
    "DropElements": lambda l, k: elementwise(l, k, "store", 1),
    "Embed": lambda l, k: elementwise(l, k, "store", 1),
    "Patches": lambda l, k: elementwise(l, k, store_of(l["y"]), 1),
    "PatchesOfFour": lambda l, k: elementwise(l, k, "load", 16),
    "PrependClassToken": lambda l, k: elementwise(l, k, "store", 1),
    "PrependClassTokenOfFour": lambda l, k: elementwise(l, k, "load", 32),
    "PrependClassTokenBackward": lambda l, k: elementwise(l, k, "store", 1),
    "PrependClassTokenBackwardOfFour": lambda l, k: elementwise(l, k, "load", 32),
    "AddTakenRows": lambda l, k: elementwise(l, k, "store", 1),
    "GatherRows": lambda l, k: elementwise(l, k, "store", 1),
    "NormalizePixels": lambda l, k: elementwise(l, k, "store", 3),
    "ScatterAddRows": scatter,
    "Attention": scalar_attention,
    "AttentionQueryGradient": scalar_attention,
    "AttentionKeyGradient": scalar_attention,
}


TENSOR_ATTENTION = ("TensorAttention", "TensorQueryGradient", "TensorKeyGradient")


@dataclass
class Cost:
    """Of one launch."""
    bytes: float
    flops: float
    instructions: float
    floor: float     # seconds
    expected: float  # seconds
    per_unit: float = 0
    terms: dict = field(default_factory=dict)  # seconds of attention on tensor cores by what bounds them


def cost(launch, kernels, device, precision):
    """**Errors.** Missing if the counts lack the kernel, or the launch a number."""
    try:
        return known_cost(launch, kernels, device, precision)
    except KeyError as missing:
        raise Missing(f"expected the number {missing} of {base(launch) or launch}, found none; launch_list prints the "
                      "members that benchmarks/cuda/kernel_names.hpp names: add it, or adapt kernel_work.py") from None


def known_cost(launch, kernels, device, precision):
    moved, flops = bytes_of(launch) or 0, flops_of(launch)
    rate = device.flops[launch.get("product", precision)] * devices.PRODUCT_FLOOR
    memory = moved / (device.bandwidth * devices.MEMORY_FLOOR)
    if "product" in launch:
        floor = max(memory, flops / rate)
        share = devices.PRODUCT * device.tile_share(launch["m"], launch["n"], launch["k"])
        expected = max(memory / devices.MEMORY, flops / (rate * share))
        return Cost(moved, flops, 0, floor, expected + devices.NODE_SECONDS)
    node = devices.NODE_SECONDS if launch.get("transfer") not in ("input", "upload", "download") else 0
    found = Cost(moved, flops, 0, memory, memory / devices.MEMORY + node)
    on_tensor_cores = "kernel" in launch and key_of(launch) in TENSOR_ATTENTION
    recipe = RECIPES.get(key_of(launch)) if "kernel" in launch else None
    if recipe is None and not on_tensor_cores:
        return found
    kernel = kernels.get(launch["kernel"])
    if kernel is None:
        raise Missing(f"expected counts of {launch['kernel']}, found none; run predict.py --count")
    if on_tensor_cores:
        work = tensor_attention(launch, kernel, device, memory)
        found.instructions, found.per_unit = work.all_instructions, work.per_unit
        found.terms = {"memory": memory / devices.MEMORY, **work.limits, "queued": work.queued}
        found.floor = max(memory, flops / rate, *(work.limits[unit] for unit in Load.UNITS))
        found.expected = max(memory / devices.MEMORY, work.queued / devices.ATTENTION) + node
        return found
    work = recipe(launch, kernel)
    if work is None:
        raise Missing(f"expected a loop in {launch['kernel']} as its recipe in benchmarks/cuda/kernel_time.py says, "
                      "found none; adapt the recipe to the kernel's new form")
    found.instructions, found.per_unit = work.all_instructions, work.instructions
    issue = device.issue_seconds(found.instructions)
    warps = device.resident_warps(kernel["registers"], launch["threads"], launch["shared"], launch["blocks"])
    clocks = work.instructions + work.waits * getattr(device, work.latency)
    exposed = work.units * clocks / (device.multiprocessors * warps * device.clock)
    serial = (work.serial * device.l2 + work.serial_clocks) / device.clock
    found.floor = max(memory, issue)
    found.expected = max(memory / devices.MEMORY, issue, exposed, serial) + node
    return found
