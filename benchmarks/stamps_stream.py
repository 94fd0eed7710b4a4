#!/usr/bin/env python3
"""A P9D folder of the stamps of Tux Paint: 722 drawings and photographs in nine themes, each theme a task.

    apt-get download tuxpaint-stamps-default && dpkg -x tuxpaint-stamps-default_*.deb /tmp/stamps
    python3 benchmarks/stamps_stream.py /tmp/stamps/usr/share/tuxpaint/stamps /tmp/stamps_stream \
      --program build/release/bin/pictures_to_p9d

Beside NAME.png lies NAME.txt; its first line is the English name, which is the caption. Nearly every stamp shows
another thing, so a model learns little from 700 stamps about others. The test list is therefore the training list: the
recalls tell how much of what was learned is still known. Stamps are transparent and are laid on white.
"""
import argparse
import collections
import csv
import json
import pathlib
import shutil
import subprocess
import sys

THEMES = "animals,symbols,town,food,seasonal,plants,vehicles,household,clothes"


def rows_of(stamps, theme):
    """Rows (file, caption, task, category) of the pictures of a theme that have a caption."""
    for picture in sorted((stamps / theme).rglob("*.png")):
        words = picture.with_suffix(".txt")
        lines = words.read_text(encoding="utf-8", errors="replace").splitlines() if words.is_file() else []
        if lines and lines[0].strip():
            folders = picture.relative_to(stamps / theme).parts[:-1]
            yield picture.relative_to(stamps).as_posix(), lines[0].strip(), theme, "/".join((theme, *folders[:1]))


def test_on_training_pairs(folder):
    """Makes the training pairs of a P9D folder its test pairs. Returns the number of pairs of each task."""
    train = json.loads((folder / "json/train.json").read_text(encoding="utf-8"))
    test = {}
    for industry, pairs in train.items():
        for key, pair in pairs.items():
            test[key] = {"title": pair["title"], "cate_name": pair["cate_name"], "industry_name": industry}
            shutil.copyfile(folder / f"train_images/{key}.jpg", folder / f"gallery_images/{key}.jpg")
    (folder / "json/test.json").write_text(json.dumps(test, ensure_ascii=False), encoding="utf-8")
    return {industry: len(pairs) for industry, pairs in train.items()}


def make(stamps, output, program, themes=THEMES):
    """Makes the P9D folder `output`. Returns the number of pairs of each task."""
    rows = [row for theme in themes.split(",") for row in rows_of(stamps, theme)]
    found = collections.Counter(row[2] for row in rows)
    for theme in themes.split(","):
        if not found[theme]:
            sys.exit(f"stamps_stream.py: {stamps / theme}: expected pictures with captions, found none; "
                     "give the folder usr/share/tuxpaint/stamps of Debian's tuxpaint-stamps-default")
    table = output.with_name(output.name + ".csv")
    output.parent.mkdir(parents=True, exist_ok=True)
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    # no share for testing: the program still sets one picture of each task aside for each of its three other lists
    subprocess.run([program, "--pictures", stamps, "--captions", table, "--output", output, "--background", "255",
                    "--test", "0", "--query", "0", "--gallery", "0"], check=True, stdout=subprocess.DEVNULL)
    return test_on_training_pairs(output)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stamps", type=pathlib.Path, help="usr/share/tuxpaint/stamps of tuxpaint-stamps-default")
    parser.add_argument("output", type=pathlib.Path, help="a new folder")
    parser.add_argument("--program", default="build/release/bin/pictures_to_p9d")
    parser.add_argument("--themes", default=THEMES, help="in the order of training (default: %(default)s)")
    a = parser.parse_args()
    for task, pairs in make(a.stamps, a.output, a.program, a.themes).items():
        print(f"{task:12}{pairs:5} pairs")


if __name__ == "__main__":
    main()
