"""Local attribution: exploring close to the image in many directions (Zhu et al. 2024)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from interpreters.explored.base import Explored, class_count
from networks.goals import probability
from networks.unsupported import differentiated
from seeds import generator


@dataclass(frozen=True)
class LocalAttribution(Explored):
    """What the label loses on short ways to other classes and away from its own (Zhu et al. 2024).

    Each value of an image stays within its own size over `shrink`, in equal steps by the
    gradient's sign.

    Args:
        shrink: By which a value is divided to give how far it may change.
        steps: How many steps each way has.
        samples: How many ways there are; the last one leads away from the label, the others to
            classes drawn at random.
        seed: Of the classes, the same for all images.
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
    def attribution(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """The sum over the ways, shape (N, 3, H, W)."""
        images = images.detach()
        count = class_count(network, images)
        order = torch.randint(1, count, (self.samples - 1,), generator=generator(self.seed))
        total = self._way(network, images, labels, None)
        for offset in order.tolist():
            total += self._way(network, images, labels, (labels + offset) % count)
        return total

    def _way(
        self, network: nn.Module, images: Tensor, labels: Tensor, towards: Tensor | None
    ) -> Tensor:
        changed, total = images, torch.zeros_like(images)
        length = images / (self.shrink * self.steps)
        for _ in range(self.steps):
            with torch.enable_grad():
                leaf = changed.detach().requires_grad_()
                logits = network(leaf)
                own = probability(logits, labels).sum()
                with differentiated():
                    (slope,) = torch.autograd.grad(own, leaf, retain_graph=towards is not None)
                    up = -slope
                    if towards is not None:
                        (up,) = torch.autograd.grad(probability(logits, towards).sum(), leaf)
            before, changed = changed, (changed + length * up.sign()).clamp(0, 1)
            total -= (changed - before) * slope
        return total
