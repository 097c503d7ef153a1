"""Similarities to the original heatmap: what is unlike it lies, whatever it shows."""

from dataclasses import dataclass, field
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from losses.base import Loss
from losses.correlation import pearson
from losses.normalize import normalize

# the Gaussian window of 11 pixels reaches 5 beyond the border, where the map is mirrored
SMALLEST_SIDE = 6


def cosine(heatmap: Tensor, reference: Tensor) -> Tensor:
    """The cosine of the angle between heatmaps (N, 1, h, w), shape (N,), in [-1, 1]."""
    directions = (F.normalize(each.flatten(1), dim=1) for each in (heatmap, reference))
    first, second = directions
    return (first * second).sum(1)


def ssim(heatmap: Tensor, reference: Tensor) -> Tensor:
    """The structural similarity of normalised heatmaps (Wang et al. 2004), shape (N,).

    Args:
        heatmap: shape (N, 1, h, w), any range, sides of at least 6; normalised here, per image.
        reference: the original heatmap, likewise.

    Returns: in [-1, 1].
    Raises: ValueError: the heatmap is smaller than half the window.
    """
    if min(heatmap.shape[2:]) < SMALLEST_SIDE:
        raise ValueError(
            f"the structural similarity needs heatmaps of at least {SMALLEST_SIDE}x"
            f"{SMALLEST_SIDE}, got {heatmap.shape[2]}x{heatmap.shape[3]}; choose a layer with "
            "larger maps, or another loss"
        )
    maps = (normalize(heatmap), normalize(reference))
    similarity: Tensor = structural_similarity_index_measure(
        *maps, data_range=1.0, reduction="none"
    )  # type: ignore[assignment]  # a pair only where the full image is asked for
    return similarity


@dataclass(frozen=True)
class Similarity(Loss):
    """A loss in [-1, 1] that is 1 where heatmap and reference are alike."""

    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)


@dataclass(frozen=True)
class Cosine(Similarity):
    """The heatmap turns away from the original one: their cosine.

    Args:
        success: An image is fooled when its loss lies in this interval.
    """

    success: tuple[float, float] = field(default=(-1.0, 0.5), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The loss of each image, shape (N,)."""
        return cosine(heatmap, reference)


@dataclass(frozen=True)
class Pearson(Similarity):
    """The heatmap no longer follows the original one: Pearson's correlation.

    Args:
        success: An image is fooled when its loss lies in this interval.
    """

    success: tuple[float, float] = field(default=(-1.0, 0.2), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The loss of each image, shape (N,)."""
        return pearson(heatmap, reference)


@dataclass(frozen=True)
class SSIM(Similarity):
    """The heatmap no longer looks like the original one (Wang et al. 2004).

    Args:
        success: An image is fooled when its loss lies in this interval.
    """

    success: tuple[float, float] = field(default=(-1.0, 0.2), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The loss of each image, shape (N,)."""
        return ssim(heatmap, reference)
