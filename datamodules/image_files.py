"""Image files of any mode, decoded when they are read."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from PIL import Image

from datamodules.pictures import Pictures


class ImageFolderError(ValueError):
    """Error of a folder in an unexpected layout or of an image that cannot be read."""


class Sample(NamedTuple):
    """Image file and the index of its class."""

    path: Path
    label: int


class ImageFiles(Pictures):
    """Image files, decoded when they are read."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples, self.labels = samples, [sample.label for sample in samples]

    def read(self, index: int) -> Image.Image:
        """Return one decoded image; raises ImageFolderError with its path if it is damaged."""
        path = self.samples[index].path
        return decode(path, path)

    def identity(self, index: int) -> str:
        """Return the file's class folder, name and size."""
        path = self.samples[index].path
        return f"{path.parent.name}/{path.name}:{path.stat().st_size}"


def decode(file: Path | BinaryIO, name: object) -> Image.Image:
    """Read an image as RGB, without its transparency.

    Raises: ImageFolderError: it is damaged, or its pixels have no known range, with its name.
    """
    try:
        with Image.open(file) as opened:
            image = _to_8_bits(opened)
            # via RGBA, because Pillow warns about transparent colours of a palette
            return (image.convert("RGBA") if "transparency" in image.info else image).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageFolderError(
            f"cannot read the image {name}: {error}; repair it or save it with 8 bits in grey or "
            "RGB, remove it or, with ImageFolder, set on_corrupt: skip"
        ) from error


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit greyscale to 8 bits, because Pillow clips values above 255.

    Raises: ValueError: pixels of 32 bits, whose range no file says.
    """
    if image.mode in ("I", "F"):
        raise ValueError(
            f"its pixels are {'integers' if image.mode == 'I' else 'floats'} of 32 bits (mode "
            f"{image.mode}), expected 8 or 16 bits, whose range is known; save it with 8 or 16 bits"
        )
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value / 257).convert("L")
    return image


def is_readable(sample: Sample) -> bool:
    """Return True if the file can be decoded."""
    try:
        decode(sample.path, sample.path)
    except ImageFolderError:
        return False
    return True
