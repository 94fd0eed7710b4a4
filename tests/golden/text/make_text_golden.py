"""Write the text records that tests/data compares with: results of Python and Hugging Face's slow BertTokenizer.

    python3 make_text_golden.py [--out DIR] [--count N] [--seed N]

Needs transformers (the records here: 4.46.3 on Python 3.11, Unicode 14). Code points that Unicode 14 does not assign are
left out, but for the non-characters, so that the records hold for any newer Unicode too.

  vocab.txt        a made vocabulary of the shape of bert-base-chinese's: special tokens in odd places, unused entries
  tokenizer.bin    per string: bytes, a length limit, ids with and without lower-casing
  caption.bin      per string: bytes, max_words, the published clean-up's result
  utf8.bin         per string: bytes, bytes.decode("utf-8", errors="replace") as UTF-8
  build.bin        cleaned titles, then the tokens of the vocabulary built from them
  unicode.txt      runs of code points with equal properties; sums over lower-case and normal forms
Integers are LEB128, strings are their length in bytes and the bytes.
"""
import argparse
import collections
import os
import random
import re
import sys
import unicodedata as U

from transformers import BertTokenizer
from transformers.models.bert.tokenization_bert import BasicTokenizer, WordpieceTokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def noncharacter(c):
    return 0xFDD0 <= c <= 0xFDEF or c & 0xFFFE == 0xFFFE


def settled(c):
    return not 0xD800 <= c <= 0xDFFF and (U.category(chr(c)) != "Cn" or noncharacter(c))


SETTLED = [c for c in range(0x110000) if settled(c)]


# ------------------------------------------------------------------------------------------------------ made strings

class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.common = [chr(c) for c in self.r.sample(range(0x4E00, 0x9FA5), 220)]
        self.stems = ["".join(self.r.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(self.r.randint(1, 5))) for _ in range(120)]

    def pick(self, ranges, n):
        out = []
        while len(out) < n:
            lo, hi = self.r.choice(ranges)
            c = self.r.randint(lo, hi)
            if settled(c):
                out.append(chr(c))
        return "".join(out)

    def chinese(self):
        s = []
        for _ in range(self.r.randint(1, 9)):
            s.append(self.r.choice([lambda: self.r.choice(self.common), lambda: self.r.choice(self.common) + self.r.choice(self.common),
                                    lambda: self.pick([(0x4E00, 0x9FFF), (0x3400, 0x4DBF)], 1), lambda: str(self.r.randint(0, 999)),
                                    lambda: self.r.choice("，。！：；（）【】「」、～·—…　"), lambda: self.word()])())
        return "".join(s)

    def word(self):
        s = "".join(self.r.choice(self.stems) for _ in range(self.r.randint(1, 4)))
        return self.r.choice([s, s.upper(), s.title()])

    def words(self):
        return self.r.choice([" ", "  ", "-", "/", "_"]).join(self.word() for _ in range(self.r.randint(1, 5)))

    def accents(self):
        s = self.pick([(0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F), (0x1E00, 0x1EFF)], self.r.randint(1, 12))
        s = "".join(c + self.pick([(0x300, 0x36F)], self.r.randint(0, 2)) if self.r.random() < 0.3 else c for c in s)
        return U.normalize(self.r.choice(["NFC", "NFD"]), s) if self.r.random() < 0.7 else s

    def emoji(self):
        parts = ["👨‍👩‍👧", "🇨🇳", "❤️", "☺", "🏽", "1️⃣", "‍", "️", "🀄", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]
        return "".join(self.r.choice([self.r.choice(parts), self.pick([(0x1F300, 0x1FAFF), (0x2600, 0x27BF)], 1), self.word()[:3]])
                       for _ in range(self.r.randint(1, 6)))

    def controls(self):
        base = list(self.r.choice([self.words, self.chinese, self.accents])())
        for _ in range(self.r.randint(1, 5)):
            c = self.r.choice([chr(self.r.randint(0, 31)), chr(self.r.randint(0x7F, 0xA0)), "\u200b", "\u200e", "\u202e", "\u2066", "\ufeff",
                               "\u00ad", "\ufffd", "\ue000", "\ufdd0", "\U0010ffff", "\u061c", "\u180e", "\U000e0041", "\r\n", "\t"])
            base.insert(self.r.randint(0, len(base)), c)
        return "".join(base)

    def spaces(self):
        gap = lambda: "".join(self.r.choice(" \t\n\r\v\f\x1c\x85\xa0\u1680\u2003\u2009\u2028\u2029\u202f\u205f\u3000") for _ in range(self.r.randint(1, 3)))
        s = "".join(self.word()[:4] + gap() for _ in range(self.r.randint(1, 4)))
        return self.r.choice([s, gap() + s])

    def cased(self):
        odd = "ΣσςİıſẞßǅǄΆΐΰᾳᾈᏣꭰᲐაꞭꟅ𐐀𐐨K ÅΩªºⓐⅣﬁʰⁿ:.'·’"
        return "".join(self.r.choice([self.r.choice(odd), self.pick([(0x370, 0x3FF), (0x400, 0x52F), (0x1F00, 0x1FFF)], 1), "Σ", " "])
                       for _ in range(self.r.randint(1, 14)))

    def scripts(self):
        block = self.r.choice([(0xAC00, 0xD7A3), (0x1100, 0x11FF), (0x3041, 0x30FF), (0xFF66, 0xFF9F), (0x900, 0x97F), (0xE00, 0xE7F),
                               (0x600, 0x6FF), (0x590, 0x5FF), (0xF00, 0xFFF), (0x1B00, 0x1BFF), (0x10A0, 0x10FF), (0x302A, 0x302F)])
        return self.pick([block, block, block, (0x20, 0x20), (0x300, 0x310)], self.r.randint(1, 10))

    def compatibility(self):
        return self.pick([(0xF900, 0xFAD9), (0x2F800, 0x2FA1D), (0x20000, 0x2CEAF), (0x2A700, 0x2B738), (0x30000, 0x30100), (0xFF01, 0xFF60), (0x2126, 0x212B), (0x3300, 0x33FF), (0x2F00, 0x2FD5)],
                         self.r.randint(1, 6)) + self.pick([(0x61, 0x7A), (0x300, 0x304)], self.r.randint(0, 3))

    def punctuation(self):
        return "".join(self.r.choice([self.word()[:4], self.pick([(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E), (0x2010, 0x2060), (0x3001, 0x3030), (0xFE30, 0xFE6B), (0xA1, 0xBF), (0x20A0, 0x20BF)], 1)])
                       for _ in range(self.r.randint(1, 8)))

    def long(self):
        n = self.r.choice([98, 99, 100, 101, 102])
        return self.r.choice([lambda: self.r.choice(self.stems)[:1] * n, lambda: "a" * (n - 1) + "é", lambda: "b" * 95 + "e\u0301" * self.r.randint(3, 7),
                              lambda: "c" * n + " " + self.word(), lambda: "가" * self.r.randint(30, 36), lambda: "a" + "\u0301\u0323" * self.r.randint(40, 60)])()

    def anything(self):
        return "".join(chr(self.r.choice(SETTLED)) for _ in range(self.r.randint(1, 8)))

    def marks(self):
        return self.pick([(0x300, 0x34E), (0x350, 0x36F), (0x61, 0x65), (0x591, 0x5BD), (0x1DC0, 0x1DFF), (0x302A, 0x302F)], self.r.randint(2, 14))

    def malformed(self):
        b = bytearray(self.r.choice([self.chinese, self.accents, self.emoji, self.words, self.scripts])().encode()[:40])
        for _ in range(self.r.randint(1, 4)):
            at = self.r.randint(0, len(b))
            kind = self.r.randint(0, 4)
            if kind == 0 and b:
                del b[min(at, len(b) - 1)]
            elif kind == 1:
                b.insert(at, self.r.randint(0x80, 0xFF))
            elif kind == 2:
                b[at:at] = self.r.choice([b"\xed\xa0\x80", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf4\x90\x80\x80", b"\xf0\x9f", b"\xe4\xb8", b"\xff\xfe", b"\xf8\x88\x80\x80\x80", b"\xf0\x80\x80\x41"])
            elif kind == 3:
                del b[at:]
            elif b:
                b[min(at, len(b) - 1)] = self.r.randint(0, 255)
        return bytes(b)

    def special(self):
        return self.r.choice(["", self.chinese(), self.word() + " "]) + self.r.choice(SPECIAL) + self.r.choice(["", " ", self.word(), self.chinese()])

    KINDS = ("chinese chinese words words accents accents emoji controls controls spaces cased scripts compatibility punctuation anything "
             "marks malformed malformed malformed").split()

    def string(self, i):
        if i % 40 == 0:
            return self.long().encode()
        if i % 40 == 20:
            return self.special().encode()
        while True:
            s = getattr(self, self.KINDS[i % len(self.KINDS)])()
            if self.r.random() < 0.15 and isinstance(s, str):
                s += getattr(self, self.r.choice(self.KINDS[:-3]))()
            b = s if isinstance(s, bytes) else s.encode()
            if all(settled(ord(c)) for c in b.decode("utf-8", errors="replace")):
                return b


# ----------------------------------------------------------------------------------------------------------- records

def number(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def string(b):
    b = b if isinstance(b, bytes) else b.encode()
    return number(len(b)) + b


def made_vocabulary(maker, texts):
    """Most characters of some of the texts, pieces of their words, and special tokens where bert-base-chinese has them."""
    chars, pieces = collections.Counter(), set()
    for lower in (True, False):
        basic = BasicTokenizer(do_lower_case=lower)
        for t in texts:
            for w in basic.tokenize(t.decode("utf-8", errors="replace")):
                chars.update(w)
                if len(w) > 1 and maker.r.random() < 0.2:
                    a = maker.r.randint(0, len(w) - 1)
                    b = min(len(w), a + maker.r.randint(2, 5))
                    pieces.add(("##" if a else "") + w[a:b])
    singles = [c for c, n in chars.most_common() if n > 1 and maker.r.random() < 0.97]
    pieces |= {"##" + c for c in singles if not 0x3400 <= ord(c) <= 0x9FFF}
    pieces |= set(maker.stems) | {"##" + s for s in maker.stems if maker.r.random() < 0.5}
    rest = singles + sorted(p for p in pieces if p not in singles)
    return ["[PAD]"] + [f"[unused{i}]" for i in range(1, 20)] + ["[UNK]", "[CLS]", "[SEP]", "[MASK]", "<S>", "<T>"] + rest


def pre_caption(title, max_words):
    """The published clean-up, as methods describe it."""
    s = re.sub(r'[.!"()*#:;~]', " ", title.lower())
    s = re.sub(r"\s{2,}", " ", s).rstrip("\n").strip(" ")
    return " ".join(s.split(" ")[:max_words])


def built_vocabulary(titles):
    """The rule of the documentation, with Hugging Face's basic tokens as words."""
    basic, chars, words = BasicTokenizer(do_lower_case=True), collections.Counter(), collections.Counter()
    for t in titles:
        for w in basic.tokenize(t):
            chars.update(w)
            words.update([w])
    order = lambda counts: sorted(counts, key=lambda w: (-counts[w], w))
    singles = order(chars)
    return (SPECIAL + singles + ["##" + c for c in singles if not basic._is_chinese_char(ord(c))]
            + order({w: n for w, n in words.items() if len(w) > 1 and n > 1}))


def fnv(h, values):
    for v in values:
        for shift in (0, 8, 16):
            h = ((h ^ (v >> shift & 255)) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


def properties(c):
    s, k = chr(c), U.category(chr(c))
    final = lambda x: (x + "Σ").lower().endswith("ς")
    ignorable, cased = final("a" + s) and not final("1" + s), final("1" + s)
    flags = [s.isspace(), k[0] == "C", k == "Mn", k[0] == "P", BasicTokenizer._is_chinese_char(None, c), ignorable, cased]
    return sum(f << i for i, f in enumerate(flags))


def write_unicode(path):
    with open(path, "w", newline="\n") as f:
        f.write(f"# Unicode {U.unidata_version}, Python {sys.version.split()[0]}\n")
        last = None
        for c in range(0x110001):  # flags: space 1, other 2, Mn 4, punctuation 8, cjk 16, case-ignorable 32, cased 64; -1: not compared
            p = properties(c) if c < 0x110000 and settled(c) else -1
            if p != last:
                f.write(f"run {c:X} {p}\n")
                last = p
        for first in range(0, 0x110000, 0x1000):
            low = d = n = 0xCBF29CE484222325
            for c in range(first, first + 0x1000):
                if settled(c):
                    s = chr(c)
                    low = fnv(low, map(ord, s.lower()))
                    d = fnv(d, map(ord, U.normalize("NFD", s)))
                    n = fnv(n, map(ord, U.normalize("NFC", s)))
            if any(settled(c) for c in range(first, first + 0x1000)):
                f.write(f"sums {first:X} {low:016X} {d:016X} {n:016X}\n")


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    a.add_argument("--count", type=int, default=5400)
    a.add_argument("--seed", type=int, default=1)
    a = a.parse_args()
    maker = Maker(a.seed)
    texts = [maker.string(i) for i in range(a.count)] + [b"", b" ", b"\x00", b"\xff", "\u0301".encode()]
    vocab = made_vocabulary(maker, texts[:3000])
    path = os.path.join(a.out, "vocab.txt")
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        f.write("".join(t + "\n" for t in vocab))

    slow = {low: BertTokenizer(path, do_lower_case=low) for low in (True, False)}
    with open(os.path.join(a.out, "tokenizer.bin"), "wb") as f:
        for b in texts:
            text, limit = b.decode("utf-8", errors="replace"), maker.r.choice([3, 5, 12, 30, 30, 64, 128])  # 2 makes BertTokenizer give up truncating
            f.write(string(b) + number(limit))
            for low in (True, False):
                t = slow[low]
                if any(s in text for s in SPECIAL):  # ordinary text for us, so without BertTokenizer's never_split
                    pieces = [p for w in BasicTokenizer(do_lower_case=low).tokenize(text)
                              for p in WordpieceTokenizer(t.vocab, "[UNK]").tokenize(w)]
                    ids = t.convert_tokens_to_ids(["[CLS]"] + pieces[:limit - 2] + ["[SEP]"])
                else:
                    ids = t.encode(text, truncation=True, max_length=limit)
                f.write(number(len(ids)) + b"".join(map(number, ids)))

    with open(os.path.join(a.out, "caption.bin"), "wb") as f:
        for i in range(1600):
            b = maker.string(i)
            if i % 3 == 0:
                b = b" ".join([b, maker.spaces().encode(), maker.punctuation().encode(), b"\n" * (i % 2)])
            limit = maker.r.choice([1, 2, 3, 5, 30])
            f.write(string(b) + number(limit) + string(pre_caption(b.decode("utf-8", errors="replace"), limit)))

    with open(os.path.join(a.out, "utf8.bin"), "wb") as f:
        hard = [0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF]
        for _ in range(2000):
            b = bytes(maker.r.choice(hard) for _ in range(maker.r.randint(1, 12)))
            f.write(string(b) + string(b.decode("utf-8", errors="replace")))

    with open(os.path.join(a.out, "build.bin"), "wb") as f:
        titles = [pre_caption(maker.string(i).decode("utf-8", errors="replace"), 30) for i in range(700) if i % 40]
        built = built_vocabulary(titles)
        f.write(number(len(titles)) + b"".join(map(string, titles)) + number(len(built)) + b"".join(map(string, built)))
    write_unicode(os.path.join(a.out, "unicode.txt"))
    print({n: os.path.getsize(os.path.join(a.out, n)) for n in sorted(os.listdir(a.out))})


if __name__ == "__main__":
    main()
