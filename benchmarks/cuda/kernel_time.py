"""Instructions and times of launches: the loops of a kernel's machine code times their trips.

A *unit* is what one trip of a loop does for a warp: 32 elements of an elementwise kernel, 32 columns of a row, a tile
of attention. For each kernel, a recipe finds the loop that does a unit in the counts of machine_code.py. A kernel
without a recipe is timed by its bytes alone.

    floor    = the most of: bytes / copy rate, FLOPs / rate, instructions / issue rate
    expected = the most of: bytes, FLOPs and instructions at the shares of devices.py, and
               units * (instructions + waits * latency) / warps that run at a time;   plus the time of a node
"""
from dataclasses import dataclass

import devices
from kernel_work import PRODUCTS_OF, base, bytes_of, flops_of, key_of, rows_of, shape
from machine_code import Missing

TILE_ROWS, TILE_WARPS, WARP = 64, 4, 32
ROW_ONCE = 150  # straight-line instructions of a row: most of that code is other forms of the loops, for short rows


@dataclass
class Work:
    """Of one launch."""
    units: float
    instructions: float      # of a unit
    waits: float             # of a unit
    l1_waits: float = 0      # of a unit, beside the others
    latency: str = "memory"  # what the waits wait for: memory, or l2
    once: float = 0          # straight-line instructions
    warps: float = 0         # that run them
    serial: float = 0        # waits one after the other of the longest warp

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
    """A thread adds up the rows of a part in one column; a unit is a row of 32 columns."""
    before = launch["before"]
    loads = 8 if before else 4
    found = unrolled(kernel, lambda loop: loop["in"] >= 0 and (loop.get("fma", 0) > 0) == bool(before), "load", loads)
    return column_sums(launch, found)


def column_sums(launch, found):
    if not found:
        return None
    return Work(launch["rows"] * launch["columns"] / WARP, found[0], found[1], warps=launch["n"] / WARP)


def parts_sums(launch, kernel):
    found = unrolled(kernel, is_inner, "load", 4)
    return found and Work(launch["parts"] * launch["columns"] / WARP, *found[:2], latency="l2",
                          warps=launch["columns"] / WARP)


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


def best_row_loop(kernel, loads, stores, marker, seen):
    fits = [loop for loop in kernel["loops"]
            if loop.get("load", 0) % loads == 0 and loop.get("load", 0) and not any(loop is other for other in seen)
            and loop.get(marker, 0) * loads == loop["load"] * stores
            and loop.get("store", 0) + loop.get("store2", 0) == loop.get(marker, 0)]
    return max(fits, key=lambda loop: loop["load"], default=None)


def scatter(launch, kernel):
    """One warp adds up all rows of a word, through memory: as long as the most frequent word takes. Of the benchmark's
    3,840 tokens 557 are [MASK] in one text and 128 are [CLS] in the other; 131 of 688 gathered rows are padding."""
    longest = {3840: (557 + 128) / 2, 688: 131}.get(launch["n"], launch["n"] / 30)
    trips = longest * launch["d"] / WARP
    return Work(launch["n"] * launch["d"] / WARP, 4, 0, warps=launch["rows"], latency="l2", serial=trips)


def tensor_attention(launch, kernel):
    """The loop over tiles has the tensor-core products; loops within it load the tiles."""
    name = key_of(launch)
    heads, queries, keys, width = shape(launch)
    per_tile = PRODUCTS_OF[name] * (TILE_ROWS // 8) * (width // (16 if "Bf16Form" in base(launch) else 8))
    at = next((i for i, loop in enumerate(kernel["loops"]) if loop.get("mma", 0) >= per_tile), None)
    if at is None:
        raise Missing(f"expected a loop with {per_tile} tensor-core products in {base(launch)}, found none; adapt "
                      "tensor_attention() in benchmarks/cuda/kernel_time.py to the kernel's new form")
    loop = kernel["loops"][at]
    tiles_of_trip = loop["mma"] / per_tile
    instructions = (loop["n"] + loop.get("drop", 0) * launch.get("dropout", 0)) / tiles_of_trip
    wide = loop.get("wide", 0)
    l2_waits, l1_waits = wide / tiles_of_trip, (loop["waits"] - wide) / tiles_of_trip
    if not launch.get("key_bias"):  # a load for each pair of columns that is not executed
        l1_waits = max(l1_waits - TILE_ROWS // 8 * 4, 0)
    for inner in kernel["loops"]:
        if inner["in"] == at and inner.get("load"):
            trips = TILE_ROWS * width * launch.get("q", 4) / (TILE_WARPS * WARP * inner["load"])
            instructions += trips * inner["n"]
            l2_waits += trips * inner["waits"]
    other = queries if name == "TensorKeyGradient" else keys
    tiles = launch["blocks"] * -(-other // TILE_ROWS)
    return Work(tiles * TILE_WARPS, instructions, l2_waits, l1_waits, latency="l2", once=kernel["straight"]["n"],
                warps=launch["blocks"] * TILE_WARPS)


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
    "ResultGradient": lambda l, k: elementwise(l, k, "load", 8 if l["before"] else 4,
                                               lambda loop: (loop.get("fma", 0) > 0) == bool(l["before"])),
    "PartialColumnSums<float,ResultGradient>": gradient_sums,
    "PartialColumnSums<float,Element>": lambda l, k: column_sums(l, unrolled(k, is_inner, "load", 4)),
    "PartialColumnSums<float,PositionTerm>": lambda l, k: column_sums(l, unrolled(k, is_inner, "load", 4)),
    "PartialColumnSums<float,GainTerm>": lambda l, k: column_sums(l, unrolled(k, is_inner, "load", 16)),
    "AddParts": parts_sums,
    "LayerNorm": rows((8, 1, lambda l: l["h"]), (4, 0, always), (4, 0, always), (12, "y", always)),
    "LayerNormBackward": rows((12, 0, always), (20, 2, lambda l: l["dx"] and l["dh"]),
                              (16, 1, lambda l: not (l["dx"] and l["dh"]))),
    "RoundRows": lambda l, k: elementwise(l, k, "store2", 1),
    "AdamW": lambda l, k: elementwise(l, k, "store", 4),
    "AverageOfTwo": lambda l, k: elementwise(l, k, "store", 1),
    "AddScaled": lambda l, k: elementwise(l, k, "store", 1),
    "DropElements": lambda l, k: elementwise(l, k, "store", 1),
    "Embed": lambda l, k: elementwise(l, k, "store", 1),
    "Patches": lambda l, k: elementwise(l, k, "store", 1),
    "PrependClassToken": lambda l, k: elementwise(l, k, "store", 1),
    "PrependClassTokenBackward": lambda l, k: elementwise(l, k, "store", 1),
    "AddTakenRows": lambda l, k: elementwise(l, k, "store", 1),
    "GatherRows": lambda l, k: elementwise(l, k, "store", 1),
    "NormalizePixels": lambda l, k: elementwise(l, k, "store", 3),
    "ScatterAddRows": scatter,
    "TensorAttention": tensor_attention,
    "TensorQueryGradient": tensor_attention,
    "TensorKeyGradient": tensor_attention,
    "Attention": scalar_attention,
    "AttentionQueryGradient": scalar_attention,
    "AttentionKeyGradient": scalar_attention,
}


@dataclass
class Cost:
    """Of one launch."""
    bytes: float
    flops: float
    instructions: float
    floor: float     # seconds
    expected: float  # seconds
    per_unit: float = 0


def cost(launch, kernels, device, precision):
    """**Errors.** Missing if the counts lack the kernel, or the launch a number."""
    try:
        return known_cost(launch, kernels, device, precision)
    except KeyError as missing:
        raise Missing(f"expected the number {missing} of {base(launch) or launch}, found none; launch_list prints the "
                      "members that benchmarks/cuda/kernel_names.hpp names: add it, or adapt kernel_work.py") from None


def known_cost(launch, kernels, device, precision):
    moved, flops = bytes_of(launch) or 0, flops_of(launch)
    rate = device.flops[precision] * devices.PRODUCT_FLOOR
    memory = moved / (device.bandwidth * devices.MEMORY_FLOOR)
    if "product" in launch:
        floor = max(memory, flops / rate)
        share = devices.PRODUCT * device.tile_share(launch["m"], launch["n"], launch["k"])
        expected = max(memory / devices.MEMORY, flops / (rate * share))
        return Cost(moved, flops, 0, floor, expected + devices.NODE_SECONDS)
    node = devices.NODE_SECONDS if launch.get("transfer") not in ("input", "upload", "download") else 0
    found = Cost(moved, flops, 0, memory, memory / devices.MEMORY + node)
    recipe = RECIPES.get(key_of(launch)) if "kernel" in launch else None
    if recipe is None:
        return found
    kernel = kernels.get(launch["kernel"])
    if kernel is None:
        raise Missing(f"expected counts of {launch['kernel']}, found none; run predict.py --count")
    work = recipe(launch, kernel)
    if work is None:
        raise Missing(f"expected a loop in {launch['kernel']} as its recipe in benchmarks/cuda/kernel_time.py says, "
                      "found none; adapt the recipe to the kernel's new form")
    found.instructions, found.per_unit = work.all_instructions, work.instructions
    issue = device.issue_seconds(found.instructions)
    warps = device.resident_warps(kernel["registers"], launch["threads"], launch["shared"], launch["blocks"])
    clocks = work.instructions + work.waits * getattr(device, work.latency) + work.l1_waits * device.l1
    exposed = work.units * clocks / (device.multiprocessors * warps * device.clock)
    serial = work.serial * device.l2 / device.clock
    found.floor = max(memory, issue, flops / rate if "Tensor" in launch["kernel"] else 0)
    found.expected = max(memory / devices.MEMORY, issue, exposed, serial) + node
    return found
