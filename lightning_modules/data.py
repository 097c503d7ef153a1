"""What training needs of the data, whichever data module gives it."""

from typing import Literal, Protocol, cast

from lightning import Trainer
from torch import Tensor
from torch.utils.data import default_collate

Split = Literal["train", "validation", "test"]
# images (N, 3, H, W) in [0, 1], labels (N,) and the images' positions in their split (N,)
Batch = tuple[Tensor, Tensor, Tensor]


class Images(Protocol):
    """The images of a split; a key is (epoch, index)."""

    def __len__(self) -> int:
        """Number of images."""

    def __getitem__(self, key: tuple[int, int]) -> Batch:
        """One image with its label and index."""


class Data(Protocol):
    """A data module of labelled square images."""

    classes: tuple[str, ...]
    image_size: int
    skipped: tuple[str, ...]

    def images(self, split: Split) -> Images:
        """The images of a split."""

    def fingerprint(self, split: Split) -> str:
        """A digest that changes when the images of the split do."""


def data_of(trainer: Trainer) -> Data:
    """The data module that a trainer was given."""
    return cast(Data, trainer.datamodule)  # type: ignore[attr-defined]  # Lightning sets it


def take(images: Images, indices: list[int]) -> Batch:
    """Some images of a split as one batch, as they are without augmentation or in its epoch 0."""
    batch: Batch = default_collate([images[0, index] for index in indices])
    return batch
