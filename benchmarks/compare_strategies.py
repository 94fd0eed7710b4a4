#!/usr/bin/env python3
"""Comparison of the strategies: trains them on the synthetic stream and writes one table and one figure.

    python3 benchmarks/compare_strategies.py                      # trains what has no record yet, prints the table
    python3 benchmarks/compare_strategies.py --write --figure     # also writes strategies.md and .svg beside the records
    python3 benchmarks/compare_strategies.py --only-records --write --figure --readme README.md   # trains nothing

        [--strategies seqf,jointt,...]   all fifteen by default
        [--cases default,reversed]       default: the stream of seed 0; reversed: its tasks the other way round;
                                         stream1: a stream drawn from seed 1
        [--seeds 0,1,2] [--epochs 8] [--train 5400] [--test 480] [--memory 500] [--jobs N] [--threads 1]

Needs only Python 3 and the built programs. Every finished training adds one line to --records, with its commit, day and
options. A training that has a line with the same options is not repeated, so an interrupted comparison resumes, on
another machine too. One budget and one learning rate serve all strategies. Trainings run side by side, one thread each:
this uses the cores better than one training with many threads. Times are processor seconds, which other work on the
machine changes little.
"""
import argparse
import concurrent.futures
import datetime
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading

STRATEGIES = "seqf,si,mas,ewc,afec,rwalk,lwf,ctp,er,mof,kmeans,icarl,lucir,ctp_er,jointt"
SHOWN_MATRICES = ("seqf", "ewc", "ctp", "ctp_er")


def find_program(build, name):
    for folder, _, files in os.walk(build):
        if name in files and os.access(os.path.join(folder, name), os.X_OK):
            return os.path.join(folder, name)
    sys.exit(f"compare_strategies.py: {build}: expected the program {name}, found none; build it first: cmake/run.sh build")


def lines_of(run):
    path = os.path.join(run, "metrics.jsonl")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def machine():
    """The processor's name, where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    except OSError:
        names = []
    return f"{names[0] if names else 'unknown processor'}, {os.cpu_count()} cores"


def commit():
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def train(command, run):
    """Runs a training; returns processor seconds and the largest memory of the process in MiB."""
    shutil.rmtree(run, ignore_errors=True)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"compare_strategies.py: this training failed: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def figures(run):
    """The results of one finished run; recalls in percent."""
    lines = lines_of(run)
    tasks = [x for x in lines if x["kind"] == "task"]
    summary = lines[-1]
    last, matrix = tasks[-1], summary["matrix"]
    first = matrix[-1][0] / matrix[0][0] if len(tasks) > 1 and matrix[0][0] else None
    return {"union": last["r_mean"], "average": statistics.mean(t["r_mean"] for t in last["per_task"]), "map10": last["map10"],
            "forgetting": summary["forgetting"], "backward": summary["backward_transfer"],
            "first": None if first is None else 100 * first, "matrix": matrix}


def cell(rows, key):
    values = [r[key] for r in rows if r[key] is not None]
    if not values:
        return "-"
    spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.1f}{spread}"


def read_records(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def options_of(parser, a):
    """The options that differ from the defaults and change results, as on the command line."""
    names = ("strategies", "cases", "seeds", "epochs", "train", "test", "memory", "extra")
    return "".join(f" --{n}='{getattr(a, n)}'" for n in names if getattr(a, n) != parser.get_default(n))


def table(results):
    columns = {"union": "all tasks together", "average": "average", "forgetting": "forgetting", "backward": "backward transfer",
               "first": "kept of task 1, %", "map10": "mAP@10", "seconds": "CPU seconds", "memory": "MiB"}
    out = [f"| case | strategy | seeds | {' | '.join(columns.values())} |", "|---" * (len(columns) + 3) + "|"]
    for (case, strategy), rows in results.items():
        out.append(f"| {case} | {strategy} | {len(rows)} | " + " | ".join(cell(rows, key) for key in columns) + " |")
    return "\n".join(out)


def mean_matrix(rows):
    n = len(rows[0]["matrix"])
    def entry(i, j):
        values = [r["matrix"][i][j] for r in rows]
        return None if None in values else statistics.mean(values)
    return [[entry(i, j) for j in range(n)] for i in range(n)]


def figure(results, case):
    """SVG: bars of the average recall, and for four strategies the recall of each task after each task."""
    chosen = [(s, rows) for (c, s), rows in results.items() if c == case]
    bar, left, top, high = 46, 52, 34, 220
    width = max(left + bar * len(chosen) + 20, left + 4 * 210)
    most = max(max(r["average"] for r in rows) for _, rows in chosen) * 1.1
    svg = []
    text = lambda x, y, words, anchor="middle", size=11, extra="": svg.append(
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" {extra}>{words}</text>')
    text(left, 18, "Average recall over the tasks after the last one, percent (bars: one standard deviation over seeds)", "start", 13)
    for tick in range(0, int(most) + 1, 20):
        y = top + high - high * tick / most
        svg.append(f'<line x1="{left}" x2="{left + bar * len(chosen)}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        text(left - 6, y + 4, tick, "end")
    for i, (strategy, rows) in enumerate(chosen):
        values = [r["average"] for r in rows]
        mean, spread = statistics.mean(values), statistics.stdev(values) if len(values) > 1 else 0
        x, h = left + bar * i + 6, high * mean / most
        colour = "#8a8a8a" if strategy in ("seqf", "jointt") else "#d9822b" if strategy.startswith("ctp") else "#4a7fb5"
        svg.append(f'<rect x="{x}" y="{top + high - h:.1f}" width="{bar - 12}" height="{h:.1f}" fill="{colour}"/>')
        a, b = (top + high - high * (mean + d) / most for d in (spread, -spread))
        middle = x + (bar - 12) / 2
        svg.append(f'<path d="M{middle} {a:.1f} V{b:.1f} M{middle - 4} {a:.1f} h8 M{middle - 4} {b:.1f} h8" stroke="#222" fill="none"/>')
        text(middle, top + high - h - 6 if spread == 0 else a - 5, f"{mean:.0f}", size=10)
        text(middle, top + high + 16, strategy, size=11)
    bottom = top + high + 52
    text(left, bottom - 10, "Recall of each task (column) after learning each task (row); darker is higher", "start", 13)
    present = [(s, rows) for s, rows in chosen if s in SHOWN_MATRICES]
    for m, (strategy, rows) in enumerate(present):
        matrix = mean_matrix(rows)
        size, x0, y0 = 20, left + 210 * m, bottom + 18
        text(x0, y0 - 5, strategy, "start", 12)
        for i, row in enumerate(matrix):
            for j, value in enumerate(row):
                if value is None:
                    continue
                shade = int(255 - 1.9 * value)
                svg.append(f'<rect x="{x0 + size * j}" y="{y0 + size * i}" width="{size}" height="{size}" fill="rgb({shade},{shade + (255 - shade) // 3},255)"/>')
                text(x0 + size * j + size / 2, y0 + size * i + 14, f"{value:.0f}", size=8, extra=f'fill="{"white" if value > 60 else "black"}"')
    height = bottom + 18 + 20 * 9 + 20 if present else bottom
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'font-family="sans-serif">\n<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(svg) + "\n</svg>\n")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default="build/release")
    p.add_argument("--work", default="build/strategies")
    p.add_argument("--strategies", default=STRATEGIES)
    p.add_argument("--cases", default="default,reversed")
    p.add_argument("--seeds", default="0,1,2")
    p.add_argument("--epochs", type=int, default=8)
    p.add_argument("--train", type=int, default=5400)
    p.add_argument("--test", type=int, default=480)
    p.add_argument("--memory", type=int, default=500, help="pairs that rehearsal may keep")
    p.add_argument("--jobs", type=int, default=os.cpu_count(), help="trainings side by side")
    p.add_argument("--threads", type=int, default=1, help="threads of each training")
    p.add_argument("--extra", default="--image-size 32 --max-words 24 --no-augment --dropout 0",
                   help="further options of every training")
    p.add_argument("--records", default="benchmarks/results/strategies.jsonl", help="one line for each training")
    p.add_argument("--commit", help="what the programs were built from (default: the commit that is checked out)")
    p.add_argument("--only-records", action="store_true", help="train nothing; show the records that match")
    p.add_argument("--write", action="store_true", help="write the table beside the records, as .md")
    p.add_argument("--figure", action="store_true", help="write the figure beside the records, as .svg")
    p.add_argument("--readme", help="put the first case's main columns between this file's strategies marks")
    a = p.parse_args()

    budget = {"model": "tiny", "epochs": a.epochs, "train": a.train, "test": a.test, "memory": a.memory, "extra": a.extra}
    key = lambda r: (r["case"], r["strategy"], r["seed"])
    records = {key(r): r for r in read_records(a.records) if r["budget"] == budget}
    wanted = [(case, strategy, int(seed)) for seed in a.seeds.split(",") for case in a.cases.split(",")
              for strategy in a.strategies.split(",")]
    missing = [] if a.only_records else [w for w in wanted if w not in records]
    if missing:
        make_stream, pretrain = find_program(a.build, "make_stream"), find_program(a.build, "continual_pretrain")
        os.makedirs(a.work, exist_ok=True)
        stream_seed = {case: 1 if case == "stream1" else 0 for case, _, _ in missing}
        streams = {case: os.path.join(a.work, f"stream{seed}_{a.train}_{a.test}") for case, seed in stream_seed.items()}
        for case, stream in streams.items():
            if not os.path.exists(os.path.join(stream, "json", "gallery.json")):
                subprocess.run([make_stream, "--output", stream, "--train", str(a.train), "--test", str(a.test), "--seed",
                                str(stream_seed[case])], check=True, stdout=subprocess.DEVNULL)
        guard, built_from = threading.Lock(), a.commit or commit()  # now: others may commit while this trains

        def one(item):
            case, strategy, seed = item
            run = os.path.join(a.work, f"{case}_{strategy}_{seed}")
            command = [pretrain, "--data", streams[case], "--strategy", strategy, "--model", "tiny", "--epochs", str(a.epochs),
                       "--memory-size", str(a.memory), "--seed", str(seed), "--threads", str(a.threads), "--workers", "0",
                       "--output", run, *a.extra.split()]
            if case == "reversed":
                command.append("--reverse")
            seconds, memory = train(command, run)
            record = {"case": case, "strategy": strategy, "seed": seed, **figures(run), "seconds": seconds, "memory": memory,
                      "budget": budget, "machine": machine(), "commit": built_from, "date": str(datetime.date.today())}
            with guard:
                records[item] = record
                with open(a.records, "a", encoding="utf-8") as f:
                    f.write(json.dumps(record, ensure_ascii=False) + "\n")
            print(os.path.basename(run), {k: round(record[k], 1) for k in ("union", "average", "forgetting", "seconds")
                                          if record[k] is not None}, flush=True)

        os.makedirs(os.path.dirname(a.records) or ".", exist_ok=True)
        with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
            list(pool.map(one, missing))

    results = {}
    for case in a.cases.split(","):
        for strategy in a.strategies.split(","):
            rows = [records[w] for w in wanted if w[:2] == (case, strategy) and w in records]
            if rows:
                results[case, strategy] = rows
    if not results:
        sys.exit(f"compare_strategies.py: {a.records}: no record fits these options")
    print(table(results))

    made = [r for rows in results.values() for r in rows]
    stem = os.path.splitext(a.records)[0]
    if a.write:
        listed = lambda name: ", ".join(sorted({str(r[name]) for r in made}))
        with open(stem + ".md", "w", encoding="utf-8") as f:
            per_task = a.test // 9
            f.write(f"""# Strategies on the synthetic stream

Recall means in percent after the last task, `tiny` from scratch, as mean and standard deviation over seeds. `average`
is the mean over tasks, each tested alone. Random guessing scores {chance(per_task):.0f} there (the mean of R@1, R@5 and R@10 among
{per_task} test pairs), and {chance(a.test):.0f} on all tasks together. `jointt` learns all tasks at once. `CPU seconds` are processor
seconds of one training on one thread, evaluation included. `MiB` is the largest memory of the process.

Trained on: {listed('machine')}; {listed('date')}; commits {listed('commit')}. Each training is a line
of `{os.path.basename(a.records)}`, which names its own machine, day and commit. To repeat the trainings, remove that
file and run
`python3 benchmarks/compare_strategies.py --write --figure{options_of(p, a)}`.

{table(results)}
""")
    if a.readme:
        case = a.cases.split(",")[0]
        columns = {"average": "average", "union": "all tasks together", "forgetting": "forgetting", "seconds": "CPU seconds"}
        lines = [f"| strategy | seeds | {' | '.join(columns.values())} |", "|---" * (len(columns) + 2) + "|"]
        lines += [f"| `{strategy}` | {len(rows)} | " + " | ".join(cell(rows, key) for key in columns) + " |"
                  for (c, strategy), rows in results.items() if c == case]
        put_between_marks(a.readme, "strategies", "\n".join(lines))
    if a.figure:
        with open(stem + ".svg", "w", encoding="utf-8") as f:
            f.write(figure(results, a.cases.split(",")[0]))


def chance(pairs):
    """The recall mean of random guessing among so many pairs, percent."""
    return statistics.mean(100 * min(1, k / pairs) for k in (1, 5, 10))


def put_between_marks(path, name, text):
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    with open(path, encoding="utf-8") as f:
        whole = f.read()
    if whole.count(begin) != 1 or whole.count(end) != 1:
        sys.exit(f"{path}: expected the lines '{begin}' and '{end}', each once")
    head, rest = whole.split(begin)
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"{head}{begin}\n{text}\n{end}{rest.split(end)[1]}")


if __name__ == "__main__":
    main()
