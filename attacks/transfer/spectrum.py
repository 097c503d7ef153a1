"""Exploring by frequencies: the spectrum simulation attack (Long et al. 2022)."""

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
    """The gradient over images whose frequencies are made louder and softer (Long et al. 2022).

    With diversity and smoothing as AttEXplore explores with. A copy's gradient stands for the
    image's: none goes through the noise and the spectrum.

    Args:
        samples: How many copies there are.
        noise: Standard deviation of Gaussian noise that a copy has first, in pixels in [0, 1].
        spread: Every frequency is multiplied by a number drawn from 1 - spread to 1 + spread.
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
        """Images with noise and another spectrum."""
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
    """The discrete cosine transform (type II, orthonormal) as a matrix, shape (side, side)."""
    places = torch.arange(side, dtype=torch.float64)
    waves = torch.cos(math.pi / side * (places + 0.5) * places[:, None])
    waves[0] /= math.sqrt(2)
    return waves * math.sqrt(2 / side)
