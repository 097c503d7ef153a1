"""Image files of any mode, decoded when they are read."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from PIL import Image, ImageOps

from datamodules.pictures import Pictures
from files import MOST, StoredFileError, in_8_bits, opened_image


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
        return decode(path, path, self.max_pixels, self.exif_orientation)

    def identity(self, index: int) -> str:
        """Return the file's class folder, name and size."""
        path = self.samples[index].path
        return f"{path.parent.name}/{path.name}:{path.stat().st_size}"


def decode(
    file: Path | BinaryIO, name: object, max_pixels: int = MOST, exif_orientation: bool = False
) -> Image.Image:
    """Read an image as RGB, without its transparency, and turned as EXIF says if it is to be.

    Raises: ImageFolderError: it is damaged, too large, or its pixels have no known range.
    """
    try:
        with opened_image(file, max_pixels) as opened:
            if exif_orientation:
                # of the file itself, where Pillow passes over an EXIF that is damaged
                ImageOps.exif_transpose(opened, in_place=True)
            image = in_8_bits(opened)
            # via RGBA, because Pillow warns about transparent colours of a palette
            return (image.convert("RGBA") if "transparency" in image.info else image).convert("RGB")
    except StoredFileError as error:
        raise ImageFolderError(
            f"cannot read the image {name}: {error}; repair it or save it with 8 bits in grey or "
            "RGB, remove it or, with ImageFolder, set on_corrupt: skip"
        ) from error


def is_readable(sample: Sample, max_pixels: int, exif_orientation: bool) -> bool:
    """Return True if the file can be decoded."""
    try:
        decode(sample.path, sample.path, max_pixels, exif_orientation)
    except ImageFolderError:
        return False
    return True
