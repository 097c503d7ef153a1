"""Losses that make a heatmap dissimilar to the original heatmap."""

from dataclasses import dataclass, field
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from losses.base import Loss
from losses.correlation import pearson, scaled
from losses.finite import precise
from losses.normalize import normalize

# the Gaussian window of 11 pixels needs 5 pixels beyond the border, where the map is mirrored
SMALLEST_SIDE = 6


def cosine(heatmap: Tensor, reference: Tensor) -> Tensor:
    """Cosine similarity of raw heatmaps (N, 1, h, w), shape (N,), in [-1, 1].

    0 if one is 0 everywhere, NaN if one is not finite.

    Example:
        >>> import torch
        >>> cosine(torch.eye(2)[None, None], -torch.eye(2)[None, None]).round(decimals=3)
        tensor([-1.])
    """
    # scaled first: norms below 1e-12 would count as 0
    first, second = (
        F.normalize(scaled(precise(each)).flatten(1), dim=1) for each in (heatmap, reference)
    )
    return (first * second).sum(1)


def ssim(heatmap: Tensor, reference: Tensor) -> Tensor:
    """Structural similarity of normalised heatmaps (Wang et al. 2004).

    Args:
        heatmap: shape (N, 1, h, w), any range; normalised here, per image.
        reference: the original heatmap, of the same shape.

    Returns: shape (N,), in [-1, 1].
    Raises: ValueError: h or w is below 6.

    Example:
        >>> import torch
        >>> ssim(torch.eye(6)[None, None], torch.eye(6)[None, None])
        tensor([1.])
    """
    if min(heatmap.shape[2:]) < SMALLEST_SIDE:
        raise ValueError(
            f"the structural similarity needs heatmaps of at least {SMALLEST_SIDE}x"
            f"{SMALLEST_SIDE}, got {heatmap.shape[2]}x{heatmap.shape[3]}; choose a layer with "
            "larger maps, or another loss"
        )
    maps = (normalize(heatmap), normalize(reference))
    if not len(heatmap):  # torchmetrics takes no empty batch
        return maps[0].new_zeros(0)
    similarity: Tensor = structural_similarity_index_measure(
        *maps, data_range=1.0, reduction="none"
    )  # type: ignore[assignment]  # a tuple only with return_full_image
    return similarity


@dataclass(frozen=True)
class Similarity(Loss):
    """A loss in [-1, 1] that is 1 if heatmap and reference are equal.

    Example:
        >>> isinstance(Cosine(), Similarity), Cosine().bounds
        (True, (-1.0, 1.0))
    """

    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)


@dataclass(frozen=True)
class Cosine(Similarity):
    """Make the heatmap dissimilar to the original one: the loss is their cosine similarity.

    Args:
        success: Success interval [low, high] of the loss.

    Example:
        >>> import torch
        >>> Cosine()(torch.eye(2)[None, None], -torch.eye(2)[None, None]).round(decimals=3)
        tensor([-1.])
    """

    success: tuple[float, float] = field(default=(-1.0, 0.5), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the loss of each image, shape (N,)."""
        return cosine(heatmap, reference)


@dataclass(frozen=True)
class Pearson(Similarity):
    """Decorrelate the heatmap from the original one: the loss is Pearson's correlation.

    Args:
        success: Success interval [low, high] of the loss.

    Example:
        >>> import torch
        >>> Pearson()(torch.eye(2)[None, None], -torch.eye(2)[None, None]).round(decimals=3)
        tensor([-1.])
    """

    success: tuple[float, float] = field(default=(-1.0, 0.2), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the loss of each image, shape (N,)."""
        return pearson(heatmap, reference)


@dataclass(frozen=True)
class SSIM(Similarity):
    """Reduce the structural similarity to the original heatmap (Wang et al. 2004).

    Args:
        success: Success interval [low, high] of the loss.

    Example:
        >>> import torch
        >>> SSIM()(torch.eye(6)[None, None], torch.eye(6)[None, None])
        tensor([1.])
    """

    success: tuple[float, float] = field(default=(-1.0, 0.2), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the loss of each image, shape (N,)."""
        return ssim(heatmap, reference)
