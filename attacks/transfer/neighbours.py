"""Attacks by the gradients of neighbours, images with uniform noise."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from attacks.balls import uniform
from attacks.prediction import AttackState
from attacks.transfer.base import Copy, TransferAttack, gradients, unit_mean
from networks.goals import Goal


@dataclass(frozen=True, kw_only=True)
class NeighbourAttack(TransferAttack):
    """Attack that samples neighbours of the images at each step.

    Args:
        samples: Number of neighbours at each step.
        reach: Maximum distance of a neighbour, in units of epsilon.
    """

    samples: int = 20
    reach: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.samples < 1:
            raise ValueError(f"`samples` must be at least 1, got {self.samples}")
        if not 0 <= self.reach < float("inf"):
            raise ValueError(f"`reach` must be finite and not negative, got {self.reach}")

    def neighbours(self, state: AttackState) -> Iterator[Copy]:
        """Yield the images with uniform noise."""
        for _ in range(self.samples):
            noise = 2 * uniform(state.images, state.generators) - 1
            yield Copy(
                state.changed + self.reach * self.radius * noise, self.sample_transform(state)
            )


@dataclass(frozen=True, kw_only=True)
class GRA(NeighbourAttack):
    """Gradient relevance attack: own and neighbours' gradients by similarity (Zhu et al. 2023).

    Args:
        decay: Factor of the step size at each value whose update changes its sign.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> GRA(steps=2, samples=2)(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    reach: float = 3.5
    decay: float = 0.94

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.decay <= 1:
            raise ValueError(f"`decay` must be in (0, 1], got {self.decay}")

    def gradient(self, goal: Goal, state: AttackState) -> Tensor:
        """Return c times own plus 1 - c times neighbours' gradient, c their cosine similarity."""
        own = self.mean_gradient(goal, state, self.copies(state))
        around = self.mean_gradient(goal, state, self.neighbours(state))
        # normalised, as torch takes the cosine of very small gradients for 0
        pair = (unit_mean(own).flatten(1), unit_mean(around).flatten(1))
        alike = F.cosine_similarity(*pair)[:, None, None, None]
        return alike * own + (1 - alike) * around

    def update(self, goal: Goal, state: AttackState) -> Tensor:
        """Return the update with momentum, and shorten the steps where its sign changes."""
        update = super().update(goal, state)
        if state.memory is None:
            state.memory = torch.ones_like(update)
        else:
            turned = update.sign() != state.update.sign()
            state.memory = torch.where(turned, self.decay * state.memory, state.memory)
        return update

    def step_scale(self, state: AttackState) -> Tensor | float:
        """Return `decay` to the power of the number of sign changes at each value."""
        return 1.0 if state.memory is None else state.memory


@dataclass(frozen=True, kw_only=True)
class VMIFGSM(NeighbourAttack):
    """Momentum tuned by the gradient variance of the last step (Wang and He 2021).

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> VMIFGSM(steps=2, samples=2)(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    reach: float = 1.5

    def gradient(self, goal: Goal, state: AttackState) -> Tensor:
        """Return the gradient plus, from the second step on, its variance in the last step."""
        variation: Tensor | float = 0.0
        if state.memory is not None:
            last, slope = state.memory
            around = self.neighbours(replace(state, changed=last))
            variation = self.mean_gradient(goal, state, around) - slope
        own = self.mean_gradient(goal, state, self.copies(state))
        state.memory = torch.stack([state.changed, own])
        return own + variation


@dataclass(frozen=True, kw_only=True)
class PGN(NeighbourAttack):
    """Penalised gradient norm: a search for flat maxima (Ge et al. 2023).

    Args:
        balance: Weight of the gradients a step downhill from the neighbours; the neighbours' own
            gradients have the rest.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> PGN(steps=2, samples=2)(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    reach: float = 3.0
    balance: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.balance <= 1:
            raise ValueError(f"`balance` must be in [0, 1], got {self.balance}")

    def gradient(self, goal: Goal, state: AttackState) -> Tensor:
        """Return the mean over neighbours of their gradient and that of a step against it."""
        total = torch.zeros_like(state.images)
        for group in self.groups(self.neighbours(state), state.images):
            slopes = gradients(goal, group)
            down = [
                near._replace(images=near.images - self.length * unit_mean(slope))
                for near, slope in zip(group, slopes, strict=True)
            ]
            mixed = (1 - self.balance) * slopes + self.balance * gradients(goal, down)
            total += mixed.sum(0)
        return total / self.samples
