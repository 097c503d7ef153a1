"""What an attack is: steps uphill inside a ball around each image."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Self

import torch
from torch import Tensor, nn

from attacks.balls import Ball, Generators, LInf

# from changed images (N, 3, H, W) to what the attack raises, shape (N,)
Goal = Callable[[Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class Attack(ABC):
    """Projected gradient ascent: each step goes steepest uphill, then back into the ball.

    Args:
        epsilon: Radius of the ball, in units of pixels in [0, 1]; a fraction such as "8/255" too.
        step_size: Length of a step, in the same units.
        steps: How many steps are taken.
        ball: What length means, `attacks.LInf` or `attacks.L2`.
        random_start: Begin at a change drawn from the ball; at the image itself if not.
        restarts: How often it is tried; each image keeps the change that got highest.
    """

    epsilon: float | str = "8/255"
    step_size: float | str = "2/255"
    steps: int = 10
    ball: Ball = LInf()
    random_start: bool = True
    restarts: int = 1

    def __post_init__(self) -> None:
        for name in ("epsilon", "step_size"):
            object.__setattr__(self, name, pixels(name, getattr(self, name)))
        for name in ("steps", "restarts"):
            if getattr(self, name) < 1:
                raise ValueError(f"`{name}` must be at least 1, got {getattr(self, name)}")
        if self.restarts > 1 and not self.random_start:
            raise ValueError("`restarts` above 1 are all the same without `random_start`")

    @abstractmethod
    def goal(self, network: nn.Module, images: Tensor, labels: Tensor) -> Goal:
        """What the attack raises, given the images before any change; called without grad mode."""

    def scaled(self, factor: float) -> Self:
        """The same attack in a ball, and with steps, of another size."""
        return replace(self, epsilon=factor * self.radius, step_size=factor * self.length)

    @property
    def radius(self) -> float:
        """Radius of the ball, as a number."""
        return float(self.epsilon)

    @property
    def length(self) -> float:
        """Length of a step, as a number."""
        return float(self.step_size)

    @torch.no_grad()
    def __call__(
        self, network: nn.Module, images: Tensor, labels: Tensor, generators: Generators = None
    ) -> Tensor:
        """Changed images, in [0, 1] and in the ball, shape (N, 3, H, W), detached.

        Args:
            network: from images to logits (N, K), in evaluation mode; left as it is.
            images: shape (N, 3, H, W), values in [0, 1].
            labels: shape (N,).
            generators: one for each image, so that its start depends on nothing else.
        """
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
            step = self.length * self.ball.steepest(gradient)
            change = self.ball.project(changed + step - images, self.radius)
            changed = (images + change).clamp(0, 1)
        return changed


def pixels(name: str, value: float | str) -> float:
    """A size in units of pixels, written as a number or a fraction; raises ValueError."""
    try:
        size = float(Fraction(value))
    except (ValueError, OverflowError, ZeroDivisionError):
        size = -1.0
    if not size >= 0:
        raise ValueError(
            f"`{name}` must be a number or a fraction from 0, such as 8/255, got {value}"
        )
    return size
