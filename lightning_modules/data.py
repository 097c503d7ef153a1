"""The interface of data modules."""

from collections.abc import Sequence
from typing import Literal, Protocol, cast

from lightning import Trainer
from torch import Tensor
from torch.utils.data import default_collate

Split = Literal["train", "validation", "test"]
# images (N, C, H, W) in [0, 1], labels (N,) and the images' positions in their split (N,)
Batch = tuple[Tensor, Tensor, Tensor]


def channels_of(data: object) -> int:
    """Return the number of channels of the data's images: 3 where the data do not say it."""
    channels: int = getattr(data, "channels", 3)
    return channels


class Images(Protocol):
    """Images of a split, by keys (epoch, index)."""

    def __len__(self) -> int:
        """Number of images."""

    def __getitem__(self, key: tuple[int, int]) -> Batch:
        """Return one image with its label and index."""


class Data(Protocol):
    """Data module of labelled square images."""

    classes: tuple[str, ...]
    image_size: int
    skipped: tuple[str, ...]
    limit: int | None

    def images(self, split: Split) -> Images:
        """Return the images of a split."""

    def fingerprint(self, split: Split) -> str:
        """Return a digest of the images of a split."""

    def skip_tested(self, batches: Sequence[int]) -> None:
        """Skip the first batches of each test loader."""


class Composites(Data, Protocol):
    """Data module that also makes composites, images that join two classes."""

    pair: tuple[str, str]

    def composites(self, split: Split) -> Images:
        """Return the composites of a split; their labels are the two classes, shape (2,)."""


def composites_of(trainer: Trainer) -> Composites:
    """Return the trainer's data module; raises ValueError if it makes no composites."""
    data = data_of(trainer)
    if not hasattr(data, "composites"):
        raise ValueError(
            f"active fooling needs composites of two classes, got {type(data).__name__}; wrap it "
            "in datamodules.Composites"
        )
    return cast(Composites, data)


class Masked(Data, Protocol):
    """Data module with object masks."""

    def masks(self, indices: Tensor, split: Split) -> Tensor:
        """Return the share of each pixel that is the object, shape (N, 1, H, W), in [0, 1]."""


def masks_of(trainer: Trainer, indices: Tensor) -> Tensor:
    """Return the object masks of test images, (N, 1, H, W), in [0, 1]; raises ValueError."""
    data = data_of(trainer)
    if not hasattr(data, "masks"):
        raise ValueError(
            f"{type(data).__name__} has no object masks; choose datamodules.Shapes, or a region "
            "that is a box or a file"
        )
    return cast(Masked, data).masks(indices.cpu(), "test")


def data_of(trainer: Trainer) -> Data:
    """Return the trainer's data module."""
    return cast(Data, trainer.datamodule)  # type: ignore[attr-defined]  # Lightning sets it


def names_of(data: Data, labels: Tensor) -> str:
    """Return the name of an image's class, or the names of a composite's classes."""
    return " and ".join(data.classes[label] for label in labels.view(-1).tolist())


def take(images: Images, indices: list[int]) -> Batch:
    """Return the images of a split at these indices as one batch, as in epoch 0."""
    batch: Batch = default_collate([images[0, index] for index in indices])
    return batch
