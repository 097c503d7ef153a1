"""Active fooling: the heatmaps of two classes change places (Heo et al. 2019, section 3.3)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from losses.base import Loss
from losses.correlation import sign_agreement, spearman
from losses.normalize import normalize


def swap(heatmap: Tensor, reference: Tensor) -> Tensor:
    """Mean square distance between each class's heatmap and the other's original one.

    Args:
        heatmap: of two classes for each image, shape (N, 2, h, w), any range; normalised here.
        reference: the original heatmaps of the same classes in the same order, likewise.

    Returns: shape (N,), in [0, 1]; 0 when the heatmaps have changed places.
    Raises: ValueError: the heatmaps are not of two classes.
    """
    _check(heatmap)
    return (normalize(heatmap) - normalize(reference.flip(1))).square().mean((1, 2, 3))


def swapped(
    heatmap: Tensor, reference: Tensor, similarity: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """How much more the first class's heatmap is like the second's original than like its own.

    Args:
        heatmap: of two classes for each image, shape (N, 2, h, w), any range.
        reference: the original heatmaps of the same classes in the same order, likewise.
        similarity: of heatmaps, in [-1, 1].

    Returns: shape (N,), in [-2, 2].
    """
    _check(heatmap)
    first, (own, other) = heatmap[:, :1], reference.split(1, 1)
    return similarity(first, other) - similarity(first, own)


@dataclass(frozen=True)
class Swap(Loss):
    """The heatmaps of two classes change places (Heo et al. 2019, section 3.3).

    The first class counts as swapped by the smaller of two measures: rank correlation, as in the
    paper, and agreement of the signs of what stands out, as in the authors' code.

    Args:
        success: An image is fooled when its measure lies in this interval.
    """

    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (-2.0, 2.0)
    success: tuple[float, float] = field(default=(0.5, 2.0), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The loss of each image, shape (N,), of heatmaps (N, 2, h, w)."""
        return swap(heatmap, reference)

    def measure(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """How far the first class's heatmap has become the second's, shape (N,), in [-2, 2]."""
        return torch.minimum(
            swapped(heatmap, reference, spearman), swapped(heatmap, reference, sign_agreement)
        )


def _check(heatmap: Tensor) -> None:
    if heatmap.shape[1] != 2:
        raise ValueError(
            f"Swap needs the heatmaps of two classes, shape (N, 2, h, w), got "
            f"{tuple(heatmap.shape)}; train it with ActiveFooling, on images of two classes"
        )
