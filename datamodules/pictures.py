"""Pictures as they are kept, read and transformed on request."""

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
from seeds import combined_seed


class Pictures(ABC):
    """Labelled pictures in files, archives or memory, each by its number."""

    labels: Sequence[int]
    """The label of every picture, without reading it."""

    @abstractmethod
    def read(self, index: int) -> Image.Image:
        """One picture in RGB; raises ValueError naming what cannot be read."""

    @abstractmethod
    def identity(self, index: int) -> str:
        """What changes when the picture does, without decoding it."""


class PictureImages(Images):
    """Some pictures with a transform, which draws from the seed, the epoch and the image alone."""

    def __init__(
        self, pictures: Pictures, numbers: Sequence[int], transform: nn.Module, seed: int
    ) -> None:
        self.pictures, self.numbers = pictures, numbers
        self.labels = torch.tensor([pictures.labels[number] for number in numbers])
        self.transform, self.seed = transform, seed

    def __len__(self) -> int:
        """Number of images."""
        return len(self.numbers)

    def some(self, numbers: list[int]) -> Self:
        """These images alone, numbered anew in this order."""
        chosen = [self.numbers[number] for number in numbers]
        return type(self)(self.pictures, chosen, self.transform, self.seed)

    def __getitem__(self, key: Key) -> Batch:
        """One image as it is in this epoch."""
        epoch, index = key
        with torch.random.fork_rng(devices=[]):
            # torch.manual_seed also queues a call for the GPU, with a traceback, at every image
            torch.default_generator.manual_seed(combined_seed(self.seed, epoch, index))
            image: Tensor = self.transform(self.pictures.read(self.numbers[index]))
        return Batch(image.as_subclass(Tensor), self.labels[index], torch.tensor(index))


class PictureModule(DataModule):
    """A data module over pictures; a subclass fills `_splits` and says what happens to them."""

    def __init__(self, root: str, batch_size: int, workers: int, seed: int) -> None:
        super().__init__(batch_size, workers, seed)
        self.root = Path(root)
        self._splits: dict[Split, tuple[Pictures, Sequence[int]]] = {}

    @abstractmethod
    def steps(self, split: Split) -> Sequence[nn.Module]:
        """What happens to a picture, as bytes, on its way to an image of the split."""

    def transform(self, split: Split) -> nn.Module:
        """From a picture to an image (3, H, W) in [0, 1]."""
        scaled = v2.ToDtype(torch.float32, scale=True)
        transform: nn.Module = v2.Compose([v2.ToImage(), *self.steps(split), scaled])
        return transform

    def _holds(self, stage: str) -> bool:
        """Whether the splits that a stage needs are there."""
        return "test" in self._splits and (stage != "fit" or "train" in self._splits)

    def all_images(self, split: Split) -> PictureImages:
        """The images of a split with its transform; raises ValueError when it has none."""
        if split not in self._splits:
            self.setup("fit" if split == "train" else "test")
        pictures, numbers = self._splits[split]
        if not numbers:
            raise ValueError(f"the {split} split of {self.root} has no images; add some")
        return PictureImages(pictures, numbers, self.transform(split), self.seed)

    def images(self, split: Split) -> PictureImages:
        """The images of a split; of the test split at most `limit`, as much of every class."""
        return self._limited(self.all_images(split), split)

    def fingerprint(self, split: Split) -> str:
        """A digest of what the split's pictures are known by, and of their labels."""
        digest, images = hashlib.sha256(), self.images(split)
        for number, label in zip(images.numbers, images.labels.tolist(), strict=True):
            digest.update(f"{images.pictures.identity(number)}:{label}\n".encode())
        return digest.hexdigest()[:16]

    def _hold(self, train: Pictures | None, held_out: Pictures, share: float = 1.0) -> None:
        """Make the three splits: this share of `train`, and the halves of `held_out`."""
        if train is not None:
            self._splits["train"] = train, share_of(train.labels, share, self.seed)
        validation, test = halves(held_out.labels, self.seed)
        self._splits |= {"validation": (held_out, validation), "test": (held_out, test)}
