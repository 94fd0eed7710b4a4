#!/usr/bin/env python3
"""Predicts the time of a training step on a GPU, part by part, from what it launches and from its machine code.

    python3 benchmarks/cuda/predict.py                                # the recorded counts; seconds, no compiler
    python3 benchmarks/cuda/predict.py --record --count               # counts anew what the code launches and executes
    python3 benchmarks/cuda/predict.py --check FILE                   # fails if something grew since FILE = --json

The step is that of `ctp` on its second task at `base`, 128 pairs of 30 tokens. Needs Python 3.8 alone; --record needs
the program launch_list (cmake --build build/release --target launch_list), --count needs nvcc, nvdisasm and c++filt.
Exit code: 0 done, 1 something exceeds a limit or grew, 2 wrong usage or something is missing.
"""
import argparse
import json
import os
import subprocess
import sys

import machine_code
from devices import DEVICES
from kernel_time import cost
from kernel_work import PARTS, base, part_of
from machine_code import Missing

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RESULTS = os.path.join(ROOT, "benchmarks", "results")
PRECISIONS = ("bf16", "tf32", "fp32")
COUNTS = "predict_counts.json"
SUMS = ("nodes", "bytes", "flops", "instructions", "floor_ms", "expected_ms")


def launch_file(precision):
    return f"launch_list_{precision}.json"


def read(folder, name, remedy):
    path = os.path.join(folder, name)
    try:
        with open(path, encoding="utf-8") as f:
            return json.load(f)
    except (OSError, ValueError) as error:
        raise Missing(f"expected {path}, found {error}; {remedy}") from error


def write(folder, name, head, key, items):
    """A JSON file with one item a line, so that a change shows as a change of lines."""
    lines = [json.dumps(item, separators=(",", ":")) for item in items] if isinstance(items, list) else [
        f"{json.dumps(name)}:{json.dumps(item, separators=(',', ':'))}" for name, item in items.items()]
    opens, closes = "[]" if isinstance(items, list) else "{}"
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.write(json.dumps(head)[:-1] + f', "{key}": {opens}\n' + ",\n".join(lines) + f"\n{closes}}}\n")


def launches_by(program, precision):
    """What the step launches now. **Errors.** Missing."""
    try:
        done = subprocess.run([program, precision], capture_output=True, text=True)
    except OSError as error:
        raise Missing(f"expected the program {program}, found {error}; cmake --build build/release --target "
                      "launch_list, or name it with --program") from error
    if done.returncode:
        raise Missing(f"expected {program} {precision} to succeed, found exit code {done.returncode}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def recorded_launches(folder, precision):
    return read(folder, launch_file(precision), "run predict.py --record")["launches"]


def predict(launches, kernels, device, precision):
    """The object that --json prints."""
    parts = {name: dict.fromkeys(SUMS, 0) for name in PARTS}
    per_unit, attention = {}, []
    for launch in launches:
        found, times = cost(launch, kernels, device, precision), launch["count"]
        for key, value in zip(SUMS, (1, found.bytes, found.flops, found.instructions, found.floor * 1e3,
                                     found.expected * 1e3)):
            parts[part_of(launch)][key] += value * times
        if found.per_unit:
            name = base(launch) + " with dropout" * launch.get("dropout", 0) + " through GELU" * launch.get("before", 0)
            per_unit[name] = max(per_unit.get(name, 0), round(found.per_unit, 1))
        if found.terms:
            attention.append({"kernel": base(launch), "queries": launch["queries"], "keys": launch["keys"],
                              "dropout": launch["dropout"], "expected_us": round(found.expected * 1e6, 1),
                              **{name: round(seconds * 1e6, 1) for name, seconds in found.terms.items()}})
    outside = sum(launch["count"] for launch in launches if launch.get("outside"))
    return {"device": device.name, "precision": precision,
            "step_ms": round(sum(part["expected_ms"] for part in parts.values()), 2),
            "floor_ms": round(sum(part["floor_ms"] for part in parts.values()), 2),
            "nodes": sum(part["nodes"] for part in parts.values()) - outside, "outside": outside,
            "parts": [{"part": name, **{key: round(value, 3) for key, value in part.items()}}
                      for name, part in parts.items() if part["nodes"]],
            "instructions_per_unit": dict(sorted(per_unit.items())), "attention": attention}


def table(result):
    heads = ("part", "nodes", "GB", "TFLOP", "10^9 instructions", "floor ms", "expected ms")
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " ---: |" * (len(heads) - 1)]
    total = {"part": "**sum**", **{key: sum(part[key] for part in result["parts"]) for key in SUMS}}
    for part in result["parts"] + [total]:
        numbers = (part["bytes"] / 1e9, part["flops"] / 1e12, part["instructions"] / 1e9, part["floor_ms"],
                   part["expected_ms"])
        lines.append(f"| {part['part']} | {part['nodes']:,} | " + " | ".join(f"{x:.2f}" for x in numbers) + " |")
    return "\n".join(lines)


def growth(now, before, slack):
    """What is more than it was, as sentences."""
    if (now["device"], now["precision"]) != (before["device"], before["precision"]):
        raise Missing(f"expected a record of {now['device']} in {now['precision']}, found one of {before['device']} in "
                      f"{before['precision']}; name its device and precision")
    pairs = [("step, expected ms", before["step_ms"], now["step_ms"]), ("step, nodes", before["nodes"], now["nodes"])]
    old = {part["part"]: part for part in before["parts"]}
    for part in now["parts"]:
        for key in ("nodes", "bytes", "instructions", "expected_ms"):
            pairs.append((f"{part['part']}, {key}", old.get(part["part"], {}).get(key, 0), part[key]))
    for name, number in now["instructions_per_unit"].items():
        if name in before["instructions_per_unit"]:
            pairs.append((f"{name}, instructions a unit", before["instructions_per_unit"][name], number))
    return [f"{what}: expected at most {most:g}, found {found:g}"
            for what, most, found in pairs if found > most * (1 + slack) + 1e-3]


def above_limits(result, o):
    pairs = []
    if o.most_ms is not None:
        pairs.append(("step, expected ms", o.most_ms, result["step_ms"]))
    if o.most_nodes is not None:
        pairs.append(("step, nodes", o.most_nodes, result["nodes"]))
    for limit in o.most_instructions:
        name, _, most = limit.rpartition("=")
        if name not in result["instructions_per_unit"]:
            raise Missing(f"expected --most-instructions KERNEL=NUMBER, found '{limit}'; the kernels are "
                          + ", ".join(result["instructions_per_unit"]))
        pairs.append((f"{name}, instructions a unit", float(most), result["instructions_per_unit"][name]))
    return [f"{what}: expected at most {most:g}, found {found:g}" for what, most, found in pairs if found > most]


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--device", choices=DEVICES, default="h200")
    p.add_argument("--precision", choices=PRECISIONS, default="bf16")
    p.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    p.add_argument("--from", dest="folder", default=RESULTS, help="folder of the recorded counts (benchmarks/results)")
    p.add_argument("--program", help="launch_list; takes the launches from it in place of the record")
    p.add_argument("--record", action="store_true", help="write what launch_list prints to the folder, all precisions")
    p.add_argument("--count", action="store_true", help="compile, disassemble and count, and write to the folder")
    p.add_argument("--check", metavar="FILE", help="fail if something is more than in this output of --json")
    p.add_argument("--slack", type=float, default=0.02, help="growth that --check allows, as a share (0.02)")
    p.add_argument("--most-ms", type=float, help="fail if the step is expected to take longer")
    p.add_argument("--most-nodes", type=int, help="fail if the graph has more nodes")
    p.add_argument("--most-instructions", action="append", default=[], metavar="KERNEL=NUMBER",
                   help="fail if a kernel has more instructions a unit; may be given several times")
    return p.parse_args()


def run(o):
    if not os.path.isdir(o.folder):
        raise Missing(f"expected the folder {o.folder}, found none; name the folder of the records with --from")
    if o.record:
        program = o.program or os.path.join(ROOT, "build", "release", "bin", "launch_list")
        for precision in PRECISIONS:
            head = {"model": "base", "pairs": 128, "tokens": 30, "precision": precision}
            write(o.folder, launch_file(precision), head, "launches", launches_by(program, precision))
    if o.count:
        names = {launch.get("kernel") for one in PRECISIONS for launch in recorded_launches(o.folder, one)}
        found = machine_code.count(ROOT, names)
        write(o.folder, COUNTS, {key: found[key] for key in ("architecture", "compiler")}, "kernels", found["kernels"])
    fresh = o.program and not o.record
    launches = launches_by(o.program, o.precision) if fresh else recorded_launches(o.folder, o.precision)
    counts = read(o.folder, COUNTS, "run predict.py --count")
    result = predict(launches, counts["kernels"], DEVICES[o.device], o.precision)
    complaints = above_limits(result, o)
    if o.check:
        folder, name = os.path.split(o.check)
        complaints += growth(result, read(folder, name, "write it with predict.py --json"), o.slack)
    if o.json:
        print(json.dumps(result))
    else:
        print(f"{o.device}, {o.precision}, ctp at base, 128 pairs of 30 tokens: {result['nodes']:,} nodes of a graph "
              f"and {result['outside']} launches outside; instructions of {counts['architecture']} machine code by "
              f"{counts['compiler']}\n\n{table(result)}")
    for complaint in complaints:
        print(f"predict.py: {complaint}", file=sys.stderr)
    return 1 if complaints else 0


def main():
    try:
        return run(options())
    except Missing as missing:
        print(f"predict.py: {missing}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
