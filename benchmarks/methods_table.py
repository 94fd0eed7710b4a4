#!/usr/bin/env python3
"""Writes docs/methods.md, what is verified of each strategy: every cell comes from a test, conformance or a training.

    python3 benchmarks/methods_table.py                  # runs the tests and conformance, prints the page
    python3 benchmarks/methods_table.py --write          # writes it to docs/methods.md

        [--build build/release] [--records benchmarks/results/strategies.jsonl]
        [--strengths benchmarks/results/strengths.jsonl] [--sweep tests/golden/records/sweep.jsonl]

Run the script in the repository's root, with test_train, test_rehearsal, conformance and continual_pretrain built. The
script runs the test cases whose names begin with "strategies:" and those of the reservoir, and conformance on
tests/golden/records; it reads the results of the sweep and of the trainings from their records. A cell is "-" where
nothing tests it and "FAIL" where a test fails; then the exit code is 1. Needs only Python 3.
"""
import argparse
import collections
import glob
import json
import os
import re
import statistics
import subprocess
import sys
import textwrap
import xml.etree.ElementTree

# The name of each property's test case.
GRADIENT = "strategies: the gradient of a whole step equals finite differences"
DETERMINISM = "strategies: the same seed gives the same bits, for any number of threads and workers"
FINITE = "strategies: a non-finite number stops a step before a weight changes, and the message names it"
RESERVOIR = "reservoir: every pair of the stream is kept equally often (chi-square over 10,000 runs)"

# The quantities of each trained form in a golden record, by the names that conformance prints.
GOLDEN = {
    "seqf": r"(loss|grad)\.finetune", "ewc": r"(loss|grad)\.finetune|fisher|penalty\.ewc", "mas": r"(loss|grad)\.finetune|mas",
    "si": r"(loss|grad)\.finetune", "rwalk": r"(loss|grad)\.finetune|fisher", "afec": r"(loss|grad)\.finetune|fisher",
    "lwf": r"(loss|grad)\.lwf", "lucir": r"(loss|grad)\.lucir", "ctp": r"(loss|grad)\.ctp|after\.(compatible|ema|queue)",
}

# Claims of the papers that need no figures: (upper strategy, lower strategy, claim). JointT learns all data at once.
CLAIMS = [("jointt", "*", "all data at once is the upper bound"), ("*", "seqf", "a method against forgetting beats none"),
          ("ctp", "no memory", "CTP leads those without a memory"), ("ctp_er", "memory", "CTP with a memory leads those with one")]


def run(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        sys.exit(f"methods_table.py: {command[0]}: {error.strerror}; build it first: cmake/run.sh build")


def find_program(build, name):
    for folder, _, files in os.walk(build):
        if name in files and os.access(os.path.join(folder, name), os.X_OK):
            return os.path.join(folder, name)
    sys.exit(f"methods_table.py: {build}: expected the program {name}, found none; build it first: cmake/run.sh build")


def test_cases(program, pattern):
    """Of each test case that ran: whether it passed, and its number of checks; by name and type in its brackets."""
    found = run([program, f"--test-case={pattern}", "--reporters=xml"])
    try:
        root = xml.etree.ElementTree.fromstring(found.stdout)
    except xml.etree.ElementTree.ParseError as error:
        sys.exit(f"methods_table.py: {program}: exit code {found.returncode}, and its output is no XML: {error}")
    cases = {}
    for case in root.iter("TestCase"):
        result = case.find("OverallResultsAsserts")
        if case.get("skipped") == "true" or result is None:
            continue
        passed = result.get("test_case_success") == "true"
        name, bracket, of = case.get("name").partition("<")
        cases[name, of.rstrip(">") if bracket else ""] = passed, int(result.get("successes")) + int(result.get("failures"))
    return cases


def quantities(program, files):
    """The output of conformance for each quantity: record, quantity, share of the limit used, verdict."""
    found = run([program, "--threads", "1", *files])
    if found.returncode not in (0, 1):
        sys.exit(f"methods_table.py: {program}: exit code {found.returncode}: {found.stderr.strip()}")
    lines, pending = [], []
    for line in found.stdout.splitlines():
        match = re.match(r"  (\S.*?) +(\S+) +(\S+)  (ok|FAIL|SKIP)", line)
        if match:
            quantity, error, limit, verdict = match.groups()
            share = 0.0 if verdict == "SKIP" else float(error) / float(limit) if float(limit) else float(error)
            pending.append((quantity, share, verdict))
        end = re.match(r"(PASS|FAIL) (.*)", line)
        if end:
            lines += [(os.path.basename(end[2]), *rest) for rest in pending]
            pending = []
    return lines


def verdict(rows):
    """`n of n records` for rows of (record, quantity, share, verdict)."""
    records = collections.defaultdict(list)
    for record, _, _, word in rows:
        records[record].append(word)
    if not records:
        return "-"
    good = sum(all(word == "ok" for word in words) for words in records.values())
    return f"{good} of {len(records)}" if good == len(records) else f"FAIL: {good} of {len(records)}"


def read_lines(path):
    if not path or not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def with_learned(record):
    """The record and, as `learned`, the mean recall of each task right after it was learned."""
    diagonal = [row[i] for i, row in enumerate(record["matrix"])]
    return {**record, "learned": None if None in diagonal else statistics.mean(diagonal)}


def mean(rows, key):
    values = [r[key] for r in rows if r[key] is not None]
    return statistics.mean(values) if values else None


def with_spread(rows, key):
    values = [r[key] for r in rows if r[key] is not None]
    if not values:
        return "-"
    return f"{statistics.mean(values):.1f}" + (f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else "")


def filled(item):
    """A list item in lines of at most 120 characters."""
    return textwrap.fill(item, 120, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)


class Page:
    def __init__(self, a):
        build = a.build
        told = run([find_program(build, "continual_pretrain"), "--help"]).stdout
        self.strategies = re.search(r"--strategy TEXT +((?:\w+ )+)\[", told)[1].split()
        self.cases = test_cases(find_program(build, "test_train"), "strategies:*")
        self.cases.update(test_cases(find_program(build, "test_rehearsal"), "reservoir:*"))
        self.lines = quantities(find_program(build, "conformance"), sorted(glob.glob("tests/golden/records/*.safetensors")))
        self.sweep = read_lines(a.sweep)
        self.strengths = [with_learned(r) for r in read_lines(a.strengths)]
        records = [with_learned(r) for r in read_lines(a.records) if r["case"] == "default"]
        budgets = [r["budget"] for r in records]
        self.budget = max(budgets, key=budgets.count) if budgets else None
        self.trained = {s: [r for r in records if r["strategy"] == s and r["budget"] == self.budget] for s in self.strategies}
        self.failed = False

    def tested(self, name, of):
        if (name, of) not in self.cases:
            return "-"
        passed, checks = self.cases[name, of]
        self.failed |= not passed
        return f"{checks} checks" if passed else "FAIL"

    def form(self, strategy):
        """The trained form of a strategy, what a test says it learns as or itself, and whether that test passed."""
        for (name, of), (passed, _) in self.cases.items():
            match = re.fullmatch(r"strategies: learns as (\w+)", name)
            if match and of == strategy:
                return match[1], passed
        return (strategy if strategy in GOLDEN else None), True

    def memory(self, strategy):
        for (name, of), (passed, _) in self.cases.items():
            match = re.fullmatch(r"strategies: keeps pairs by (\w+)", name)
            if match and of == strategy:
                return match[1], passed
        return None, True

    def against_records(self, strategy, own, swept):
        """The number of records that hold: lines own(form) of conformance, and records swept(form) of the sweep."""
        form, passed = self.form(strategy)
        if form is None:
            return "-"
        if not passed:
            return "FAIL"
        return verdict(own(form) + swept(form)) + ("" if form == strategy else f", as {form}")

    def golden(self, strategy):
        def own(form):
            return [x for x in self.lines if x[0].startswith("golden") and re.match(GOLDEN[form], x[1])]

        def swept(form):
            bad = lambda r: r["skipped"] or any(re.match(GOLDEN[form], x) for x in r["failed"])
            return [(r["record"], "", 0, "FAIL" if bad(r) else "ok") for r in self.sweep if r["form"] == "golden"]
        return self.against_records(strategy, own, swept)

    def trajectory(self, strategy):
        def own(form):
            return [x for x in self.lines if x[0].startswith(f"trajectory_{form}_")]

        def swept(form):
            bad = lambda r: r["skipped"] or r["verdict"] != "PASS"
            return [(r["record"], "", 0, "FAIL" if bad(r) else "ok") for r in self.sweep if r["form"] == form]
        return self.against_records(strategy, own, swept)

    def exemplars(self, strategy):
        rule, passed = self.memory(strategy)
        if rule is None:
            return "-"
        if not passed:
            self.failed = True
            return "FAIL"
        if rule == "reservoir":
            return "reservoir: uniform" if self.tested(RESERVOIR, "") not in ("-", "FAIL") else self.tested(RESERVOIR, "")
        rows = [x for x in self.lines if x[0].startswith("exemplars") and re.match(rf"{rule}|quota", x[1])]
        swept = [(r["record"], "", 0, "ok" if r["verdict"] == "PASS" else "FAIL") for r in self.sweep if r["form"] == "exemplars"]
        return f"{rule}: {verdict(rows + swept)}"

    def row(self, s):
        rows = self.trained[s]
        cells = [s, self.tested(GRADIENT, s), self.golden(s), self.trajectory(s), self.exemplars(s), self.tested(DETERMINISM, s),
                 self.tested(FINITE, s), *(with_spread(rows, key) for key in ("learned", "average", "forgetting")), str(len(rows) or "-")]
        self.failed |= any("FAIL" in cell for cell in cells)
        return "| " + " | ".join(cells) + " |"

    def table(self):
        head = ["strategy", "gradient", "goldens", "trajectories", "exemplars", "determinism", "not finite",
                "learned", "average", "forgetting", "seeds"]
        return "\n".join(["| " + " | ".join(head) + " |", "|---" * len(head) + "|", *(self.row(s) for s in self.strategies)])

    def claims(self):
        """The claims that hold in the records, and the margins by which the other claims are missed."""
        average = {s: {r["seed"]: r["average"] for r in rows} for s, rows in self.trained.items() if rows}
        group = {s: "memory" if self.memory(s)[0] else "no memory" for s in average}

        def lead(u, l):
            """Mean over the seeds that both have; None where there are none."""
            seeds = average[u].keys() & average[l].keys()
            return statistics.mean(average[u][seed] - average[l][seed] for seed in seeds) if seeds else None

        out = ["| claim | holds for | does not hold for (and by how much) |", "|---|---|---|"]
        for upper, lower, words in CLAIMS:
            members = lambda of: [s for s in average if s == of or of == "*" or group[s] == of]
            pairs = [(u, l) for u in members(upper) for l in members(lower) if u != l and l != "jointt"]
            leads = {pair: lead(*pair) for pair in pairs if upper != "*" or pair[0] != "jointt"}
            name = lambda pair: pair[0] if upper == "*" else pair[1]
            good = [name(pair) for pair, by in leads.items() if by is not None and by > 0]
            bad = [f"{name(pair)} ({-by:.1f})" for pair, by in leads.items() if by is not None and by <= 0]
            out.append(f"| {words} | {' '.join(good) or '-'} | {', '.join(bad) or '-'} |")
        return "\n".join(out)

    def settings(self):
        """Trainings with other settings, beside those of the same seeds with the default ones."""
        plain = self.budget or {}
        seeds = collections.defaultdict(set)
        for r in self.strengths:
            seeds[r["strategy"]].add(r["seed"])
        groups = collections.defaultdict(list)
        for r in [r for s in self.strategies for r in self.trained[s] if r["seed"] in seeds[s]] + self.strengths:
            changed = [f"{k} = {v}" for k, v in r["budget"].items() if k != "extra" and v != plain.get(k)]
            changed += r["budget"]["extra"].replace(plain.get("extra", ""), "").replace("--set", "").split()
            groups[r["strategy"], ", ".join(changed)].append(r)

        def order(key):
            numbers = re.findall(r"=\s*([\d.]+)", key[1])
            return self.strategies.index(key[0]), float(numbers[0]) if key[1] and numbers else -1.0

        out = ["| strategy | setting | learned | average | forgetting | seeds |", "|---|---|---|---|---|---|"]
        for key in sorted(groups, key=order):
            rows = groups[key]
            numbers = [with_spread(rows, x) for x in ("learned", "average", "forgetting")]
            cells = [key[0], key[1] or "default", *numbers, str(len(rows))]
            out.append("| " + " | ".join(cells) + " |")
        return "\n".join(out)

    def share_kept(self):
        if not self.budget:
            return ""
        pairs, kept = self.budget["train"], self.budget["memory"]
        return f"Of {pairs} pairs {kept} are kept, one in {pairs / kept:.0f}; the papers kept 10,000 of a million."

    def steps_taken(self):
        """Processor seconds stand for steps."""
        joint = mean(self.trained.get("jointt", []), "seconds")
        kept = {s: mean(self.trained[s], "seconds") for s in self.strategies if self.memory(s)[0] == "reservoir" and self.trained[s]}
        if not joint or not kept:
            return ""
        return ": " + ", ".join(f"{seconds:.0f} processor seconds for `{s}`" for s, seconds in kept.items()) + f", {joint:.0f} for `jointt`"

    def text(self):
        table = self.table()
        b = self.budget
        stream = "no records yet"
        if b:
            stream = (f"`tiny`, {b['epochs']} epochs a task,\n  {b['train']} training pairs in nine tasks, "
                      f"{b['memory']} kept pairs, `{b['extra']}`")
        memories = filled(
            f"- Memories help more than anything else, and most strategies with a memory beat `jointt`. "
            f"{self.share_kept()} Every epoch of every later task repeats the kept pairs, so a strategy with a memory "
            f"takes more steps than `jointt`, which goes over all pairs for one task's number of epochs"
            f"{self.steps_taken()}. With as many steps as `er` takes, 14 epochs, `jointt` leads again.")
        page = f"""# Methods

What is verified of each strategy. `benchmarks/methods_table.py --write` writes this page: the script runs the tests and
reads the records. No cell is typed by hand; `-` means that nothing tests it.

{table}

- **gradient**: on the second task, with teachers, penalty and dropout, the gradient that the optimiser follows equals
  finite differences of the reported loss, in double, along a random direction of each parameter
  (`tests/train/strategies_gradient.test.cpp`).
- **goldens**: records of one batch with the losses and gradients of this form and its other quantities (importances,
  momentum, queues). The cell is the number of records that agree with the specification within its limits.
- **trajectories**: records of whole trainings over two and three tasks, from this repository and from its
  [sweep](conformance.md#a-sweep). A strategy that differs only in its memory learns `as` the named strategy; a test
  compares their policies.
- **exemplars**: a test shows that this rule fills the strategy's memory. The rule's choices are compared with the
  specification's, row by row and in order. The reservoir draws at random, so its frequencies are tested instead:
  chi-square over 10,000 runs.
- **determinism**: two tasks with augmentation, dropout and memory. Weights, teachers, queues, importances, memories and
  moments have the same bits in a second run, and with two threads and two loader workers. Another seed gives other
  bits.
- **not finite**: a picture, the gradient alone, each teacher, each vector of a penalty's value is made not finite. The
  step stops before a weight changes, and its message names task, epoch, step, part and pairs
  (`tests/train/strategies.test.cpp`). Programs end with code 5.
- **learned**, **average**, **forgetting**: recall means in percent on the synthetic stream. `learned`: of each task
  right after its training. `average`: of all nine tasks after the last one. `forgetting`: the fall from each task's
  best recall. Mean and standard deviation over seeds. The trainings: {stream}.
  More in [benchmarks/results](../benchmarks/results/strategies.md). In these streams no test title repeats and every
  query has a gallery item of its category, so both rules of [evaluation.md](evaluation.md#two-rules) give these
  numbers; the chance level of the average is 10.

## Order on the synthetic stream

The stream is synthetic, small and learned from scratch. Published orders were found on a million photographs with
pretrained encoders, so the orders may differ. The table has the claims of the papers that need no figures, and the
strategies for which a claim does not hold here, by averages over the seeds that both strategies have:

{self.claims()}

One seed tells little, and a gap smaller than the standard deviations above is no order. Weights of losses and penalties
are the published ones throughout; one learning rate and one budget serve all strategies; nothing is tuned for this
stream. The effect of other settings, for the seeds that were tried:

{self.settings()}

- `si` and `mas` hardly differ from `seqf` with their published weight of 1: the penalty is about one per cent of the
  loss. Importances are made of gradients of a batch's mean, so a weight that suits one model, batch size and number of
  steps does not suit another. With a hundred times the weight both forget less and end higher; with a thousand times
  both learn so much less that they end lower again.
- `afec` adds to `ewc` a pull towards a model that has learned the new task alone, with a published weight of 1 beside
  5000. At that weight the pull is too weak to show here, and the results are those of `ewc`. At a weight of 5000 the
  pull improves learning and increases forgetting.
{memories}
- `seqf` forgets to very different degrees with different seeds; compare means only together with their spread.
- The synthetic stream has attributes that all its tasks share. Which part of the lead of `ctp` depends on that, and a
  stream of pictures that share nothing: [gain.md](gain.md).
"""
        return page


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default="build/release")
    p.add_argument("--records", default="benchmarks/results/strategies.jsonl")
    p.add_argument("--strengths", default="benchmarks/results/strengths.jsonl")
    p.add_argument("--sweep", default="tests/golden/records/sweep.jsonl")
    p.add_argument("--write", action="store_true", help="write docs/methods.md")
    a = p.parse_args()
    page = Page(a)
    text = page.text()
    if a.write:
        with open("docs/methods.md", "w", encoding="utf-8") as f:
            f.write(text)
    else:
        print(text, end="")
    sys.exit(1 if page.failed else 0)


if __name__ == "__main__":
    main()
