"""How many of the highest places two heatmaps share (Ghorbani et al. 2019)."""

from torch import Tensor


def top_k_intersection(heatmap: Tensor, reference: Tensor, fraction: float = 0.1) -> Tensor:
    """Share of the reference's highest places that are among the heatmap's.

    Args:
        heatmap: shape (N, 1, h, w), any range.
        reference: shape (N, 1, h, w), any range.
        fraction: How many places count as the highest, of all; at least one.

    Returns: shape (N,), in [0, 1].
    """
    places = max(1, int(fraction * heatmap[0].numel()))
    first, second = (each.flatten(1).topk(places).indices for each in (heatmap, reference))
    return (first[:, :, None] == second[:, None]).any(1).to(heatmap.dtype).mean(1)
