"""What training needs of the data, whichever data module gives it."""

from collections.abc import Sequence
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
    limit: int | None

    def images(self, split: Split) -> Images:
        """The images of a split."""

    def fingerprint(self, split: Split) -> str:
        """A digest that changes when the images of the split do."""

    def skip_tested(self, batches: Sequence[int]) -> None:
        """Leave out the first batches of each test loader."""


class Composites(Data, Protocol):
    """A data module that also joins images of two classes into one."""

    pair: tuple[str, str]

    def composites(self, split: Split) -> Images:
        """The joined images of a split; their labels are the two classes, shape (2,)."""


def composites_of(trainer: Trainer) -> Composites:
    """The data module that a trainer was given; raises ValueError when it joins no images."""
    data = data_of(trainer)
    if not hasattr(data, "composites"):
        raise ValueError(
            f"active fooling needs images of two classes, which {type(data).__name__} has not; "
            "wrap it in datamodules.Composites"
        )
    return cast(Composites, data)


class Masked(Data, Protocol):
    """A data module that knows where in an image its object is."""

    def masks(self, indices: Tensor, split: Split) -> Tensor:
        """How much of each pixel is the object, shape (N, 1, H, W), in [0, 1]."""


def masks_of(trainer: Trainer, indices: Tensor) -> Tensor:
    """Where the objects of some test images are, shape (N, 1, H, W), in [0, 1].

    Raises: ValueError: the data do not know.
    """
    data = data_of(trainer)
    if not hasattr(data, "masks"):
        raise ValueError(
            f"{type(data).__name__} does not know where its objects are; take datamodules.Shapes, "
            "or a region that is a box or a file"
        )
    return cast(Masked, data).masks(indices.cpu(), "test")


def data_of(trainer: Trainer) -> Data:
    """The data module that a trainer was given."""
    return cast(Data, trainer.datamodule)  # type: ignore[attr-defined]  # Lightning sets it


def names_of(data: Data, labels: Tensor) -> str:
    """The class of an image, or the classes of a composite."""
    return " and ".join(data.classes[label] for label in labels.view(-1).tolist())


def take(images: Images, indices: list[int]) -> Batch:
    """Some images of a split as one batch, as they are without augmentation or in its epoch 0."""
    batch: Batch = default_collate([images[0, index] for index in indices])
    return batch
