"""AttEXplore and AttEXplore++: attribution along the path of an attack (Zhu et al. 2024)."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from attacks.transfer import SSA
from interpreters.base import snake_case
from interpreters.explored.base import Explored, Explorer, check_explorer
from networks.goals import gradient
from seeds import generator

AttributionGradient = Literal["update", "plain"]


@dataclass(frozen=True)
class AttEXplore(Explored):
    """Sum over an attack's steps of step times gradient (Zhu et al. 2024).

    Args:
        attack: Attack on predictions that makes the path: `attacks.transfer.SSA` for AttEXplore,
            `MIG` or `GRA` for AttEXplore++ (2024).
        attribution_gradient: Factor of each step: "update", the direction that the attack
            followed, or "plain", the gradient of its objective, at one more pass for each step.
        seed: Seed of the attack, the same for all images.

    Example:
        >>> from attacks.transfer import MIG
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> AttEXplore(MIG(steps=2, points=2))(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    attack: Explorer = SSA()
    attribution_gradient: AttributionGradient = "update"
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_explorer(self.attack)
        if self.attribution_gradient not in get_args(AttributionGradient):
            raise ValueError(
                f"`attribution_gradient` must be one of {get_args(AttributionGradient)}, got "
                f"{self.attribution_gradient!r}"
            )

    @torch.no_grad()
    def explore(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Return the signed attribution of every value to the labels (N,), shape (N, 3, H, W)."""
        images = images.detach()
        goal = self.attack.goal(network, images, labels)
        total = torch.zeros_like(images)
        for before, after, update in self.attack.path(goal, images, [generator(self.seed)]):
            slope = update if self.attribution_gradient == "update" else gradient(goal, before)
            total += (after - before) * slope
        return total

    @property
    def name(self) -> str:
        """Name with that of the attack, such as attexplore_ssa."""
        return f"attexplore_{snake_case(type(self.attack).__name__)}"
