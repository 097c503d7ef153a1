"""Attacks on predictions: projected steepest ascent (Madry et al. 2018)."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attacks.balls import Generators
from attacks.base import SteppingAttack
from networks import check_evaluating
from networks.goals import Goal, gradient


class Step(NamedTuple):
    """Images before and after a step, and its direction, shape (N, 3, H, W) each."""

    before: Tensor
    after: Tensor
    update: Tensor


@dataclass
class AttackState:
    """State of an attack between two steps.

    Args:
        images: original images, shape (N, 3, H, W).
        changed: perturbed images.
        update: direction of the last step.
        generators: one for each image, or one for all.
        memory: further values that an attack keeps.
    """

    images: Tensor
    changed: Tensor
    update: Tensor
    generators: Generators
    memory: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class PredictionAttack(SteppingAttack):
    """Projected gradient ascent on an objective of the prediction, the best of several restarts.

    Args:
        random_start: Begin at a perturbation sampled from the ball, not at the image.
        restarts: Number of runs; each image keeps the perturbation of the highest objective.
    """

    random_start: bool = True
    restarts: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.restarts < 1:
            raise ValueError(f"`restarts` must be at least 1, got {self.restarts}")
        if self.restarts > 1 and not self.random_start:
            raise ValueError(
                f"`restarts` is {self.restarts} and `random_start` is false, so that all runs are "
                "the same; set `random_start` to true"
            )

    @abstractmethod
    def goal(self, network: nn.Module, images: Tensor, labels: Tensor) -> Goal:
        """Return the objective, from perturbed images to (N,), given the original ones."""

    @torch.no_grad()
    def __call__(
        self, network: nn.Module, images: Tensor, labels: Tensor, generators: Generators = None
    ) -> Tensor:
        """Return perturbed images, detached, shape (N, 3, H, W)."""
        check_evaluating(network)
        goal = self.goal(network, images, labels)
        best = self._run(goal, images, generators)
        if self.restarts == 1:
            return best
        height = goal(best)
        for _ in range(self.restarts - 1):
            tried = self._run(goal, images, generators)
            reached = goal(tried)
            higher = reached > height
            best = torch.where(higher[:, None, None, None], tried, best)
            height = torch.where(higher, reached, height)
        return best

    @torch.no_grad()
    def path(
        self, goal: Goal, images: Tensor, generators: Generators = None
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yield the steps of one run from images (N, 3, H, W), a `Step` each."""
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
        """Return the direction of the next step: the gradient."""
        return gradient(goal, state.changed)

    def step_scale(self, state: AttackState) -> Tensor | float:
        """Return the factor of the step size at each value."""
        return 1.0

    def _run(self, goal: Goal, images: Tensor, generators: Generators) -> Tensor:
        for _before, after, _update in self.path(goal, images, generators):
            changed = after
        return changed
