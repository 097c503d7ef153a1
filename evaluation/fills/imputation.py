"""Noisy linear imputation of removed pixels (Rong et al. 2022)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from attacks.balls import normal
from evaluation.fills.base import Fill
from metrics.insertion_deletion import Without
from seeds import generator

# steps between two checks of the residual, which make a GPU wait
STRIDE = 20


@dataclass(frozen=True)
class LinearImputation(Fill):
    """The weighted mean of each removed pixel's neighbours, plus noise (Rong et al. 2022).

    Args:
        noise: Standard deviation of the Gaussian noise, in units of pixels in [0, 1].
        seed: Of the noise, with the image.
    """

    noise: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.noise < float("inf"):
            raise ValueError(f"`noise` must be finite and not negative, got {self.noise}")

    def without(self, images: Tensor, indices: Sequence[int]) -> Without:
        """Return a function that imputes removed pixels."""
        randoms = [generator(self.seed, index) for index in indices]
        noise = self.noise * normal(images, randoms)

        def filled(rows: Tensor, missing: Tensor) -> Tensor:
            missing = missing.expand(-1, images.shape[1], -1, -1)
            guessed = imputed(images[rows], missing) + noise[rows]
            return torch.where(missing, guessed.clamp(0, 1), images[rows])

        return filled


def imputed(images: Tensor, missing: Tensor, tolerance: float = 1e-5) -> Tensor:
    """Replace missing values by the weighted means of their neighbours (Rong et al. 2022).

    The linear equations are solved by conjugate gradients; where all is missing, all is 0.

    Args:
        images: shape (N, C, H, W).
        missing: True where a value is missing, same shape.
        tolerance: largest residual, in units of the images.
    """
    here = missing.to(images)
    known = images * (1 - here)
    # at the border a pixel has fewer neighbours
    weight = neighbours(torch.ones_like(images[:1, :1]))

    def equations(values: Tensor) -> Tensor:
        return here * (weight * values - neighbours(values))

    solution = torch.zeros_like(images)
    residual = here * neighbours(known)
    direction, size = residual, (residual * residual).sum((2, 3), keepdim=True)
    tiny = torch.finfo(images.dtype).tiny
    for step in range(images.shape[2] * images.shape[3]):
        if step % STRIDE == 0 and residual.abs().amax() <= tolerance:
            break
        product = equations(direction)
        length = size / (direction * product).sum((2, 3), keepdim=True).clamp_min(tiny)
        solution, residual = solution + length * direction, residual - length * product
        before, size = size, (residual * residual).sum((2, 3), keepdim=True)
        direction = residual + size / before.clamp_min(tiny) * direction
    return known + solution


def neighbours(values: Tensor) -> Tensor:
    """Return the weighted sum of every value's neighbours in (N, C, H, W), 0 beyond the border.

    Weights are 1/6 for the four beside it and 1/12 for the four diagonal ones.
    """
    padded = F.pad(values, (1, 1, 1, 1))
    rows = padded[..., :-2] + 2 * padded[..., 1:-1] + padded[..., 2:]
    both = rows[..., :-2, :] + 2 * rows[..., 1:-1, :] + rows[..., 2:, :]
    return (both - 4 * values) / 12
