"""Attacks that ask the images around: their gradients' variance, relevance and flatness."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from attacks.balls import uniform
from attacks.prediction import Walk
from attacks.transfer.base import Copy, TransferAttack, even, gradients
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

    def neighbours(self, walk: Walk) -> Iterator[Copy]:
        """Images that differ by uniform noise."""
        for _ in range(self.samples):
            noise = 2 * uniform(walk.images, walk.generators) - 1
            yield Copy(walk.changed + self.reach * self.radius * noise, self.view(walk))


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

    def gradient(self, goal: Goal, walk: Walk) -> Tensor:
        """The image's own gradient by its cosine with the neighbours', and theirs by the rest."""
        own = self.mean_gradient(goal, walk, self.copies(walk))
        around = self.mean_gradient(goal, walk, self.neighbours(walk))
        # gradients can be smaller than what torch's cosine takes for 0
        pair = (even(own).flatten(1), even(around).flatten(1))
        alike = F.cosine_similarity(*pair)[:, None, None, None]
        return alike * own + (1 - alike) * around

    def update(self, goal: Goal, walk: Walk) -> Tensor:
        """As with momentum alone; where it turns, the steps become shorter for good."""
        update = super().update(goal, walk)
        if walk.memory is None:
            walk.memory = torch.ones_like(update)
        else:
            turned = update.sign() != walk.update.sign()
            walk.memory = torch.where(turned, self.decay * walk.memory, walk.memory)
        return update

    def pace(self, walk: Walk) -> Tensor | float:
        """Shorter where the direction has turned, more so the more often."""
        return 1.0 if walk.memory is None else walk.memory


@dataclass(frozen=True, kw_only=True)
class VMIFGSM(NeighbourAttack):
    """Momentum tuned by how the gradient varied around the step before (Wang and He 2021)."""

    reach: float = 1.5

    def gradient(self, goal: Goal, walk: Walk) -> Tensor:
        """The gradient and, from the second step on, its variation around the step before."""
        variation: Tensor | float = 0.0
        if walk.memory is not None:
            last, slope = walk.memory
            around = self.neighbours(replace(walk, changed=last))
            variation = self.mean_gradient(goal, walk, around) - slope
        own = self.mean_gradient(goal, walk, self.copies(walk))
        walk.memory = torch.stack([walk.changed, own])
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

    def gradient(self, goal: Goal, walk: Walk) -> Tensor:
        """Mean over neighbours of their gradient and that a step against it."""
        total = torch.zeros_like(walk.images)
        for group in self.groups(self.neighbours(walk), walk.images):
            slopes = gradients(goal, group)
            down = [
                near._replace(images=near.images - self.length * even(slope))
                for near, slope in zip(group, slopes, strict=True)
            ]
            mixed = (1 - self.balance) * slopes + self.balance * gradients(goal, down)
            total += mixed.sum(0)
        return total / self.samples
