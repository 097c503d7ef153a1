"""Image files of any mode, decoded and transformed on request."""

from pathlib import Path
from typing import NamedTuple

from PIL import Image
from torch import nn

from datamodules.transformed import TransformedImages


class ImageFolderError(ValueError):
    """The folder is not in ImageNet's layout, or an image in it cannot be read."""


class Sample(NamedTuple):
    """An image file and the index of its class."""

    path: Path
    label: int


class FolderImages(TransformedImages):
    """Image files, decoded and transformed on request."""

    def __init__(self, samples: list[Sample], transform: nn.Module, seed: int) -> None:
        super().__init__([sample.label for sample in samples], transform, seed)
        self.samples = samples

    def read(self, index: int) -> Image.Image:
        """One image, decoded; raises ImageFolderError naming the file that cannot be."""
        return decode(self.samples[index].path)


def decode(path: Path) -> Image.Image:
    """Read an image file of any mode as RGB; raises ImageFolderError naming the file."""
    try:
        with Image.open(path) as image:
            eight = _eight_bits(image)
            # through RGBA, so that a palette's transparent colours do not warn
            return (eight.convert("RGBA") if "transparency" in eight.info else eight).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageFolderError(
            f"cannot read the image {path}: {error}; mend it, remove it or set on_corrupt: skip"
        ) from error


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit greyscale scaled to 8 bits, where Pillow would cut off everything above 255."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value / 257).convert("L")
    return image


def is_readable(sample: Sample) -> bool:
    """Whether the file can be decoded."""
    try:
        decode(sample.path)
    except ImageFolderError:
        return False
    return True
