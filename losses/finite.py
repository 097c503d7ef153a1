"""Heatmaps that are not finite, and the precision that heatmaps are compared in."""

import torch
from torch import Tensor


def precise(heatmap: Tensor) -> Tensor:
    """Return a heatmap in float32 if it is in half precision, which is too coarse for sums."""
    return heatmap.to(torch.promote_types(heatmap.dtype, torch.float32))


def if_finite(values: Tensor, *heatmaps: Tensor) -> Tensor:
    """Return values (N, ...), or NaN for images with a heatmap (N, L, h, w) that is not finite.

    Example:
        >>> if_finite(torch.ones(2), torch.tensor([0.5, torch.inf]).view(2, 1, 1, 1))
        tensor([1., nan])
    """
    for heatmap in heatmaps:
        finite = is_finite(heatmap).view(-1, *[1] * (values.ndim - 1))
        values = torch.where(finite, values, torch.nan)
    return values


def is_finite(heatmap: Tensor) -> Tensor:
    """Return True for each image whose heatmap (N, ...) is finite, shape (N,)."""
    return heatmap.isfinite().flatten(1).all(1)
