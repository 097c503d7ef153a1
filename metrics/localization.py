"""Localisation of an object by a heatmap, given the object's mask."""

import torch
import torch.nn.functional as F
from torch import Tensor

from losses.correlation import scaled
from losses.finite import if_finite, precise


def pointing_game(heatmap: Tensor, mask: Tensor) -> Tensor:
    """Return 1 for each heatmap whose maximum is on the object, else 0 (Zhang et al. 2018, 4.2).

    Args:
        heatmap: shape (N, 1, h, w), any range; upsampled bilinearly to the mask's size.
        mask: share of each pixel that the object covers, shape (N, 1, H, W), in [0, 1].

    Returns: shape (N,); NaN if the heatmap is not finite. A pixel is on the object if its share
        is at least 0.5.

    Example:
        >>> pointing_game(torch.eye(2)[None, None, :1], torch.tensor([[[[1.0, 0.0]]]]))
        tensor([1.])
    """
    # half precision would make positions equal that are not
    enlarged = F.interpolate(precise(heatmap), mask.shape[2:], mode="bilinear", align_corners=False)
    highest = enlarged.flatten(1).argmax(1)
    hits = mask.flatten(1).gather(1, highest[:, None])[:, 0] >= 0.5
    return if_finite(hits.to(precise(heatmap)), heatmap)


def mass_accuracy(heatmap: Tensor, mask: Tensor) -> Tensor:
    """Share of the positive relevance that is on the object (Arras et al. 2022, section 3.2).

    Args:
        heatmap: shape (N, 1, h, w), any range.
        mask: share of each pixel that the object covers, shape (N, 1, H, W), in [0, 1].

    Returns: shape (N,), in [0, 1]; 0 if no relevance is positive, NaN if some is not finite.

    Example:
        >>> mass_accuracy(torch.tensor([[[[3.0, 1.0]]]]), torch.tensor([[[[1.0, 0.0]]]]))
        tensor([0.7500])
    """
    # the largest is 1, so that the smallest heatmaps do not count as 0
    positive = scaled(precise(heatmap).clamp(min=0))
    inside = positive * F.interpolate(precise(mask), heatmap.shape[2:], mode="area")
    total = positive.sum((1, 2, 3))
    share = inside.sum((1, 2, 3)) / total.clamp_min(torch.finfo(total.dtype).tiny)
    return if_finite(share.clamp(max=1), heatmap)
