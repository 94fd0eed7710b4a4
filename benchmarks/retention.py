#!/usr/bin/env python3
"""How long a task is remembered: recall of a task after 0, 1, 2, ... further tasks, over seeds, on two streams.

    python3 benchmarks/retention.py --records /tmp/retention.jsonl --stamps /tmp/stamps/usr/share/tuxpaint/stamps
    python3 benchmarks/retention.py --only-records --write --readme README.md   # trains nothing; writes the page

Streams: `synthetic`, the stream of compare_strategies.py, whose records are read, not repeated; `synthetic4`, its first
four tasks, with parts of CTP switched off; `stamps`, the pictures of stamps_stream.py. Each training adds one line to
--records. A training that has a line is not repeated, so an interrupted measurement goes on. Without --records the
lines of new trainings join the records of this repository.
"""
import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import textwrap

import stamps_stream
from compare_strategies import (cell, chance, commit, figures, find_program, lines_of, machine, put_between_marks,
                                read_records, train)

LAGS = (0, 1, 2, 3, 5, 8)
SYNTHETIC = {"train": 5400, "test": 480}
COMMON = "--model tiny --threads 1 --workers 0 --image-size 32 --max-words 24 --no-augment --dropout 0"
OPTIONS = {"stamps": f"{COMMON} --epochs 20 --batch-size 16 --memory-size 60",
           "synthetic4": f"{COMMON} --epochs 8 --memory-size 500"}
NO_TOPOLOGY = "--set cross_modal_topology.weight=0 --set same_modal_topology.weight=0"
NO_MOMENTUM = "--set momentum_contrast.weight=0 --set masked_language_distillation.weight=0"
# (stream, name in the tables, strategy, further options)
TRAININGS = [("stamps", s, s, "") for s in ("seqf", "ctp", "er", "jointt")] + [
    ("synthetic4", "ctp, momentum parts off", "ctp", NO_MOMENTUM),
    ("synthetic4", "ctp, topology off", "ctp", NO_TOPOLOGY)]


def kept(matrix, lag):
    """The recalls (after `lag` further tasks, right after its own training) of every task that has both."""
    return [(matrix[j + lag][j], matrix[j][j]) for j in range(len(matrix) - lag)]


def retention(records, chances, lag):
    """Recall after `lag` further tasks, mean over tasks, of each seed; and the share of what was learned that is left:
    (recall - chance) / (recall right after training - chance), with means over the same tasks."""
    recalls, shares = [], []
    for record in records:
        pairs = kept(record["matrix"], lag)
        guess = statistics.mean(chances[:len(pairs)])
        now, then = (statistics.mean(column) for column in zip(*pairs))
        recalls.append(now)
        shares.append(100 * (now - guess) / (then - guess))
    return recalls, shares


def spread(values):
    return cell([{"x": value} for value in values], "x")


def tables(groups, chances, tasks):
    """`groups`: name -> records of its seeds. A table of recalls and one of shares, a column for each number of further
    tasks."""
    lags = [lag for lag in LAGS if lag < tasks]
    heads = ["right after training" if lag == 0 else f"{lag} later" for lag in lags]
    rows = {name: [retention(records, chances, lag) for lag in lags] for name, records in groups.items()
            if records[0]["matrix"][0][0] is not None}  # not of joint training, which has the last row only
    guess = [f"{statistics.mean(chances[:tasks - lag]):.1f}" for lag in lags]
    out = [f"| recall, percent | {' | '.join(heads)} |", "|---" * (len(lags) + 1) + "|"]
    out += [f"| `{name}` | {' | '.join(spread(recalls) for recalls, _ in cells)} |" for name, cells in rows.items()]
    out += [f"| chance level | {' | '.join(guess)} |", ""]
    out += [f"| left of what was learned, percent | {' | '.join(heads[1:])} |", "|---" * len(lags) + "|"]
    out += [f"| `{name}` | {' | '.join(spread(shares) for _, shares in cells[1:])} |" for name, cells in rows.items()]
    return "\n".join(out)


def summary(groups, chances, union_chance):
    columns = {"average": "average", "union": "all tasks together", "forgetting": "forgetting"}
    if all("forward" in r for records in groups.values() for r in records):
        columns["forward"] = "forward transfer"
    out = [f"| strategy | seeds | {' | '.join(columns.values())} |", "|---" * (len(columns) + 2) + "|"]
    out += [f"| `{name}` | {len(records)} | " + " | ".join(cell(records, key) for key in columns) + " |"
            for name, records in groups.items()]
    guess = f"| chance level | | {statistics.mean(chances):.1f} | {union_chance:.1f} |" + " 0 |" * (len(columns) - 2)
    return "\n".join([*out, guess])


def test_pairs(data):
    """The number of test pairs of each task, in the order of training."""
    read = lambda name: json.loads((data / f"json/{name}.json").read_text(encoding="utf-8"))
    tests = [pair["industry_name"] for pair in read("test").values()]
    return {industry: tests.count(industry) for industry in read("train")}


def stream_of(name, a):
    """The folder of a stream, made if it is not there."""
    data = pathlib.Path(a.work) / ("stamps" if name == "stamps" else "synthetic")
    data.parent.mkdir(parents=True, exist_ok=True)
    if not data.exists():
        print(f"making {data}", flush=True)
        if name == "stamps":
            if not a.stamps:
                sys.exit("retention.py: --stamps: expected the folder of the stamps, found none; see stamps_stream.py")
            stamps_stream.make(pathlib.Path(a.stamps), data, find_program(a.build, "pictures_to_p9d"))
        else:
            counts = [f"--{key}={value}" for key, value in SYNTHETIC.items()]
            subprocess.run([find_program(a.build, "make_stream"), "--output", data, "--seed", "0", *counts], check=True,
                           stdout=subprocess.DEVNULL)
    return data


def train_one(stream, name, strategy, extra, seed, a):
    """Trains, and returns the record."""
    data = stream_of(stream, a)
    pairs = test_pairs(data)
    options = f"{OPTIONS[stream]} {extra}".split()
    if stream == "synthetic4":
        options += ["--tasks", ",".join(list(pairs)[:4])]
    run = str(pathlib.Path(a.work) / f"{stream}_{name}_{seed}".replace(", ", "_").replace(" ", "_"))
    command = [find_program(a.build, "continual_pretrain"), "--data", str(data), "--strategy", strategy,
               "--seed", str(seed), *options, "--output", run]
    seconds, memory = train(command, run)
    lines = lines_of(run)
    last = [line for line in lines if line["kind"] == "task"][-1]
    shown = " ".join(["continual_pretrain --data", data.name, "--strategy", strategy, "--seed", str(seed), *options])
    return {"stream": stream, "name": name, "seed": seed, **figures(run), "forward": lines[-1]["forward_transfer"],
            "test_pairs": list(pairs.values()),
            "chance": [task["chance"]["r_mean"] for task in last["per_task"]], "union_chance": last["chance"]["r_mean"],
            "seconds": seconds, "memory": memory, "command": shown, "machine": machine(), "commit": a.commit,
            "date": str(datetime.date.today())}


def first_four(records):
    """The records cut after four tasks: a task is trained without knowledge of later ones."""
    return [{**r, "matrix": [row[:4] for row in r["matrix"][:4]]} for r in records]


def require_same_start(parts, synthetic):
    """On the first task there is no previous model, so a training without topology preservation begins as `ctp`, and
    one without the momentum parts as `seqf`. Where machine and commit are the same, the recalls after that task must be
    those of the records: this shows that the programs of both trainings compute the same. Elsewhere rounding may
    differ, and another recall is a warning."""
    for name, like in (("ctp, topology off", "ctp"), ("ctp, momentum parts off", "seqf")):
        for record in parts[name]:
            whole = next(r for r in synthetic[like] if r["seed"] == record["seed"])
            if record["matrix"][0][0] == whole["matrix"][0][0]:
                continue
            text = (f"retention.py: --records: {name}, seed {record['seed']}: after the first task expected the recall "
                    f"of `{like}`, {whole['matrix'][0][0]}, found {record['matrix'][0][0]}")
            built = lambda r: f"machine {r['machine']}, commit {r['commit']}"
            if built(record) == built(whole):
                sys.exit(text)
            print(f"{text}; rounding may differ between {built(record)} and {built(whole)}", file=sys.stderr)


def groups_of(records, stream):
    """The records of a stream: name -> seeds."""
    names = [name for s, name, _, _ in TRAININGS if s == stream]
    groups = {name: [r for r in records if (r["stream"], r["name"]) == (stream, name)] for name in names}
    if not all(groups.values()):
        sys.exit(f"retention.py: --records: expected trainings of each of {names} on {stream}; train them first")
    return groups


def short_table(streams):
    """`streams`: title -> (groups, chances). What the README shows: the share that is left after some further tasks."""
    lags = (1, 2, 3, 5, 8)
    out = [f"| stream | strategy | {' | '.join(f'{lag} later' for lag in lags)} |", "|---" * (len(lags) + 2) + "|"]
    for title, (groups, chances) in streams.items():
        for name in ("seqf", "ctp", "er"):
            shares = [spread(retention(groups[name], chances, lag)[1]) for lag in lags]
            out.append(f"| {title} | `{name}` | {' | '.join(shares)} |")
    return "\n".join(out)


def page(records, published, readme):
    """The page; `published`: the lines of strategies.jsonl that belong to the synthetic stream; `readme`: the file that
    gets the short table, if any."""
    listed = lambda key, rows: ", ".join(sorted({str(r[key]) for r in rows}))
    stamps, parts = groups_of(records, "stamps"), groups_of(records, "synthetic4")
    synthetic = {s: [r for r in published if r["strategy"] == s] for s in ("seqf", "ctp", "er", "jointt")}
    require_same_start(parts, synthetic)
    some, part = next(iter(stamps.values()))[0], next(iter(parts.values()))[0]
    chances = [chance(n) for n in part["test_pairs"]]
    if readme:
        short = short_table({"synthetic": (synthetic, chances), "stamps": (stamps, some["chance"])})
        put_between_marks(readme, "retention", short)
    seeds = {r["seed"] for r in parts["ctp, topology off"]} & {r["seed"] for r in parts["ctp, momentum parts off"]}
    same = lambda records: [r for r in records if r["seed"] in seeds]
    factorial = {"seqf": first_four(same(synthetic["seqf"])), **{name: same(rows) for name, rows in parts.items()},
                 "ctp": first_four(same(synthetic["ctp"]))}
    forward = ", ".join(f"{cell(rows, 'forward')} ({name})" for name, rows in parts.items())
    return f"""# How long a task is remembered

Written by `python3 benchmarks/retention.py --only-records --write` from `retention.jsonl` and, for the whole synthetic
stream, from `strategies.jsonl`. What the tables show and do not show: [docs/gain.md](../../docs/gain.md).

Recall means in percent. `2 later`: the recall of a task, among its own pairs, after two further tasks; mean over all
tasks that have two later ones, then mean and standard deviation over seeds. Fewer tasks have many later ones, so
columns differ in their tasks: compare within a column. *Left of what was learned* is (recall - chance level) / (recall
right after training - chance level), both over the tasks of that column. `jointt` learns all tasks at once.

## Synthetic stream, nine tasks

{summary(synthetic, chances, chance(sum(part['test_pairs'])))}

{tables(synthetic, chances, 9)}

{listed('machine', sum(synthetic.values(), []))}; {listed('date', sum(synthetic.values(), []))}; commits
{listed('commit', sum(synthetic.values(), []))}. Test pairs of the tasks: {', '.join(map(str, part['test_pairs']))}.

## Parts of CTP: synthetic stream, first four tasks

Seeds: {', '.join(map(str, sorted(seeds)))}. `seqf` and `ctp` are the trainings above, of the same seeds, cut after
four tasks. *Topology off* sets the weights of `cross_modal_topology` and `same_modal_topology` to 0. *Momentum parts
off* sets those of `momentum_contrast` and `masked_language_distillation` to 0: what remains is `seqf` with topology
preservation. Forward transfer over these tasks: {forward}.

{tables(factorial, chances, 4)}

{listed('machine', sum(parts.values(), []))}; {listed('date', sum(parts.values(), []))}; commits
{listed('commit', sum(parts.values(), []))}.

## Stamps, nine themes

{summary(stamps, some['chance'], some['union_chance'])}

{tables(stamps, some['chance'], 9)}

{listed('machine', sum(stamps.values(), []))}; {listed('date', sum(stamps.values(), []))}; commits
{listed('commit', sum(stamps.values(), []))}. Pairs of the tasks, all of them tested:
{', '.join(map(str, some['test_pairs']))}. Options:

```
{textwrap.fill(OPTIONS['stamps'], 118)}
```
"""


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default="build/release")
    p.add_argument("--work", default="build/retention")
    p.add_argument("--stamps", help="usr/share/tuxpaint/stamps of Debian's tuxpaint-stamps-default")
    p.add_argument("--seeds", default="0,1,2")
    p.add_argument("--streams", default="stamps,synthetic4")
    p.add_argument("--records", default="benchmarks/results/retention.jsonl", help="one line for each training")
    p.add_argument("--published", default="benchmarks/results/strategies.jsonl", help="those of compare_strategies.py")
    p.add_argument("--commit", default=commit(), help="what the programs were built from (default: HEAD)")
    p.add_argument("--only-records", action="store_true", help="train nothing")
    p.add_argument("--write", action="store_true", help="write the page beside the records, as .md")
    p.add_argument("--readme", help="put the short table between this file's retention marks")
    a = p.parse_args()

    published = [r for r in read_records(a.published) if r["case"] == "default"
                 and {k: r["budget"][k] for k in SYNTHETIC} == SYNTHETIC]
    records = read_records(a.records)
    done = {(r["stream"], r["name"], r["seed"]) for r in records}
    if not a.only_records:
        for seed in map(int, a.seeds.split(",")):
            for stream, name, strategy, extra in TRAININGS:
                if stream in a.streams.split(",") and (stream, name, seed) not in done:
                    record = train_one(stream, name, strategy, extra, seed, a)
                    records.append(record)
                    with open(a.records, "a", encoding="utf-8") as f:
                        f.write(json.dumps(record, ensure_ascii=False) + "\n")
                    print(f"{stream}, {name}, seed {seed}: average {record['average']:.1f}", flush=True)
    text = page(records, published, a.readme)
    if a.write:
        pathlib.Path(a.records).with_suffix(".md").write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
