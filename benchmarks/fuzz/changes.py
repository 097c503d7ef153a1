"""Changes after which a file holds no weights, or not those of a network."""

from collections.abc import Callable
from random import Random
from typing import Any

import torch

from benchmarks.fuzz.layouts import Layout, State

NUMBER = "0.weight", "1.running_var", "1.weight", "3.weight"


def renamed(state: State, random: Random) -> State:
    """Give a weight another name."""
    name = random.choice(NUMBER)
    other = random.choice(
        (f"{name}x", f"x{name}", "", "\x1b[2J\0", "a" * 10**6, "\u202e", name[::-1])
    )
    state[other] = state.pop(name)
    return state


def missing(state: State, random: Random) -> State:
    """Leave a weight out."""
    del state[random.choice(NUMBER)]
    return state


def of_another_network(state: State, _: Random) -> State:
    """Add a layer that the network has not."""
    return state | {"5.weight": torch.ones(4)}


def reshaped(state: State, random: Random) -> State:
    """Give a weight another shape of as many values, or none."""
    name = random.choice(NUMBER)
    shape = random.choice(((-1,), (1, -1), (-1, 1, 1)))
    value = state[name].reshape(shape)
    state[name] = value[:0] if random.random() < 0.3 else value[None]
    return state


def of_another_kind(state: State, random: Random) -> State:
    """Replace a weight by what is no tensor of real numbers, or by no array."""
    name = random.choice(NUMBER)
    value = state[name]
    kinds: list[Callable[[], Any]] = [
        value.long,
        value.bool,
        lambda: value * 1j,
        value.to_sparse,
        lambda: value.to("meta"),
        lambda: torch.quantize_per_tensor(value, 0.1, 0, torch.qint8),
        lambda: torch.ones(1).expand(value.shape),
        lambda: value.numpy(),
        lambda: None,
        value.tolist,
        lambda: "text",
    ]
    state[name] = random.choice(kinds)()
    return state


def not_finite(state: State, random: Random) -> State:
    """Put NaN or infinity into a weight, or a negative variance."""
    name = random.choice(NUMBER)
    wrong = random.choice((torch.nan, torch.inf, -torch.inf))
    state[name].view(-1)[-1] = -1.0 if name == "1.running_var" else wrong
    return state


def nothing(_: State, random: Random) -> Any:
    """Return a content without weights."""
    return {str(random.random()): torch.ones(1)}


CHANGES: tuple[Layout, ...] = (
    renamed,
    missing,
    of_another_network,
    reshaped,
    of_another_kind,
    not_finite,
    nothing,
)
