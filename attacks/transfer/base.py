"""Attacks that carry over to other networks: steps along an averaged, accumulated gradient."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attacks.balls import Generators
from attacks.prediction import AttackState, PredictionAttack
from attacks.transfer.objectives import cross_entropy
from attacks.transfer.transformations import Diversity, Smoothing, Transform, unchanged
from networks import check_pixels
from networks.chunks import check_chunk, copies_at_once
from networks.goals import Goal, gradient


class Copy(NamedTuple):
    """Images at which the gradient is taken, (N, 3, H, W), and what the network sees of them."""

    images: Tensor
    transform: Transform = unchanged


@dataclass(frozen=True, kw_only=True)
class TransferAttack(PredictionAttack):
    """Momentum over steps of a gradient that is averaged over changed copies of the images.

    update = momentum * update + gradient / mean |gradient| (Dong et al. 2018, equations 6 and 7).

    Args:
        objective: What is raised, from logits (N, K) and labels to (N,).
        towards_label: Lower the objective instead, as AttEXplore's code does.
        momentum: What is kept of the last step's update.
        diversity: How the network sees each copy, if not as it is.
        smoothing: How the averaged gradient is smoothed, if at all.
        chunk: How many images the network sees at once, at least the batch; if not given, as many
            as have the pixels of 32 of 224 x 224 on a GPU, and the batch elsewhere.
    """

    epsilon: float | str = "16/255"
    step_size: float | str | None = None
    random_start: bool = False
    objective: Callable[[Tensor, Tensor], Tensor] = cross_entropy
    towards_label: bool = False
    momentum: float = 1.0
    diversity: Diversity | None = None
    smoothing: Smoothing | None = None
    chunk: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_chunk(self.chunk)
        if not 0 <= self.momentum < float("inf"):
            raise ValueError(f"`momentum` must be finite and not negative, got {self.momentum}")

    def __call__(
        self, network: nn.Module, images: Tensor, labels: Tensor, generators: Generators = None
    ) -> Tensor:
        """Changed images, detached, shape (N, 3, H, W); raises ValueError for what is no image."""
        check_pixels(images)
        return super().__call__(network, images, labels, generators)

    def goal(self, network: nn.Module, images: Tensor, labels: Tensor) -> Goal:
        """The objective of each image, or of each of several copies of all images."""
        sign = -1 if self.towards_label else 1

        def height(changed: Tensor) -> Tensor:
            return sign * self.objective(network(changed), repeated(labels, changed))

        return height

    def update(self, goal: Goal, state: AttackState) -> Tensor:
        """The last update, less of it, and the gradient at a mean size of 1."""
        slope = self.gradient(goal, state)
        if self.smoothing is not None:
            with full_precision(slope):
                slope = self.smoothing(slope)
        return self.momentum * state.update + unit_mean(slope)

    def gradient(self, goal: Goal, state: AttackState) -> Tensor:
        """What the step would follow without momentum: the mean gradient over the copies."""
        return self.mean_gradient(goal, state, self.copies(state))

    def copies(self, state: AttackState) -> Iterator[Copy]:
        """The copies to average over, in the order in which they are drawn."""
        yield Copy(state.changed, self.sample_transform(state))

    def sample_transform(self, state: AttackState) -> Transform:
        """What the network sees of the next copy."""
        if self.diversity is None:
            return unchanged
        return self.diversity.sample(state.images, state.generators)

    def mean_gradient(self, goal: Goal, state: AttackState, copies: Iterable[Copy]) -> Tensor:
        """The mean over copies of the goal's gradient, (N, 3, H, W), a chunk at a time."""
        total, count = torch.zeros_like(state.images), 0
        for group in self.groups(copies, state.images):
            total += gradients(goal, group).sum(0)
            count += len(group)
        return total / count

    def groups(self, copies: Iterable[Copy], images: Tensor) -> Iterator[list[Copy]]:
        """As many copies at a time as a chunk has images for."""
        size = copies_at_once(self.chunk, images)
        pending = iter(copies)
        while True:
            with full_precision(images):
                group = list(islice(pending, size))
            if not group:
                return
            yield group


def gradients(goal: Goal, group: list[Copy]) -> Tensor:
    """The gradient at every copy, shape (copies, N, 3, H, W), from one pass of all."""

    def seen(points: Tensor) -> Tensor:
        parts = points.tensor_split(len(group))
        with full_precision(points):
            shown = [copy.transform(x) for copy, x in zip(group, parts, strict=True)]
        return goal(torch.cat(shown))

    found = gradient(seen, torch.cat([copy.images for copy in group]))
    return found.unflatten(0, (len(group), -1))


def full_precision(images: Tensor) -> torch.autocast:
    """While this lasts, pictures do not lose what noise adds to them; half is for the network."""
    return torch.autocast(images.device.type, enabled=False)


def repeated(each: Tensor, images: Tensor) -> Tensor:
    """Something of each image, once for every copy of all images."""
    return each.repeat(len(images) // len(each), *[1] * (each.ndim - 1))


def unit_mean(gradient: Tensor) -> Tensor:
    """The gradient over the mean of its absolute values, image by image; 0 where it is 0."""
    size = gradient.abs().mean((1, 2, 3), keepdim=True)
    return gradient / size.clamp_min(torch.finfo(gradient.dtype).tiny)
