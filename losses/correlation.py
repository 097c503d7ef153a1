"""Correlations between heatmaps, one value per image."""

import torch
import torch.nn.functional as F
from torch import Tensor

from losses.finite import if_finite, precise
from losses.normalize import normalize


def pearson(first: Tensor, second: Tensor) -> Tensor:
    """Pearson's correlation of heatmaps (N, 1, h, w), shape (N,); 0 if one is constant.

    NaN if one is not finite.

    Example:
        >>> pearson(torch.eye(2)[None, None], torch.eye(2)[None, None]).round(decimals=3)
        tensor([1.])
    """
    return (_standardized(first) * _standardized(second)).sum(1)


def spearman(first: Tensor, second: Tensor) -> Tensor:
    """Spearman's rank correlation of heatmaps (N, 1, h, w), shape (N,), without gradient.

    Equal values have their mean rank. NaN if a heatmap is not finite.

    Example:
        >>> heatmap = torch.arange(9.0).view(1, 1, 3, 3)
        >>> spearman(heatmap, heatmap.exp()).round(decimals=3)
        tensor([1.])
    """
    return if_finite(pearson(ranks(first), ranks(second)), first, second)


def sign_agreement(first: Tensor, second: Tensor) -> Tensor:
    """Pearson's correlation of the signs of large values, shape (N,), without gradient.

    Large values exceed one standard deviation of the absolute values; the others count as 0. NaN
    if a heatmap is not finite.

    Example:
        >>> heatmap = torch.tensor([[[[-5.0, 0.0, 0.0, 5.0]]]])
        >>> sign_agreement(heatmap, -heatmap).round(decimals=3)
        tensor([-1.])
    """
    return if_finite(pearson(signs(first), signs(second)), first, second)


def ranks(heatmap: Tensor) -> Tensor:
    """Return the rank of each position, from 0, shape (N, 1, h, w); ties have their mean rank."""
    values = precise(heatmap.detach()).flatten(1).contiguous()
    ordered = values.sort(1).values
    first = torch.searchsorted(ordered, values)
    past_last = torch.searchsorted(ordered, values, right=True)
    return ((first + past_last - 1).to(values) / 2).view_as(heatmap)


def signs(heatmap: Tensor) -> Tensor:
    """Return the signs of values above one standard deviation of absolute values, 0 elsewhere."""
    values = precise(heatmap.detach())
    # the largest is 1, so that no square underflows or overflows
    magnitude = scaled(values).abs()
    # a single position has no unbiased deviation
    correction = min(1, values.shape[1:].numel() - 1)
    return values.sign() * (
        magnitude > magnitude.std((1, 2, 3), keepdim=True, correction=correction)
    )


def scaled(heatmap: Tensor) -> Tensor:
    """Return each heatmap (N, ...) over its largest absolute value; zeros stay zeros."""
    largest = heatmap.detach().abs().flatten(1).amax(1).view(-1, *[1] * (heatmap.ndim - 1))
    # dividing by a subnormal number overflows
    tiny = largest < torch.finfo(heatmap.dtype).tiny
    return torch.where(tiny, 0.0, heatmap / torch.where(tiny, 1.0, largest))


def _standardized(heatmap: Tensor) -> Tensor:
    # min-max first: a constant heatmap becomes exactly 0, and small values do not underflow
    values = normalize(heatmap).flatten(1)
    return F.normalize(values - values.mean(1, keepdim=True), dim=1)
