"""The spectrum simulation attack (Long et al. 2022)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from attacks.balls import normal, uniform
from attacks.base import pixels
from attacks.prediction import AttackState
from attacks.transfer.base import Copy, TransferAttack
from attacks.transfer.transformations import Diversity, Smoothing


@dataclass(frozen=True, kw_only=True)
class SSA(TransferAttack):
    """Mean gradient over copies with randomly scaled frequencies (Long et al. 2022).

    Diversity and smoothing are AttEXplore's. Gradients are taken at the copies, not through noise
    and spectrum.

    Args:
        samples: Number of copies.
        noise: Standard deviation of the Gaussian noise of a copy, in pixels in [0, 1].
        spread: Each frequency is multiplied by a number from [1 - spread, 1 + spread].

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> SSA(steps=2, samples=2)(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    diversity: Diversity | None = Diversity(rate=1.15)
    smoothing: Smoothing | None = Smoothing(7)
    samples: int = 20
    noise: float | str = "16/255"
    spread: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "noise", pixels("noise", self.noise))
        if self.samples < 1:
            raise ValueError(f"`samples` must be at least 1, got {self.samples}")
        if not 0 <= self.spread < float("inf"):
            raise ValueError(f"`spread` must be finite and not negative, got {self.spread}")

    def copies(self, state: AttackState) -> Iterator[Copy]:
        """Yield images with noise and a randomly scaled spectrum."""
        height, width = (
            dct_matrix(side).to(state.images)
            for side in (state.images.shape[2], state.images.shape[3])
        )
        for _ in range(self.samples):
            noisy = state.changed + float(self.noise) * normal(state.images, state.generators)
            factor = 1 + self.spread * (2 * uniform(state.images, state.generators) - 1)
            spectrum = factor * (height @ noisy @ width.T)
            yield Copy(height.T @ spectrum @ width, self.sample_transform(state))


@cache
def dct_matrix(side: int) -> Tensor:
    """Return the discrete cosine transform (type II, orthonormal), shape (side, side)."""
    positions = torch.arange(side, dtype=torch.float64)
    waves = torch.cos(math.pi / side * (positions + 0.5) * positions[:, None])
    waves[0] /= math.sqrt(2)
    return waves * math.sqrt(2 / side)
