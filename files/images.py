"""Image files of any origin: of usual formats alone, and none too large."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from PIL import Image, ImageOps
from PIL.TiffImagePlugin import BITSPERSAMPLE, PHOTOMETRIC_INTERPRETATION, TiffImageFile

from files.reading import StoredFileError, check_regular, shown

# Pillow knows many more, some of which start other programs
USUAL = "AVIF BMP GIF HEIF JPEG JPEG2000 MPO PNG PPM TIFF WEBP".split()
MOST = 100_000_000

Image.init()
FORMATS = tuple(name for name in USUAL if name in Image.OPEN)
SUFFIXES = frozenset(end for end, name in Image.registered_extensions().items() if name in FORMATS)


LOCK = Lock()


@contextmanager
def opened_image(file: Path | BinaryIO, max_pixels: int = MOST) -> Iterator[Image.Image]:
    """Open an image file; what fails until the block ends, as decoding may, is one error.

    Raises: StoredFileError: the file is no image of a usual format, is damaged or too large.
    """
    try:
        with _opened(file) as content, _header(content) as image:
            if image.width * image.height > max_pixels:
                raise StoredFileError(
                    f"it has {image.width} x {image.height} pixels, and at most {max_pixels} are "
                    "read (`max_pixels`)"
                )
            yield image
    except StoredFileError:
        raise
    # decoders raise whatever they like
    except Exception as error:
        raise StoredFileError(f"{type(error).__name__}: {shown(str(error), 200)}") from error


def in_8_bits(image: Image.Image) -> Image.Image:
    """Return an image whose grey has 8 bits, as Pillow clips or cuts that of more.

    Raises: StoredFileError: pixels of 32 bits, whose range no file says.
    """
    # Pillow spreads the values of a PGM, whose header says the largest, over 16 bits
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        tags = image.tag_v2 if isinstance(image, TiffImageFile) else {}
        # microscopes have 12
        (bits,) = tags.get(BITSPERSAMPLE, (16,))
        scale = 255 / (2**bits - 1)
        grey = image.convert("I").point(lambda value: value * scale + 0.5).convert("L")
        # Pillow heeds white as 0 in images of 8 bits alone
        return ImageOps.invert(grey) if tags.get(PHOTOMETRIC_INTERPRETATION) == 0 else grey
    if image.mode in ("I", "F"):
        raise StoredFileError(
            f"its pixels are {'integers' if image.mode == 'I' else 'floats'} of 32 bits (mode "
            f"{image.mode}), expected 8 or 16 bits, whose range is known"
        )
    return image


def _opened(file: Path | BinaryIO) -> AbstractContextManager[BinaryIO]:
    """Return a file that Pillow does not map to memory, as it does by name, and with faults."""
    if not isinstance(file, Path):
        return nullcontext(file)
    check_regular(file)
    return file.open("rb")


def _header(file: BinaryIO) -> Image.Image:
    """Return an image that is not decoded yet, without Pillow's own limit of pixels."""
    with LOCK:
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(file, formats=FORMATS)
        finally:
            Image.MAX_IMAGE_PIXELS = before
