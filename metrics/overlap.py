"""How many of the highest places two heatmaps share (Ghorbani et al. 2019)."""

import torch
from torch import Tensor


def top_k_intersection(heatmap: Tensor, reference: Tensor, k: float = 0.1) -> Tensor:
    """Share of the reference's highest places that are among the heatmap's.

    Args:
        heatmap: shape (N, 1, h, w), any range.
        reference: shape (N, 1, h, w), any range.
        k: how many places count as the highest, or below 1 which share of all; at least one.

    Returns: shape (N,), in [0, 1].
    """
    # the small term keeps products such as 55 * (3 / 11) from rounding down by one
    places = int(k) if k >= 1 else max(1, int(k * heatmap[0].numel() + 1e-9))
    # of equal places the first ones count
    first, second = (
        each.flatten(1).argsort(dim=1, descending=True, stable=True)[:, :places]
        for each in (heatmap, reference)
    )
    among = torch.zeros_like(heatmap).flatten(1).scatter_(1, first, 1.0)
    return among.gather(1, second).mean(1)
