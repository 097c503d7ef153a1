"""Every loss, and what is to be expected of it."""

from dataclasses import dataclass

import pytest
import slow_losses
import torch
from slow_losses import Slow
from torch import Tensor

from losses import (
    SSIM,
    CenterMass,
    Cosine,
    Entropy,
    Location,
    Loss,
    Pearson,
    Swap,
    TargetMap,
    TopK,
    Unchanged,
)

UNIT, SIGNED, WIDE = (0.0, 1.0), (-1.0, 1.0), (-2.0, 2.0)


@dataclass(frozen=True)
class Case:
    """A loss and what is to be expected of it."""

    loss: Loss
    # the same as a slow formula
    slow: Slow
    needs_reference: bool = True
    higher_is_better: bool = False
    bounds: tuple[float, float] = UNIT
    # heatmaps of each image
    maps: int = 1
    # whether a constant added to the heatmap changes nothing
    shift_invariant: bool = True
    # whether an image counts while its heatmap is the reference
    succeeds_unchanged: bool = False


CASES = {
    "Location": Case(Location(), slow_losses.location, needs_reference=False),
    "TopK": Case(TopK(), slow_losses.top_k),
    "CenterMass": Case(CenterMass(), slow_losses.center_mass, higher_is_better=True),
    "Swap": Case(Swap(), slow_losses.swap, higher_is_better=True, bounds=WIDE, maps=2),
    "TargetMap": Case(TargetMap(shape="cross"), slow_losses.target_cross, needs_reference=False),
    "TargetMap, SSIM": Case(
        TargetMap(shape="disk", likeness=SSIM()),
        slow_losses.target_disk,
        needs_reference=False,
        bounds=(0.0, 2.0),
    ),
    "Cosine": Case(Cosine(), slow_losses.cosine, bounds=SIGNED, shift_invariant=False),
    "Pearson": Case(Pearson(), slow_losses.pearson, bounds=SIGNED),
    "SSIM": Case(SSIM(), slow_losses.ssim, bounds=SIGNED),
    "Entropy": Case(Entropy(), slow_losses.entropy, needs_reference=False),
    "Unchanged": Case(Unchanged(), slow_losses.unchanged, succeeds_unchanged=True),
}
every_loss = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def heatmaps(case: Case, seed: int, height: int = 9, width: int = 7) -> Tensor:
    """Three images' heatmaps, each with few high positions."""
    random = torch.Generator().manual_seed(seed)
    shape = (3, case.maps, height, width)
    return torch.rand(shape, generator=random, dtype=torch.float64).pow(4)


def both(case: Case, heatmap: Tensor, reference: Tensor) -> list[Tensor]:
    """The loss and the success measure."""
    return [case.loss(heatmap, reference), case.loss.measure(heatmap, reference)]
