"""The baseline as Ghorbani et al.'s code has it: a random walk, of which the best step is kept."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from torch import Tensor

from attacks.balls import Generators, normal
from attacks.heatmap import HeatmapAttack


@dataclass(frozen=True, kw_only=True)
class RandomWalk(HeatmapAttack):
    """Steps by random signs; of all steps the one is kept that another attack likes best.

    Args:
        like: The attack whose objective decides.
    """

    uses_gradient: ClassVar[bool] = False
    like: HeatmapAttack
    beta: float | None = None

    def with_masks(self, masks: Tensor) -> Self:
        """Return this attack with the objects' masks, (N, 1, H, W), given to `like`."""
        return replace(self, like=self.like.with_masks(masks))

    @property
    def needs_masks(self) -> bool:
        """True if `like` needs them."""
        return self.like.needs_masks

    def target(self, images: Tensor, reference: Tensor, before: Tensor) -> Tensor:
        """The other attack's."""
        return self.like.target(images, reference, before)

    def objective(self, heatmap: Tensor, target: Tensor) -> Tensor:
        """The other attack's."""
        return self.like.objective(heatmap, target)

    def direction(
        self, total: Tensor, leaf: Tensor, rows: Tensor, generators: Generators
    ) -> Tensor:
        """Any."""
        return normal(leaf, generators and [generators[row] for row in rows.tolist()])
