#!/usr/bin/env python3
"""The tables of run_all.sh, from the outputs of its parts in a folder; prints Markdown. Needs no PyTorch.

    python3 benchmarks/cuda/table.py FOLDER

FOLDER holds `rows` (part, result, findings, separated by tabs) and, where they ran, bench.log (lines of
bench_cuda) and torch.jsonl (lines of compare_torch_cuda.py).
"""
import argparse
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from comparison_table import table  # noqa: E402

NAMES = ("strategy", "size", "of", "heads", "pass", "shape", "precision", "operands", "algorithm")
FACTS = (("pairs_per_second", " pairs/s"), ("images_per_second", " images/s"), ("memory_mib", " MiB"),
         ("tflops", " TFLOP/s"), ("gb_per_second", " GB/s"),
         ("of_copy", " of a copy's rate"), ("of_one_batch", " of the rate with one batch"))


def json_lines(path):
    if not os.path.exists(path):
        return []
    found = []
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            try:
                found.append(json.loads(line))
            except ValueError:
                continue  # not a measurement, or truncated when time ran out
    return [line for line in found if isinstance(line, dict) and "name" in line]


def measured(line):
    """(part, result, found) of a line of bench_cuda."""
    if line["name"] == "failed":
        return f"bench_cuda {line['part']}", "FAIL", line["found"]
    if line["name"] == "does_not_fit":
        return f"{line['strategy']} step, batch {line['batch']}", "skipped", line["found"]
    name = " ".join([line["name"]] + [str(line[key]) for key in NAMES if key in line])
    if "batch" in line:
        name += f", B={line['batch']}"
    if "recorded" in line:
        name += ", recorded" if line["recorded"] else ", launched"
    nulls = [key for key, value in line.items() if value is None]  # numbers that were not finite
    if nulls:
        return name, "FAIL", "not finite: " + ", ".join(nulls)
    if "capture_failure" in line:
        return name, "FAIL", "no capture: " + line["capture_failure"]
    found = [f"{line['median_ms']:g} ms ({line['min_ms']:g} to {line['max_ms']:g})"] if "median_ms" in line else []
    return name, "ok", ", ".join(found + [f"{line[key]:g}{unit}" for key, unit in FACTS if key in line])


def markdown(title, heads, rows):
    out = [f"## {title}", "", "| " + " | ".join(heads) + " |", "| " + " | ".join("---" for _ in heads) + " |"]
    return "\n".join(out + ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder")
    folder = p.parse_args().folder
    with open(os.path.join(folder, "rows"), encoding="utf-8") as f:
        checks = [(line.rstrip("\n").split("\t") + ["", ""])[:3] for line in f]
    bench = [measured(line) for line in json_lines(os.path.join(folder, "bench.log")) if line["name"] != "device"]
    torch = json_lines(os.path.join(folder, "torch.jsonl"))
    parts = []
    if torch:
        parts.append(f"## Beside PyTorch\n\n{table(torch)}")
    parts.append(markdown("Parts", ("part", "result", "found"), checks))
    if bench:
        parts.append(markdown("Measurements of this library alone", ("work", "result", "found"), bench))
    print("\n\n".join(parts))
    failed = sum(row[1] == "FAIL" for row in checks + bench) + sum("failed" in row for row in torch)
    print(f"{failed} failed", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
