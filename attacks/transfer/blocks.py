"""Structure-invariant attack: random transforms of blocks (Wang et al. 2023)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from attacks.prediction import AttackState
from attacks.transfer.base import Copy, TransferAttack
from attacks.transfer.spectrum import dct_matrix
from attacks.transfer.transformations import Transform
from networks import UnsupportedError


@dataclass(frozen=True, kw_only=True)
class SIA(TransferAttack):
    """Mean gradient over copies with randomly transformed blocks (Wang et al. 2023).

    Args:
        samples: Number of copies.
        blocks: Number of blocks along each side, of random sizes.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> SIA(steps=2, samples=2)(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    samples: int = 20
    blocks: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in (("samples", self.samples), ("blocks", self.blocks)):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1, got {value}")

    def copies(self, state: AttackState) -> Iterator[Copy]:
        """Yield the images with random transforms of their blocks."""
        sides = state.images.shape[2:]
        if self.blocks > min(sides):
            raise UnsupportedError(
                f"`blocks` is {self.blocks}, expected at most one for each pixel of a side of "
                f"images of {sides[0]}x{sides[1]} pixels; give fewer"
            )
        for _ in range(self.samples):
            # seeds, as a copy may be transformed after the next one was sampled
            sources = [None] * len(state.images) if state.generators is None else state.generators
            seeds = [int(torch.randint(2**62, (1,), generator=each)) for each in sources]
            randoms = [Generator().manual_seed(seed) for seed in seeds]
            yield Copy(state.changed, partial(self._seen, self.sample_transform(state), randoms))

    def _seen(self, view: Transform, randoms: list[Generator], images: Tensor) -> Tensor:
        parts = images.tensor_split(len(randoms))
        changed = [self._changed(x, random) for x, random in zip(parts, randoms, strict=True)]
        return view(torch.cat(changed))

    def _changed(self, images: Tensor, random: Generator) -> Tensor:
        rows, columns = (self._cut(side, random) for side in images.shape[2:])
        lines = []
        for row in images.split(rows, 2):
            blocks = []
            for block in row.split(columns, 3):
                change = CHANGES[int(torch.randint(len(CHANGES), (1,), generator=random))]
                blocks.append(change(block, random))
            lines.append(torch.cat(blocks, 3))
        return torch.cat(lines, 2)

    def _cut(self, side: int, random: Generator) -> list[int]:
        cuts = torch.randperm(side - 1, generator=random)[: self.blocks - 1] + 1
        ends = [0, *cuts.sort().values.tolist(), side]
        return [after - before for before, after in pairwise(ends)]


Change = Callable[[Tensor, Generator], Tensor]


def _uniform(random: Generator) -> float:
    return float(torch.rand(1, generator=random))


def _rolled(axis: int, block: Tensor, random: Generator) -> Tensor:
    return block.roll(int(_uniform(random) * block.shape[axis]), axis)


def _flipped(axes: tuple[int, ...], block: Tensor, _random: Generator) -> Tensor:
    return block.flip(axes)


def _darker(block: Tensor, random: Generator) -> Tensor:
    return block * _uniform(random)


def _noisy(block: Tensor, random: Generator) -> Tensor:
    noise = 2 * torch.rand(block.shape[1:], generator=random) - 1
    return (block + 16 / 255 * noise.to(block)).clamp(0, 1)


def _coarser(block: Tensor, random: Generator) -> Tensor:
    share = 0.5 + 0.5 * _uniform(random)
    small = [max(1, int(share * side)) for side in block.shape[2:]]
    coarse = F.interpolate(block, small, mode="bilinear", align_corners=False)
    return F.interpolate(coarse, block.shape[2:], mode="bilinear", align_corners=False)


def _smoother(block: Tensor, _random: Generator) -> Tensor:
    """Return the block without the highest two fifths of its frequencies."""
    height, width = (dct_matrix(side).to(block) for side in block.shape[2:])
    low = [waves[: max(1, int(0.6 * len(waves)))] for waves in (height, width)]
    return low[0].T @ (low[0] @ block @ low[1].T) @ low[1]


def _sparser(block: Tensor, random: Generator) -> Tensor:
    kept = torch.rand(block.shape[1:], generator=random) >= 0.1
    return block * kept.to(block) / 0.9


CHANGES: tuple[Change, ...] = (
    partial(_rolled, 2),
    partial(_rolled, 3),
    partial(_flipped, (2,)),
    partial(_flipped, (3,)),
    partial(_flipped, (2, 3)),
    _darker,
    _noisy,
    _coarser,
    _smoother,
    _sparser,
)
