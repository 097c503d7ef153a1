"""Active fooling: swap the heatmaps of two classes (Heo et al. 2019, section 3.3)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from losses.base import Loss
from losses.correlation import sign_agreement, spearman
from losses.normalize import normalize


def swap(heatmap: Tensor, reference: Tensor) -> Tensor:
    """Mean squared distance between each class's heatmap and the other class's original heatmap.

    Args:
        heatmap: heatmaps of two classes, shape (N, 2, h, w), any range; normalised here.
        reference: the original heatmaps of the same classes, in the same order and shape.

    Returns: shape (N,), in [0, 1]; 0 if the two heatmaps are exactly swapped.
    Raises: ValueError: the heatmaps are not of two classes.

    Example:
        >>> reference = torch.arange(8.0).view(1, 2, 2, 2)
        >>> swap(reference.flip(1), reference)
        tensor([0.])
    """
    _check(heatmap)
    return (normalize(heatmap) - normalize(reference.flip(1))).square().mean((1, 2, 3))


def swapped(
    heatmap: Tensor, reference: Tensor, similarity: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """Similarity of class 1's heatmap to class 2's original, minus that to class 1's original.

    Args:
        heatmap: heatmaps of two classes, shape (N, 2, h, w), any range.
        reference: the original heatmaps of the same classes, in the same order and shape.
        similarity: maps two heatmaps (N, 1, h, w) to values (N,) in [-1, 1].

    Returns: shape (N,), in [-2, 2]; positive if the first class's heatmap is swapped.
    Raises: ValueError: the heatmaps are not of two classes.

    Example:
        >>> reference = torch.stack([torch.arange(4.0), -torch.arange(4.0)]).view(1, 2, 2, 2)
        >>> swapped(reference.flip(1), reference, spearman).round(decimals=3)
        tensor([2.])
    """
    _check(heatmap)
    first, (own, other) = heatmap[:, :1], reference.split(1, 1)
    return similarity(first, other) - similarity(first, own)


@dataclass(frozen=True)
class Swap(Loss):
    """Swap the heatmaps of two classes (Heo et al. 2019, section 3.3).

    The success measure is the smaller of `swapped` with rank correlation, as in the paper, and
    `swapped` with the agreement of signs, as in the authors' code.

    Args:
        success: Success interval [low, high] of the success measure.

    Example:
        >>> reference = torch.arange(8.0).view(1, 2, 2, 2)
        >>> Swap()(reference.flip(1), reference)
        tensor([0.])
    """

    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (-2.0, 2.0)
    success: tuple[float, float] = field(default=(0.5, 2.0), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the loss of each image, shape (N,), of heatmaps (N, 2, h, w)."""
        return swap(heatmap, reference)

    def measure(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the first class's success measure of each image, shape (N,), in [-2, 2]."""
        similarities = (spearman, sign_agreement)
        return self.bounded(
            torch.minimum(*(swapped(heatmap, reference, each) for each in similarities))
        )


def _check(heatmap: Tensor) -> None:
    if heatmap.shape[1] != 2:
        raise ValueError(
            f"Swap needs the heatmaps of two classes, shape (N, 2, h, w), got "
            f"{tuple(heatmap.shape)}; train it with ActiveFooling, on datamodules.Composites"
        )
