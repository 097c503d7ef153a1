"""Neuron attribution-based attack (Zhang et al. 2022)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Generator, Tensor, nn

from attacks.balls import normal
from attacks.transfer.base import TransferAttack, repeated
from attacks.transfer.objectives import lost_logit
from networks import outputs_of
from networks.goals import Goal
from seeds import generator


@dataclass(frozen=True, kw_only=True)
class NAA(TransferAttack):
    """Suppress neurons with positive attribution for the label (Zhang et al. 2022).

    A neuron's attribution is its activation times the mean gradient on the line from black.

    Args:
        layer: Dotted name of the layer whose outputs are the neurons, or "last".
        samples: Points on the line.
        noise: Standard deviation of the Gaussian noise at each, in pixels in [0, 1].
        seed: Seed of the noise, which is the same for all images.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> NAA(layer="0", steps=2, samples=2)(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    objective: Callable[[Tensor, Tensor], Tensor] = lost_logit
    layer: str = "last"
    samples: int = 30
    noise: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.samples < 1:
            raise ValueError(f"`samples` must be at least 1, got {self.samples}")
        if not 0 <= self.noise < float("inf"):
            raise ValueError(f"`noise` must be finite and not negative, got {self.noise}")

    def goal(self, network: nn.Module, images: Tensor, labels: Tensor) -> Goal:
        """Return the function from images to the layer's outputs, weighted by mean gradients."""
        height, random = super().goal(network, images, labels), [generator(self.seed)]
        slopes = (
            self._slope(height, network, point / self.samples * images, random)
            for point in range(1, self.samples + 1)
        )
        total = reduce(Tensor.add_, slopes)
        length = total.flatten(1).norm(dim=1).clamp_min(torch.finfo(total.dtype).tiny)
        weights = total / length.view(-1, *[1] * (total.ndim - 1))

        def suppressed(changed: Tensor) -> Tensor:
            with outputs_of(network, self.layer, changed) as outputs:
                network(changed)
            return (repeated(weights, changed) * outputs[-1]).flatten(1).sum(1)

        return suppressed

    def _slope(
        self, height: Goal, network: nn.Module, point: Tensor, random: list[Generator]
    ) -> Tensor:
        """Return the objective's gradient in the neurons, at a point with noise."""
        with torch.enable_grad(), outputs_of(network, self.layer, point) as outputs:
            # the pixels make the graph if no weight requires a gradient
            noisy = (point + self.noise * normal(point, random)).requires_grad_()
            total = height(noisy).sum()
        (slope,) = torch.autograd.grad(total, outputs[-1])
        return slope
