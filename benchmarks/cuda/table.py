#!/usr/bin/env python3
"""A table of measurements for run_all.sh; prints Markdown. Needs no PyTorch.

    python3 benchmarks/cuda/table.py FOLDER bench    # from FOLDER/bench.log, lines of bench_cuda
    python3 benchmarks/cuda/table.py FOLDER peers    # from FOLDER/torch.jsonl, lines of compare_torch_cuda.py

Exit code: 0 done, 1 a measurement failed; the table says which.
"""
import argparse
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from comparison_table import table  # noqa: E402

NAMES = ("strategy", "size", "of", "heads", "pass", "shape", "precision", "operands", "algorithm")
FACTS = (("mean_ms", " ms a step"), ("pairs_per_second", " pairs/s"), ("images_per_second", " images/s"), ("memory_mib", " MiB"),
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
    p.add_argument("part", choices=("bench", "peers"))
    options = p.parse_args()
    if options.part == "peers":
        torch = json_lines(os.path.join(options.folder, "torch.jsonl"))
        print(f"## Beside PyTorch\n\n{table(torch)}")
        failed = sum("failed" in row for row in torch)
    else:
        lines = json_lines(os.path.join(options.folder, "bench.log"))
        bench = [measured(line) for line in lines if line["name"] != "device"]
        print(markdown("Measurements of this library alone", ("work", "result", "found"), bench))
        failed = sum(row[1] == "FAIL" for row in bench)
    print(f"{failed} failed", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
