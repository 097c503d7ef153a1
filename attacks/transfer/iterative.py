"""The iterative fast gradient sign method, and what momentum, diversity and smoothing add to it."""

from dataclasses import dataclass

from torch import Tensor

from attacks.prediction import AttackState
from attacks.transfer.base import TransferAttack
from attacks.transfer.transformations import Diversity, Smoothing
from networks.goals import Goal


@dataclass(frozen=True, kw_only=True)
class BIM(TransferAttack):
    """Steps along the gradient as it is (Kurakin et al. 2017); I-FGSM."""

    momentum: float = 0.0

    def update(self, goal: Goal, state: AttackState) -> Tensor:
        """The gradient, at its own length."""
        return self.momentum * state.update + self.gradient(goal, state)


@dataclass(frozen=True, kw_only=True)
class MIFGSM(TransferAttack):
    """Momentum (Dong et al. 2018, algorithm 1)."""


@dataclass(frozen=True, kw_only=True)
class DIFGSM(TransferAttack):
    """Diverse inputs (Xie et al. 2019)."""

    momentum: float = 0.0
    diversity: Diversity | None = Diversity()


@dataclass(frozen=True, kw_only=True)
class TIFGSM(TransferAttack):
    """A smoothed gradient of diverse inputs (Dong et al. 2019)."""

    momentum: float = 0.0
    diversity: Diversity | None = Diversity()
    smoothing: Smoothing | None = Smoothing()
