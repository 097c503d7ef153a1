"""The random baseline of Ghorbani et al.'s code: the best step of a random walk."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from torch import Tensor

from attacks.balls import Generators, normal
from attacks.heatmap import HeatmapAttack
from attacks.top_k import TopKAttack


@dataclass(frozen=True, kw_only=True)
class RandomWalk(HeatmapAttack):
    """Steps of random sign, of which the best by another attack's objective is returned.

    Args:
        like: The attack whose objective is used.

    Example:
        >>> from interpreters import SimpleGradient
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.GELU(), nn.Flatten(), nn.Linear(72, 2))
        >>> attack = RandomWalk(steps=2).against(SimpleGradient())
        >>> attack(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    uses_gradient: ClassVar[bool] = False
    like: HeatmapAttack = TopKAttack()
    beta: float | None = None

    def with_masks(self, masks: Tensor) -> Self:
        """Return this attack with the objects' masks, (N, 1, H, W), given to `like`."""
        return replace(self, like=self.like.with_masks(masks))

    @property
    def needs_masks(self) -> bool:
        """True if `like` needs them."""
        return self.like.needs_masks

    def target(self, images: Tensor, reference: Tensor, before: Tensor) -> Tensor:
        """Return the target of `like`."""
        return self.like.target(images, reference, before)

    def objective(self, heatmap: Tensor, target: Tensor) -> Tensor:
        """Return the objective of `like`."""
        return self.like.objective(heatmap, target)

    def direction(
        self, total: Tensor, leaf: Tensor, rows: Tensor, generators: Generators
    ) -> Tensor:
        """Return random numbers, whose signs are the steps."""
        return normal(leaf, generators and [generators[row] for row in rows.tolist()])
