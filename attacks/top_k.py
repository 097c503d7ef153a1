"""The top-k attack (Ghorbani et al. 2019, algorithm 1)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from attacks.heatmap import HeatmapAttack
from attacks.importance import importance


def check_k(k: float) -> None:
    """Raise ValueError unless k is a whole number, at least 1, or a share in (0, 1)."""
    if not (0 < k < 1 or (k >= 1 and k == int(k))):
        raise ValueError(f"`k` must be a number of positions or a share in (0, 1), got {k}")


@dataclass(frozen=True, kw_only=True)
class TopKAttack(HeatmapAttack):
    """Attack that lowers the importance of the most important positions (Ghorbani et al. 2019).

    Args:
        k: Number of positions, or as a number below 1 their share of all, at least one.

    Example:
        >>> from interpreters import SimpleGradient
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.GELU(), nn.Flatten(), nn.Linear(72, 2))
        >>> attack = TopKAttack(k=5, beta=None, steps=2).against(SimpleGradient())
        >>> attack(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    k: int | float = 0.02

    def __post_init__(self) -> None:
        super().__post_init__()
        check_k(self.k)

    def target(self, images: Tensor, reference: Tensor, before: Tensor) -> Tensor:
        """Return 1 at the reference's k most important positions, of equal ones the first.

        Raises: ValueError: the heatmap has fewer than k positions.
        """
        positions = reference[0].numel()
        # the small term keeps products such as 55 * (3 / 11) from rounding down by one
        count = int(self.k) if self.k >= 1 else max(1, int(positions * self.k + 1e-9))
        if count > positions:
            raise ValueError(
                f"`k` is {self.k}, and the heatmaps have only {positions} positions; give a lower "
                "number, or a share below 1"
            )
        order = importance(reference).flatten(1).argsort(dim=1, descending=True, stable=True)
        mask = torch.zeros_like(reference).flatten(1).scatter_(1, order[:, :count], 1.0)
        return mask.view_as(reference)

    def objective(self, heatmap: Tensor, target: Tensor) -> Tensor:
        """Return the negative importance of these positions."""
        return -(importance(heatmap) * target).sum((1, 2, 3))
