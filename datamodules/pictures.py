"""Stored images that are read and transformed when they are needed."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.transforms import v2

from datamodules.base import Batch, DataModule, Images, Split
from datamodules.shares import halves, share_of
from datamodules.stream import Key
from files import MOST
from seeds import combined_seed


class Pictures(ABC):
    """Labelled images in files, archives or memory, read by index."""

    labels: Sequence[int]
    """Labels of all images, known without reading the images."""
    max_pixels: int = MOST
    """Number of pixels of the largest image that is read."""
    exif_orientation: bool = False
    """True to turn each image as its EXIF orientation says."""

    @abstractmethod
    def read(self, index: int) -> Image.Image:
        """Return one image in RGB; raises ValueError with its name if it cannot be read."""

    @abstractmethod
    def identity(self, index: int) -> str:
        """Return a text that changes when the image changes, without decoding the image."""


class PictureImages(Images):
    """Stored images with a transform whose randomness depends on seed, epoch and index alone."""

    def __init__(
        self, pictures: Pictures, numbers: Sequence[int], transform: nn.Module, seed: int
    ) -> None:
        self.pictures, self.numbers = pictures, numbers
        self.labels = torch.tensor([pictures.labels[number] for number in numbers])
        self.transform, self.seed = transform, seed

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.numbers)

    def subset(self, indices: list[int]) -> Self:
        """Return these images alone, in this order, with indices from 0."""
        numbers = [self.numbers[index] for index in indices]
        return type(self)(self.pictures, numbers, self.transform, self.seed)

    def __getitem__(self, key: Key) -> Batch:
        """Return one image, augmented for the epoch."""
        epoch, index = key
        with torch.random.fork_rng(devices=[]):
            # torch.manual_seed would also queue a GPU call with a traceback for every image
            torch.default_generator.manual_seed(combined_seed(self.seed, epoch, index))
            image: Tensor = self.transform(self.pictures.read(self.numbers[index]))
        return Batch(image.as_subclass(Tensor), self.labels[index], torch.tensor(index))


class PictureModule(DataModule):
    """Data module of stored images; a subclass fills `_splits` in `setup` and defines `steps`."""

    def __init__(self, root: str, batch_size: int, workers: int, seed: int) -> None:
        super().__init__(batch_size, workers, seed)
        self.root, self.max_pixels, self.exif_orientation = Path(root), MOST, False
        self._splits: dict[Split, tuple[Pictures, Sequence[int]]] = {}

    @abstractmethod
    def steps(self, split: Split) -> Sequence[nn.Module]:
        """Return the transforms of an 8-bit image tensor for this split."""

    def transform(self, split: Split) -> nn.Module:
        """Return the transform of a PIL image to a tensor (3, H, W) in [0, 1]."""
        to_unit_range = v2.ToDtype(torch.float32, scale=True)
        transform: nn.Module = v2.Compose([v2.ToImage(), *self.steps(split), to_unit_range])
        return transform

    def _holds(self, stage: str) -> bool:
        """Return True if the splits that a stage needs are already set up."""
        return "test" in self._splits and (stage != "fit" or "train" in self._splits)

    def all_images(self, split: Split) -> PictureImages:
        """Return all images of a split with its transform; raises ValueError if there are none."""
        if split not in self._splits:
            self.setup("fit" if split == "train" else "test")
        pictures, numbers = self._splits[split]
        if not numbers:
            raise ValueError(f"the {split} split of {self.root} has no images; add images")
        return PictureImages(pictures, numbers, self.transform(split), self.seed)

    def images(self, split: Split) -> PictureImages:
        """Return a split's images; of the test split a class-balanced subset if `limit` is set."""
        return self._limited(self.all_images(split), split)

    def fingerprint(self, split: Split) -> str:
        """Return a digest of the identities and labels of the split's images."""
        digest, images = hashlib.sha256(), self.images(split)
        for number, label in zip(images.numbers, images.labels.tolist(), strict=True):
            digest.update(f"{images.pictures.identity(number)}:{label}\n".encode())
        return digest.hexdigest()[:16]

    def _hold(self, train: Pictures | None, held_out: Pictures, share: float = 1.0) -> None:
        """Set the splits: a share of each class of `train`, and the halves of `held_out`."""
        for pictures in filter(None, (train, held_out)):
            pictures.max_pixels = self.max_pixels
            pictures.exif_orientation = self.exif_orientation
        if train is not None:
            self._splits["train"] = train, share_of(train.labels, share, self.seed)
        validation, test = halves(held_out.labels, self.seed)
        self._splits |= {"validation": (held_out, validation), "test": (held_out, test)}
