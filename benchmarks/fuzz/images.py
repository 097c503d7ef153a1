"""Images of all modes and formats, whole and broken, given to the data modules' decoder."""

import io
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from benchmarks.fuzz.judging import Case
from benchmarks.fuzz.mutations import MUTATIONS, OTHERS, truncated
from benchmarks.fuzz.odd_images import ODD
from benchmarks.fuzz.plain_images import plain
from datamodules.image_files import decode

Array = NDArray[Any]
WHITE_IS_ZERO = {TiffImagePlugin.PHOTOMETRIC_INTERPRETATION: 0}
TIFF = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")
# modes of each format that Pillow writes
MODES: dict[str, tuple[str, ...]] = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"),
    "PPM": ("1", "L", "RGB", "I;16", "F"),
    "WEBP": ("L", "RGB", "RGBA"),
    "GIF": ("1", "L", "P", "RGB", "RGBA"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "JPEG2000": ("L", "LA", "RGB", "RGBA", "I;16"),
    "AVIF": ("RGB", "RGBA"),
}


def case_of(random: Random, folder: Path) -> Case:
    """Return an image file, broken in most cases, and what it must be read as."""
    what, whole = made(random)
    content, change = whole, None
    chance = random.random()
    if chance < 0.05:
        kind = random.choice([*OTHERS])
        what, content = kind, OTHERS[kind]
    elif chance < 0.85:
        change = random.choice(MUTATIONS)
        what, content = f"{what} {change.__name__}", change(whole, random)
    path = folder / random.choice(("image.jpg", "image.png", "image.tif"))
    path.write_bytes(content)
    upright = random.random() < 0.3
    expected = plain(content, upright)
    # a number in a text may lose its last digit, which nothing shows
    if change is truncated and expected is not None and not whole.startswith(b"P2"):
        # an image may be whole without the file's last bytes
        before = plain(whole, upright)
        expected = expected if before is None else before

    def difference(found: Image.Image) -> str:
        pixels = np.asarray(found, np.float64) / 255
        if expected is None:
            return "accepted"
        if pixels.shape != expected.shape:
            return f"{pixels.shape} pixels for {expected.shape}"
        off = np.abs(pixels - expected).max()
        return f"off by {255 * off:.1f} / 255" if off > 1.01 / 255 else ""

    sound = expected is not None and change is not truncated
    what = f"{what}, upright" if upright else what

    def load() -> Image.Image:
        return decode(path, path, exif_orientation=upright)

    return Case(what, load, difference, (path.name,), sound)


def made(random: Random) -> tuple[str, bytes]:
    """Return an image file, and what it is."""
    if random.random() < 0.1:
        odd = random.choice(ODD)
        return odd.__name__, odd(random)
    form = random.choice([*MODES])
    mode = random.choice(MODES[form])
    return f"{form} {mode}", written(form, mode, random)


def written(form: str, mode: str, random: Random) -> bytes:
    """Return an image of a mode in a format, with any of the options that people use."""
    image, file = drawn(mode, random), io.BytesIO()
    options: dict[str, Any] = {}
    if form in ("PNG", "JPEG", "WEBP", "TIFF") and random.random() < 0.3:
        options["exif"] = exif(random)
    if form == "JPEG":
        options |= {"quality": random.randint(1, 100), "progressive": random.random() < 0.5}
    if form == "TIFF" and mode != "F":
        options["compression"] = random.choice(TIFF)
    if form == "TIFF" and mode in ("1", "L", "I;16") and random.random() < 0.3:
        options["tiffinfo"] = WHITE_IS_ZERO
    if form == "WEBP":
        options["lossless"] = random.random() < 0.5
    if form in ("PNG", "GIF") and mode in ("1", "L", "P", "I;16") and random.random() < 0.3:
        options["transparency"] = random.randrange(2 if mode == "1" else 256)
    if form in ("GIF", "PNG", "WEBP", "TIFF") and random.random() < 0.1:
        options |= {
            "save_all": True,
            "append_images": [image.transpose(Image.Transpose.ROTATE_180)],
        }
    image.save(file, form, **options)
    return file.getvalue()


def drawn(mode: str, random: Random) -> Image.Image:
    """Return an image of noise or of a smooth ramp."""
    width, height = random.randint(1, 40), random.randint(1, 40)
    if random.random() < 0.5:
        bytes_ = np.frombuffer(random.randbytes(3 * width * height), np.uint8)
        values = bytes_.reshape(height, width, 3)
    else:
        ramp = np.linspace(0, 255, width * height).reshape(height, width)
        values = np.stack([ramp, ramp[::-1], 255 - ramp], -1).astype(np.uint8)
    if mode == "I;16":
        return Image.fromarray(values[..., 0].astype(np.uint16) * 256 + values[..., 1])
    if mode in ("I", "F"):
        wide = values[..., 0].astype(np.float64) * random.choice((1 / 255, 1, 300))
        return Image.fromarray(wide.astype(np.int32 if mode == "I" else np.float32))
    image = Image.fromarray(values)
    if mode == "LAB":
        return Image.merge("LAB", image.split())
    return image.convert("L").convert(mode) if mode in ("LA", "1") else image.convert(mode)


def exif(random: Random) -> Image.Exif:
    """Return what a camera writes, with its orientation."""
    found = Image.Exif()
    found[0x0112] = random.randint(1, 8)
    found[0x010F] = random.choice(("Camera", "\0\xff" * 20, ""))
    return found
