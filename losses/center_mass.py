"""Center-mass fooling: the heatmap's centre moves away (Heo et al. 2019, section 3.2)."""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from losses.base import Loss
from losses.normalize import normalize


def center(heatmap: Tensor) -> Tensor:
    """The centre of mass of each normalised heatmap, shape (N, 2): row and column, from 0.

    A constant heatmap has its centre in the middle, with zero gradients.
    """
    mass = normalize(heatmap)
    # elsewhere the highest place alone weighs 1
    mass = torch.where(mass.amax((1, 2, 3), keepdim=True) != 0, mass, 1.0)
    rows, columns = (torch.arange(side).to(mass) for side in mass.shape[2:])
    total = mass.sum((1, 2, 3))
    row = (mass.sum((1, 3)) * rows).sum(1) / total
    column = (mass.sum((1, 2)) * columns).sum(1) / total
    return torch.stack([row, column], 1)


def center_mass(heatmap: Tensor, reference: Tensor) -> Tensor:
    """How far the centre of mass is from the reference's, negative, rows plus columns.

    Args:
        heatmap: shape (N, 1, h, w), any range; normalised here, per image.
        reference: the original heatmap, likewise.

    Returns: shape (N,), in places, at most 0.
    """
    return -(center(heatmap) - center(reference)).abs().sum(1)


def center_shift(heatmap: Tensor, reference: Tensor) -> Tensor:
    """The root mean square shift of the centre in shares of the sides, shape (N,), in [0, 1]."""
    sides = torch.tensor(heatmap.shape[2:]).to(heatmap)
    shift = (center(heatmap) - center(reference)) / (sides - 1).clamp(min=1)
    return shift.square().mean(1).sqrt()


@dataclass(frozen=True)
class CenterMass(Loss):
    """The centre of mass moves away from where it was (Heo et al. 2019, section 3.2).

    The shift that is trained on is in places, rows plus columns; success is measured by the root
    mean square shift in shares of the sides: two formulas, as in the authors' code.

    Args:
        success: An image is fooled when its shift lies in this interval.
    """

    higher_is_better: ClassVar[bool] = True
    success: tuple[float, float] = field(default=(0.1, 1.0), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The loss of each image, shape (N,)."""
        return center_mass(heatmap, reference)

    def measure(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The shift of each image's centre, shape (N,), in [0, 1]."""
        return center_shift(heatmap, reference)
