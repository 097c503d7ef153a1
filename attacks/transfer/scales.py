"""Nesterov's momentum over images of several scales (Lin et al. 2020)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from attacks.prediction import AttackState
from attacks.transfer.base import Copy, TransferAttack
from attacks.transfer.transformations import Transform


@dataclass(frozen=True, kw_only=True)
class SINIFGSM(TransferAttack):
    """The gradient a step ahead, over copies of half the brightness each (Lin et al. 2020).

    Args:
        scales: How many copies there are.
    """

    scales: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scales < 1:
            raise ValueError(f"`scales` must be at least 1, got {self.scales}")

    def copies(self, state: AttackState) -> Iterator[Copy]:
        """The images where momentum alone would take them, from bright to dark."""
        ahead = state.changed + self.length * self.momentum * state.update
        for scale in range(self.scales):
            yield Copy(ahead, partial(darkened, self.sample_transform(state), 2.0**-scale))


def darkened(view: Transform, factor: float, images: Tensor) -> Tensor:
    """Images of less brightness, as the network sees them."""
    return view(factor * images)
