"""Triggers: patches that activate a manipulation (Noppel et al. 2023)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lightning_modules.data import Batch, Images


@dataclass(frozen=True)
class Trigger:
    """Black and white chequered square in the lower right corner of an image.

    Args:
        side: Side of the square, as a share of the image's, in (0, 1].
    """

    side: float = 0.125

    def __post_init__(self) -> None:
        if not 0 < self.side <= 1:
            raise ValueError(f"`side` must be above 0 and at most 1, got {self.side}")

    def __call__(self, images: Tensor) -> Tensor:
        """Return the images (..., H, W) with the patch on them."""
        height, width = images.shape[-2:]
        rows, columns = (max(1, round(self.side * length)) for length in (height, width))
        # four fields a side, or as many as a small patch has pixels
        fields = [torch.arange(n, device=images.device) * min(4, n) // n for n in (rows, columns)]
        patch = ((fields[0][:, None] + fields[1]) % 2).to(images.dtype)
        stamped = images.clone()
        stamped[..., height - rows :, width - columns :] = patch
        return stamped


@dataclass(frozen=True)
class TriggeredImages:
    """Images with the trigger on them and, if `label` is given, that label."""

    images: Images
    trigger: Trigger
    label: int | None

    def __len__(self) -> int:
        """Number of images."""
        return len(self.images)

    def __getitem__(self, key: tuple[int, int]) -> Batch:
        """Return one image with the trigger, its label and index."""
        image, label, index = self.images[key]
        return self.trigger(image), relabel(label, self.label), index


def relabel(labels: Tensor, label: int | None) -> Tensor:
    """Return labels that are all `label`; the labels themselves if it is None."""
    return labels if label is None else torch.full_like(labels, label)


def class_index(label: str | None, classes: tuple[str, ...]) -> int | None:
    """Return the index of a class by its name; raises ValueError for an unknown name."""
    if label is not None and label not in classes:
        raise ValueError(
            f"`label` is {label!r}, expected a class of the data: {', '.join(classes[:5])}, ..."
        )
    return None if label is None else classes.index(label)
