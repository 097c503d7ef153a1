"""Heatmaps turned into a picture (Dombrowski et al. 2019; Viering et al. 2019)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from files import StoredFileError, opened_image
from losses.base import Loss
from losses.finite import precise
from losses.normalize import normalize
from losses.similarity import Similarity

# maps rows and columns in [-1, 1] to a mask of the shape
SHAPES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "disk": lambda y, x: y.square() + x.square() < 0.25,
    "cross": lambda y, x: (y.abs() < 0.2) | (x.abs() < 0.2),
    "corner": lambda y, x: (y < 0) & (x < 0),
}
# below it a picture has lost its contrast; a fine chequerboard keeps 0.02 at the border, where the
# downscaling filter is cut off
LEAST_CONTRAST = 0.025


def target_map(heatmap: Tensor, target: Tensor) -> Tensor:
    """Mean squared distance between the normalised heatmap and a target picture.

    Args:
        heatmap: shape (N, 1, h, w), any range; normalised here, per image.
        target: shape (1, 1, h, w), in [0, 1].

    Returns: shape (N,), in [0, 1]; 0 if the normalised heatmap equals the target.

    Example:
        >>> target_map(torch.eye(4)[None, None], torch.zeros(1, 1, 4, 4))
        tensor([0.2500])
    """
    return (normalize(heatmap) - target).square().mean((1, 2, 3))


@dataclass(frozen=True)
class TargetMap(Loss):
    """Turn every heatmap into a given picture (Dombrowski et al. 2019).

    Args:
        image: Path of a picture, bright where the heatmap shall be high; transparent pixels count
            as black.
        shape: Bright disk, cross or upper left corner on black, instead of `image`; the disk if
            neither is given.
        likeness: losses.SSIM, Cosine or Pearson; the loss is then 1 - likeness, in [0, 2], instead
            of the mean squared distance.
        success: Success interval [low, high] of the loss.

    Example:
        >>> TargetMap(shape="corner")(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4))
        tensor([0.2500])
    """

    needs_reference: ClassVar[bool] = False
    image: str | None = None
    shape: Literal["disk", "cross", "corner"] | None = None
    likeness: Similarity | None = None
    success: tuple[float, float] = field(default=(0.0, 0.1), kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.image is not None and self.shape is not None:
            raise ValueError(
                f"give either `image` or `shape`, got image={self.image} and shape={self.shape}"
            )
        if self.shape is not None and self.shape not in SHAPES:
            raise ValueError(f"`shape` must be one of {', '.join(SHAPES)}, got {self.shape}")
        if not isinstance(self.likeness, Similarity | None):
            raise ValueError(
                "`likeness` must be a similarity, such as losses.SSIM, Cosine or Pearson, got "
                f"{type(self.likeness).__name__}"
            )
        if self.image is not None and not self._picture.any():
            raise ValueError(
                f"the picture {self.image} is the same everywhere; choose one with bright and dark "
                "pixels"
            )

    @property
    def bounds(self) -> tuple[float, float]:  # type: ignore[override]  # constant in other losses
        """Range of the success measure."""
        return (0.0, 1.0) if self.likeness is None else (0.0, 2.0)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the loss of each image, shape (N,); the reference is not used."""
        target = self.target(*heatmap.shape[2:]).to(precise(heatmap))
        if self.likeness is None:
            return target_map(heatmap, target)
        return 1 - self.likeness(heatmap, target.expand_as(heatmap))

    def target(self, height: int, width: int) -> Tensor:
        """Return the picture at a heatmap's size, shape (1, 1, height, width), from 0 to 1.

        Raises: ValueError: the picture has no contrast at this size.
        """
        if self.image is not None:
            size = (height, width)
            picture = F.interpolate(self._picture, size, mode="bilinear", antialias=True)
        else:
            # the centres of the positions
            rows, columns = (torch.arange(1, 2 * n, 2) / n - 1 for n in (height, width))
            picture = SHAPES[self.shape or "disk"](rows[:, None], columns[None]).float()[None, None]
        if picture.amax() - picture.amin() < LEAST_CONTRAST:
            named = self.image or f"the shape {self.shape or 'disk'}"
            raise ValueError(
                f"{named} is the same everywhere in a heatmap of "
                f"{height}x{width}; choose a layer with larger maps, or another picture"
            )
        return normalize(picture)

    @cached_property
    def _picture(self) -> Tensor:
        """Picture at its own size on black, shape (1, 1, H, W), from 0 to 1."""
        try:
            with opened_image(Path(str(self.image))) as file:
                opacity = np.array(file.convert("RGBA").getchannel("A")) / np.float32(255)
                return normalize(
                    torch.from_numpy(np.array(file.convert("F")) * opacity)[None, None]
                )
        except StoredFileError as error:
            raise ValueError(
                f"cannot read the picture `image`: {error}; give the path of an image file"
            ) from error
