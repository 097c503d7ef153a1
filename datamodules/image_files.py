"""Image files of any mode, decoded and transformed on request."""

from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor, nn

from datamodules.base import Batch, Images
from datamodules.seeds import mixed
from datamodules.stream import Key


class ImageFolderError(ValueError):
    """The folder is not in ImageNet's layout, or an image in it cannot be read."""


class Sample(NamedTuple):
    """An image file and the index of its class."""

    path: Path
    label: int


class FolderImages(Images):
    """Image files, decoded and transformed on request."""

    def __init__(self, samples: list[Sample], transform: nn.Module, seed: int) -> None:
        self.samples, self.transform, self.seed = samples, transform, seed
        self.labels = torch.tensor([sample.label for sample in samples])

    def __len__(self) -> int:
        """Number of images."""
        return len(self.samples)

    def __getitem__(self, key: Key) -> Batch:
        """One image, whose augmentation depends on the seed, the epoch and the image alone."""
        epoch, index = key
        path, label = self.samples[index]
        with torch.random.fork_rng(devices=[]):
            # torch.manual_seed also queues a call for the GPU, with a traceback, at every image
            torch.default_generator.manual_seed(mixed(self.seed, epoch, index))
            image: Tensor = self.transform(decode(path))
        return Batch(image.as_subclass(Tensor), torch.tensor(label), torch.tensor(index))


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
