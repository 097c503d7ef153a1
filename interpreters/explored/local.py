"""Local attribution: paths close to the image in many directions (Zhu et al. 2024)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from interpreters.explored.base import Explored, class_count
from networks.goals import probability
from networks.logits import class_logits
from networks.unsupported import differentiated
from seeds import generator


@dataclass(frozen=True)
class LocalAttribution(Explored):
    """Loss of probability on short paths to other classes (Zhu et al. 2024).

    Each value changes by at most its own size over `shrink`, in equal steps by the gradient's sign.

    Args:
        shrink: Divisor of a value that gives its maximum change, at least 1.
        steps: Number of steps of each path.
        samples: Number of paths: one away from the label, the others towards random classes.
        seed: Seed of the classes, the same for all images.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> interpreter = LocalAttribution(steps=2, samples=2)
        >>> interpreter(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    shrink: float = 10.0
    steps: int = 30
    samples: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("steps", "samples"):
            if getattr(self, name) < 1:
                raise ValueError(f"`{name}` must be at least 1, got {getattr(self, name)}")
        if not self.shrink >= 1:
            raise ValueError(f"`shrink` must be at least 1, got {self.shrink}")

    @torch.no_grad()
    def explore(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Return the sum over the paths, shape (N, 3, H, W)."""
        images = images.detach()
        count = class_count(network, images)
        order = torch.randint(1, count, (self.samples - 1,), generator=generator(self.seed))
        total = self._path(network, images, labels, None)
        for offset in order.tolist():
            total += self._path(network, images, labels, (labels + offset) % count)
        return total

    def _path(
        self, network: nn.Module, images: Tensor, labels: Tensor, towards: Tensor | None
    ) -> Tensor:
        changed, total = images, torch.zeros_like(images)
        length = images / (self.shrink * self.steps)
        for _ in range(self.steps):
            with torch.enable_grad():
                leaf = changed.detach().requires_grad_()
                logits = class_logits(network(leaf))
                own = probability(logits, labels).sum()
                with differentiated():
                    (slope,) = torch.autograd.grad(own, leaf, retain_graph=towards is not None)
                    up = -slope
                    if towards is not None:
                        (up,) = torch.autograd.grad(probability(logits, towards).sum(), leaf)
            before, changed = changed, (changed + length * up.sign()).clamp(0, 1)
            total -= (changed - before) * slope
        return total
