"""Transferable attacks: momentum over gradients that are averaged over transformed copies."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attacks.balls import Generators
from attacks.label_goal import label_goal
from attacks.prediction import AttackState, PredictionAttack
from attacks.transfer.objectives import cross_entropy
from attacks.transfer.transformations import Diversity, Smoothing, Transform, unchanged
from networks import check_pixels
from networks.chunks import check_chunk, copies_at_once
from networks.goals import Goal, gradient


class Copy(NamedTuple):
    """Images at which to take the gradient, (N, 3, H, W), and their transform for the network."""

    images: Tensor
    transform: Transform = unchanged


@dataclass(frozen=True, kw_only=True)
class TransferAttack(PredictionAttack):
    """Attack with momentum and a gradient averaged over transformed copies of the images.

    update = momentum * update + gradient / mean |gradient| (Dong et al. 2018, equations 6 and 7).

    Args:
        objective: Function to raise, from logits (N, K) and labels (N,) to (N,).
        towards_label: Lower the objective instead, as AttEXplore's code does.
        momentum: Factor of the last step's update.
        diversity: Random transform of each copy, if any.
        smoothing: Kernel that smooths the averaged gradient, if any.
        chunk: Number of images in one forward pass, at least the batch; if not given, that of
            32 images of 224 x 224 pixels on a GPU, and the batch on a CPU.
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
        """Return perturbed images, detached, (N, 3, H, W); raises ValueError for no images."""
        check_pixels(images)
        return super().__call__(network, images, labels, generators)

    def goal(self, network: nn.Module, images: Tensor, labels: Tensor) -> Goal:
        """Return the objective, from the images, or several copies of all, to a value of each."""
        sign = -1 if self.towards_label else 1

        def height(logits: Tensor, labels: Tensor) -> Tensor:
            return sign * self.objective(logits, labels)

        return label_goal(network, images, labels, height)

    def update(self, goal: Goal, state: AttackState) -> Tensor:
        """Return momentum times the last update, plus the gradient at mean absolute value 1."""
        slope = self.gradient(goal, state)
        if self.smoothing is not None:
            with full_precision(slope):
                slope = self.smoothing(slope)
        return self.momentum * state.update + unit_mean(slope)

    def gradient(self, goal: Goal, state: AttackState) -> Tensor:
        """Return the gradient before momentum: the mean over the copies."""
        return self.mean_gradient(goal, state, self.copies(state))

    def copies(self, state: AttackState) -> Iterator[Copy]:
        """Yield the copies to average over, in the order of sampling."""
        yield Copy(state.changed, self.sample_transform(state))

    def sample_transform(self, state: AttackState) -> Transform:
        """Return the random transform of the next copy."""
        if self.diversity is None:
            return unchanged
        return self.diversity.sample(state.images, state.generators)

    def mean_gradient(self, goal: Goal, state: AttackState, copies: Iterable[Copy]) -> Tensor:
        """Return the mean over copies of the goal's gradient, (N, 3, H, W), chunk by chunk."""
        total, count = torch.zeros_like(state.images), 0
        for group in self.groups(copies, state.images):
            total += gradients(goal, group).sum(0)
            count += len(group)
        return total / count

    def groups(self, copies: Iterable[Copy], images: Tensor) -> Iterator[list[Copy]]:
        """Yield the copies of one chunk at a time."""
        size = copies_at_once(self.chunk, images)
        pending = iter(copies)
        while True:
            with full_precision(images):
                group = list(islice(pending, size))
            if not group:
                return
            yield group


def gradients(goal: Goal, group: list[Copy]) -> Tensor:
    """Return the gradient at every copy, shape (copies, N, 3, H, W), from one pass."""

    def seen(points: Tensor) -> Tensor:
        parts = points.tensor_split(len(group))
        with full_precision(points):
            shown = [copy.transform(x) for copy, x in zip(group, parts, strict=True)]
        return goal(torch.cat(shown))

    found = gradient(seen, torch.cat([copy.images for copy in group]))
    return found.unflatten(0, (len(group), -1))


def full_precision(images: Tensor) -> torch.autocast:
    """Return a context without autocast, so that images keep small perturbations."""
    return torch.autocast(images.device.type, enabled=False)


def repeated(each: Tensor, images: Tensor) -> Tensor:
    """Return a value of each image, repeated for every copy of all images."""
    return each.repeat(len(images) // len(each), *[1] * (each.ndim - 1))


def unit_mean(gradient: Tensor) -> Tensor:
    """Return the gradient over its mean absolute value, image by image; 0 where it is 0."""
    size = gradient.abs().mean((1, 2, 3), keepdim=True)
    return gradient / size.clamp_min(torch.finfo(gradient.dtype).tiny)
