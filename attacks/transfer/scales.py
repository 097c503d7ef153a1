"""Nesterov momentum over images of several scales (Lin et al. 2020)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from attacks.prediction import AttackState
from attacks.transfer.base import Copy, TransferAttack
from attacks.transfer.transformations import Transform


@dataclass(frozen=True, kw_only=True)
class SINIFGSM(TransferAttack):
    """Nesterov gradient, averaged over images at scales 1, 1/2, 1/4, ... (Lin et al. 2020).

    Args:
        scales: Number of copies.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> SINIFGSM(steps=2)(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    scales: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scales < 1:
            raise ValueError(f"`scales` must be at least 1, got {self.scales}")

    def copies(self, state: AttackState) -> Iterator[Copy]:
        """Yield the images after a step of momentum alone, from bright to dark."""
        ahead = state.changed + self.length * self.momentum * state.update
        for scale in range(self.scales):
            yield Copy(ahead, partial(darkened, self.sample_transform(state), 2.0**-scale))


def darkened(transform: Transform, factor: float, images: Tensor) -> Tensor:
    """Return the transform of images times a factor."""
    return transform(factor * images)
