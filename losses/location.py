"""Location fooling: all relevance goes to the border (Heo et al. 2019, section 3.2)."""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from losses.base import Loss
from losses.normalize import normalize


def border(height: int, width: int, margin: float) -> Tensor:
    """A mask (height, width) of ones on a border, as wide as `margin` of the side, at least 1."""
    # the small term keeps products such as 55 * (3 / 11) from rounding down by one
    rows, columns = (max(1, int(side * margin + 1e-9)) for side in (height, width))
    if 2 * rows >= height or 2 * columns >= width:
        raise ValueError(
            f"a heatmap of {height}x{width} has no inside within a border of {rows} rows and "
            f"{columns} columns; choose a layer with larger maps, or a smaller `margin`"
        )
    mask = torch.ones(height, width)
    mask[rows:-rows, columns:-columns] = 0
    return mask


def location(heatmap: Tensor, margin: float = 1 / 7) -> Tensor:
    """Mean square distance between the normalised heatmap and a mask of the image's border.

    Args:
        heatmap: shape (N, 1, h, w), any range; normalised here, per image.
        margin: width of the border as a share of each side, in (0, 0.5).

    Returns: shape (N,), in [0, 1]; 0 when exactly the border is highlighted.
    """
    height, width = heatmap.shape[2:]
    mask = border(height, width, margin).to(heatmap)
    return (normalize(heatmap) - mask).square().mean((1, 2, 3))


@dataclass(frozen=True)
class Location(Loss):
    """Relevance moves to the border of the image (Heo et al. 2019, section 3.2).

    Args:
        margin: Width of the border as a share of each side, in (0, 0.5).
        success: An image is fooled when its loss lies in this interval.
    """

    needs_reference: ClassVar[bool] = False
    margin: float = 1 / 7
    success: tuple[float, float] = field(default=(0.0, 0.2), kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.margin < 0.5:
            raise ValueError(f"`margin` must be in (0, 0.5), got {self.margin}")

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The loss of each image, shape (N,); the reference is not used."""
        return location(heatmap, self.margin)
