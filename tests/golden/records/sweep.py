#!/usr/bin/env python3
"""Many more records than this folder holds: makes them, has conformance recompute them, and prints a table.

    python3 tests/golden/records/sweep.py [--conformance build/release/bin/conformance] [--out DIR] [--only WORD]
        [--jobs 1] [--write FILE]

The executable specification, tests/oracle, makes the records. For each of the nine trained forms: two and three
tasks, float64 and float32 records, odd sizes, several seeds; goldens of one batch; exemplars. --only makes the records
with WORD in the name. Records that are in DIR already are not made again. --write keeps one JSON line for each record in
FILE. Needs Debian 12's python3-torch (PYTHON names another interpreter). Exit code 1 if a record fails.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ORACLE = pathlib.Path(__file__).resolve().parents[2] / "oracle"
FORMS = "seqf si mas ewc afec rwalk lwf lucir ctp".split()

# name, options of the run, sizes of the model. A queue is a multiple of the batch. Odd widths, heads of width 1 and 3,
# one layer and four, fusion from the first layer, from the last, and nowhere in between.
SHAPES = {
    "odd": ("--steps 3 --batch 3 --length 7", "image=15 patch=5 vision_width=10 vision_depth=2 vision_heads=2 vocab=37 "
            "text_width=13 text_layers=3 fusion_layer=1 text_heads=1 intermediate=17 positions=8 embed=7 queue=9"),
    "thin": ("--steps 2 --epochs 3 --batch 2 --length 5", "image=4 patch=2 vision_width=4 vision_depth=1 vision_heads=4 vocab=13 "
             "text_width=6 text_layers=2 fusion_layer=0 text_heads=2 intermediate=5 positions=5 embed=3 queue=2"),
    "deep": ("--steps 4 --epochs 1 --batch 5 --length 9", "image=12 patch=4 vision_width=21 vision_depth=4 vision_heads=7 vocab=53 "
             "text_width=15 text_layers=4 fusion_layer=3 text_heads=5 intermediate=31 positions=11 embed=9 queue=15"),
    "plain": ("--steps 5 --batch 8 --length 12", "image=16"),
    "long": ("--steps 7 --epochs 3 --batch 4 --length 16", "image=16 patch=4 vision_width=24 vision_depth=2 vision_heads=3 vocab=101 "
             "text_width=24 text_layers=3 fusion_layer=2 text_heads=4 intermediate=40 positions=16 embed=11 queue=28"),
}
# shape, tasks, seed, precision of the record, further options. Single precision is compared at its default rate.
TRAJECTORIES = [
    ("odd", 2, 21, "f64", "--lr 1e-3"), ("odd", 3, 22, "f64", ""), ("odd", 2, 23, "f32", ""), ("odd", 3, 24, "f32", ""),
    ("thin", 3, 31, "f64", "--lr 1e-3"), ("thin", 3, 32, "f64", "--lr 3e-3"), ("deep", 2, 41, "f64", "--lr 1e-3"),
    ("deep", 3, 42, "f32", ""), ("plain", 3, 51, "f64", "--lr 1e-3"), ("plain", 2, 52, "f32", ""), ("plain", 3, 53, "f32", ""),
    ("long", 3, 61, "f64", "--lr 1e-3"), ("long", 3, 62, "f32", ""),
]
GOLDENS = [(shape, seed, store) for shape in SHAPES for seed, store in ((71, "f32"), (72, "f64"), (73, "f64"))]
EXEMPLARS = ["", "--rows 500 --width 33 --take 100 --clusters 12", "--rows 40 --width 5 --take 20 --clusters 2",
             "--rows 1000 --width 64 --take 37 --clusters 30", "--rows 7 --width 3 --take 1 --clusters 1",
             "--rows 300 --width 2 --take 150 --clusters 9"]


def wanted():
    """Name of the record, its form, whether single precision, and the command that makes it without the output's name."""
    for shape, tasks, seed, store, more in TRAJECTORIES:
        run, sizes = SHAPES[shape]
        for i, form in enumerate(FORMS):
            yield (f"trajectory_{form}_{shape}_{tasks}tasks_{100 * seed + i}_{store}", form, store,
                   ["trajectory.py", form], f"--seed {100 * seed + i} --tasks {tasks} --store {store} {run} {more} --set {sizes}")
    for shape, seed, store in GOLDENS:
        run, sizes = SHAPES[shape]
        batch = re.search(r"--batch \d+ --length \d+", run)[0]
        yield f"golden_{shape}_{seed}_{store}", "golden", store, ["make_golden.py"], f"--seed {seed} --store {store} {batch} --set {sizes}"
    for i, options in enumerate(EXEMPLARS):
        for seed in (81, 82):
            yield f"exemplars_{i}_{seed}", "exemplars", "-", ["exemplars.py"], f"--seed {seed} {options}"


def make(out, record):
    name, _, _, command, options = record
    path = os.path.join(out, name + ".safetensors")
    if os.path.exists(path):
        return
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    partial = path + ".part"
    subprocess.run([os.environ.get("PYTHON", "/usr/bin/python3"), str(ORACLE / command[0]), *command[1:], partial,
                    *options.split()], check=True, stdout=subprocess.DEVNULL, env=environment)
    os.rename(partial, path)


def compare(conformance, out, record):
    """What conformance says of one record: verdict, quantities, and which came closest to its limit or passed it."""
    name, form, store, _, options = record
    found = subprocess.run([conformance, "--threads", "1", os.path.join(out, name + ".safetensors")], capture_output=True, text=True, check=False)
    lines = re.findall(r"^  (\S.*?) +(\S+) +(\S+)  (ok|FAIL|SKIP)", found.stdout, re.M)
    if found.returncode not in (0, 1) or not lines:
        sys.exit(f"sweep.py: conformance on {name}: exit code {found.returncode}: {found.stderr.strip()}")
    share = lambda error, limit: float(error) / float(limit) if float(limit) else float(error)
    worst = max(((share(error, limit), quantity) for quantity, error, limit, verdict in lines if verdict != "SKIP"),
                default=(0.0, "-"))
    return {"record": name, "form": form, "precision": {"f64": "double", "f32": "single"}.get(store, "-"), "options": options.strip(),
            "verdict": "PASS" if found.returncode == 0 else "FAIL", "quantities": len(lines),
            "skipped": sum(verdict == "SKIP" for *_, verdict in lines), "share_of_limit": float(f"{worst[0]:.3g}"), "worst": worst[1],
            "failed": [quantity for quantity, _, _, verdict in lines if verdict == "FAIL"]}


def table(rows):
    out = ["| form | precision | records | pass | quantities | most of a limit used | by |", "|---|---|---|---|---|---|---|"]
    for form in [*FORMS, "golden", "exemplars"]:
        for precision in ("double", "single", "-"):
            here = [r for r in rows if r["form"] == form and r["precision"] == precision]
            if not here:
                continue
            worst = max(here, key=lambda r: r["share_of_limit"])
            out.append(f"| {form} | {precision} | {len(here)} | {sum(r['verdict'] == 'PASS' for r in here)} "
                       f"| {sum(r['quantities'] for r in here)} | {100 * worst['share_of_limit']:.2g} % | {worst['worst']} |")
    return "\n".join(out)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--conformance", default="build/release/bin/conformance")
    p.add_argument("--out", default="build/sweep")
    p.add_argument("--only", default="")
    p.add_argument("--jobs", type=int, default=1)
    p.add_argument("--write")
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    records = [r for r in wanted() if a.only in r[0]]
    if len({r[0] for r in records}) != len(records):
        sys.exit("sweep.py: two records have the same name")
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        list(pool.map(lambda r: make(a.out, r), records))
    rows = [compare(a.conformance, a.out, r) for r in records]
    print(table(rows))
    failed = [r for r in rows if r["verdict"] != "PASS"]
    for r in failed:
        print(f"FAIL {r['record']} ({r['options']}): {', '.join(r['failed'])}")
    print(f"{len(rows) - len(failed)} of {len(rows)} records pass; {sum(r['skipped'] for r in rows)} quantities skipped")
    if a.write:
        with open(a.write, "w", encoding="utf-8") as f:
            f.writelines(json.dumps(r) + "\n" for r in rows)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
