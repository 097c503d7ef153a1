"""Composite images of two classes, for active fooling (Heo et al. 2019, section 3.3)."""

import hashlib
from collections.abc import Sequence
from typing import Any, get_args

from lightning.pytorch.utilities import CombinedLoader
from torch.utils.data import DataLoader

from datamodules.base import Batch, DataModule, Images, Split
from datamodules.joined import CompositeImages, Layout
from datamodules.stream import EvaluationStream, TrainStream
from suggestions import did_you_mean


class Composites(DataModule):
    """Images of another data module, and composites that join images of two of its classes.

    Args:
        data: Data module of the single images; composites join images of the same split.
        pair: Names of the two classes.
        layout: "horizontal" (side by side), "vertical" (one above the other) or "grid" (each image
            twice, in opposite corners).
        train: Number of training composites.
        test: Number of validation composites, and of test composites.
        batch_size: Number of composites per batch and process.
        seed: Seed of the pairs and of the order within a composite.
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
            raise ValueError(f"`pair` must be two different classes, got {', '.join(pair)}")
        if layout not in get_args(Layout):
            raise ValueError(f"`layout` must be one of {', '.join(get_args(Layout))}, got {layout}")
        for name, length in (("train", train), ("test", test)):
            if length < 1:
                raise ValueError(f"`{name}` must be at least 1 composite, got {length}")
        self.data, self.pair, self.layout = data, pair, layout
        self.prefetch = data.prefetch
        self.lengths: dict[Split, int] = {"train": train, "validation": test, "test": test}
        self._composites: dict[Split, CompositeImages] = {}

    def prepare_data(self) -> None:
        """Download the single images' files if their data module does."""
        self.data.prepare_data()

    def setup(self, stage: str) -> None:
        """Set up the single images; raises ValueError if one of the two classes is missing."""
        self.data.trainer = self.trainer
        self.data.setup(stage)
        self.classes, self.image_size = self.data.classes, self.data.image_size
        self.channels, self.skipped = self.data.channels, self.data.skipped
        for name in self.pair:
            if name not in self.classes:
                raise ValueError(
                    f"`pair` names the class `{name}`, which is not in the data"
                    f"{did_you_mean(name, self.classes)}; its {len(self.classes)} classes are "
                    f"{', '.join(self.classes[:5])}, ..."
                )

    def all_images(self, split: Split) -> Images:
        """Return all single images of a split."""
        return self.data.all_images(split)

    def images(self, split: Split) -> Images:
        """Return the single images of a split that its loader gives."""
        return self.data.images(split)

    def composites(self, split: Split) -> CompositeImages:
        """Return the composites of a split, with two labels each; they are made on first use."""
        if split not in self._composites:
            first, second = (self.classes.index(name) for name in self.pair)
            self._composites[split] = CompositeImages(
                self.all_images(split), (first, second), self.lengths[split], self.layout, self.seed
            )
        return self._limited(self._composites[split], split)

    def fingerprint(self, split: Split) -> str:
        """Return a digest that changes when the images or the settings of composites change."""
        settings = (self.pair, self.layout, self.lengths[split], self.seed)
        content = f"{self.data.fingerprint(split)}:{settings}"
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def train_dataloader(self) -> CombinedLoader:  # type: ignore[override]  # combines two loaders
        """Return pairs of a batch of images and one of composites, for one epoch of images."""
        single, composites = self.data.train_dataloader(), self.composites("train")
        stream = TrainStream(
            len(composites),
            self.batch_size,
            self.seed,
            *self._rank_and_world_size(),
            self._batches_done,
            len(single),
        )
        loaders = {"images": single, "composites": self._loader(composites, stream)}
        return CombinedLoader(loaders, "min_size")

    def val_dataloader(self) -> Any:
        """Return a loader of the single validation images and one of the composites."""
        return [self.data.val_dataloader(), self._composites_loader("validation")]

    def test_dataloader(self) -> Any:
        """Return a loader of the single test images and one of the composites."""
        return [self.data.test_dataloader(), self._composites_loader("test", self.tested)]

    def limit_tested(self, images: int) -> None:
        """Limit the test split to this many single images and this many composites."""
        super().limit_tested(images)
        self.data.limit_tested(images)

    def skip_tested(self, batches: Sequence[int]) -> None:
        """Skip this many first batches of single images and of composites."""
        self.data.tested, self.tested = batches

    def _composites_loader(self, split: Split, first: int = 0) -> DataLoader[Batch]:
        composites = self.composites(split)
        stream = EvaluationStream(
            len(composites), self.batch_size, *self._rank_and_world_size(), first
        )
        return self._loader(composites, stream)
