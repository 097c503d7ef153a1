"""The iterative fast gradient sign method, with momentum, diversity or smoothing."""

from dataclasses import dataclass

from torch import Tensor

from attacks.prediction import AttackState
from attacks.transfer.base import TransferAttack
from attacks.transfer.transformations import Diversity, Smoothing
from networks.goals import Goal


@dataclass(frozen=True, kw_only=True)
class BIM(TransferAttack):
    """Basic iterative method, I-FGSM (Kurakin et al. 2017).

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> BIM(steps=2)(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    momentum: float = 0.0

    def update(self, goal: Goal, state: AttackState) -> Tensor:
        """Return momentum times the last update, plus the gradient, not normalised."""
        return self.momentum * state.update + self.gradient(goal, state)


@dataclass(frozen=True, kw_only=True)
class MIFGSM(TransferAttack):
    """Iterative method with momentum (Dong et al. 2018, algorithm 1).

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> MIFGSM(steps=2)(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """


@dataclass(frozen=True, kw_only=True)
class DIFGSM(TransferAttack):
    """Iterative method with diverse inputs (Xie et al. 2019).

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> DIFGSM(steps=2)(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    momentum: float = 0.0
    diversity: Diversity | None = Diversity()


@dataclass(frozen=True, kw_only=True)
class TIFGSM(TransferAttack):
    """Iterative method with diverse inputs and a smoothed gradient (Dong et al. 2019).

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> TIFGSM(steps=2)(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    momentum: float = 0.0
    diversity: Diversity | None = Diversity()
    smoothing: Smoothing | None = Smoothing()
