"""Missing pixels guessed from their neighbours, so that what is shown stays near the data."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from attacks.balls import normal
from evaluation.fills import Fill
from metrics.insertion_deletion import Without
from seeds import generator

# how many steps there are between two looks at how far the solution is, which make a GPU wait
STRIDE = 20


@dataclass(frozen=True)
class LinearImputation(Fill):
    """Every missing pixel is the weighted mean of its neighbours, and noise (Rong et al. 2022).

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
        """From the numbers of some images and what is missing of each to pictures."""
        randoms = [generator(self.seed, index) for index in indices]
        noise = self.noise * normal(images, randoms)

        def filled(rows: Tensor, missing: Tensor) -> Tensor:
            missing = missing.expand(-1, images.shape[1], -1, -1)
            guessed = imputed(images[rows], missing) + noise[rows]
            return torch.where(missing, guessed.clamp(0, 1), images[rows])

        return filled


def imputed(images: Tensor, missing: Tensor, tolerance: float = 1e-5) -> Tensor:
    """Images whose missing values are the weighted means of their neighbours (Rong et al. 2022).

    The linear equations are solved by conjugate gradients; where all is missing, all is 0.

    Args:
        images: shape (N, C, H, W).
        missing: which values are, booleans of the same shape.
        tolerance: the largest residual, in units of the images.
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
        turned = equations(direction)
        length = size / (direction * turned).sum((2, 3), keepdim=True).clamp_min(tiny)
        solution, residual = solution + length * direction, residual - length * turned
        before, size = size, (residual * residual).sum((2, 3), keepdim=True)
        direction = residual + size / before.clamp_min(tiny) * direction
    return known + solution


def neighbours(values: Tensor) -> Tensor:
    """The weighted sum of every value's neighbours in (N, C, H, W), 0 beyond the border.

    1/6 for the four beside it, 1/12 for the four across: (1 2 1) by (1 2 1), but for the middle.
    """
    padded = F.pad(values, (1, 1, 1, 1))
    rows = padded[..., :-2] + 2 * padded[..., 1:-1] + padded[..., 2:]
    both = rows[..., :-2, :] + 2 * rows[..., 1:-1, :] + rows[..., 2:, :]
    return (both - 4 * values) / 12
