"""The centre of importance moves away (Ghorbani et al. 2019, algorithm 1, mass-center)."""

from dataclasses import dataclass

from torch import Tensor

from attacks.balls import Generators, normal
from attacks.heatmap import HeatmapAttack
from attacks.importance import center_of


@dataclass(frozen=True, kw_only=True)
class MassCenterAttack(HeatmapAttack):
    """The centre of the importance moves away from where it was.

    Where it was the distance has no gradient, so that the first step goes in a random direction.

    Args:
        truncated: Measure from the whole place before the centre and begin at the image, as the
            published code does.
    """

    truncated: bool = False

    def start(self, images: Tensor, generators: Generators) -> Tensor:
        """One step from the images, in a random direction."""
        if self.truncated:
            return images
        return self.stepped(images, images, normal(images, generators))

    def target(self, images: Tensor, reference: Tensor, before: Tensor) -> Tensor:
        """The centre that the network with softplus shows, shape (N, 2)."""
        center = center_of(before)
        return center.trunc() if self.truncated else center

    def objective(self, heatmap: Tensor, target: Tensor) -> Tensor:
        """The squared distance in places."""
        return (center_of(heatmap) - target).square().sum(1)
