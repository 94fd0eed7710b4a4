#!/usr/bin/env python3
"""Do the strategies differ as they should? Trains seqf, ctp and jointt on the generated stream and writes one table.

    python3 benchmarks/separation.py --build build/release --work build/separation
                                     [--seeds 0,1,2] [--cases default,reversed,stream1] [--strategies seqf,ctp,jointt]
                                     [--epochs 8] [--train 5400] [--test 480] [--jobs N] [--threads 1]
                                     [--write benchmarks/results/separation.md]

Needs nothing but Python 3 and the built programs. A training whose output is there already is not repeated, so an
interrupted run goes on where it stopped. One budget and one learning rate serve all strategies. Trainings run side by
side, one thread each: that uses the cores better than one training with many threads.

Cases: `default` (stream of seed 0), `reversed` (the same tasks in reversed order), `stream1` (a stream drawn from seed 1).
"""
import argparse
import concurrent.futures
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys


def find_program(build, name):
    for folder, _, files in os.walk(build):
        if name in files and os.access(os.path.join(folder, name), os.X_OK):
            return os.path.join(folder, name)
    sys.exit(f"separation.py: {build}: expected the program {name}, found none; build it first: cmake/run.sh build")


def lines_of(run):
    path = os.path.join(run, "metrics.jsonl")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def is_complete(run):
    lines = lines_of(run)
    return bool(lines) and lines[-1]["kind"] == "summary"


def figures(run):
    """What one finished run says, in percent."""
    lines = lines_of(run)
    tasks = [x for x in lines if x["kind"] == "task"]
    summary = lines[-1]
    last, matrix = tasks[-1], summary["matrix"]
    alone = {t["name"]: t["r_mean"] for t in last["per_task"]}
    first = None
    if len(tasks) > 1:  # how much of the first task's recall is left at the end
        first = matrix[-1][0] / matrix[0][0] if matrix[0][0] else None
    return {"union": last["r_mean"], "mean": statistics.mean(alone.values()), "map10": last["map10"],
            "forgetting": summary["forgetting"], "backward": summary["backward_transfer"], "first": first,
            "seconds": summary["seconds"]}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default="build/release")
    p.add_argument("--work", default="build/separation")
    p.add_argument("--seeds", default="0,1,2")
    p.add_argument("--cases", default="default,reversed,stream1")
    p.add_argument("--strategies", default="seqf,ctp,jointt")
    p.add_argument("--epochs", type=int, default=8)
    p.add_argument("--train", type=int, default=5400)
    p.add_argument("--test", type=int, default=480)
    p.add_argument("--jobs", type=int, default=os.cpu_count(), help="trainings side by side")
    p.add_argument("--threads", type=int, default=1, help="threads of each training")
    p.add_argument("--extra", default="--image-size 32 --max-words 24 --no-augment --dropout 0",
                   help="further options of every training")
    p.add_argument("--write")
    a = p.parse_args()

    make_stream, pretrain = find_program(a.build, "make_stream"), find_program(a.build, "continual_pretrain")
    seeds, cases, strategies = a.seeds.split(","), a.cases.split(","), a.strategies.split(",")
    os.makedirs(a.work, exist_ok=True)
    # Other order and other stream confirm the order of the strategies; one seed each.
    trainings = [(case, seed) for i, seed in enumerate(seeds) for case in cases if i == 0 or case == "default"]
    runs = []  # (case, strategy, seed, folder, command)
    for case, seed in trainings:
        stream = os.path.join(a.work, "stream1" if case == "stream1" else "stream0")
        if not os.path.exists(os.path.join(stream, "json", "gallery.json")):
            subprocess.run([make_stream, "--output", stream, "--train", str(a.train), "--test", str(a.test), "--seed",
                            "1" if case == "stream1" else "0"], check=True, stdout=subprocess.DEVNULL)
        for strategy in strategies:
            run = os.path.join(a.work, f"{case}_{strategy}_{seed}")
            command = [pretrain, "--data", stream, "--strategy", strategy, "--model", "tiny", "--epochs", str(a.epochs),
                       "--seed", seed, "--threads", str(a.threads), "--workers", "0", "--output", run, *a.extra.split()]
            if case == "reversed":
                command.append("--reverse")
            runs.append((case, strategy, seed, run, command))

    def train(one):
        case, strategy, seed, run, command = one
        if not is_complete(run):
            subprocess.run(["rm", "-rf", run], check=True)
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found = figures(run)
        print(case, strategy, seed, {k: None if v is None else round(v, 2) for k, v in found.items()}, flush=True)
        return found

    results = {}
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for (case, strategy, *_), found in zip(runs, pool.map(train, runs)):
            results.setdefault((case, strategy), []).append(found)

    def cell(rows, key, scale=1.0):
        values = [r[key] * scale for r in rows if r[key] is not None]
        if not values:
            return "-"
        spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
        return f"{statistics.mean(values):.1f}{spread}"

    out = ["| case | strategy | seeds | union r_mean | mean over tasks | mAP@10 | forgetting | backward transfer | kept of task 1, % | seconds |",
           "|---|---|---|---|---|---|---|---|---|---|"]
    for (case, strategy), rows in results.items():
        out.append(f"| {case} | {strategy} | {len(rows)} | {cell(rows, 'union')} | {cell(rows, 'mean')} | {cell(rows, 'map10')} | "
                   f"{cell(rows, 'forgetting')} | {cell(rows, 'backward')} | {cell(rows, 'first', 100)} | {cell(rows, 'seconds')} |")
    table = "\n".join(out)
    print(table)
    if a.write:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
        options = f"--epochs {a.epochs} --train {a.train} --test {a.test} --seeds {a.seeds} --cases {a.cases} --jobs {a.jobs} --threads {a.threads} --extra='{a.extra}'"
        with open(a.write, "w", encoding="utf-8") as f:
            f.write("# seqf, ctp and jointt on the generated stream\n\n"
                    "Recall means in percent at the end of training, `tiny` from scratch; mean and standard deviation over seeds. Chance on a\n"
                    "task of 60 test pairs is about 9 (the mean of R@1, R@5 and R@10).\n\n"
                    f"Machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores; {datetime.date.today()}; commit {commit}.\n"
                    f"Command: `python3 benchmarks/separation.py {options}`\n\n{table}\n")


if __name__ == "__main__":
    main()
