"""Adversarial gradient integration (Pan et al. 2021)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from interpreters.explored.base import Explored, class_count
from networks.goals import probability
from networks.logits import class_logits
from networks.unsupported import differentiated
from seeds import generator


@dataclass(frozen=True)
class AGI(Explored):
    """Integrated gradients on paths towards adversarial images (Pan et al. 2021).

    Each image follows its own path until it is classified as the other class; the published code
    begins each step at the image, and mixes the images of a batch.

    Args:
        classes: Number of other classes, sampled at random.
        steps: Maximum number of steps towards each.
        step_size: Length of a step by the gradient's sign, in units of pixels in [0, 1].
        seed: Seed of the classes, the same for all images.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> AGI(classes=1, steps=2)(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    classes: int = 20
    steps: int = 20
    step_size: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("classes", "steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"`{name}` must be at least 1, got {getattr(self, name)}")
        if not 0 < self.step_size <= 1:
            raise ValueError(f"`step_size` must be in (0, 1], got {self.step_size}")

    @torch.no_grad()
    def explore(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Return the sum over the paths, shape (N, 3, H, W)."""
        images = images.detach()
        count = class_count(network, images)
        # offsets from the label, so that none of them is the label
        order = torch.randperm(count - 1, generator=generator(self.seed)) + 1
        total = torch.zeros_like(images)
        for offset in order[: self.classes].tolist():
            total += self._path(network, images, labels, (labels + offset) % count)
        return total

    def _path(self, network: nn.Module, images: Tensor, labels: Tensor, others: Tensor) -> Tensor:
        changed, total = images.clone(), torch.zeros_like(images)
        rows = torch.arange(len(images), device=images.device)
        for _ in range(self.steps):
            with torch.enable_grad():
                leaf = changed[rows].requires_grad_()
                logits = class_logits(network(leaf))
                towards = probability(logits, others[rows]).sum()
                own = probability(logits, labels[rows]).sum()
                with differentiated():
                    (up,) = torch.autograd.grad(towards, leaf, retain_graph=True)
                    (slope,) = torch.autograd.grad(own, leaf)
            under_way = logits.argmax(1) != others[rows]
            rows, up, slope = rows[under_way], up[under_way], slope[under_way]
            if not len(rows):
                break
            before = changed[rows]
            changed[rows] = after = (before + self.step_size * up.sign()).clamp(0, 1)
            total[rows] -= (after - before) * slope
        return total
