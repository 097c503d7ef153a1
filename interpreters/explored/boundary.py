"""Boundary-based integrated gradients (Wang et al. 2022)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attacks import PGD
from interpreters.explored.base import Explored, Explorer, check_explorer
from networks.goals import gradient, probability
from networks.logits import class_logits, read_logits
from seeds import generator


@dataclass(frozen=True)
class BoundaryIG(Explored):
    """Integrated gradients from the nearest image with another label (Wang et al. 2022).

    The published code always uses the smallest epsilon's image; this uses the first with another
    label.

    Args:
        attack: Attack that searches for that image, such as attacks.PGD.
        sizes: Factors of its epsilon, tried in order until the label changes; if it never does,
            the image of the last factor is used.
        points: Points on the line between the images.
        seed: Seed of the attack, the same for all images.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> BoundaryIG(PGD(steps=2), points=2)(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    attack: Explorer = PGD(epsilon="4/255", step_size="1/255")
    sizes: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    points: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_explorer(self.attack)
        if not self.sizes or min(self.sizes) <= 0:
            raise ValueError(f"`sizes` must be numbers above 0, got {self.sizes}")
        if self.points < 1:
            raise ValueError(f"`points` must be at least 1, got {self.points}")

    @torch.no_grad()
    def explore(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Return image less boundary, times the probability's mean gradient, (N, 3, H, W)."""
        images = images.detach()
        start = self.boundary(network, images, labels)
        total = torch.zeros_like(images)
        for point in range(self.points):
            here = start + (point + 0.5) / self.points * (images - start)
            total += gradient(
                lambda pixels: probability(read_logits(network(pixels)), labels), here
            )
        return (images - start) * total / self.points

    def boundary(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Return the first image with another label for each image, (N, 3, H, W)."""
        found, rows = images.clone(), torch.arange(len(images), device=images.device)
        for size in self.sizes:
            attack: Explorer = self.attack.scaled(size)
            goal = attack.goal(network, images[rows], labels[rows])
            for _before, after, _update in attack.path(goal, images[rows], [generator(self.seed)]):
                found[rows] = after
            rows = rows[class_logits(network(found[rows])).argmax(1) == labels[rows]]
            if not len(rows):
                break
        return found
