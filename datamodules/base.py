"""What all data modules share: keyed datasets, batches, loaders for any number of processes."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal, NamedTuple, Self, TypeVar

import torch
from lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from datamodules.shares import stratified
from datamodules.stream import EvaluationStream, Key, TrainStream

Split = Literal["train", "validation", "test"]


class Batch(NamedTuple):
    """Images (N, 3, H, W) in [0, 1], labels (N,) and each image's position in its split (N,)."""

    images: Tensor
    labels: Tensor
    indices: Tensor


class Images(Dataset[Batch], ABC):
    """Labelled images of one split; `self[epoch, index]` draws its augmentation from both."""

    labels: Tensor
    """The label of every image, without reading it."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of images."""

    @abstractmethod
    def __getitem__(self, key: Key) -> Batch:
        """One image (3, H, W) in [0, 1] with its label and index, as they are in this epoch."""

    @abstractmethod
    def some(self, numbers: list[int]) -> Self:
        """These images alone, numbered anew in this order."""


Kind = TypeVar("Kind", bound=Images)


class DataModule(LightningDataModule, ABC):
    """Loaders over the three splits of `images`; a subclass says what a split holds.

    Args:
        batch_size: Images in a batch of one process.
        workers: Processes that load images beside each training process.
        seed: Seed of everything random in the data.
    """

    classes: tuple[str, ...]
    image_size: int
    skipped: tuple[str, ...] = ()
    prefetch = 2
    """Batches that each worker keeps ready."""

    def __init__(self, batch_size: int, workers: int, seed: int) -> None:
        super().__init__()
        for name, value, least in (
            ("batch_size", batch_size, 1),
            ("workers", workers, 0),
            ("seed", seed, 0),
        ):
            if value < least:
                raise ValueError(f"`{name}` must be at least {least}, got {value}")
        self.batch_size, self.workers, self.seed = batch_size, workers, seed
        self.tested = 0
        self.limit: int | None = None

    @abstractmethod
    def all_images(self, split: Split) -> Images:
        """The images of a split, made on first use."""

    def images(self, split: Split) -> Images:
        """The images of a split; of the test split at most `limit`, as much of every class."""
        return self._limited(self.all_images(split), split)

    def _limited(self, images: Kind, split: Split) -> Kind:
        if split != "test" or self.limit is None or len(images) <= self.limit:
            return images
        # a composite has two labels, and all composites the same two
        labels = images.labels.view(len(images), -1)[:, 0].tolist()
        return images.some(stratified(labels, self.limit, self.seed))

    def limit_tested(self, images: int) -> None:
        """Evaluate at most so many images of the test split."""
        if images < 1:
            raise ValueError(f"`limit_images` must be at least 1, got {images}")
        self.limit = images

    @abstractmethod
    def fingerprint(self, split: Split) -> str:
        """A digest that changes when the images of the split do."""

    def train_dataloader(self) -> DataLoader[Batch]:
        """Shuffled batches that go on where a resumed run stopped."""
        images = self.images("train")
        rank, world = self._place()
        stream = TrainStream(
            len(images), self.batch_size, self.seed, rank, world, self._batches_done
        )
        return self._loader(images, stream)

    def val_dataloader(self) -> DataLoader[Batch]:
        """Every validation image once."""
        return self._evaluation_loader("validation")

    def test_dataloader(self) -> DataLoader[Batch]:
        """Every test image once, but for those that a resumed evaluation has behind it."""
        return self._evaluation_loader("test", self.tested)

    def skip_tested(self, batches: Sequence[int]) -> None:
        """Leave out the first batches of each test loader."""
        (self.tested,) = batches

    def _evaluation_loader(self, split: Split, first: int = 0) -> DataLoader[Batch]:
        images = self.images(split)
        stream = EvaluationStream(len(images), self.batch_size, *self._place(), first)
        return self._loader(images, stream)

    def _loader(self, images: Images, stream: Sampler[list[Key]]) -> DataLoader[Batch]:
        return DataLoader(
            images,
            batch_sampler=stream,
            num_workers=self.workers,
            prefetch_factor=self.prefetch if self.workers else None,
            persistent_workers=self.workers > 0,
            pin_memory=torch.cuda.is_available(),
        )

    def _place(self) -> tuple[int, int]:
        return (
            (0, 1) if self.trainer is None else (self.trainer.global_rank, self.trainer.world_size)
        )

    def _batches_done(self) -> int:
        if self.trainer is None:
            return 0
        done: int = self.trainer.fit_loop.epoch_loop.batch_progress.total.ready
        return done
