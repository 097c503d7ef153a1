"""Correlations between heatmaps, one for each image."""

import torch
import torch.nn.functional as F
from torch import Tensor

from losses.normalize import normalize


def pearson(first: Tensor, second: Tensor) -> Tensor:
    """Pearson's correlation of heatmaps (N, 1, h, w), shape (N,); 0 where one is constant."""
    return (_standardized(first) * _standardized(second)).sum(1)


def spearman(first: Tensor, second: Tensor) -> Tensor:
    """Pearson's correlation of the ranks, shape (N,); equal values share theirs; no gradient."""
    return pearson(ranks(first), ranks(second))


def sign_agreement(first: Tensor, second: Tensor) -> Tensor:
    """Pearson's correlation of the signs of what stands out, shape (N,); no gradient."""
    return pearson(signs(first), signs(second))


def ranks(heatmap: Tensor) -> Tensor:
    """The rank of each place from 0, shape (N, 1, h, w); equal values have their mean rank."""
    values = heatmap.detach().flatten(1).contiguous()
    ordered = values.sort(1).values
    below = torch.searchsorted(ordered, values)
    through = torch.searchsorted(ordered, values, right=True)
    return ((below + through - 1).to(values) / 2).view_as(heatmap)


def signs(heatmap: Tensor) -> Tensor:
    """The sign where the size is above one standard deviation of the sizes, and 0 elsewhere."""
    sizes = heatmap.detach().abs()
    return heatmap.detach().sign() * (sizes > sizes.std((1, 2, 3), keepdim=True))


def _standardized(heatmap: Tensor) -> Tensor:
    # min-max first: a constant heatmap is then exactly 0, and no size is too small to square
    values = normalize(heatmap).flatten(1)
    return F.normalize(values - values.mean(1, keepdim=True), dim=1)
