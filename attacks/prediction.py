"""Attacks on predictions: steepest ascent inside the ball (Madry et al. 2018)."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attacks.balls import Generators
from attacks.base import SteppingAttack

# from changed images (N, 3, H, W) to what the attack raises, shape (N,)
Goal = Callable[[Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class PredictionAttack(SteppingAttack):
    """Projected gradient ascent on something of the prediction, the highest of several tries.

    Args:
        random_start: Begin at a change drawn from the ball; at the image itself if not.
        restarts: How often it is tried; each image keeps the change that got highest.
    """

    random_start: bool = True
    restarts: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.restarts < 1:
            raise ValueError(f"`restarts` must be at least 1, got {self.restarts}")
        if self.restarts > 1 and not self.random_start:
            raise ValueError("`restarts` above 1 are all the same without `random_start`")

    @abstractmethod
    def goal(self, network: nn.Module, images: Tensor, labels: Tensor) -> Goal:
        """What the attack raises, given the images before any change; called without grad mode."""

    @torch.no_grad()
    def __call__(
        self, network: nn.Module, images: Tensor, labels: Tensor, generators: Generators = None
    ) -> Tensor:
        """Changed images, detached, shape (N, 3, H, W)."""
        goal = self.goal(network, images, labels)
        best = self._climb(goal, images, generators)
        if self.restarts == 1:
            return best
        height = goal(best)
        for _ in range(self.restarts - 1):
            tried = self._climb(goal, images, generators)
            reached = goal(tried)
            higher = reached > height
            best = torch.where(higher[:, None, None, None], tried, best)
            height = torch.where(higher, reached, height)
        return best

    def _climb(self, goal: Goal, images: Tensor, generators: Generators) -> Tensor:
        changed = images
        if self.random_start:
            start = self.ball.draw(images, self.radius, generators)
            changed = (images + start).clamp(0, 1)
        for _ in range(self.steps):
            with torch.enable_grad():
                leaf = changed.detach().requires_grad_()
                (gradient,) = torch.autograd.grad(goal(leaf).sum(), leaf)
            changed = self.stepped(changed, images, gradient)
        return changed
