"""The table of the times of PyTorch and this library, from the rows of compare_torch_cuda.py. Needs no PyTorch."""


def digits(x):
    return f"{x:.0f}" if x >= 100 else f"{x:.3g}"


def times(row, prefix=""):
    return f"{digits(row[prefix + 'min_ms'])} to {digits(row[prefix + 'max_ms'])}"


def cells(row):
    start = [row["id"], row["workload"]]
    peer = row["what"]
    if "median_ms" not in row:
        found = "FAIL: " + row["failed"] if "failed" in row else "skipped: " + row["skipped"]
        return start + ["", f"{peer}: {found}", "", row["target"]]
    peer += f": {digits(row['median_ms'])} ms ({times(row)}; {row['turns']})"
    if "ours_ms" not in row:
        return start + ["", peer, "", row["target"]]
    ours = f"{row['ours_precision']} {digits(row['ours_ms'])} ms ({times(row, 'ours_')})"
    if "ours_memory_mib" in row and "memory_mib" in row:
        ours += f", {row['ours_memory_mib']:.0f} MiB"
        peer += f", {row['memory_mib']:.0f} MiB"
    return start + [ours, peer, f"{row['ratio']:.2f}", row["target"]]


def table(rows):
    """A Markdown table, ordered by id."""
    out = ["| id | workload | ours (least to most) | peer (least to most; turns) | ratio | target |",
           "| --- | --- | --- | --- | --- | --- |"]
    for row in sorted(rows, key=lambda r: int(r["id"][1:])):
        out.append("| " + " | ".join(cell.replace("|", "/") for cell in cells(row)) + " |")
    return "\n".join(out)
