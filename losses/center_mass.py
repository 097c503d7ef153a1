"""Center-mass fooling: move the heatmap's centre of mass away (Heo et al. 2019, section 3.2)."""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from losses.base import Loss
from losses.normalize import normalize


def center(heatmap: Tensor) -> Tensor:
    """Return the centre of mass of each normalised heatmap, shape (N, 2): row and column, from 0.

    The centre of a constant heatmap is the middle, with zero gradients.
    """
    mass = normalize(heatmap)
    # `normalize` makes a constant heatmap zeros; ones put its centre in the middle
    mass = torch.where(mass.amax((1, 2, 3), keepdim=True) != 0, mass, 1.0)
    rows, columns = (torch.arange(side).to(mass) for side in mass.shape[2:])
    total = mass.sum((1, 2, 3))
    row = (mass.sum((1, 3)) * rows).sum(1) / total
    column = (mass.sum((1, 2)) * columns).sum(1) / total
    return torch.stack([row, column], 1)


def center_mass(heatmap: Tensor, reference: Tensor) -> Tensor:
    """Negative L1 distance between the centres of mass of heatmap and reference.

    Args:
        heatmap: shape (N, 1, h, w), any range; normalised here, per image.
        reference: the original heatmap, of the same shape.

    Returns: shape (N,), in positions, at most 0.

    Example:
        >>> reference = torch.zeros(1, 1, 3, 3).index_fill(3, torch.tensor(0), 1.0)
        >>> center_mass(reference.flip(3), reference)
        tensor([-2.])
    """
    return -(center(heatmap) - center(reference)).abs().sum(1)


def center_shift(heatmap: Tensor, reference: Tensor) -> Tensor:
    """Return the root mean square shift of the centre of mass, relative to the heatmap's sides.

    Args:
        heatmap: shape (N, 1, h, w), any range; normalised here, per image.
        reference: the original heatmap, of the same shape.

    Returns: shape (N,), in [0, 1].

    Example:
        >>> reference = torch.eye(2)[None, None, :1]
        >>> center_shift(reference.flip(3), reference)
        tensor([0.7071])
    """
    shift = center(heatmap) - center(reference)
    # in half precision large sides would be rounded
    sides = torch.tensor(heatmap.shape[2:]).to(shift)
    return (shift / (sides - 1).clamp(min=1)).square().mean(1).sqrt()


@dataclass(frozen=True)
class CenterMass(Loss):
    """Move the centre of mass away from the original's (Heo et al. 2019, section 3.2).

    The loss is `center_mass`, the success measure is `center_shift`: two formulas, as in the
    authors' code.

    Args:
        success: Success interval [low, high] of the shift.

    Example:
        >>> reference = torch.eye(2)[None, None, :1]
        >>> CenterMass()(reference.flip(3), reference)
        tensor([-1.])
    """

    higher_is_better: ClassVar[bool] = True
    success: tuple[float, float] = field(default=(0.1, 1.0), kw_only=True)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the loss of each image, shape (N,)."""
        return center_mass(heatmap, reference)

    def measure(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the shift of each image's centre of mass, shape (N,), in [0, 1]."""
        return self.bounded(center_shift(heatmap, reference))
