"""Whether a heatmap points at the object, where it is known."""

import torch
import torch.nn.functional as F
from torch import Tensor


def pointing_game(heatmap: Tensor, mask: Tensor) -> Tensor:
    """Whether the highest place lies on the object (Zhang et al. 2018, section 4.2).

    Args:
        heatmap: shape (N, 1, h, w), any range; enlarged to the mask's size.
        mask: how much of each pixel is the object, shape (N, 1, H, W), in [0, 1].

    Returns: booleans, shape (N,).
    """
    enlarged = F.interpolate(heatmap, mask.shape[2:], mode="bilinear", align_corners=False)
    highest = enlarged.flatten(1).argmax(1)
    return mask.flatten(1).gather(1, highest[:, None])[:, 0] >= 0.5


def mass_accuracy(heatmap: Tensor, mask: Tensor) -> Tensor:
    """Share of the positive relevance that lies on the object (Arras et al. 2022, section 3.2).

    Args:
        heatmap: shape (N, 1, h, w), any range.
        mask: how much of each pixel is the object, shape (N, 1, H, W), in [0, 1].

    Returns: shape (N,), in [0, 1]; 0 where no relevance is positive.
    """
    positive = heatmap.clamp(min=0)
    inside = positive * F.interpolate(mask, heatmap.shape[2:], mode="area")
    total = positive.sum((1, 2, 3))
    share = inside.sum((1, 2, 3)) / total.clamp_min(torch.finfo(total.dtype).tiny)
    return share.clamp(max=1)
