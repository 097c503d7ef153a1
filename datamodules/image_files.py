"""Image files of any mode, decoded on request."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from PIL import Image

from datamodules.pictures import Pictures


class ImageFolderError(ValueError):
    """The folder is not in the layout that is expected, or an image in it cannot be read."""


class Sample(NamedTuple):
    """An image file and the index of its class."""

    path: Path
    label: int


class ImageFiles(Pictures):
    """Image files, decoded on request."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples, self.labels = samples, [sample.label for sample in samples]

    def read(self, index: int) -> Image.Image:
        """One image, decoded; raises ImageFolderError naming the file that cannot be."""
        path = self.samples[index].path
        return decode(path, path)

    def identity(self, index: int) -> str:
        """The file's class folder, name and size."""
        path = self.samples[index].path
        return f"{path.parent.name}/{path.name}:{path.stat().st_size}"


def decode(file: Path | BinaryIO, name: object) -> Image.Image:
    """Read an image of any mode as RGB; raises ImageFolderError with its name."""
    try:
        with Image.open(file) as image:
            eight = _eight_bits(image)
            # through RGBA, so that a palette's transparent colours do not warn
            return (eight.convert("RGBA") if "transparency" in eight.info else eight).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageFolderError(
            f"cannot read the image {name}: {error}; mend it, remove it or, in an ImageFolder, set "
            "on_corrupt: skip"
        ) from error


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit greyscale scaled to 8 bits, where Pillow would cut off everything above 255."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value / 257).convert("L")
    return image


def is_readable(sample: Sample) -> bool:
    """Whether the file can be decoded."""
    try:
        decode(sample.path, sample.path)
    except ImageFolderError:
        return False
    return True
