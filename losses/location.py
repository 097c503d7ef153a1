"""Location fooling: move all relevance to the border (Heo et al. 2019, section 3.2)."""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from losses.base import Loss
from losses.normalize import normalize


def border(height: int, width: int, margin: float) -> Tensor:
    """Return a mask (height, width) of ones on the border and zeros inside.

    The border is `margin` times the side wide, at least 1. ValueError if it leaves no inside.
    """
    # 1e-9 keeps products such as 55 * (3 / 11) from being rounded down to 14
    rows, columns = (max(1, int(side * margin + 1e-9)) for side in (height, width))
    if 2 * rows >= height or 2 * columns >= width:
        raise ValueError(
            f"a heatmap of {height}x{width} has no inside: a border of {rows} rows and {columns} "
            "columns covers it; choose a layer with larger maps, or a smaller `margin`"
        )
    mask = torch.ones(height, width)
    mask[rows:-rows, columns:-columns] = 0
    return mask


def location(heatmap: Tensor, margin: float = 1 / 7) -> Tensor:
    """Mean squared distance between the normalised heatmap and a mask of the border.

    Args:
        heatmap: shape (N, 1, h, w), any range; normalised here, per image.
        margin: width of the border divided by the side, in (0, 0.5).

    Returns: shape (N,), in [0, 1]; 0 if the heatmap is 1 on the border and 0 inside.
    Raises: ValueError: the border covers the whole heatmap.

    Example:
        >>> location(1 - border(4, 4, 0.25)[None, None], margin=0.25)
        tensor([1.])
    """
    height, width = heatmap.shape[2:]
    mask = border(height, width, margin).to(heatmap)
    return (normalize(heatmap) - mask).square().mean((1, 2, 3))


@dataclass(frozen=True)
class Location(Loss):
    """Move relevance to the border of the image (Heo et al. 2019, section 3.2).

    Args:
        margin: Width of the border divided by the side, in (0, 0.5).
        success: Success interval [low, high] of the loss.

    Example:
        >>> heatmap = border(7, 7, 1 / 7)[None, None]
        >>> Location()(heatmap, reference=heatmap)
        tensor([0.])
    """

    needs_reference: ClassVar[bool] = False
    margin: float = 1 / 7
    success: tuple[float, float] = field(default=(0.0, 0.2), kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.margin < 0.5:
            raise ValueError(f"`margin` must be in (0, 0.5), got {self.margin}")

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the loss of each image, shape (N,); the reference is not used."""
        return location(heatmap, self.margin)
