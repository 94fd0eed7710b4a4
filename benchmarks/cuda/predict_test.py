#!/usr/bin/env python3
"""Tests predict.py with the committed records, and that it reports growth that is planted in a copy of them."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import machine_code
from kernel_time import queue_rate
from kernel_work import bytes_of

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = os.path.join(os.path.dirname(HERE), "results")
KERNEL = "TensorAttention<Bf16Form,64>"


def predict(*arguments):
    command = [sys.executable, "-B", os.path.join(HERE, "predict.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def expect(what, holds, found):
    if not holds:
        sys.exit(f"predict_test.py: {what}: found {found}")


def plant(folder, name, change):
    path = os.path.join(folder, name)
    with open(path, encoding="utf-8") as f:
        record = json.load(f)
    change(record)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(record, f)


def slower(record):
    loop = next(loop for loop in record["kernels"][KERNEL]["loops"] if loop.get("mma"))
    loop["n"] *= 2


def more(record):
    next(launch for launch in record["launches"] if "GeluOfFour" in launch.get("kernel", ""))["count"] += 100


def whole_record(precision):
    code, out, err = predict("--from", RESULTS, "--json", "--precision", precision)
    expect(f"exit code 0 in {precision}", code == 0, f"{code}, {err}")
    result = json.loads(out)
    for key in ("device", "precision", "step_ms", "nodes", "parts"):
        expect(f"the key {key}", key in result, sorted(result))
    expect("no kernel without a formula", all(part["part"] != "unknown kernels" for part in result["parts"]), out)
    expect("a floor below the expectation", 0 < result["floor_ms"] < result["step_ms"], out)
    return result


# A loop of two dependent loads and a block with a call, around a loop of two independent loads.
LISTING = """
.L_x_1:
        /*0000*/                   LDG.E R2, desc[UR4][R4.64] ;
        /*0010*/                   IADD3 R3, R2, 0x1, RZ ;
        /*0020*/                   LDG.E.128 R8, desc[UR4][R6.64] ;
        /*0030*/              @!P0 BRA `(.L_x_2) ;
        /*0040*/                   CALL.REL.NOINC `($__internal_0_$__cuda_sm20_div_s64) ;
.L_x_2:
        /*0050*/                   FADD R3, R11, R3 ;
.L_x_3:
        /*0060*/                   LDG.E R12, desc[UR4][R4.64] ;
        /*0070*/                   LDG.E R13, desc[UR4][R4.64+0x4] ;
        /*0080*/                   FFMA R14, R12, R13, R14 ;
        /*0090*/               @P1 BRA `(.L_x_3) ;
        /*00a0*/                   STG.E.U16 desc[UR4][R4.64], R14 ;
        /*00b0*/               @P2 BRA `(.L_x_1) ;
        /*00c0*/                   EXIT ;
$__internal_0_$__cuda_sm20_div_s64:
        /*00d0*/                   RET.REL.NODEC R2 `(x) ;
"""


# A loop over chunks, whose reload a branch skips, around a loop of steps that reads dropout's bits in a skipped block.
STEPS = """
.L_x_1:
        /*0000*/               @P0 BRA `(.L_x_3) ;
        /*0010*/                   BAR.SYNC.DEFER_BLOCKING 0x0 ;
.L_x_2:
        /*0020*/                   LDG.E.128 R8, desc[UR4][R6.64] ;
        /*0030*/                   STS.64 [R3], R8 ;
        /*0040*/              @!P1 BRA `(.L_x_2) ;
        /*0050*/                   BAR.SYNC.DEFER_BLOCKING 0x0 ;
.L_x_3:
        /*0060*/                   LDSM.16.M88.4 R12, [R4] ;
        /*0070*/                   HMMA.16816.F32.BF16 R16, R8, R12, RZ ;
        /*0080*/                   MUFU.EX2 R16, R16 ;
        /*0090*/              @!P2 BRA `(.L_x_4) ;
        /*00a0*/                   LDS.U8 R20, [R5] ;
        /*00b0*/                   FMUL R16, R16, R20 ;
.L_x_4:
        /*00c0*/               @P3 BRA `(.L_x_3) ;
        /*00d0*/               @P4 BRA `(.L_x_1) ;
        /*00e0*/                   EXIT ;
"""


def arms(width, step):
    """A product, and an arm that adds to eight numbers, or pairs, in memory unless a branch skips their reads."""
    places = [f"[R4.64+{8 * i + j:#x}]" for i in range(8) for j in range(0, 8, step)]
    body = [f"LDG.E{width} R{10 + 2 * i}, desc[UR4]{at}" for i, at in enumerate(places)]
    body += [".L_x_1:"] + [f"STG.E{width} desc[UR4]{at}, R{10 + 2 * i}" for i, at in enumerate(places)]
    lines = ["HMMA.16816.F32.BF16 R16, R8, R12, RZ", "@P0 BRA `(.L_x_1)", *body, ".L_x_2:", "EXIT"]
    return "\n".join(line if line[0] == "." else f"        /*{i:04x}*/  {line} ;" for i, line in enumerate(lines))


def counts_of_arms():
    found = machine_code.Function(arms(".64", 8)).summary()["straight"]
    expect("an arm that adds", found == {"n": 11, "waits": 0, "mma": 1, "adds": 8, "store": 8}, found)
    found = machine_code.Function(arms("", 4)).summary()["straight"]
    expect("an arm of unaligned rows", found == {"n": 3, "waits": 0, "mma": 1, "unaligned": 32}, found)


def bytes_of_results():
    product = {"product": "bf16", "m": 10, "n": 20, "k": 30}
    found = [bytes_of({**product, **flags}) - 2 * (300 + 600) for flags in ({}, {"adds": 1}, {"packed": 1})]
    expect("bytes of a product's result", found == [800, 1600, 400], found)
    launch = {"batch": 1, "heads": 1, "queries": 16, "keys": 32, "width": 64, "q": 2, "d_o": 2, "o": 2}
    found = [bytes_of({**launch, "kernel": f"TensorQueryGradient<Bf16Form,64,{number}>", "overwrite": flag})
             for number, flag in (("float", 1), ("float", 0), ("Bfloat16", 1))]
    expect("bytes of dq, written, added to and rounded", found == [64 * (16 * each + 32 * 4) for each in (10, 14, 8)],
           found)
    launch = {"kernel": "ForEachKernel<PartialColumnSums<float,ResultGradient<float,Bfloat16,Bfloat16>>>", "n": 5,
              "blocks": 1, "rows": 3, "columns": 7, "before": 1, "to": 2}
    sums = {**launch, "kernel": "ForEachKernel<PartialColumnSums<float,Element<float,Bfloat16>>>"}
    fours = {**launch, "kernel": "ForEachKernel<PartialColumnSums<Neighbours<float,4>,"
                                 "ResultGradientOfFour<float,Bfloat16,Bfloat16>>>"}
    found = [bytes_of(launch), bytes_of({**launch, "before": 0}), bytes_of(sums), bytes_of(fours)]
    expect("bytes of rounded gradients, through GELU or not, of their sums alone, and in fours of columns",
           found == [3 * 7 * 6 + 20, 3 * 7 * 4 + 20, 3 * 7 * 2 + 20, 4 * (3 * 7 * 6 + 20)], found)


def counts_of_steps():
    found = machine_code.Function(STEPS).summary()["loops"]
    expected = [{"n": 2, "waits": 0, "reload": 2, "in": -1},
                {"n": 3, "waits": 1, "wide": 1, "load": 16, "in": 0},
                {"n": 5, "waits": 0, "banks": 4, "mma": 1, "sfu": 1, "drop": 2, "in": 0}]
    expect("the counts of steps", found == expected, found)


# A loop that copies to shared memory, and an exchange whose lanes may come apart: they meet again behind the end.
COPIES = """
.L_x_1:
        /*0000*/                   LDGSTS.E.BYPASS.128 [R15], desc[UR20][R4.64], !P0 ;
        /*0010*/              @!P0 BRA `(.L_x_1) ;
        /*0020*/                   BRA.DIV UR4, `(.L_x_3) ;
        /*0030*/                   SHFL.BFLY PT, R7, R6, 0x1, 0x1f ;
.L_x_2:
        /*0040*/                   FADD R6, R6, R7 ;
        /*0050*/                   EXIT ;
.L_x_3:
        /*0060*/                   WARPSYNC.COLLECTIVE R8, `(.L_x_4) ;
        /*0070*/                   SHFL.BFLY P1, R7, R6, R9, R10 ;
.L_x_4:
        /*0080*/                   BRA `(.L_x_2) ;
"""


def counts_of_copies():
    found = machine_code.Function(COPIES).summary()
    expected = {"straight": {"n": 4, "waits": 0, "shuffle": 1},
                "loops": [{"n": 2, "waits": 0, "copy": 16, "in": -1}]}
    expect("the counts of copies and of an exchange", found == expected, found)


def rates_of_a_queue():
    expect("one customer alone", abs(queue_rate(1, 100, 10) - 1 / 100) < 1e-12, queue_rate(1, 100, 10))
    expect("a unit that is always busy", abs(queue_rate(3, 10, 10) - 1 / 10) < 1e-12, queue_rate(3, 10, 10))
    expect("a rate between the bounds", 3 / 300 < queue_rate(3, 100, 30) < 3 / 100, queue_rate(3, 100, 30))


def counts_of_a_listing():
    found = machine_code.Function(LISTING).summary()
    expected = {"straight": {"n": 1, "waits": 0},
                "loops": [{"n": 7, "waits": 2, "wide": 1, "load": 20, "store2": 1, "in": -1},
                          {"n": 4, "waits": 1, "load": 8, "fma": 1, "in": 0}]}
    expect("the counts of a listing", found == expected, found)


def main():
    counts_of_a_listing()
    counts_of_steps()
    counts_of_arms()
    counts_of_copies()
    bytes_of_results()
    rates_of_a_queue()
    results = {precision: whole_record(precision) for precision in ("bf16", "tf32", "fp32")}
    expect("bf16 before tf32 before fp32", results["bf16"]["step_ms"] < results["tf32"]["step_ms"] <
           results["fp32"]["step_ms"], [result["step_ms"] for result in results.values()])
    with tempfile.TemporaryDirectory() as work:
        before = os.path.join(work, "before.json")
        with open(before, "w", encoding="utf-8") as f:
            json.dump(results["bf16"], f)
        code, _, err = predict("--from", RESULTS, "--check", before)
        expect("no growth in the same records", code == 0, f"{code}, {err}")
        for name, change, said in (("predict_counts.json", slower, KERNEL), ("launch_list_bf16.json", more, "nodes")):
            grown = os.path.join(work, name.split(".")[0])
            shutil.copytree(RESULTS, grown)
            plant(grown, name, change)
            code, _, err = predict("--from", grown, "--check", before)
            expect(f"growth in {name}", code == 1 and said in err, f"{code}, {err}")
        for limit in ("--most-ms=1", "--most-nodes=10", f"--most-instructions={KERNEL}=100"):
            code, _, err = predict("--from", RESULTS, limit)
            expect(f"the limit {limit}", code == 1 and "expected at most" in err, f"{code}, {err}")
        code, _, err = predict("--from", os.path.join(work, "none"))
        expect("a folder that is not there", code == 2 and "--from" in err, f"{code}, {err}")
        code, _, err = predict("--program", os.path.join(work, "none"))
        expect("a program that is not there", code == 2 and "--target launch_list" in err, f"{code}, {err}")
    print(f"predict.py: {results['bf16']['step_ms']} ms in bf16 on an H200; planted growth was found")


if __name__ == "__main__":
    main()
