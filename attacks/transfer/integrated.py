"""Momentum of integrated gradients (Ma et al. 2023)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor

from attacks.prediction import AttackState
from attacks.transfer.base import Copy, TransferAttack
from attacks.transfer.objectives import lost_probability
from networks.goals import Goal


@dataclass(frozen=True, kw_only=True)
class MIG(TransferAttack):
    """Momentum over integrated gradients from black (Ma et al. 2023).

    Args:
        points: Points on the line from black to the image, the image the last of them.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> MIG(steps=2, points=2)(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    objective: Callable[[Tensor, Tensor], Tensor] = lost_probability
    points: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.points < 1:
            raise ValueError(f"`points` must be at least 1, got {self.points}")

    def gradient(self, goal: Goal, state: AttackState) -> Tensor:
        """Return the integrated gradient: image times mean gradient on the line from black."""
        return state.changed * super().gradient(goal, state)

    def copies(self, state: AttackState) -> Iterator[Copy]:
        """Yield the points on the line."""
        for point in range(1, self.points + 1):
            yield Copy(point / self.points * state.changed, self.sample_transform(state))
