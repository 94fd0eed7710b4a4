"""Makes the picture files of this folder, index.txt and expected.bin.

Run from this folder:
    pip install opencv-python-headless==4.8.1.78
    python3 make_images.py

Made with Pillow 9.4.0 on libjpeg-turbo 2.1.5, numpy 1.24.2, OpenCV 4.8.1, torch 1.13.0 and torchvision 0.14.1. OpenCV
also writes the files that Pillow cannot write (restart markers, unusual chroma sampling).

index.txt has one line for each expectation, fields separated by blanks; `at` is a byte offset into expected.bin:
    decode FILE at width height                     Image.open(FILE).convert("RGB")
    resize FILE x0 y0 x1 y1 width height at         .crop(box).resize(size, BICUBIC)
    op NAME FILE value at                           one augmentation, same size as the picture
    normalize FILE at                               ToTensor and Normalize, float32, [3, height, width]
    crop width height w h x y area                  means over RandomResizedCrop.get_params, scale 0.2 to 1
"""
import io
import struct
import zlib

import cv2
import numpy as np
import torch
import torchvision
from PIL import Image, ImageDraw, ImageOps

index, blob = [], bytearray()


def put(array):
    at = len(blob)
    blob.extend(np.ascontiguousarray(array).tobytes())
    return at


def photo(w, h, seed, noise=12):
    """Smooth colours, hard edges, and some noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    planes = [127 + 90 * np.sin(x / (5 + c) + seed) * np.cos(y / (7 - c) + c) + 30 * (x / w - y / h) for c in range(3)]
    picture = Image.fromarray(np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    if w > 8 and h > 8:
        draw.ellipse([w * 0.2, h * 0.2, w * 0.6, h * 0.7], fill=(220, 20, 40))
        draw.rectangle([w * 0.5, h * 0.5, w * 0.9, h * 0.8], fill=(10, 60, 250))
    a = np.asarray(picture).astype(np.int64) + rng.integers(-noise, noise + 1, (h, w, 3))
    return Image.fromarray(np.clip(a, 0, 255).astype(np.uint8))


def known(name, data):
    with open(name, "wb") as f:
        f.write(data)
    image = Image.open(name).convert("RGB")
    index.append(f"decode {name} {put(np.asarray(image))} {image.width} {image.height}")


def pillow(name, image, **options):
    out = io.BytesIO()
    image.save(out, "PNG" if name.endswith("png") else "JPEG", **options)
    known(name, out.getvalue())


def opencv(name, image, *options):
    known(name, cv2.imencode(".jpg", np.asarray(image)[:, :, ::-1], list(options))[1].tobytes())


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(name, w, h, depth, colour, rows, extra=b"", interlace=0):
    body = b"".join(b"\0" + bytes(r) for r in rows)
    known(name, b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, interlace)) + extra
          + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b""))


def adobe(data, transform):
    """The same file with an Adobe marker of that transform and no JFIF marker."""
    data = bytes(data)
    if data[2:4] == b"\xff\xe0":
        data = data[:2] + data[4 + struct.unpack(">H", data[4:6])[0]:]
    at = data.find(b"\xff\xee\0\x0eAdobe")
    if at >= 0:
        return data[:at + 15] + bytes([transform]) + data[at + 16:]
    return data[:2] + b"\xff\xee\0\x0eAdobe" + bytes([0, 100, 0, 0, 0, 0, transform]) + data[2:]


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


# JPEG
p = photo(37, 29, 1)
for name, sampling in (("444", 0), ("422", 1), ("420", 2)):
    pillow(f"baseline_{name}.jpg", p, quality=85, subsampling=sampling)
    pillow(f"progressive_{name}.jpg", p, quality=85, subsampling=sampling, progressive=True)
opencv("baseline_440.jpg", p, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440)
opencv("baseline_411.jpg", p, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411)
opencv("restart_420.jpg", photo(64, 48, 2), cv2.IMWRITE_JPEG_RST_INTERVAL, 3, cv2.IMWRITE_JPEG_QUALITY, 80)
opencv("restart_progressive.jpg", photo(49, 50, 3), cv2.IMWRITE_JPEG_RST_INTERVAL, 2, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
pillow("grey.jpg", photo(41, 23, 4).convert("L"), quality=90)
pillow("grey_progressive.jpg", photo(23, 41, 5).convert("L"), quality=60, progressive=True)
pillow("cmyk.jpg", photo(33, 27, 6).convert("CMYK"), quality=90)
ink = Image.merge("CMYK", photo(35, 26, 7).split() + (photo(35, 26, 8).convert("L"),))
pillow("cmyk_black.jpg", ink, quality=85)
pillow("cmyk_progressive.jpg", ink, quality=85, progressive=True)
known("ycck.jpg", adobe(jpeg(ink, quality=85), 2))
plain = jpeg(ink, quality=85)
cut = plain.find(b"\xff\xee")
known("cmyk_no_adobe.jpg", plain[:cut] + plain[cut + 16:])
known("rgb_adobe.jpg", adobe(jpeg(p, quality=85, subsampling=0), 0))
exif = Image.Exif()
exif[274] = 6  # orientation: to be turned by 90 degrees
pillow("exif_turned.jpg", photo(40, 20, 9), quality=85, exif=exif)
pillow("icc_junk.jpg", photo(24, 24, 10), quality=85, icc_profile=b"\xff\xc4 not a profile \xff\xd9" * 20)
pillow("quality_1.jpg", photo(45, 31, 11), quality=1)
pillow("quality_100.jpg", photo(45, 31, 12), quality=100, subsampling=0)
pillow("optimised.jpg", photo(31, 45, 13), quality=75, optimize=True)
for w, h in ((1, 1), (2, 3), (17, 1), (1, 23), (8, 8), (16, 16), (15, 17)):
    pillow(f"tiny_{w}x{h}.jpg", photo(w, h, 14 + w), quality=85)
pillow("tiny_progressive_3x5.jpg", photo(3, 5, 40), quality=85, progressive=True)

# PNG
q = photo(33, 21, 20)
pillow("rgb.png", q)
pillow("rgba.png", Image.merge("RGBA", q.split() + (photo(33, 21, 21).convert("L"),)))
pillow("grey.png", q.convert("L"))
pillow("grey_alpha.png", Image.merge("LA", (q.convert("L"), photo(33, 21, 22).convert("L"))))
pillow("one_bit.png", q.convert("1"))
pillow("palette_8.png", q.quantize(200))
pillow("palette_4.png", q.quantize(13), bits=4)
pillow("palette_2.png", q.quantize(4), bits=2)
pillow("palette_1.png", q.quantize(2), bits=1)
pillow("palette_transparent.png", q.quantize(20), transparency=bytes([0, 128, 255]))
pillow("rgb_transparent.png", q, transparency=(220, 20, 40))
rng = np.random.default_rng(5)
raw_png("grey_2.png", 13, 5, 2, 0, rng.integers(0, 256, (5, 4), dtype=np.uint8) & np.array([255, 255, 255, 192], np.uint8))
raw_png("grey_4.png", 13, 5, 4, 0, rng.integers(0, 256, (5, 7), dtype=np.uint8))
deep = rng.integers(0, 65536, (9, 14, 4)).astype(">u2")
deep[:4, :, :] %= 300
for name, colour, channels in (("grey_16", 0, 1), ("rgb_16", 2, 3), ("grey_alpha_16", 4, 2), ("rgba_16", 6, 4)):
    raw_png(f"{name}.png", 14, 9, 16, colour, [row[:, :channels].tobytes() for row in deep])
raw_png("palette_short.png", 16, 16, 8, 3, np.arange(256, dtype=np.uint8).reshape(16, 16), chunk(b"PLTE", bytes(range(30))))


def interlaced(name, a, colour):
    """Adam7, written pass by pass."""
    h, w = a.shape[:2]
    rows = []
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        part = a[y0::dy, x0::dx]
        if part.size:
            rows += [r.tobytes() for r in part]
    raw_png(name, w, h, 8, colour, rows, interlace=1)


interlaced("interlaced_rgb.png", np.asarray(q), 2)
interlaced("interlaced_grey.png", np.asarray(q.convert("L")), 0)
for w, h in ((1, 1), (1, 9), (9, 1)):
    pillow(f"tiny_{w}x{h}.png", photo(w, h, 30 + w))

# Twenty megabytes of zeros behind a header of 16 x 16 pixels.
with open("inflates.png", "wb") as f:
    f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(bytes(20_000_000), 9)) + chunk(b"IEND", b""))

# Sources for the rest; they are decode cases too.
pillow("source.png", photo(48, 40, 50, noise=6))
pillow("wide.jpg", photo(150, 9, 51), quality=80)
with open("large.jpg", "wb") as f:  # too large to keep its pixels; it is compared after resizing
    f.write(jpeg(photo(320, 240, 52, noise=0), quality=60))

# Resizing
def resized(name, box, size):
    image = Image.open(name).convert("RGB")
    box = box or (0, 0) + image.size
    out = image.crop(box).resize(size, Image.BICUBIC)
    if box == (0, 0) + image.size:
        assert np.array_equal(np.asarray(out), np.asarray(image.resize(size, Image.BICUBIC)))
    index.append(f"resize {name} {' '.join(map(str, box))} {size[0]} {size[1]} {put(np.asarray(out))}")


for size in ((64, 64), (32, 32), (48, 17), (23, 40), (1, 1), (7, 61), (48, 40), (47, 39), (49, 41)):
    resized("source.png", None, size)
for box, size in (((5, 3, 41, 36), (32, 32)), ((0, 0, 1, 1), (3, 2)), ((10, 10, 20, 30), (64, 20)), ((40, 1, 48, 40), (8, 64))):
    resized("source.png", box, size)
resized("wide.jpg", None, (40, 40))
resized("large.jpg", None, (64, 64))
resized("large.jpg", (31, 17, 300, 233), (65, 33))
resized("large.jpg", (100, 50, 130, 75), (96, 96))
resized("tiny_1x1.png", None, (9, 5))
resized("tiny_1x9.png", None, (4, 3))


# Augmentation, in numpy and OpenCV: the results of the operations of the published training.
def op(name, file, value, function):
    out = function(np.asarray(Image.open(file).convert("RGB")))
    index.append(f"op {name} {file} {value} {put(out.astype(np.uint8))}")


def per_channel(function):
    return lambda a: np.stack([function(a[:, :, c]) for c in range(3)], -1)


def stretch_published(channel):
    low, high = channel.min(), channel.max()
    if high <= low:
        return channel
    scale = 255 / (high - low)
    with np.errstate(over="ignore"):
        shift = -low * scale  # an unsigned byte, so the sign wraps
    return np.clip(np.arange(256) * scale + shift, 0, 255).astype(np.uint8)[channel]


def equalise_published(channel):
    counts = np.bincount(channel.ravel(), minlength=256).astype(np.float32)
    step = counts[counts != 0][:-1].sum() // 255
    if step == 0:
        return channel
    before = np.concatenate([[step // 2], counts[:-1]])
    return np.clip(np.cumsum(before) // step, 0, 255).astype(np.uint8)[channel]


def warp(matrix):
    return lambda a: cv2.warpAffine(a, matrix(a) if callable(matrix) else matrix, (a.shape[1], a.shape[0]),
                                    flags=cv2.INTER_LINEAR, borderValue=(128, 128, 128))


def sharpen(factor):
    def run(a):
        kernel = np.ones((3, 3), np.float32)
        kernel[1, 1] = 5
        smooth = cv2.filter2D(a, -1, kernel / 13).astype(np.float32)
        out = a.astype(np.float32)
        out[1:-1, 1:-1] = smooth[1:-1, 1:-1] + factor * (out[1:-1, 1:-1] - smooth[1:-1, 1:-1])
        return out.clip(0, 255)
    return run


narrow = np.asarray(Image.open("source.png").convert("RGB")) // 3 + np.array([10, 60, 0], np.uint8)
narrow[0, 0, 2] = 0  # one channel whose darkest value is 0
pillow("narrow.png", Image.fromarray(narrow))
pillow("flat.png", Image.new("RGB", (20, 17), (255, 7, 0)))
for file in ("source.png", "narrow.png", "flat.png", "tiny_1x1.png", "large.jpg"):
    if file != "large.jpg":
        op("auto_contrast", file, 0, lambda a: np.asarray(ImageOps.autocontrast(Image.fromarray(a))))
        op("auto_contrast_published", file, 0, per_channel(stretch_published))
        op("equalize", file, 0, per_channel(equalise_published))
    pil = np.asarray(ImageOps.equalize(Image.open(file).convert("RGB")))
    assert np.array_equal(pil, per_channel(equalise_published)(np.asarray(Image.open(file).convert("RGB"))))
op("equalize", "restart_420.jpg", 0, per_channel(equalise_published))
for factor in (0.1, 0.64, 1.0, 1.9):
    op("brightness", "source.png", factor, lambda a: (np.arange(256, dtype=np.float32) * factor).clip(0, 255).astype(np.uint8)[a])
for factor in (0.1, 0.64, 1.0, 1.9):
    op("sharpness", "source.png", factor, sharpen(factor))
for file in ("source.png", "baseline_444.jpg"):
    for s in (1, -1):
        op("shear_x", file, 0.15 * s, warp(np.float32([[1, 0.15 * s, 0], [0, 1, 0]])))
        op("shear_y", file, 0.15 * s, warp(np.float32([[1, 0, 0], [0.15 * s, 1, 0]])))
        op("rotate", file, 15 * s, warp(lambda a: cv2.getRotationMatrix2D((a.shape[1] / 2, a.shape[0] / 2), 15 * s, 1)))
for s in (1, -1):
    op("translate_x", "source.png", 5 * s, warp(np.float32([[1, 0, -5 * s], [0, 1, 0]])))
    op("translate_y", "source.png", 5 * s, warp(np.float32([[1, 0, 0], [0, 1, -5 * s]])))
op("translate_x", "source.png", 3.3, warp(np.float32([[1, 0, -3.3], [0, 1, 0]])))
op("rotate", "wide.jpg", 21, warp(lambda a: cv2.getRotationMatrix2D((a.shape[1] / 2, a.shape[0] / 2), 21, 1)))

# Normalisation
tensor = torchvision.transforms.functional.to_tensor(Image.open("palette_short.png").convert("RGB"))
tensor = torchvision.transforms.functional.normalize(
    tensor, (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
index.append(f"normalize palette_short.png {put(tensor.numpy())}")

# Crops
torch.manual_seed(0)
for w, h in ((640, 480), (100, 300), (500, 100), (40, 40)):
    blank = Image.new("L", (w, h))
    draws = [torchvision.transforms.RandomResizedCrop.get_params(blank, (0.2, 1.0), (3 / 4, 4 / 3)) for _ in range(40000)]
    y, x, ch, cw = np.array(draws, dtype=np.float64).T
    index.append(f"crop {w} {h} {cw.mean():.4f} {ch.mean():.4f} {x.mean():.4f} {y.mean():.4f} {(cw * ch).mean() / (w * h):.5f}")

with open("expected.bin", "wb") as f:
    f.write(blob)
with open("index.txt", "w") as f:
    f.write("\n".join(index) + "\n")
