#!/usr/bin/env python3
"""Makes the files of this folder with the executable specification, tests/oracle: make.py [PYTHON], an interpreter that
has transformers, if this one has not.

  stream/            a P9D folder with one task; files called .jpg hold JPEG of several kinds and PNG
  weights.safetensors, vocab.txt   a small model with every entry non-trivial, and its vocabulary
  expected.safetensors   features of stream/json/test.json in file order: image, text, fusion

Pillow decodes and resizes the pictures. The published rule (pre_caption) cleans the titles, transformers' BertTokenizer
makes tokens of them, and the specification computes the features in float64. None of this is code of ctp.
Made with Debian 12's python3-torch 1.13.1 and Pillow 9.4.0, transformers 4.46.3.
"""
import io
import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import torch
from PIL import Image

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "oracle"))
import ctp_oracle as oracle

here = pathlib.Path(__file__).parent
max_words = 12  # words of a title, and tokens: some titles are cut
words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"红蓝绿色棉麻杯子茶壶新款两个装a0", "##a", "##0", "tea", "cup", "##cup", "##s",
         "xl", "##l", "!", "-", "+", "new", "cafe", "blue"]
items = {  # id: title, kind of picture, width and height
    "100": ("红色棉麻杯子新款", "baseline", 45, 37),
    "105": ("两个装 teacups 蓝色 XL!!", "progressive", 20, 50),
    "103": ("Café NEW-tea 茶壶", "grey", 64, 31),
    "101": ("绿色茶壶绿色茶壶绿色茶壶绿色茶壶", "png_palette", 33, 33),
    "104": ("(新款) * blue cup:棉 Ⅳ😀", "png_alpha", 90, 70),
    "102": ("", "cmyk", 17, 19),
    "106": ("cup", "four_four_four", 5, 8),
}


def picture(kind, width, height, seed):
    g = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / 12.0
    waves = [np.sin(a * x + b * y + c) for a, b, c in g.uniform(-3, 3, (4, 3))]
    pixels = np.clip(np.stack(waves, 2) * 90 + 128 + g.normal(0, 12, (height, width, 4)), 0, 255).astype(np.uint8)
    out = io.BytesIO()
    rgb = Image.fromarray(pixels[:, :, :3], "RGB")
    if kind == "baseline":
        rgb.save(out, "JPEG", quality=80)
    elif kind == "progressive":
        rgb.save(out, "JPEG", quality=60, progressive=True)
    elif kind == "four_four_four":
        rgb.save(out, "JPEG", quality=95, subsampling=0)
    elif kind == "grey":
        rgb.convert("L").save(out, "JPEG", quality=75)
    elif kind == "cmyk":
        Image.fromarray(pixels, "CMYK").save(out, "JPEG", quality=85)
    elif kind == "png_palette":
        rgb.quantize(16).save(out, "PNG")
    elif kind == "png_alpha":
        Image.fromarray(pixels, "RGBA").save(out, "PNG")
    return out.getvalue()


def pre_caption(title):
    """The clean-up of the published data/utils.py."""
    s = re.sub(r'[.!"()*#:;~]', " ", title.lower())
    s = re.sub(r"\s{2,}", " ", s).rstrip("\n").strip(" ")
    return " ".join(s.split(" ")[:max_words])


def token_ids(titles):
    """Token ids by transformers' BertTokenizer, which may need another interpreter than PyTorch."""
    code = ("import json, sys; from transformers import BertTokenizer; t = BertTokenizer(sys.argv[1], do_lower_case=True)\n"
            "print(json.dumps(t(json.load(sys.stdin), padding='max_length', truncation=True, max_length=int(sys.argv[2]))['input_ids']))")
    python = sys.argv[1] if len(sys.argv) > 1 else sys.executable
    run = subprocess.run([python, "-c", code, str(here / "vocab.txt"), str(max_words)], input=json.dumps(titles),
                         stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(run.stdout)


def write_json(name, value):
    path = here / "stream" / "json" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main():
    (here / "vocab.txt").write_text("".join(w + "\n" for w in words), encoding="utf-8")
    images = here / "stream" / "gallery_images"
    images.mkdir(parents=True, exist_ok=True)
    records, pixels = {}, []
    c = oracle.Config(image=24, patch=8, vision_width=24, vision_depth=2, vision_heads=3, vocab=len(words), text_width=20,
                      text_layers=3, fusion_layer=1, text_heads=2, intermediate=36, positions=14, embed=10, queue=4)
    mean, deviation = torch.tensor([0.48145466, 0.4578275, 0.40821073]), torch.tensor([0.26862954, 0.26130258, 0.27577711])
    for number, (item, (title, kind, width, height)) in enumerate(items.items()):
        data = picture(kind, width, height, number)
        (images / f"{item}.jpg").write_bytes(data)
        records[item] = {"title": title, "cate_name": kind[:3], "industry_name": "茶具"}
        shown = Image.open(io.BytesIO(data)).convert("RGB").resize((c.image, c.image), Image.BICUBIC)
        pixels.append(((torch.from_numpy(np.array(shown)).float() / 255 - mean) / deviation).permute(2, 0, 1))
    write_json("train.json", {"茶具": {"1": {"title": "茶壶", "cate_name": "pot"}}})
    write_json("test.json", records)
    write_json("query.json", {k: records[k] for k in list(records)[:2]})
    write_json("gallery.json", {k: records[k] for k in list(records)[2:]})

    p = oracle.init_params(c, 23)
    oracle.save_safetensors(str(here / "weights.safetensors"), p, oracle.config_metadata(c))
    p = {k: v.double() for k, v in p.items()}
    images = torch.stack(pixels).double()
    ids = torch.tensor(token_ids([pre_caption(title) for title, *_ in items.values()]))
    attend = (ids != c.pad).long()
    with torch.no_grad():
        e = oracle.encode(p, c, images, ids, attend)
        fusion = oracle.fusion_feature(p, c, images, ids, attend)
    assert (ids == c.unk).any() and not (ids[:, -1] == 0).all()  # unknown characters and a title that is cut are among them
    found = {"image": e.image.float(), "text": e.text.float(), "fusion": fusion.float()}
    oracle.save_safetensors(str(here / "expected.safetensors"), found)


main()
