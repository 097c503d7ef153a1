"""Image files of any origin: of usual formats alone, and none too large."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from PIL import Image

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
    if isinstance(file, Path):
        check_regular(file)
    try:
        with _header(file) as image:
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


def _header(file: Path | BinaryIO) -> Image.Image:
    """Return an image that is not decoded yet, without Pillow's own limit of pixels."""
    with LOCK:
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(file, formats=FORMATS)
        finally:
            Image.MAX_IMAGE_PIXELS = before
