"""CIFAR-10 in its original files (Krizhevsky 2009)."""

import hashlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import nn
from torchvision import datasets
from torchvision.transforms import v2

from datamodules.base import Split
from datamodules.pictures import PictureModule, Pictures

SIZE = 32


class ArrayPictures(Pictures):
    """Images in memory, 8-bit pixels of shape (N, H, W, 3)."""

    def __init__(self, pixels: NDArray[np.uint8], labels: list[int]) -> None:
        self.pixels, self.labels = pixels, labels

    def read(self, index: int) -> Image.Image:
        """Return one image."""
        return Image.fromarray(self.pixels[index])

    def identity(self, index: int) -> str:
        """Return a digest of the pixels."""
        return hashlib.sha256(self.pixels[index].tobytes()).hexdigest()


class CIFAR10(PictureModule):
    """CIFAR-10: 60,000 images of 32 x 32 pixels in ten classes.

    The 50,000 training images are the training split. Half of each class of the 10,000 test images
    is the validation split, which selects checkpoints; the other half is the test split.

    Args:
        root: Folder that contains `cifar-10-batches-py`.
        download: Download the files into the folder if they are missing.
        batch_size: Number of images per batch and process.
        workers: Number of loading processes per training process.
        augmentation: Transforms of torchvision.transforms.v2 for training images, instead of a
            crop shifted by up to 4 pixels and a horizontal flip.
        seed: Seed of the halves, the order and the augmentation.
    """

    image_size = SIZE

    def __init__(
        self,
        root: str,
        download: bool = False,
        batch_size: int = 128,
        workers: int = 0,
        augmentation: list[nn.Module] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(root, batch_size, workers, seed)
        self.download = download
        default = [v2.RandomCrop(SIZE, padding=4), v2.RandomHorizontalFlip()]
        self.augmentation = default if augmentation is None else augmentation

    def prepare_data(self) -> None:
        """Download the files if they are missing, in one process of each machine."""
        if self.download:
            datasets.CIFAR10(self.root, download=True)

    def setup(self, stage: str) -> None:
        """Read the files; raises ValueError if they are missing or damaged."""
        if self._holds(stage):
            return
        try:
            train, held_out = (datasets.CIFAR10(self.root, train=flag) for flag in (True, False))
        except RuntimeError as error:
            raise ValueError(
                f"{self.root} contains no complete folder `cifar-10-batches-py`; give its parent "
                "folder as `root`, or set `download: true`"
            ) from error
        self.classes = tuple(train.classes)
        self._hold(
            ArrayPictures(train.data, train.targets), ArrayPictures(held_out.data, held_out.targets)
        )

    def steps(self, split: Split) -> list[nn.Module]:
        """Return the augmentation for training, no transform otherwise."""
        return self.augmentation if split == "train" else []
