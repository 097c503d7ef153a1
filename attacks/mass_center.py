"""The mass-center attack (Ghorbani et al. 2019, algorithm 1)."""

from dataclasses import dataclass

from torch import Tensor

from attacks.balls import Generators, normal
from attacks.heatmap import HeatmapAttack
from attacks.importance import center_of


@dataclass(frozen=True, kw_only=True)
class MassCenterAttack(HeatmapAttack):
    """Attack that moves the centre of mass of the importance (Ghorbani et al. 2019).

    The first step is random, because the distance has no gradient at the original image.

    Args:
        truncated: Measure from the truncated centre and begin at the image, as the published code
            does.

    Example:
        >>> from interpreters import SimpleGradient
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.GELU(), nn.Flatten(), nn.Linear(72, 2))
        >>> attack = MassCenterAttack(beta=None, steps=2).against(SimpleGradient())
        >>> attack(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    truncated: bool = False

    def start(self, images: Tensor, generators: Generators) -> Tensor:
        """Return the images after one step in a random direction."""
        if self.truncated:
            return images
        return self.stepped(images, images, normal(images, generators))

    def target(self, images: Tensor, reference: Tensor, before: Tensor) -> Tensor:
        """Return the centre of the surrogate's importance, shape (N, 2)."""
        center = center_of(before)
        return center.trunc() if self.truncated else center

    def objective(self, heatmap: Tensor, target: Tensor) -> Tensor:
        """Return the squared distance from the target, in positions."""
        return (center_of(heatmap) - target).square().sum(1)
