"""Boundary-based integrated gradients (Wang et al. 2022)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from interpreters.explored.base import Explored, Explorer, check_explorer
from networks.goals import gradient, probability
from seeds import generator


@dataclass(frozen=True)
class BoundaryIG(Explored):
    """Integrated gradients from the nearest image with another label (Wang et al. 2022).

    The published code always keeps the smallest ball's image; here the first that loses the label.

    Args:
        attack: What looks for that image, such as attacks.PGD.
        sizes: By which its ball is scaled, one after the other, until the label is lost; the last
            size's image stands for one that never loses it.
        points: Points on the line between the images.
        seed: Of what the attack draws, the same for all images.
    """

    attack: Explorer
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
    def attribution(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """The way from the boundary times the mean gradient of the probability, (N, 3, H, W)."""
        images = images.detach()
        start = self.boundary(network, images, labels)
        total = torch.zeros_like(images)
        for point in range(self.points):
            here = start + (point + 0.5) / self.points * (images - start)
            total += gradient(lambda pixels: probability(network(pixels), labels), here)
        return (images - start) * total / self.points

    def boundary(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """The first image of each that has lost its label, (N, 3, H, W)."""
        found, rows = images.clone(), torch.arange(len(images), device=images.device)
        for size in self.sizes:
            attack: Explorer = self.attack.scaled(size)
            goal = attack.goal(network, images[rows], labels[rows])
            for _before, after, _update in attack.path(goal, images[rows], [generator(self.seed)]):
                found[rows] = after
            rows = rows[network(found[rows]).argmax(1) == labels[rows]]
            if not len(rows):
                break
        return found
