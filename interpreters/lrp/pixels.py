"""Preprocessing of pixels that a network does itself, before its first layer."""

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from interpreters.tape import Call
from interpreters.tape.names import QUOTIENTS, REARRANGEMENTS, SCALING

SHIFTS = {"add", "sub", "rsub"}


def preprocessing(calls: Sequence[Call], start: Tensor) -> list[Call]:
    """Return the calls that scale, shift and move pixels before anything else reads them."""
    uses = Counter(id(value) for call in calls for value in call.inputs)
    found: list[Call] = []
    value = start
    for call in calls:
        alone = len(call.inputs) == len(call.outputs) == 1 and call.inputs[0] is value
        if not alone or uses[id(value)] > 1 or not (_scales(call) or call.name in REARRANGEMENTS):
            break
        found.append(call)
        value = call.outputs[0]
    return found


def preprocessed(calls: Sequence[Call], pixels: Tensor) -> Tensor:
    """Return what the calls of `preprocessing` make of other pixels (N, C, H, W)."""
    for call in calls:
        (pixels,) = call.on((pixels,))
    return pixels


def bounds(before: Sequence[Call], start: Tensor) -> tuple[Tensor, Tensor]:
    """Return the lowest and the highest value of each pixel after preprocessing, (N, C, H, W)."""
    ends = [preprocessed(before, torch.full_like(start, end)) for end in (0.0, 1.0)]
    return torch.minimum(*ends), torch.maximum(*ends)


def _scales(call: Call) -> bool:
    affine = call.name in SHIFTS | SCALING | QUOTIENTS
    return affine and call.outputs[0].shape == call.inputs[0].shape
