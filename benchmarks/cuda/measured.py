#!/usr/bin/env python3
"""The measured times of a step's launches beside the predicted ones: what predict.py says, corrected by a device.

    LD_PRELOAD=.../libcupti.so.13 CUDA_INJECTION64_PATH=$PWD/build/cuda/bin/libkernel_trace.so \\
        CTP_KERNEL_TRACE=trace.tsv build/cuda/bin/bench_cuda --only recorded_steps --precision bf16 --turns 3
    build/cuda/bin/launch_list bf16 --in-order > launches.jsonl
    python3 benchmarks/cuda/measured.py trace.tsv launches.jsonl --device h100

run_all.sh --part trace does this. The trace is that of kernel_trace.cpp, the launches are those of the same commit and
of 128 pairs. What is launched outside of the graph, such as AdamW, is left out. The last replay of a graph in the
trace is the step; the nodes of the graph belong to the captured launches, in their order. A product of cuBLASLt may
have several nodes: one that zeros its counter of tiles comes before, one that adds up parts of a sum comes after. A
launch has the time of its nodes; the times between nodes are a row of their own.

Exit code: 0 done, 1 the trace and the launches are of different steps, 2 wrong usage or something is missing.
"""
import argparse
import json
import os
import sys
from collections import defaultdict

from devices import DEVICES
from kernel_time import cost
from kernel_work import base, part_of
from machine_code import Missing, short_name
from predict import COUNTS, PRECISIONS, RESULTS, read

FEWEST_NODES = 100    # of a replayed step
COUNTER_BYTES = 1024  # of the tiles of a product


class Node:
    def __init__(self, line):
        fields = line.rstrip("\n").split("\t")
        self.begin, self.end, self.launch, self.registers, self.blocks, self.threads, self.shared = map(int, fields[:7])
        self.name = fields[7]
        self.kernel = short_name(self.name)

    @property
    def seconds(self):
        return (self.end - self.begin) * 1e-9


def last_step(path):
    """Nodes of the last replay, in the order of their begin."""
    try:
        with open(path, encoding="utf-8") as f:
            nodes = [Node(line) for line in f]
    except (OSError, ValueError, IndexError) as error:
        raise Missing(f"expected a trace of kernel_trace.cpp in {path}, found {error}") from error
    launches = defaultdict(list)
    for node in nodes:
        launches[node.launch].append(node)
    steps = [found for found in launches.values() if len(found) >= FEWEST_NODES]
    if not steps:
        raise Missing(f"expected a replay of at least {FEWEST_NODES} nodes in {path}, found none; trace a recorded step")
    return steps[-1]


def is_transfer(node):
    return node.name in ("memset", "memcpy")


def is_of(node, launch):
    if "transfer" in launch:
        return is_transfer(node) and node.blocks == launch["bytes"]  # a transfer has bytes in place of blocks
    if "product" in launch:
        return node.kernel is None and not is_transfer(node)
    return (node.kernel, node.threads) == (launch["kernel"], launch["threads"])


def begins_product(node):
    """Whether a node only zeros the counter of tiles of a product that the next node begins."""
    return node.name == "memset" and node.blocks <= COUNTER_BYTES


def ends_product(node):
    """Whether a node of cuBLASLt only adds up parts of a sum that another node made."""
    return "reduce" in node.name.lower()


def assigned(nodes, launches):
    """[(launch, its nodes)]. **Errors.** ValueError where they part."""
    found, at = [], 0
    for place, launch in enumerate(launches):
        own = []
        while "product" in launch and at < len(nodes) and begins_product(nodes[at]):
            own.append(nodes[at])
            at += 1
        if at == len(nodes) or not is_of(nodes[at], launch):
            wanted = launch.get("kernel") or launch.get("transfer") or "a product"
            raise ValueError(f"launch {place} of {len(launches)}: expected {wanted}, found node {at} of {len(nodes)}, "
                             f"{(nodes[at].kernel or nodes[at].name)[:200] if at < len(nodes) else 'none'}")
        own.append(nodes[at])
        at += 1
        while "product" in launch and at < len(nodes) and is_of(nodes[at], launch) and ends_product(nodes[at]):
            own.append(nodes[at])
            at += 1
        found.append((launch, own))
    if at < len(nodes):
        raise ValueError(f"expected {at} nodes, found {len(nodes)}; the next is {nodes[at].kernel or nodes[at].name}")
    return found


def label(launch):
    if "product" in launch:
        flags = "".join(" " + flag for flag in ("bias", "adds", "packed") if launch.get(flag))
        ways = ("T" if launch.get("transpose_a") else "N") + ("T" if launch.get("transpose_b") else "N")
        return f"product {launch['m']} x {launch['n']} x {launch['k']} {ways}{flags}"
    if "transfer" in launch:
        return launch["transfer"]
    name = base(launch)
    if "queries" in launch:
        return f"{name} {launch['queries']} x {launch['keys']}" + " dropout" * launch.get("dropout", 0)
    return name + " through GELU" * launch.get("before", 0)


class Row:
    def __init__(self):
        self.nodes = self.measured = self.expected = self.floor = 0

    def add(self, nodes, found):
        self.nodes += len(nodes)
        self.measured += sum(node.seconds for node in nodes) * 1e3
        self.expected += found.expected * 1e3
        self.floor += found.floor * 1e3


def table(head, rows):
    lines = [f"| {head} | nodes | measured ms | expected ms | floor ms | measured / expected | measured / floor |",
             "| --- |" + " ---: |" * 6]
    for name, row in rows:
        ratios = [f"{row.measured / other:.2f}" if other else "" for other in (row.expected, row.floor)]
        lines.append(f"| {name} | {row.nodes:,} | {row.measured:.2f} | {row.expected:.2f} | {row.floor:.2f} | "
                     + " | ".join(ratios) + " |")
    return "\n".join(lines)


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("trace")
    p.add_argument("launches")
    p.add_argument("--device", choices=DEVICES, default="h100")
    p.add_argument("--precision", choices=PRECISIONS, default="bf16")
    p.add_argument("--from", dest="folder", default=RESULTS, help="folder of the recorded counts (benchmarks/results)")
    p.add_argument("--kernels", action="store_true", help="also a row for each kernel and each shape of a product")
    return p.parse_args()


def run(o):
    try:
        with open(o.launches, encoding="utf-8") as f:
            launches = [json.loads(line) for line in f]
    except (OSError, ValueError) as error:
        raise Missing(f"expected lines of launch_list --in-order in {o.launches}, found {error}") from error
    launches = [launch for launch in launches if not launch.get("outside")]
    kernels = read(o.folder, COUNTS, "run predict.py --count")["kernels"]
    nodes = last_step(o.trace)
    parts, single, whole = defaultdict(Row), defaultdict(Row), Row()
    for launch, own in assigned(nodes, launches):
        found = cost(launch, kernels, DEVICES[o.device], o.precision)
        for row in (parts[part_of(launch)], single[label(launch)], whole):
            row.add(own, found)
    between = Row()
    between.nodes = len(nodes) - 1
    between.measured = (nodes[-1].end - nodes[0].begin) * 1e-6 - whole.measured
    by_time = sorted(parts.items(), key=lambda item: -item[1].measured)
    print(table("part", by_time + [("**sum**", whole), ("between nodes", between)]))
    if o.kernels:
        print("\n" + table("launch", sorted(single.items(), key=lambda item: -item[1].measured)))
    return 0


def main():
    try:
        return run(options())
    except Missing as missing:
        print(f"measured.py: {missing}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"measured.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
