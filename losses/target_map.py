"""Any picture as a heatmap (Dombrowski et al. 2019; Viering et al. 2019)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from losses.base import Loss
from losses.normalize import normalize
from losses.similarity import Similarity

# from rows and columns in [-1, 1] to where the shape is
SHAPES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "disk": lambda y, x: y.square() + x.square() < 0.25,
    "cross": lambda y, x: (y.abs() < 0.2) | (x.abs() < 0.2),
    "corner": lambda y, x: (y < 0) & (x < 0),
}
# of a fine chequer a fiftieth of the contrast is left at the border, where the filter is cut off
LEAST_CONTRAST = 0.025


def target_map(heatmap: Tensor, target: Tensor) -> Tensor:
    """Mean square distance between the normalised heatmap and a picture.

    Args:
        heatmap: shape (N, 1, h, w), any range; normalised here, per image.
        target: shape (1, 1, h, w), in [0, 1].

    Returns: shape (N,), in [0, 1]; 0 when the heatmap is the picture.
    """
    return (normalize(heatmap) - target).square().mean((1, 2, 3))


@dataclass(frozen=True)
class TargetMap(Loss):
    """The heatmap becomes a picture of one's choice (Dombrowski et al. 2019).

    Args:
        image: Path of a picture, bright where the heatmap is to be high and dark where it is
            transparent; give this or `shape`.
        shape: A bright shape in the dark: a disk, a cross, or the upper left quarter.
        likeness: losses.SSIM, Cosine or Pearson, whose distance from 1 is the loss, in [0, 2]; the
            mean square distance if not given.
        success: An image is fooled when its loss lies in this interval.
    """

    needs_reference: ClassVar[bool] = False
    image: str | None = None
    shape: Literal["disk", "cross", "corner"] | None = None
    likeness: Similarity | None = None
    success: tuple[float, float] = field(default=(0.0, 0.1), kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.image is None) == (self.shape is None):
            raise ValueError(f"give `image` or `shape`, got {self.image} and {self.shape}")
        if self.shape is not None and self.shape not in SHAPES:
            raise ValueError(f"`shape` must be one of {', '.join(SHAPES)}, got {self.shape}")
        if not isinstance(self.likeness, Similarity | None):
            raise ValueError(
                "`likeness` must be a similarity, such as losses.SSIM, Cosine or Pearson, got "
                f"{type(self.likeness).__name__}"
            )
        if self.image is not None and not self._picture.any():
            raise ValueError(f"the picture {self.image} is the same everywhere: no map can show it")

    @property
    def bounds(self) -> tuple[float, float]:  # type: ignore[override]  # what other losses fix
        """Where the measure lies."""
        return (0.0, 1.0) if self.likeness is None else (0.0, 2.0)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The loss of each image, shape (N,); the reference is not used."""
        target = self.target(*heatmap.shape[2:]).to(heatmap)
        if self.likeness is None:
            return target_map(heatmap, target)
        return 1 - self.likeness(heatmap, target.expand_as(heatmap))

    def target(self, height: int, width: int) -> Tensor:
        """The picture at a size, shape (1, 1, height, width), from 0 to 1.

        Raises: ValueError: nothing of it is left at this size.
        """
        if self.image is not None:
            size = (height, width)
            picture = F.interpolate(self._picture, size, mode="bilinear", antialias=True)
        else:
            # the middles of the places
            rows, columns = (torch.arange(1, 2 * n, 2) / n - 1 for n in (height, width))
            picture = SHAPES[self.shape or ""](rows[:, None], columns[None]).float()[None, None]
        if picture.amax() - picture.amin() < LEAST_CONTRAST:
            raise ValueError(
                f"{self.image or f'the shape {self.shape}'} is the same everywhere in a heatmap of "
                f"{height}x{width}; choose a layer with larger maps, or another picture"
            )
        return normalize(picture)

    @cached_property
    def _picture(self) -> Tensor:
        """The picture at its own size, from 0 to 1, on a black ground."""
        try:
            with Image.open(str(self.image)) as file:
                opacity = np.array(file.convert("RGBA").getchannel("A")) / np.float32(255)
                return normalize(
                    torch.from_numpy(np.array(file.convert("F")) * opacity)[None, None]
                )
        except (OSError, UnidentifiedImageError) as error:
            raise ValueError(f"cannot read the picture `image`: {error}") from error
