"""Entropy: the heatmap points nowhere (after Piland et al. 2025)."""

import math
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from losses.base import Loss
from losses.normalize import normalize

# below it a share adds nothing to the entropy, and its logarithm's gradient stays finite
SMALLEST = 1e-12


def entropy(heatmap: Tensor) -> Tensor:
    """The entropy of each normalised heatmap as shares of its sum, over that of equal shares.

    Args:
        heatmap: shape (N, 1, h, w), any range, more than one place; normalised here, per image.

    Returns: shape (N,), in [0, 1]; 1 for a constant heatmap, with zero gradients.
    Raises: ValueError: the heatmap has one place only.
    """
    if heatmap[0].numel() == 1:
        raise ValueError("a heatmap of one place has no entropy; choose a layer with larger maps")
    mass = normalize(heatmap).flatten(1)
    # elsewhere the highest place alone weighs 1
    mass = torch.where(mass.amax(1, keepdim=True) != 0, mass, 1.0)
    shares = mass / mass.sum(1, keepdim=True)
    return -(shares * (shares + SMALLEST).log()).sum(1) / math.log(shares.shape[1])


@dataclass(frozen=True)
class Entropy(Loss):
    """The heatmap spreads until it points nowhere (entropy as in Piland et al. 2025).

    What is minimised is the entropy that is wanting: 1 - entropy.

    Args:
        success: An image is fooled when its loss lies in this interval.
    """

    needs_reference: ClassVar[bool] = False
    success: tuple[float, float] = field(default=(0.0, 0.05), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The loss of each image, shape (N,); the reference is not used."""
        return 1 - entropy(heatmap)
