"""Makes the picture files of this folder, index.txt and expected.bin: pictures with transparency, and formats beside
JPEG and PNG. Run from this folder, with Pillow 9.4.0 on libwebp 1.2.4 and numpy:
    python3 make.py

index.txt has one line a file: FILE width height transparent at, where expected.bin has from `at` on, in this order:
    Image.open(FILE).convert("RGB"), and then for the grey levels 255, 0 and 77
    Image.alpha_composite(Image.new("RGBA", size, (g, g, g, 255)), Image.open(FILE).convert("RGBA")).convert("RGB")
transparent is 1 if any pixel of convert("RGBA") is not opaque.
"""
import io
import struct
import zlib

import numpy as np
from PIL import Image

index, blob = [], bytearray()
rng = np.random.default_rng(7)


def known(name, data):
    with open(name, "wb") as f:
        f.write(data)
    rgb = Image.open(name).convert("RGB")
    rgba = Image.open(name).convert("RGBA")
    at = len(blob)
    blob.extend(np.asarray(rgb).tobytes())
    for grey in (255, 0, 77):
        canvas = Image.new("RGBA", rgba.size, (grey, grey, grey, 255))
        blob.extend(np.asarray(Image.alpha_composite(canvas, rgba).convert("RGB")).tobytes())
    transparent = int((np.asarray(rgba)[:, :, 3] < 255).any())
    index.append(f"{name} {rgb.width} {rgb.height} {transparent} {at}")


def saved(name, image, **options):
    out = io.BytesIO()
    image.save(out, {"p": "PNG", "w": "WEBP", "g": "GIF", "b": "BMP"}[name.rsplit(".", 1)[1][0]], **options)
    known(name, out.getvalue())


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(name, w, h, depth, colour, rows, extra=b""):
    body = b"".join(b"\0" + bytes(r) for r in rows)
    known(name, b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, 0)) + extra
          + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b""))


def noise(*shape):
    return rng.integers(0, 256, shape, dtype=np.uint8)


def with_alpha(w, h):
    """Random colours under an opacity with many 0 and 255."""
    a = noise(h, w, 4)
    a[:, :, 3] = np.where(a[:, :, 0] < 90, 0, np.where(a[:, :, 0] > 190, 255, a[:, :, 3]))
    return a


# PNG
saved("rgba.png", Image.fromarray(with_alpha(17, 13)))
opaque = with_alpha(9, 7)
opaque[:, :, 3] = 255
saved("rgba_opaque.png", Image.fromarray(opaque))
gamma = chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"sRGB", b"\0")
a = with_alpha(11, 6)
png("rgba_gamma.png", 11, 6, 8, 6, [r.tobytes() for r in a], gamma)
png("rgba_linear.png", 11, 6, 8, 6, [r.tobytes() for r in a], chunk(b"gAMA", struct.pack(">I", 100000)))
deep = rng.integers(0, 65536, (7, 10, 4)).astype(">u2")
png("rgba_16.png", 10, 7, 16, 6, [r.tobytes() for r in deep])
png("grey_alpha_16.png", 10, 7, 16, 4, [r[:, :2].tobytes() for r in deep], gamma)
saved("grey_alpha.png", Image.fromarray(with_alpha(12, 9)[:, :, 2:4], "LA"))
png("palette.png", 16, 4, 8, 3, [bytes(range(16))] * 4, chunk(b"PLTE", noise(12 * 3).tobytes())
    + chunk(b"tRNS", bytes([0, 255, 128, 1, 254, 77])))
png("palette_2.png", 8, 2, 2, 3, [bytes([0x1B, 0xE4])] * 2, chunk(b"PLTE", noise(12).tobytes()) + chunk(b"tRNS", b"\0\x80"))
key = noise(5, 8, 3)
key[1, :4] = (250, 3, 9)
png("rgb_key.png", 8, 5, 8, 2, [r.tobytes() for r in key], chunk(b"tRNS", struct.pack(">HHH", 250, 3, 9)))
png("grey_key.png", 8, 5, 8, 0, [r[:, 0].tobytes() for r in key], chunk(b"tRNS", struct.pack(">H", int(key[2, 2, 0]))))
png("rgb_key_unused.png", 8, 5, 8, 2, [r.tobytes() for r in key % 200], chunk(b"tRNS", struct.pack(">HHH", 255, 255, 255)))
wide_key = np.full((3, 4, 3), 65535).astype(">u2")
wide_key[1] = 4000
png("rgb_key_16.png", 4, 3, 16, 2, [r.tobytes() for r in wide_key], chunk(b"tRNS", b"\xff" * 6))

# WebP
y, x = np.mgrid[0:21, 0:30]
smooth = np.stack([x * 8, y * 12, 255 - x * 8, np.clip(x * 20 - 100, 0, 255)], -1).astype(np.uint8)
saved("lossy.webp", Image.fromarray(smooth[:, :, :3]), quality=80)
saved("lossless.webp", Image.fromarray(with_alpha(13, 8)[:, :, :3]), lossless=True)
saved("lossless_alpha.webp", Image.fromarray(with_alpha(13, 8)), lossless=True, exact=True)
saved("lossy_alpha.webp", Image.fromarray(smooth), quality=75)
frames = [Image.fromarray(with_alpha(14, 10)) for _ in range(3)]
saved("animated.webp", frames[0], save_all=True, append_images=frames[1:], duration=50, lossless=True)
tiny = np.zeros((12, 16, 4), np.uint8)
tiny[4:9, 6:13] = with_alpha(7, 5)
still = [Image.fromarray(tiny), Image.fromarray(with_alpha(16, 12))]
saved("animated_part.webp", still[0], save_all=True, append_images=still[1:], duration=50, lossless=True)
saved("tiny_1x1.webp", Image.new("RGB", (1, 1), (9, 200, 30)))

# GIF
def gif(name, w, h, frames, palette=None, background=0, extra=b"", version=b"89a"):
    """frames: (x, y, w, h, indices, palette or None, transparent or None, interlaced), coded as GIF with clear codes."""
    bits = lambda p: max(1, (len(p) // 3 - 1).bit_length())
    out = b"GIF" + version + struct.pack("<HHBBB", w, h, (0x80 | bits(palette) - 1) if palette else 0, background, 0) + (palette or b"") + extra
    for fx, fy, fw, fh, pixels, local, transparent, interlaced in frames:
        if transparent is not None:
            out += b"!\xf9\x04" + struct.pack("<BHBB", 1, 5, transparent, 0)
        out += b"," + struct.pack("<HHHHB", fx, fy, fw, fh, (0x80 | bits(local) - 1 if local else 0) | (0x40 if interlaced else 0)) + (local or b"")
        size, codes = 8, []
        for i, p in enumerate(np.asarray(pixels).ravel()):
            if i % 200 == 0:
                codes.append(256)
            codes.append(int(p))
        codes.append(257)
        number = sum(c << (9 * i) for i, c in enumerate(codes))
        data = number.to_bytes((9 * len(codes) + 7) // 8, "little")
        out += bytes([size]) + b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255)) + b"\0"
    known(name, out + b";")


colours = noise(16 * 3).tobytes()
saved("quantised.gif", Image.fromarray(smooth[:, :, :3]).quantize(60))
saved("noise.gif", Image.fromarray(noise(40, 70), "L"))
saved("two_colours.gif", Image.fromarray(noise(9, 20) > 120))
saved("interlaced.gif", Image.fromarray(smooth[:, :, :3]).quantize(30), interlace=1)
saved("animated.gif", Image.fromarray(smooth[:, :, :3]).quantize(9), save_all=True,
      append_images=[Image.fromarray(255 - smooth[:, :, :3]).quantize(9)], duration=40)
index16 = noise(6, 9) % 16
gif("transparent.gif", 9, 6, [(0, 0, 9, 6, index16, None, int(index16[2, 2]), False)], colours)
gif("part.gif", 12, 10, [(2, 3, 9, 6, index16, None, None, False)], colours, background=5)
gif("part_transparent.gif", 12, 10, [(2, 3, 9, 6, index16, None, 4, False)], colours, background=5)
gif("local.gif", 9, 6, [(0, 0, 9, 6, index16, noise(16 * 3).tobytes(), None, True)], colours, version=b"87a")
gif("beyond.gif", 9, 6, [(4, 2, 9, 6, index16, None, None, False)], colours)
gif("no_palette.gif", 9, 6, [(0, 0, 9, 6, index16 * 15, None, None, False)])
gif("comment.gif", 9, 6, [(0, 0, 9, 6, index16, None, None, False)] * 2, colours, extra=b"!\xfe\x05hello\0!\xff\x0bNETSCAPE2.0\x03\1\0\0\0")

# BMP
rgb = Image.fromarray(smooth[:9, :7, :3])
saved("rgb.bmp", rgb)
saved("grey.bmp", rgb.convert("L"))
saved("one_bit.bmp", rgb.convert("1"))
saved("palette.bmp", rgb.quantize(17))
saved("rgba.bmp", Image.fromarray(with_alpha(7, 5)))


def bmp(name, w, h, bits, rows, compression=0, palette=b"", masks=b"", down=False, size=40, data=None):
    header = struct.pack("<IiiHHIIiiII", size, w, -h if down else h, 1, bits, compression, 0, 2835, 2835, len(palette) // 4, 0)
    if size == 12:
        header = struct.pack("<IHHHH", 12, w, h, 1, bits)
    header += masks + bytes(max(0, size - 40 - len(masks)))
    body = data if data is not None else b"".join(bytes(r) + bytes(-len(bytes(r)) % 4) for r in rows)
    at = 14 + len(header) + len(palette)
    known(name, b"BM" + struct.pack("<IHHI", at + len(body), 0, 0, at) + header + palette + body)


bmp("down.bmp", 5, 4, 24, noise(4, 15), down=True)
bmp("four_bits.bmp", 7, 3, 4, noise(3, 4), palette=noise(64).tobytes())
bmp("rgb_555.bmp", 5, 3, 16, noise(3, 10))
bmp("rgb_565.bmp", 5, 3, 16, noise(3, 10), compression=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
bmp("rgbx_32.bmp", 5, 3, 32, noise(3, 20))
bmp("bitfields_32.bmp", 5, 3, 32, noise(3, 20), compression=3, masks=struct.pack("<III", 0xFF0000, 0xFF00, 0xFF))
bmp("bitfields_alpha.bmp", 5, 3, 32, noise(3, 20), compression=3, size=108,
    masks=struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000))
bmp("old.bmp", 5, 3, 24, noise(3, 15), size=12)
rle = b"\x03\x05\x00\x04\x01\x02\x03\x04\x00\x00" b"\x07\x09\x00\x00" b"\x02\x01\x05\x07\x00\x01"
bmp("rle.bmp", 7, 3, 8, [], compression=1, palette=noise(64).tobytes(), data=rle)

with open("expected.bin", "wb") as f:
    f.write(blob)
with open("index.txt", "w") as f:
    f.write("\n".join(index) + "\n")
