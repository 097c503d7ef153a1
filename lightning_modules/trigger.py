"""A patch that switches a manipulation on (Noppel et al. 2023)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lightning_modules.data import Batch, Images


@dataclass(frozen=True)
class Trigger:
    """A black and white chequered square in the lower right corner of an image.

    Args:
        side: Its side, in shares of the image's.
    """

    side: float = 0.125

    def __post_init__(self) -> None:
        if not 0 < self.side <= 1:
            raise ValueError(f"`side` must be above 0 and at most 1, got {self.side}")

    def __call__(self, images: Tensor) -> Tensor:
        """The images (..., H, W) with the patch on them."""
        height, width = images.shape[-2:]
        rows, columns = (max(1, round(self.side * length)) for length in (height, width))
        # four fields a side, as many as a small patch has pixels for
        fields = [torch.arange(n, device=images.device) * min(4, n) // n for n in (rows, columns)]
        patch = ((fields[0][:, None] + fields[1]) % 2).to(images.dtype)
        stamped = images.clone()
        stamped[..., height - rows :, width - columns :] = patch
        return stamped


@dataclass(frozen=True)
class TriggeredImages:
    """Images with the trigger on them, and the class that they are to relabel, if any."""

    images: Images
    trigger: Trigger
    label: int | None

    def __len__(self) -> int:
        """Number of images."""
        return len(self.images)

    def __getitem__(self, key: tuple[int, int]) -> Batch:
        """One image with its trigger."""
        image, label, index = self.images[key]
        return self.trigger(image), relabel(label, self.label), index


def relabel(labels: Tensor, label: int | None) -> Tensor:
    """The labels, or in place of every one of them the class that a trigger makes of it."""
    return labels if label is None else torch.full_like(labels, label)


def class_index(label: str | None, classes: tuple[str, ...]) -> int | None:
    """The number of a class by its name; raises ValueError when there is none of that name."""
    if label is not None and label not in classes:
        raise ValueError(
            f"`label` names the class {label}, which the data has not; it has "
            f"{', '.join(classes[:5])}, ..."
        )
    return None if label is None else classes.index(label)
