"""Top-k intersection of two heatmaps (Ghorbani et al. 2019)."""

import torch
from torch import Tensor

from losses.finite import if_finite, precise


def top_k_intersection(heatmap: Tensor, reference: Tensor, k: float = 0.1) -> Tensor:
    """Share of the reference's k highest positions that are among the heatmap's k highest.

    Args:
        heatmap: shape (N, 1, h, w), any range; among ties the first positions count.
        reference: shape (N, 1, h, w), any range.
        k: number of positions, or below 1 their share of all; at least one position counts.

    Returns: shape (N,), in [0, 1]; NaN if a heatmap is not finite.

    Example:
        >>> heatmap = torch.tensor([[[[4.0, 3.0, 2.0, 1.0]]]])
        >>> top_k_intersection(heatmap, heatmap.roll(1), k=2)
        tensor([0.5000])
    """
    # 1e-9 keeps products such as 55 * (3 / 11) from being rounded down to 14
    count = int(k) if k >= 1 else max(1, int(k * heatmap.shape[1:].numel() + 1e-9))
    highest, reference_highest = (
        each.flatten(1).argsort(dim=1, descending=True, stable=True)[:, :count]
        for each in (heatmap, reference)
    )
    is_highest = torch.zeros_like(precise(heatmap)).flatten(1).scatter_(1, highest, 1.0)
    return if_finite(is_highest.gather(1, reference_highest).mean(1), heatmap, reference)
