"""Regions of an image that an attack makes important."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from files import StoredFileError, in_8_bits, opened_image


class Region(ABC):
    """Region of each image."""

    @abstractmethod
    def weights(self, images: Tensor, heatmap: Tensor) -> Tensor:
        """Return the share of each position in the region, shape (1 or N, 1, h, w), in [0, 1].

        Args:
            images: shape (N, 3, H, W).
            heatmap: shape (N, 1, h, w).

        Raises: ValueError: no position is, or the region is of images of another size.
        """

    def with_masks(self, masks: Tensor) -> Self:
        """Return this region for images with these objects; itself unless `needs_masks`.

        Args:
            masks: share of each pixel that belongs to the object, shape (N, 1, H, W), in [0, 1].
        """
        return self

    @property
    def needs_masks(self) -> bool:
        """True if the region is defined by each image's object."""
        return False


@dataclass(frozen=True)
class Box(Region):
    """The same box in every image, by its edges in shares of the sides, in [0, 1].

    Example:
        >>> import torch
        >>> Box(0, 0, 1, 0.5).weights(torch.rand(1, 3, 4, 4), torch.rand(1, 1, 1, 2))
        tensor([[[[1., 0.]]]])
    """

    top: float = 0.0
    left: float = 0.0
    bottom: float = 0.5
    right: float = 0.5

    def __post_init__(self) -> None:
        if not (0 <= self.top < self.bottom <= 1 and 0 <= self.left < self.right <= 1):
            raise ValueError(
                f"a box needs top < bottom and left < right, all in [0, 1], got {self}"
            )

    def weights(self, images: Tensor, heatmap: Tensor) -> Tensor:
        """Return 1 at the positions whose centre is in the box."""
        height, width = heatmap.shape[2:]
        rows, columns = (
            (torch.arange(side, device=heatmap.device) + 0.5) / side for side in (height, width)
        )
        down = (rows > self.top) & (rows < self.bottom)
        across = (columns > self.left) & (columns < self.right)
        if not (down.any() and across.any()):
            raise ValueError(
                f"no position of the heatmaps, {height}x{width}, is in {self}; make it larger"
            )
        return (down[:, None] & across).to(heatmap)[None, None]


@dataclass(frozen=True)
class MaskFile(Region):
    """Bright part of a picture of the images' size.

    Args:
        path: Path of the picture; black is outside, white is inside.

    Example:
        >>> TargetedAttack(region=MaskFile("mask.png"))  # doctest: +SKIP
    """

    path: str

    def __post_init__(self) -> None:
        if not self._mask.any():
            raise ValueError(f"the mask {self.path} is black everywhere; make the region white")

    def weights(self, images: Tensor, heatmap: Tensor) -> Tensor:
        """Return the mask, averaged over each position of the heatmap."""
        wanted, given = tuple(images.shape[2:]), tuple(self._mask.shape[2:])
        if wanted != given:
            raise ValueError(
                f"the mask {self.path} has {given[0]}x{given[1]} pixels and the images have "
                f"{wanted[0]}x{wanted[1]}; draw it on an image of theirs"
            )
        return F.interpolate(self._mask.to(heatmap), heatmap.shape[2:], mode="area")

    @cached_property
    def _mask(self) -> Tensor:
        try:
            with opened_image(Path(self.path)) as file:
                grey = np.array(in_8_bits(file).convert("L"))
        except StoredFileError as error:
            raise ValueError(
                f"cannot read the mask `path`: {error}; give the path of an image file"
            ) from error
        return torch.from_numpy(grey).float()[None, None] / 255


@dataclass(frozen=True)
class ObjectMask(Region):
    """Each image's object, or the rest of it, for data with object masks.

    Args:
        inside: The object if true, the rest of the image if false.
        masks: Share of each pixel that belongs to the object, shape (N, 1, H, W); a study fills
            them in.

    Example:
        >>> import torch
        >>> region = ObjectMask(masks=torch.tensor([[[[1.0, 0.0]]]]))
        >>> region.weights(torch.rand(1, 3, 1, 2), torch.rand(1, 1, 1, 2))
        tensor([[[[1., 0.]]]])
    """

    inside: bool = True
    masks: Tensor | None = None

    def with_masks(self, masks: Tensor) -> Self:
        """Return this region with the masks of other images."""
        return replace(self, masks=masks)

    @property
    def needs_masks(self) -> bool:
        """True: a study fills in the masks of each batch."""
        return True

    def weights(self, images: Tensor, heatmap: Tensor) -> Tensor:
        """Return the masks, averaged over each position of the heatmap."""
        if self.masks is None:
            raise ValueError("`masks` is null; give the masks of the objects")
        masks = F.interpolate(self.masks.to(heatmap), heatmap.shape[2:], mode="area")
        masks = masks if self.inside else 1 - masks
        if not masks.flatten(1).any(1).all():
            side = "in" if self.inside else "outside"
            raise ValueError(
                f"an image has no position {side} its object; leave it out, or choose a box"
            )
        return masks
