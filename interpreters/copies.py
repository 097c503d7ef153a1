"""Averages over many copies of the images, in chunks that fit into memory."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from networks.chunks import copies_at_once

Explain = Callable[[Tensor], Tensor]


def weighted_sum(explain: Explain, weights: Tensor, images: Tensor, chunk: int | None) -> Tensor:
    """Return the weighted sum of the heatmaps of copies, computed chunk by chunk.

    In training, the activations of a chunk are recomputed in the backward pass.

    Args:
        explain: from the indices (g,) of copies to their maps, (g * N, C, h, w).
        weights: one for each copy, shape (S,).
        images: the images that are copied, shape (N, C, H, W).
        chunk: number of images in one forward pass, at least one copy of all; if not given, that
            of `copies_at_once`.

    Returns: shape (N, C, h, w).
    """

    def group(indices: Tensor) -> Tensor:
        maps = explain(indices).unflatten(0, (len(indices), len(images)))
        return torch.tensordot(weights[indices].to(maps), maps, 1)

    groups = torch.arange(len(weights)).split(copies_at_once(chunk, images))
    if torch.is_grad_enabled() and len(groups) > 1:
        parts = [checkpoint(group, indices, use_reentrant=False) for indices in groups]
    else:
        parts = [group(indices) for indices in groups]
    return torch.stack(parts).sum(0)
