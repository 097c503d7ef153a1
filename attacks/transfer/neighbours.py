"""Attacks that ask the images around: their gradients' variance, relevance and flatness."""

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
    """What attacks share that take gradients at images drawn around.

    Args:
        samples: How many images are drawn at each step.
        reach: How far they lie at most, in radii of the ball.
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
        """Images that differ by uniform noise."""
        for _ in range(self.samples):
            noise = 2 * uniform(state.images, state.generators) - 1
            yield Copy(
                state.changed + self.reach * self.radius * noise, self.sample_transform(state)
            )


@dataclass(frozen=True, kw_only=True)
class GRA(NeighbourAttack):
    """Own and neighbours' gradients, by how alike they are (Zhu et al. 2023).

    Args:
        decay: What a step keeps of its length at each value whose direction has turned.
    """

    reach: float = 3.5
    decay: float = 0.94

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.decay <= 1:
            raise ValueError(f"`decay` must be in (0, 1], got {self.decay}")

    def gradient(self, goal: Goal, state: AttackState) -> Tensor:
        """The image's own gradient by its cosine with the neighbours', and theirs by the rest."""
        own = self.mean_gradient(goal, state, self.copies(state))
        around = self.mean_gradient(goal, state, self.neighbours(state))
        # gradients can be smaller than what torch's cosine takes for 0
        pair = (unit_mean(own).flatten(1), unit_mean(around).flatten(1))
        alike = F.cosine_similarity(*pair)[:, None, None, None]
        return alike * own + (1 - alike) * around

    def update(self, goal: Goal, state: AttackState) -> Tensor:
        """As with momentum alone; where it turns, the steps become shorter for good."""
        update = super().update(goal, state)
        if state.memory is None:
            state.memory = torch.ones_like(update)
        else:
            turned = update.sign() != state.update.sign()
            state.memory = torch.where(turned, self.decay * state.memory, state.memory)
        return update

    def step_scale(self, state: AttackState) -> Tensor | float:
        """Shorter where the direction has turned, more so the more often."""
        return 1.0 if state.memory is None else state.memory


@dataclass(frozen=True, kw_only=True)
class VMIFGSM(NeighbourAttack):
    """Momentum tuned by how the gradient varied around the step before (Wang and He 2021)."""

    reach: float = 1.5

    def gradient(self, goal: Goal, state: AttackState) -> Tensor:
        """The gradient and, from the second step on, its variation around the step before."""
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
    """Flat maxima: neighbours' gradients, and those a step downhill (Ge et al. 2023).

    Args:
        balance: What the gradients further down weigh; the neighbours' own weigh the rest.
    """

    reach: float = 3.0
    balance: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.balance <= 1:
            raise ValueError(f"`balance` must be in [0, 1], got {self.balance}")

    def gradient(self, goal: Goal, state: AttackState) -> Tensor:
        """Mean over neighbours of their gradient and that a step against it."""
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
