"""Two classes in one frame, to manipulate where a network sees which (Heo et al. 2019)."""

import difflib
import hashlib
from collections.abc import Sequence
from typing import Any, get_args

from lightning.pytorch.utilities import CombinedLoader
from torch.utils.data import DataLoader

from datamodules.base import Batch, DataModule, Images, Split
from datamodules.joined import CompositeImages, Layout
from datamodules.stream import EvaluationStream, TrainStream


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
