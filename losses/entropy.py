"""Entropy fooling: spread the heatmap evenly (after Piland et al. 2025)."""

import math
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from losses.base import Loss
from losses.normalize import normalize

# keeps the logarithm and its gradient finite, and is too small to change the entropy
EPSILON = 1e-12


def entropy(heatmap: Tensor) -> Tensor:
    """Return the entropy of each heatmap, normalised to sum 1, divided by the largest entropy.

    Args:
        heatmap: shape (N, 1, h, w), any range; min-max normalised here first, per image.

    Returns: shape (N,), in [0, 1]; 1 for a constant heatmap, with zero gradients.
    Raises: ValueError: the heatmap has a single position.

    Example:
        >>> entropy(torch.stack([torch.ones(1, 4, 4), torch.eye(4)[None]]))
        tensor([1.0000, 0.5000])
    """
    if heatmap.shape[1:].numel() == 1:
        raise ValueError(
            "the entropy needs heatmaps of at least 2 positions, got 1x1; choose a layer with "
            "larger maps"
        )
    mass = normalize(heatmap).flatten(1)
    # `normalize` makes a constant heatmap zeros; ones give it the largest entropy
    mass = torch.where(mass.amax(1, keepdim=True) != 0, mass, 1.0)
    shares = mass / mass.sum(1, keepdim=True)
    return -(shares * (shares + EPSILON).log()).sum(1) / math.log(shares.shape[1])


@dataclass(frozen=True)
class Entropy(Loss):
    """Spread the heatmap evenly over the image (entropy as in Piland et al. 2025).

    The loss is 1 - entropy, in [0, 1].

    Args:
        success: Success interval [low, high] of the loss.

    Example:
        >>> Entropy()(torch.eye(4)[None, None], torch.ones(1, 1, 4, 4))
        tensor([0.5000])
    """

    needs_reference: ClassVar[bool] = False
    success: tuple[float, float] = field(default=(0.0, 0.05), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the loss of each image, shape (N,); the reference is not used."""
        return 1 - entropy(heatmap)
