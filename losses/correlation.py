"""Correlations between heatmaps, one value per image."""

import torch
import torch.nn.functional as F
from torch import Tensor

from losses.normalize import normalize


def pearson(first: Tensor, second: Tensor) -> Tensor:
    """Pearson's correlation of heatmaps (N, 1, h, w), shape (N,); 0 if one is constant.

    Example:
        >>> pearson(torch.eye(2)[None, None], torch.eye(2)[None, None]).round(decimals=3)
        tensor([1.])
    """
    return (_standardized(first) * _standardized(second)).sum(1)


def spearman(first: Tensor, second: Tensor) -> Tensor:
    """Spearman's rank correlation of heatmaps (N, 1, h, w), shape (N,), without gradient.

    Equal values have their mean rank.

    Example:
        >>> heatmap = torch.arange(9.0).view(1, 1, 3, 3)
        >>> spearman(heatmap, heatmap.exp()).round(decimals=3)
        tensor([1.])
    """
    return pearson(ranks(first), ranks(second))


def sign_agreement(first: Tensor, second: Tensor) -> Tensor:
    """Pearson's correlation of the signs of large values, shape (N,), without gradient.

    Large values exceed one standard deviation of the absolute values; the others count as 0.

    Example:
        >>> heatmap = torch.tensor([[[[-5.0, 0.0, 0.0, 5.0]]]])
        >>> sign_agreement(heatmap, -heatmap).round(decimals=3)
        tensor([-1.])
    """
    return pearson(signs(first), signs(second))


def ranks(heatmap: Tensor) -> Tensor:
    """Return the rank of each position, from 0, shape (N, 1, h, w); ties have their mean rank."""
    values = heatmap.detach().flatten(1).contiguous()
    ordered = values.sort(1).values
    first = torch.searchsorted(ordered, values)
    past_last = torch.searchsorted(ordered, values, right=True)
    return ((first + past_last - 1).to(values) / 2).view_as(heatmap)


def signs(heatmap: Tensor) -> Tensor:
    """Return the signs of values above one standard deviation of absolute values, 0 elsewhere."""
    magnitude = heatmap.detach().abs()
    return heatmap.detach().sign() * (magnitude > magnitude.std((1, 2, 3), keepdim=True))


def _standardized(heatmap: Tensor) -> Tensor:
    # min-max first: a constant heatmap becomes exactly 0, and small values do not underflow
    values = normalize(heatmap).flatten(1)
    return F.normalize(values - values.mean(1, keepdim=True), dim=1)
