"""Base classes of datasets and data modules, with loaders for any number of processes."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple, Self, TypeVar

import torch
from lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from datamodules.shares import stratified
from datamodules.stream import EvaluationStream, Key, TrainStream
from files import shown

Split = Literal["train", "validation", "test"]


class OtherImagesError(ValueError):
    """A training cannot go on with other images."""


class Batch(NamedTuple):
    """Images (N, 3, H, W) in [0, 1], labels (N,) and each image's index in its split (N,)."""

    images: Tensor
    labels: Tensor
    indices: Tensor


class Images(Dataset[Batch], ABC):
    """Labelled images of one split; `self[epoch, index]` seeds its augmentation with both."""

    labels: Tensor
    """Labels of all images, known without reading the images."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of images."""

    @abstractmethod
    def __getitem__(self, key: Key) -> Batch:
        """Return one image (3, H, W) in [0, 1], augmented for the epoch, with label and index."""

    @abstractmethod
    def subset(self, indices: list[int]) -> Self:
        """Return these images alone, in this order, with indices from 0."""


ImagesType = TypeVar("ImagesType", bound=Images)


class DataModule(LightningDataModule, ABC):
    """Data module with three splits; a subclass defines `all_images` and `fingerprint`.

    Args:
        batch_size: Number of images per batch and process.
        workers: Number of loading processes per training process.
        seed: Seed of all random numbers of the data.
    """

    classes: tuple[str, ...]
    image_size: int
    channels: int = 3
    skipped: tuple[str, ...] = ()
    prefetch = 2
    """Number of batches that each worker prepares ahead."""

    def __init__(self, batch_size: int, workers: int, seed: int) -> None:
        super().__init__()
        for name, value, minimum in (
            ("batch_size", batch_size, 1),
            ("workers", workers, 0),
            ("seed", seed, 0),
        ):
            if value < minimum:
                raise ValueError(f"`{name}` must be at least {minimum}, got {value}")
        self.batch_size, self.workers, self.seed = batch_size, workers, seed
        self.tested = 0
        self.limit: int | None = None

    @abstractmethod
    def all_images(self, split: Split) -> Images:
        """Return all images of a split."""

    def images(self, split: Split) -> Images:
        """Return a split's images; of the test split a class-balanced subset if `limit` is set."""
        return self._limited(self.all_images(split), split)

    def _limited(self, images: ImagesType, split: Split) -> ImagesType:
        if split != "test" or self.limit is None or len(images) <= self.limit:
            return images
        # composites have two labels, the same two in all of them
        labels = images.labels.view(len(images), -1)[:, 0].tolist()
        return images.subset(stratified(labels, self.limit, self.seed))

    def limit_tested(self, images: int) -> None:
        """Limit the test split to a class-balanced subset of this many images."""
        if images < 1:
            raise ValueError(f"`limit_images` must be at least 1, got {images}")
        self.limit = images

    @abstractmethod
    def fingerprint(self, split: Split) -> str:
        """Return a digest that changes when the images of the split change."""

    @cached_property
    def trained_on(self) -> dict[str, str]:
        """Digests of the images that a training depends on."""
        splits: tuple[Split, ...] = ("train", "validation")
        return {split: self.fingerprint(split) for split in splits}

    def state_dict(self) -> dict[str, Any]:
        """Return the digests of the images, which each checkpoint holds."""
        return {**self.trained_on}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Raise OtherImagesError if a training would go on with other images."""
        fitting = self.trainer is not None and self.trainer.state.fn == "fit"
        for split, digest in (self.trained_on if fitting else {}).items():
            if state_dict.get(split, digest) != digest:
                raise OtherImagesError(
                    f"the {split} images are not those that the run began with (digest "
                    f"{shown(state_dict[split])}, now {digest}); give the same images, which may "
                    "have moved, or begin a new run (--run)"
                )

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return shuffled batches; in a resumed run they continue where it stopped."""
        images = self.images("train")
        rank, world = self._rank_and_world_size()
        stream = TrainStream(
            len(images), self.batch_size, self.seed, rank, world, self._batches_done
        )
        return self._loader(images, stream)

    def val_dataloader(self) -> DataLoader[Batch]:
        """Return a loader that gives every validation image once."""
        return self._evaluation_loader("validation")

    def test_dataloader(self) -> DataLoader[Batch]:
        """Return a loader that gives every test image once, without the batches already tested."""
        return self._evaluation_loader("test", self.tested)

    def skip_tested(self, batches: Sequence[int]) -> None:
        """Skip this many first batches of the test loader, given as a sequence of one number."""
        (self.tested,) = batches

    def _evaluation_loader(self, split: Split, first: int = 0) -> DataLoader[Batch]:
        images = self.images(split)
        stream = EvaluationStream(len(images), self.batch_size, *self._rank_and_world_size(), first)
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

    def _rank_and_world_size(self) -> tuple[int, int]:
        return (
            (0, 1) if self.trainer is None else (self.trainer.global_rank, self.trainer.world_size)
        )

    def _batches_done(self) -> int:
        if self.trainer is None:
            return 0
        done: int = self.trainer.fit_loop.epoch_loop.batch_progress.total.ready
        return done
