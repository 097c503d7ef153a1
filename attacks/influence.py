"""Attacks on influence functions: other training images explain the same prediction."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import torch
from torch import Tensor, nn

from attacks.balls import Generators
from attacks.base import SteppingAttack
from networks import features

# from features (N, D) to what is raised, a part for each training image, (N, T)
Heights = Callable[[Tensor], Tensor]


class Influences(Protocol):
    """What is attacked: influences of N training images on the loss of others."""

    def __call__(self, features: Tensor, labels: Tensor) -> Tensor:
        """The influence of every training image, shape (M, N), given features (M, D)."""

    def inverse_hvp(self, chosen: Tensor) -> Tensor:
        """What some training images, (M, T), bring to `of`, whatever the features."""

    def from_inverse_hvp(self, products: Tensor, features: Tensor, labels: Tensor) -> Tensor:
        """Influences of those images, shape (M, T), differentiable in features (M, D)."""


@dataclass(frozen=True, kw_only=True)
class InfluenceAttack(SteppingAttack):
    """The most influential training images lose their influence (Ghorbani et al. 2019, section 4).

    An image keeps, of its changes that leave the label, the one that gets furthest; itself if none,
    or if it begins with another label.

    Args:
        influences: What is attacked; a study fills in each of its own.
        lowered: How many of the most influential images lose influence.
        raised: How many of those that follow gain it.
        step_size: Length of a step; however long, it ends in the ball.
    """

    influences: Influences | None = None
    lowered: int = 3
    raised: int = 0
    step_size: float | str = 1.0
    steps: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.lowered, self.raised) < 0 or not self.lowered + self.raised:
            raise ValueError(
                "`lowered` and `raised` must be numbers of training images, one of them above 0, "
                f"got {self.lowered} and {self.raised}"
            )

    def against(self, explainer: Any) -> Self:
        """Return this attack on these influences, whatever it attacked before."""
        return replace(self, influences=explainer)

    @torch.no_grad()
    def __call__(
        self, network: nn.Module, images: Tensor, labels: Tensor, generators: Generators = None
    ) -> Tensor:
        """Changed images, detached, shape (N, 3, H, W); the network ends in the layer explained."""
        heights: Heights | None = None
        kept = changed = images
        highest = torch.full((len(images),), -torch.inf, dtype=torch.double, device=images.device)
        for step in range(self.steps + 1):
            with torch.set_grad_enabled(step < self.steps):
                leaf = changed.clone().requires_grad_()
                logits, read = features(network, leaf)
                here = read.detach()
                if heights is None:
                    # of the images as they are; one that begins with another label is left so
                    heights = self._heights(here, labels)
                    highest = highest.where(logits.argmax(1) == labels, torch.inf)
            reached = heights(here).sum(1)
            better = (logits.argmax(1) == labels) & (reached > highest)
            kept = torch.where(better[:, None, None, None], changed, kept)
            highest = torch.where(better, reached, highest)
            if step < self.steps:
                (gradient,) = torch.autograd.grad(
                    read, leaf, self.direction(heights, here).to(read)
                )
                changed = self.stepped(changed, images, gradient)
        return kept

    def direction(self, heights: Heights, features: Tensor) -> Tensor:
        """Where the features are to go, shape (N, D): straight uphill."""
        return slope(heights, features, torch.ones(self.lowered + self.raised))

    def _heights(self, features: Tensor, labels: Tensor) -> Heights:
        """What the attack raises, a part for each training image that it is about."""
        influences = self.influences
        if influences is None:
            raise ValueError("give the `influences` that are to be attacked")
        ranked = influences(features, labels).argsort(dim=1, descending=True, stable=True)
        if ranked.shape[1] < self.lowered + self.raised:
            raise ValueError(
                f"`lowered` and `raised` are {self.lowered} and {self.raised} and there are only "
                f"{ranked.shape[1]} training images; take fewer"
            )
        products = influences.inverse_hvp(ranked[:, : self.lowered + self.raised])
        signs = torch.tensor([-1.0] * self.lowered + [1.0] * self.raised).to(products)
        return lambda read: signs * influences.from_inverse_hvp(products, read, labels)


@dataclass(frozen=True, kw_only=True)
class VotingInfluenceAttack(InfluenceAttack):
    """Every training image votes on each feature by a sign, as Ghorbani et al.'s code has it.

    Args:
        move: How far a vote moves a feature, from which the next image then goes on.
    """

    move: float = 0.01

    def direction(self, heights: Heights, features: Tensor) -> Tensor:
        """Where the votes moved the features, shape (N, D), the most influential image last."""
        moved = features
        for part in torch.eye(self.lowered + self.raised).flip(0):
            moved = moved + self.move * slope(heights, moved, part).sign()
        return moved - features


def slope(heights: Heights, features: Tensor, parts: Tensor) -> Tensor:
    """The gradient in the features (N, D) of their heights (N, T), summed by weights (T,)."""
    with torch.enable_grad():
        leaf = features.clone().requires_grad_()
        found = heights(leaf)
        (gradient,) = torch.autograd.grad((found @ parts.to(found)).sum(), leaf)
    return gradient
