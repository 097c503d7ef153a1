"""Averages over many copies of the images, in pieces that fit into memory."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from networks.chunks import copies_at_once

Explain = Callable[[Tensor], Tensor]


def weighted_sum(explain: Explain, weights: Tensor, images: Tensor, chunk: int | None) -> Tensor:
    """Sum over copies of weight times map, where maps are computed for whole groups of copies.

    In training, a group's activations are computed again in the backward pass, not kept.

    Args:
        explain: from the indices (g,) of some copies to their maps, (g * N, C, h, w).
        weights: one for each copy, shape (S,).
        images: what the copies are made of, shape (N, C, H, W).
        chunk: how many images the network sees at once, but at least one copy; if not given, as
            `copies_at_once` says.

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
