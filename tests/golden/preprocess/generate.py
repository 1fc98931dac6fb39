"""Writes modes/, modes.json and resample.json: small pictures of every kind and what Pillow makes of them.

Pillow 9.3.0, torchvision 0.29.2, numpy 2.4.6: python generate.py
(pictures/ and pictures.json hold larger pictures and the sha256 of torchvision's crops and tensors.)
"""
import hashlib, json, os, struct, zlib
import numpy as np
import torchvision.transforms.functional as F
from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
MODES = os.path.join(HERE, "modes")
os.makedirs(MODES, exist_ok=True)
rng = np.random.default_rng(0)
W, H = 37, 29
y, x = np.mgrid[0:H, 0:W]
smooth = np.stack([x * 255 / W, y * 255 / H, (x + y) * 255 / (W + H)], -1)
rgb = np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)
alpha = np.clip(x * 300 / W - 20, 0, 255).astype(np.uint8)
gray = rgb[..., 0]


def path(name):
    return os.path.join(MODES, name)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bits(row, depth):
    text = "".join(format(int(v), f"0{depth}b") for v in row)
    text += "0" * (-len(text) % 8)
    return bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8))


def png(name, depth, color, rows, before=b"", after=b""):
    """A PNG of a kind that Pillow reads but does not write."""
    head = struct.pack(">IIBBBBB", W, H, depth, color, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    with open(path(name), "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + chunk(b"IDAT", data) + after + chunk(b"IEND", b""))


def low(a):
    """16 bits a sample, with noise in the low byte."""
    return (a.astype(np.uint16) << 8) | rng.integers(0, 256, a.shape).astype(np.uint16)


def wide(a):
    return [row.astype(">u2").tobytes() for row in a]


for depth in (1, 2, 4):
    png(f"gray{depth}.png", depth, 0, [bits(row >> (8 - depth), depth) for row in gray])
for depth in (1, 2, 4, 8):
    palette = chunk(b"PLTE", rng.integers(0, 256, 3 << depth).astype(np.uint8).tobytes())
    rows = [bits(row >> (8 - depth), depth) for row in gray]
    png(f"palette{depth}.png", depth, 3, rows, palette)
    png(f"palette{depth}_trns.png", depth, 3, rows, palette + chunk(b"tRNS", bytes([0, 128])))
png("gray8_trns.png", 8, 0, [row.tobytes() for row in gray], chunk(b"tRNS", struct.pack(">H", int(gray[3, 3]))))
png("rgb8_trns.png", 8, 2, [row.tobytes() for row in rgb], chunk(b"tRNS", struct.pack(">HHH", *map(int, rgb[3, 3]))))
gray16, rgb16, alpha16 = low(gray), low(rgb), low(alpha)
png("gray16.png", 16, 0, wide(gray16))
png("rgb16.png", 16, 2, wide(rgb16))
png("gray_alpha16.png", 16, 4, wide(np.stack([gray16, alpha16], -1)))
png("rgb_alpha16.png", 16, 6, wide(np.dstack([rgb16, alpha16])))
exif = Image.Exif()
exif[0x112] = 6
png("exif_after_pixels.png", 8, 2, [row.tobytes() for row in rgb], after=chunk(b"eXIf", exif.tobytes()[6:]))

im, im_alpha = Image.fromarray(rgb), Image.fromarray(np.dstack([rgb, alpha]))
im_alpha.save(path("rgb_alpha.png"))
im_alpha.convert("LA").save(path("gray_alpha.png"))
im.convert("L").save(path("gray.bmp"))
im.convert("1").save(path("black_white.bmp"))
im.quantize(200).save(path("palette.bmp"))
im_alpha.save(path("rgb_alpha.bmp"))
im.quantize(16).save(path("plain.gif"))
im.quantize(16).save(path("transparent.gif"), transparency=3)
im.quantize(16).save(path("interlaced.gif"), interlace=1)
im.quantize(32).save(path("animated.gif"), save_all=True, append_images=[im.rotate(180).quantize(32)])
im.save(path("lossy.webp"), quality=80)
im_alpha.save(path("lossy_alpha.webp"), quality=80)
im_alpha.save(path("lossless_alpha.webp"), lossless=True, exact=True)
im.save(path("animated.webp"), save_all=True, append_images=[im.rotate(180)], lossless=True)
for turn in range(1, 9):
    exif[0x112] = turn
    im.save(path(f"exif{turn}.png"), exif=exif)
exif[0x112] = 7
im.save(path("exif7.webp"), exif=exif.tobytes(), lossless=True)

im.save(path("baseline_444.jpg"), quality=85, subsampling=0)
im.save(path("baseline_422.jpg"), quality=85, subsampling=1)
im.save(path("progressive_420.jpg"), quality=85, subsampling=2, progressive=True)
im.convert("L").save(path("gray.jpg"))
inks = np.array(im.convert("CMYK"))
inks[..., 3] = np.clip(x * 4, 0, 255)
Image.fromarray(inks, "CMYK").save(path("cmyk.jpg"), quality=90)
data = open(path("cmyk.jpg"), "rb").read()
adobe = data.index(b"Adobe")
with open(path("ycck.jpg"), "wb") as f:
    f.write(data[:adobe + 11] + b"\x02" + data[adobe + 12:])
exif[0x112] = 5
im.save(path("exif5.jpg"), quality=90, exif=exif.tobytes())


def sha(a):
    return hashlib.sha256(np.ascontiguousarray(a).tobytes()).hexdigest()


def decoded(name):
    stored = Image.open(path(name))
    im = ImageOps.exif_transpose(stored)
    if im.mode == "I":  # 16-bit gray, which convert("RGB") would clip
        rgb = white = np.repeat((np.array(im) >> 8).astype(np.uint8)[..., None], 3, -1)
    else:
        rgb, rgba = np.array(im.convert("RGB")), im.convert("RGBA")
        paper = Image.new("RGB", rgba.size, (255, 255, 255))
        paper.paste(rgba, mask=rgba.split()[3])
        white = np.array(paper)
    return stored, rgb, white


modes = {}
for name in sorted(os.listdir(MODES)):
    if name.endswith(".decoded.png"):
        continue
    stored, upright, white = decoded(name)
    modes[name] = {"size": [upright.shape[1], upright.shape[0]]}
    if name.endswith(".jpg"):
        Image.fromarray(upright).save(path(name + ".decoded.png"))
        continue
    raw = stored.convert("RGB") if stored.mode != "I" else Image.fromarray(upright)
    modes[name] |= {"rgb": sha(upright), "stored": sha(np.array(raw)), "on_white": sha(white)}
json.dump(modes, open(os.path.join(HERE, "modes.json"), "w"), indent=1)

resized = []
for (w, h), (to_w, to_h) in [((7, 5), (3, 2)), ((5, 7), (11, 13)), ((9, 4), (9, 7)), ((4, 9), (6, 9)), ((1, 1), (3, 2)),
                             ((40, 3), (6, 1)), ((3, 31), (2, 5)), ((13, 11), (12, 10)), ((2, 2), (9, 5))]:
    for name in ("bilinear", "bicubic"):
        source = rng.integers(0, 256, (h, w, 3)).astype(np.uint8)
        if (w + h) % 2:
            source = np.where(source > 127, 255, 0).astype(np.uint8)  # overshoots with bicubic
        target = Image.fromarray(source).resize((to_w, to_h), Image.Resampling[name.upper()])
        resized.append({"filter": name, "from": [w, h], "to": [to_w, to_h], "source": source.ravel().tolist(),
                        "target": np.array(target).ravel().tolist()})
cropped = []
for w, h, crop in [(5, 9, 8), (9, 5, 8), (3, 4, 7), (10, 11, 7), (12, 9, 6), (8, 8, 8), (13, 6, 7)]:
    source = rng.integers(0, 256, (h, w, 3)).astype(np.uint8)
    target = F.center_crop(Image.fromarray(source), [crop, crop])
    cropped.append({"from": [w, h], "crop": crop, "source": source.ravel().tolist(), "target": np.array(target).ravel().tolist()})
json.dump({"resized": resized, "cropped": cropped}, open(os.path.join(HERE, "resample.json"), "w"))
