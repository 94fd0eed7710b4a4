"""Write the records that tests/eval compares with: scores of drawn features by the specification, tests/oracle.

    python3 make_eval_golden.py [OUT.txt]

Needs torch (the records here: 1.13). Features are whole numbers, divided by 16 on both sides, so that every inner
product is exact in float32 and equal scores are equal to the bit. Numbers are separated by white space:
  retrieval n e         then image [n, e], text [n, e], and the nine scores
  map Q G W d           then query [Q, d], gallery [G, d], id and label of the queries, of the gallery, of the whole
                        gallery (W items, the G first), and the three scores
"""
import os
import pathlib
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "oracle"))
import ctp_oracle as O  # noqa: E402
import torch  # noqa: E402


def features(r, rows, width, spread):
    x = [[r.randint(-spread, spread) for _ in range(width)] for _ in range(rows)]
    for i in range(1, rows):
        if r.random() < 0.15:  # a copy of an earlier row: its scores tie
            x[i] = list(x[r.randrange(i)])
    return x


def line(values):
    return " ".join(str(v) for row in values for v in (row if isinstance(row, (list, tuple)) else [row])) + "\n"


def main():
    r, tensor = random.Random(5), lambda x: torch.tensor(x, dtype=torch.float32) / 16
    names = [f"{d}_{m}" for d in ("txt", "img") for m in ("r1", "r5", "r10", "r_mean")] + ["r_mean"]
    out = open(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "eval.txt"), "w")
    sizes = [1, 2, 3, 5, 9, 10, 11, 12, 13, 31, 32, 33, 64, 65, 97]
    for case in range(60):
        n, e, spread = r.choice(sizes), r.randint(1, 9), r.choice([1, 2, 9])
        image = features(r, n, e, spread)
        text = [[v + (r.randint(-1, 1) if r.random() < 0.5 else 0) for v in row] for row in image] if case % 2 else features(r, n, e, spread)
        scores = O.retrieval(tensor(image), tensor(text))
        out.write(f"retrieval {n} {e}\n" + line(image) + line(text) + line([repr(scores[k]) for k in names]))
    for case in range(60):
        q, g, d, spread = r.choice(sizes[:12]), r.choice(sizes), r.randint(1, 7), r.choice([1, 2, 9])
        whole = g + r.choice([0, 0, 5, 40])
        labels = r.choice([1, 2, 4, 12, 40])
        gallery_items = [(i, r.randrange(labels)) for i in r.sample(range(200), whole)]
        query_items = []
        for i in range(q):
            if r.random() < 0.4:  # the query is in the gallery as well, now and then under another label
                item, label = r.choice(gallery_items)
                query_items.append((item, label if r.random() < 0.8 else r.choice(gallery_items)[1]))
            else:
                query_items.append((1000 + i, r.choice(gallery_items)[1]))
        query_items = list({i: (i, label) for i, label in query_items}.values())
        query, gallery = features(r, len(query_items), d, spread), features(r, g, d, spread)
        of_label = {}
        for i, label in gallery_items:
            of_label.setdefault(label, []).append(i)
        scores = O.multimodal_map(tensor(query), tensor(gallery), [i for i, _ in query_items], [i for i, _ in gallery_items[:g]],
                                  dict(query_items), dict(gallery_items), of_label)
        out.write(f"map {len(query_items)} {g} {whole} {d}\n" + line(query) + line(gallery) + line(query_items) + line(gallery_items)
                  + line([repr(scores[f"map{k}"]) for k in (1, 5, 10)]))
    out.close()


if __name__ == "__main__":
    main()
