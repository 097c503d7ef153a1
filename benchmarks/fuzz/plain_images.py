"""A plain transcription of what an image file shows, the oracle of the decoder."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from files import MOST
from files.images import FORMATS

Array = NDArray[Any]
# tags of TIFF and EXIF
BITS, PHOTOMETRIC, ORIENTATION = 258, 262, 274
# what brings an image upright, by its orientation
TURNS: dict[int, Callable[[Array], Array]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}


def plain(content: bytes, upright: bool = False) -> Array | None:
    """Return the pixels (H, W, 3) in [0, 1] that a file shows, or None if it must be refused.

    Args:
        content: of the file.
        upright: as the orientation in its EXIF says.
    """
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MOST:
                return None
            image.load()
            pixels = shown(image)
            # Pillow brings a TIFF upright itself, and then knows of no orientation
            turn = TURNS.get(image.getexif().get(ORIENTATION, 1)) if upright else None
            return pixels if pixels is None or turn is None else turn(pixels)
    # decoders raise whatever they like
    except Exception:
        return None


def shown(image: Image.Image) -> Array | None:
    """Return the colours of a decoded image, or None if the range of its values is unknown."""
    tags = getattr(image, "tag_v2", {})
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        (bits,) = tags.get(BITS, (16,))
        values = np.array(image.convert("I"), np.float64) / (2**bits - 1)
        return grey(1 - values if tags.get(PHOTOMETRIC) == 0 else values)
    values = np.array(image, np.float64)
    if image.mode in ("L", "LA"):
        return grey((values if image.mode == "L" else values[..., 0]) / 255)
    if image.mode == "1":
        return grey(values)
    if image.mode in ("RGB", "RGBA", "RGBX"):
        return values[..., :3] / 255
    if image.mode in ("P", "PA"):
        colours = np.zeros((256, 3))
        palette = np.array(image.getpalette("RGB")).reshape(-1, 3)
        colours[: len(palette)] = palette
        return colours[np.array(image).reshape(*image.size[::-1], -1)[..., 0]] / 255
    if image.mode in ("CMYK", "YCbCr", "LAB"):
        return np.array(image.convert("RGB"), np.float64) / 255
    return None


def grey(values: Array) -> Array:
    """Return a grey as three equal colours."""
    return np.repeat(values[..., None], 3, 2)
