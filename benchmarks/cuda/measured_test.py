#!/usr/bin/env python3
"""Tests measured.py with a made trace of a step."""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
REPEATED = 40  # times that the step launches the same three
ROUNDS = {"kernel": "ForEachKernel<RoundRows>", "blocks": 2112, "threads": 256, "shared": 0, "n": 1000000, "columns": 10}
LAUNCHES = [{"transfer": "zero", "bytes": 4}, ROUNDS, {"product": "bf16", "m": 768, "n": 768, "k": 3840}]
# Microseconds and name of each node: the product has a counter before it and a sum of its parts behind it.
NODES = [(1, 4, "memset"), (5, 2112, "void ctp::run_body<ctp::ForEachKernel<ctp::RoundRows> >(T1, int const*)"),
         (1, 4, "memset"), (20, 132, "nvjet_sm90_splitK_NTT"), (3, 576, "void cublasLt::splitKreduce_kernel<32>()")]
GAP = 2  # microseconds between nodes


def lines(nodes, launch, begin):
    for microseconds, blocks, name in nodes:
        yield f"{begin}\t{begin + 1000 * microseconds}\t{launch}\t32\t{blocks}\t256\t0\t{name}\n"
        begin += 1000 * (microseconds + GAP)


def measured(folder, nodes, launches):
    trace, listed = os.path.join(folder, "trace.tsv"), os.path.join(folder, "launches.jsonl")
    with open(trace, "w", encoding="utf-8") as f:
        f.writelines(lines(nodes[:3], 1, 0))                 # launched alone
        f.writelines(lines(list(reversed(nodes)), 2, 10**6))  # an earlier step does not count
        f.writelines(lines(nodes, 3, 10**9))
    with open(listed, "w", encoding="utf-8") as f:
        f.writelines(json.dumps({"count": 1, **launch}) + "\n" for launch in launches)
    command = [sys.executable, "-B", os.path.join(HERE, "measured.py"), trace, listed, "--kernels"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def expect(what, holds, found):
    if not holds:
        sys.exit(f"measured_test.py: {what}: found {found}")


def main():
    outside = [{**ROUNDS, "outside": 1}]
    nodes, launches = NODES * REPEATED, LAUNCHES * REPEATED + outside
    with tempfile.TemporaryDirectory() as work:
        code, out, err = measured(work, nodes, launches)
        expect("exit code 0", code == 0, f"{code}, {err}")
        # By hand: 40 * (1 + 20 + 3) us of products, 40 * 5 of rounding, 40 * 1 of zeroing; 199 gaps of 2 us.
        for row in ("| other products | 120 | 0.96 |", "| rounding of operands | 40 | 0.20 |", "| zeroing | 40 | 0.04 |",
                    "| **sum** | 200 | 1.20 |", "| between nodes | 199 | 0.40 |", "| product 768 x 768 x 3840 NN | 120 |"):
            expect(f"the row '{row}'", row in out, out)
        code, _, err = measured(work, nodes[1:], launches)
        expect("a missing node", code == 1 and "launch 0 of 120: expected zero" in err, f"{code}, {err}")
        code, _, err = measured(work, nodes + NODES[1:2], launches)
        expect("a node too many", code == 1 and "expected 200 nodes, found 201" in err, f"{code}, {err}")
        code, _, err = measured(work, nodes, [{**one, "threads": 128} if one is ROUNDS else one for one in launches])
        expect("other threads", code == 1 and "launch 1 of 120: expected ForEachKernel" in err, f"{code}, {err}")
        code, _, err = measured(work, NODES, launches)
        expect("no replay", code == 2 and "trace a recorded step" in err, f"{code}, {err}")
    print("measured.py: nodes are matched with launches, and a step that differs is refused")


if __name__ == "__main__":
    main()
