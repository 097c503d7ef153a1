"""Attacks on predictions: steepest ascent inside the ball (Madry et al. 2018)."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attacks.balls import Generators
from attacks.base import SteppingAttack
from networks.goals import Goal, gradient


class Step(NamedTuple):
    """Images before and after a step, and what it followed uphill, shape (N, 3, H, W) each."""

    before: Tensor
    after: Tensor
    update: Tensor


@dataclass
class AttackState:
    """How far an attack has come, and what it carries from step to step."""

    images: Tensor
    changed: Tensor
    update: Tensor
    generators: Generators
    memory: Tensor | None = None


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

    @torch.no_grad()
    def path(
        self, goal: Goal, images: Tensor, generators: Generators = None
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """The steps of one try, a `Step` each, as they are made from images (N, 3, H, W)."""
        changed = images
        if self.random_start:
            start = self.ball.sample(images, self.radius, generators)
            changed = (images + start).clamp(0, 1)
        state = AttackState(images, changed, torch.zeros_like(images), generators)
        for _ in range(self.steps):
            before, state.update = state.changed, self.update(goal, state)
            state.changed = self.stepped(before, images, state.update, self.step_scale(state))
            yield Step(before, state.changed, state.update)

    def update(self, goal: Goal, state: AttackState) -> Tensor:
        """What the next step follows: the gradient."""
        return gradient(goal, state.changed)

    def step_scale(self, state: AttackState) -> Tensor | float:
        """How long the next step is at each value, in shares of its length."""
        return 1.0

    def _climb(self, goal: Goal, images: Tensor, generators: Generators) -> Tensor:
        for _before, after, _update in self.path(goal, images, generators):
            changed = after
        return changed
