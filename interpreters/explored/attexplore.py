"""AttEXplore and AttEXplore++: attribution along the path of an attack (Zhu et al. 2024)."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from interpreters.base import snake_case
from interpreters.explored.base import Explored, Explorer, check_explorer
from networks.goals import gradient
from seeds import generator

AttributionGradient = Literal["update", "plain"]


@dataclass(frozen=True)
class AttEXplore(Explored):
    """Steps of an attack times the gradients they followed, added up (Zhu et al. 2024).

    Args:
        attack: Whose path it is; `attacks.transfer.SSA` for AttEXplore, `MIG` or `GRA` for
            AttEXplore++ (2024).
        attribution_gradient: What each step is multiplied by: what the attack followed, or the
            plain gradient of what it raises, which takes one more pass for each step.
        seed: Of what the attack draws, the same for all images, so that maps do not depend on the
            batch.
    """

    attack: Explorer
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
    def attribution(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """What every value of the images has to do with the labels (N,), signed, (N, 3, H, W)."""
        images = images.detach()
        goal = self.attack.goal(network, images, labels)
        total = torch.zeros_like(images)
        for before, after, update in self.attack.path(goal, images, [generator(self.seed)]):
            slope = update if self.attribution_gradient == "update" else gradient(goal, before)
            total += (after - before) * slope
        return total

    @property
    def name(self) -> str:
        """With the name of the attack that explores."""
        return f"attexplore_{snake_case(type(self.attack).__name__)}"
