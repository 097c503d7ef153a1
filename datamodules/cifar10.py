"""CIFAR-10 as it is distributed (Krizhevsky 2009)."""

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
    """Pictures in memory, (N, H, W, 3) bytes."""

    def __init__(self, pixels: NDArray[np.uint8], labels: list[int]) -> None:
        self.pixels, self.labels = pixels, labels

    def read(self, index: int) -> Image.Image:
        """One picture."""
        return Image.fromarray(self.pixels[index])

    def identity(self, index: int) -> str:
        """A digest of the pixels."""
        return hashlib.sha256(self.pixels[index].tobytes()).hexdigest()


class CIFAR10(PictureModule):
    """The 60,000 images of 32 pixels in ten classes, from their original files.

    The 50,000 training images are the training split; half of each class of the 10,000 others is
    the validation split, which chooses checkpoints, and half the test split.

    Args:
        root: Folder that holds `cifar-10-batches-py`.
        download: Fetch the files into the folder where they are missing.
        batch_size: Images in a batch of one process.
        workers: Processes that load images beside each training process.
        augmentation: Transforms of torchvision.transforms.v2 for training images, in place of a
            crop shifted by up to 4 pixels and a horizontal flip.
        seed: Seed of the halves, of the order and of the augmentation.
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
        """Fetch the files where they are missing, by one process of each machine."""
        if self.download:
            datasets.CIFAR10(self.root, download=True)

    def setup(self, stage: str) -> None:
        """Read the files; raises ValueError when they are not there or not what they should be."""
        if self._holds(stage):
            return
        try:
            train, rest = (datasets.CIFAR10(self.root, train=part) for part in (True, False))
        except RuntimeError as error:
            raise ValueError(
                f"{self.root} holds no whole `cifar-10-batches-py`: give its folder as `root`, or "
                "set `download: true`"
            ) from error
        self.classes = tuple(train.classes)
        self._hold(ArrayPictures(train.data, train.targets), ArrayPictures(rest.data, rest.targets))

    def steps(self, split: Split) -> list[nn.Module]:
        """Augmented for training, as it is otherwise."""
        return self.augmentation if split == "train" else []
