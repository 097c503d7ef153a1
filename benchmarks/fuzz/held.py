"""The content of a weight file by a plain reading of it: the oracle of loading."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import torch
from safetensors.torch import load
from torch import Tensor

from files.harmless import HARMLESS

State = dict[str, Tensor]


def differs(state: State) -> Callable[[State], str]:
    """Return the comparison of loaded weights with those that were saved."""

    def difference(found: State) -> str:
        wrong = [name for name, value in state.items() if not torch.equal(found[name], value)]
        return f"other values of {wrong}" if wrong else ""

    return difference


def refused(_: State) -> str:
    """Return that a file must not be loaded."""
    return "accepted"


def differs_from_file(data: bytes, form: str) -> Callable[[State], str]:
    """Return the comparison with a plain reading of a file that has no sums of its content."""

    def difference(found: State) -> str:
        if form == "safetensors":
            held = list(load(data).values())
        else:
            with torch.serialization.safe_globals(HARMLESS):
                held = [*tensors(torch.load(io.BytesIO(data), weights_only=True))]
        # counters that the file lacks begin at 0
        wrong = [
            name
            for name, value in found.items()
            if value.is_floating_point() and not any(same(value, each) for each in held)
        ]
        return f"values of {wrong} that the file does not hold" if wrong else ""

    return difference


def same(found: Tensor, held: Tensor) -> bool:
    """Return True if a weight has the values of a tensor in the file."""
    return found.shape == held.shape and torch.equal(found, held.to(found.dtype))


def tensors(content: Any) -> Iterator[Tensor]:
    """Yield the tensors in nested dictionaries, of which one may hold itself."""
    seen: set[int] = set()
    waiting = [content]
    for each in waiting:
        if isinstance(each, Tensor):
            yield each
        elif isinstance(each, dict) and id(each) not in seen:
            seen.add(id(each))
            waiting += each.values()
