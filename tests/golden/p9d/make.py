#!/usr/bin/env python3
"""Writes a small folder in the layout of P9D, and the records and pixels that Python and Pillow read.

    python3 make.py            (writes next to itself; needs Pillow)

shop/                 three industries, eleven training pairs, keys in no sorted order
expected_order.txt    one line a record, as Python's json module lists them: file, industry, id, category, title
expected_pixels.txt   for two pictures, the bytes of Image.open(...).convert("RGB").resize((6, 6), BICUBIC) in hex
"""
import json
import pathlib
import random

from PIL import Image

here = pathlib.Path(__file__).resolve().parent
shop = here / "shop"
draw = random.Random(20240)


def record(title, category, **more):
    return {"image_link": "https://example.org/a.jpg", "title": title, "price": 12.5, "tags": ["x", {"title": 7}],
            "cate_name": category, **more}


train = {
    "食品/保健": {"901": record("有机 绿茶 250g 礼盒装!", "茶叶"), "17": record("蜂蜜; 百花蜜 (500g)", "蜂蜜"),
              "a-5": record("坚果  混合装", "坚果"), "33": record("\u3000速溶咖啡~ 30条", "咖啡")},
    "3C数码": {"8": record("Bluetooth 耳机 Café Édition", "耳机"), "17": record("充电器 20W", "充电器"),
             "2": record("手机壳 \"透明\"", "配件")},
    "母婴": {"z9": record("婴儿 奶瓶 240ml", "奶瓶"), "m1": record("纸尿裤 L码 #特价", "尿裤"),
           "1000000": record("儿童 积木\n益智", "玩具"), "b": record("推车: 轻便", "推车")},
}
flat = {
    "test": {"t3": ("耳机 降噪", "耳机", "3C数码"), "t1": ("绿茶 散装", "茶叶", "食品/保健"), "t2": ("奶瓶 防摔", "奶瓶", "母婴"),
             "t0": ("红茶", "茶叶", "食品/保健")},
    "query": {"q1": ("绿茶", "茶叶", "食品/保健"), "q0": ("耳机 有线", "耳机", "3C数码")},
    "gallery": {"g2": ("龙井", "茶叶", "食品/保健"), "g1": ("耳塞", "耳机", "3C数码"), "q1": ("绿茶", "茶叶", "食品/保健"),
                "g0": ("奶瓶 玻璃", "奶瓶", "母婴")},
}
flat = {name: {k: record(t, c, industry_name=i) for k, (t, c, i) in items.items()} for name, items in flat.items()}


def picture(path):
    wide, high = draw.randint(9, 24), draw.randint(9, 24)
    image = Image.new("RGB", (wide, high))
    image.putdata([tuple(draw.randint(0, 255) for _ in range(3)) for _ in range(wide * high)])
    image.resize((3 * wide, 2 * high), Image.BICUBIC).save(path, "JPEG", quality=85)


for folder in ("json", "train_images", "gallery_images"):
    (shop / folder).mkdir(parents=True, exist_ok=True)
for name, content in {"train": train, **flat}.items():
    (shop / "json" / f"{name}.json").write_text(json.dumps(content, ensure_ascii=name == "query", indent=None if name == "test" else 1))
for items in train.values():
    for key in items:
        picture(shop / "train_images" / f"{key}.jpg")
for items in flat.values():
    for key in items:
        picture(shop / "gallery_images" / f"{key}.jpg")

lines = []
for industry, items in json.loads((shop / "json/train.json").read_text()).items():
    lines += [("train", industry, k, v["cate_name"], v["title"]) for k, v in items.items()]
for name in flat:
    items = json.loads((shop / f"json/{name}.json").read_text())
    lines += [(name, v["industry_name"], k, v["cate_name"], v["title"]) for k, v in items.items()]
(here / "expected_order.txt").write_text("".join("\t".join(x).replace("\n", "\\n") + "\n" for x in lines))

(here / "expected_pixels.txt").write_text("".join(
    name + " " + Image.open(shop / name).convert("RGB").resize((6, 6), Image.BICUBIC).tobytes().hex() + "\n"
    for name in ("train_images/a-5.jpg", "gallery_images/t1.jpg")))
