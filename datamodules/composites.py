"""Two classes in one frame, to manipulate where a network sees which (Heo et al. 2019)."""

import difflib
import hashlib
from collections.abc import Sequence
from copy import copy
from typing import Any, Literal, Self, get_args

import torch
import torch.nn.functional as F
from lightning.pytorch.utilities import CombinedLoader
from torch import Tensor
from torch.utils.data import DataLoader

from datamodules.base import Batch, DataModule, Images, Split
from datamodules.stream import EvaluationStream, Key, TrainStream
from seeds import generator

Layout = Literal["horizontal", "vertical", "grid"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def joined(first: Tensor, second: Tensor, layout: Layout) -> Tensor:
    """Two images (3, H, W) in one frame (3, H, W), each scaled to its part of it.

    Side by side ("horizontal"), one above the other ("vertical"), or each twice, in opposite
    corners ("grid").
    """
    height, width = first.shape[1:]
    if layout == "grid":
        top = joined(first, second, "horizontal")
        bottom = joined(second, first, "horizontal")
        return joined(top, bottom, "vertical")
    dimension = 2 if layout == "horizontal" else 1
    parts = []
    for image, part in zip((first, second), _halves((height, width)[dimension - 1]), strict=True):
        size = (height, part) if layout == "horizontal" else (part, width)
        parts.append(F.interpolate(image[None], size, mode="bilinear", antialias=True)[0])
    return torch.cat(parts, dimension)


def _halves(side: int) -> tuple[int, int]:
    return side // 2, side - side // 2


class CompositeImages(Images):
    """Images of one class joined with images of another; no pair comes twice."""

    def __init__(
        self, images: Images, classes: tuple[int, int], length: int, layout: Layout, seed: int
    ) -> None:
        self.images, self.layout = images, layout
        self.labels = torch.tensor(classes).repeat(length, 1)
        members = [(images.labels == label).nonzero()[:, 0] for label in classes]
        first, second = (
            indices[torch.randperm(len(indices), generator=generator(seed, label))]
            for indices, label in zip(members, classes, strict=True)
        )
        available = len(first) * len(second)
        if length > available:
            raise ValueError(
                f"{length} composites need as many pairs of images, and {len(first)} images of one "
                f"class and {len(second)} of the other make {available}; give more images, or "
                "fewer composites"
            )
        number = torch.arange(length)
        # every image once before one comes again, then each with another partner
        passes, place = number // len(first), number % len(first)
        self.pairs = torch.stack([first[place], second[(place + passes) % len(second)]], 1)
        # as many have the first class in front as have the second
        self.in_order = torch.randperm(length, generator=generator(seed, *classes)) % 2 == 0

    def __len__(self) -> int:
        """Number of composites."""
        return len(self.pairs)

    def some(self, numbers: list[int]) -> Self:
        """These composites alone, numbered anew in this order."""
        composites = copy(self)
        for name in ("pairs", "in_order", "labels"):
            setattr(composites, name, getattr(self, name)[numbers])
        return composites

    def __getitem__(self, key: Key) -> Batch:
        """Two images as they are in this epoch, joined; the label is that of both classes."""
        epoch, index = key
        first, second = (self.images[epoch, number].images for number in self.pairs[index].tolist())
        front = (first, second) if self.in_order[index] else (second, first)
        return Batch(joined(*front, self.layout), self.labels[index], torch.tensor(index))


class Composites(DataModule):
    """Another data module's images, and beside them images that join two of its classes.

    Args:
        data: The images; each split's composites are made of that split.
        pair: Names of the two classes.
        layout: Side by side, one above the other, or each twice in opposite corners.
        train: Number of training composites.
        test: Number of validation composites, and of test composites.
        batch_size: Composites in a batch of one process.
        seed: Seed of the pairs and of which class comes first.
    """

    def __init__(
        self,
        data: DataModule,
        pair: tuple[str, str],
        layout: Layout = "horizontal",
        train: int = 1100,
        test: int = 200,
        batch_size: int = 4,
        seed: int = 0,
    ) -> None:
        super().__init__(batch_size, data.workers, seed)
        if len(pair) != 2 or pair[0] == pair[1]:
            raise ValueError(f"`pair` must be two classes, got {', '.join(pair)}")
        if layout not in get_args(Layout):
            raise ValueError(f"`layout` must be one of {', '.join(get_args(Layout))}, got {layout}")
        for name, length in (("train", train), ("test", test)):
            if length < 1:
                raise ValueError(f"`{name}` must be at least 1 composite, got {length}")
        self.data, self.pair, self.layout = data, pair, layout
        self.prefetch = data.prefetch
        self.lengths: dict[Split, int] = {"train": train, "validation": test, "test": test}
        self._made: dict[Split, CompositeImages] = {}

    def prepare_data(self) -> None:
        """Fetch what the images need to have fetched."""
        self.data.prepare_data()

    def setup(self, stage: str) -> None:
        """Set the images up, and check that they have both classes."""
        self.data.trainer = self.trainer
        self.data.setup(stage)
        self.classes, self.image_size = self.data.classes, self.data.image_size
        self.skipped = self.data.skipped
        for name in self.pair:
            if name not in self.classes:
                close = difflib.get_close_matches(name, self.classes, 3) or self.classes[:5]
                raise ValueError(
                    f"`pair` names the class {name}, which the data has not; it has "
                    f"{', '.join(close)}, ..."
                )

    def all_images(self, split: Split) -> Images:
        """The single images of a split."""
        return self.data.all_images(split)

    def images(self, split: Split) -> Images:
        """The single images of a split, as its loader gives them."""
        return self.data.images(split)

    def composites(self, split: Split) -> CompositeImages:
        """The composites of a split, made on first use; their labels are both classes."""
        if split not in self._made:
            first, second = (self.classes.index(name) for name in self.pair)
            self._made[split] = CompositeImages(
                self.all_images(split), (first, second), self.lengths[split], self.layout, self.seed
            )
        return self._limited(self._made[split], split)

    def fingerprint(self, split: Split) -> str:
        """A digest that changes when the images do, or how they are joined."""
        settings = (self.pair, self.layout, self.lengths[split], self.seed)
        content = f"{self.data.fingerprint(split)}:{settings}"
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def train_dataloader(self) -> CombinedLoader:  # type: ignore[override]  # two loaders in one
        """A batch of single images and one of composites at every step, for one epoch of images."""
        single, composites = self.data.train_dataloader(), self.composites("train")
        stream = TrainStream(
            len(composites),
            self.batch_size,
            self.seed,
            *self._place(),
            self._batches_done,
            len(single),
        )
        loaders = {"images": single, "composites": self._loader(composites, stream)}
        return CombinedLoader(loaders, "min_size")

    def val_dataloader(self) -> Any:
        """Every single validation image once, then every composite."""
        return [self.data.val_dataloader(), self._composites_loader("validation")]

    def test_dataloader(self) -> Any:
        """Every single test image once, then every composite."""
        return [self.data.test_dataloader(), self._composites_loader("test", self.tested)]

    def limit_tested(self, images: int) -> None:
        """Evaluate at most so many single images, and so many composites, of the test split."""
        super().limit_tested(images)
        self.data.limit_tested(images)

    def skip_tested(self, batches: Sequence[int]) -> None:
        """Leave out the first batches of single images, and of composites."""
        self.data.tested, self.tested = batches

    def _composites_loader(self, split: Split, first: int = 0) -> DataLoader[Batch]:
        composites = self.composites(split)
        stream = EvaluationStream(len(composites), self.batch_size, *self._place(), first)
        return self._loader(composites, stream)
