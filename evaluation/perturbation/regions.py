"""Square regions of an image, ranked by a heatmap."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from seeds import generator


def region_means(heatmap: Tensor, side: int, size: tuple[int, int]) -> Tensor:
    """Return the mean of each square region of the heatmap at the image's size.

    Args:
        heatmap: shape (N, 1, h, w), any range.
        side: side of a region in pixels; those at the right and lower border are cut.
        size: height and width of the images.

    Returns: shape (N, ceil(H / side) * ceil(W / side)), row by row.
    """
    resized = F.interpolate(heatmap, size, mode="bilinear", align_corners=False)
    means = F.avg_pool2d(resized, side, ceil_mode=True, count_include_pad=False)
    return means.flatten(1)


def shuffles(regions: int, seed: int, indices: Sequence[int]) -> Tensor:
    """Return a random order of the regions for each image, shape (N, regions)."""
    return torch.stack(
        [torch.randperm(regions, generator=generator(seed, index)) for index in indices]
    )


def ordered(scores: Tensor, shuffle: Tensor, most_first: bool) -> Tensor:
    """Return the regions sorted by scores (N, R), ties in the order of the shuffle, (N, R)."""
    order = scores.gather(1, shuffle).argsort(dim=1, descending=most_first, stable=True)
    return shuffle.gather(1, order)


def ranks_of(order: Tensor, side: int, size: tuple[int, int]) -> Tensor:
    """Return the step that replaces each pixel, (N, 1, H, W), from the regions' order (N, R)."""
    columns = -(-size[1] // side)
    ranks = torch.empty_like(order).scatter_(
        1, order, torch.arange(order.shape[1], device=order.device).expand_as(order)
    )
    grid = ranks.view(len(order), 1, -1, columns)
    pixels = grid.repeat_interleave(side, 2).repeat_interleave(side, 3)
    return pixels[..., : size[0], : size[1]]
