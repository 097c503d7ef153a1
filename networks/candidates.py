"""The weights in a file that fit a network: one of its dictionaries, under one prefix."""

import re
from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from files import shown
from networks.sound import is_array

# what a trainer keeps beside a network, and what counters of operations leave in it
BESIDE = re.compile(r"(criterion|loss|metric|accuracy)\w*\.|(.*\.)?total_(ops|params)$")
LONGEST = 200


class Candidate(NamedTuple):
    """Weights by the network's own names, the names that stand beside them, and their place."""

    state: dict[str, Tensor]
    beside: list[str]
    where: str

    @property
    def unexpected(self) -> list[str]:
        """Names that the network has no weight for, without those that a trainer keeps."""
        return [name for name in self.beside if not BESIDE.match(name)]


def candidates(
    content: Mapping[Any, Any], expected: set[str], optional: set[str]
) -> list[Candidate]:
    """Return all weights in a file's content that fit best, of which one is to be loaded.

    Args:
        content: what the file holds, of any depth.
        expected: names of the network's weights.
        optional: further names, which a file may lack.

    Returns: candidates with the same number of expected names, no two of them with equal weights.
    """
    # what Lightning's callbacks keep beside the weights are others
    if "pytorch-lightning_version" in content:
        content = {"state_dict": content.get("state_dict")}
    found = [
        candidate
        for where, table in tables(content)
        for candidate in under_prefixes(where, table, expected | optional)
    ]
    most = max((fit(each, expected) for each in found), default=0)
    if most < len(expected):
        return [each for each in found if fit(each, expected) == most][:1]
    best: list[Candidate] = []
    for candidate in found:
        same = any(equal(candidate, other, expected) for other in best)
        if fit(candidate, expected) == most and not same:
            best.append(candidate)
    return best


def tables(content: Mapping[Any, Any]) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Yield the tensors of every dictionary, outermost first, and the path to it."""
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", content)]
    for where, value in waiting:
        inside = vars(value) if isinstance(value, Namespace) else value
        # a dictionary may hold itself
        if not isinstance(inside, Mapping) or id(inside) in seen:
            continue
        seen.add(id(inside))
        named = {name: each for name, each in inside.items() if isinstance(name, str)}
        tensors = {name: each for name, each in named.items() if isinstance(each, Tensor)}
        if tensors:
            yield where, tensors
        waiting += [(below(where, name), each) for name, each in named.items()]


def below(where: str, name: str) -> str:
    """Return the path to an entry of a dictionary, cut where it is too long to be read."""
    path = f"{where}/{shown(name)}".strip("/")
    # far down, the paths would be longer than all that the file holds
    return path if len(path) <= LONGEST else f"...{path[-LONGEST:]}"


def under_prefixes(where: str, table: dict[str, Tensor], expected: set[str]) -> Iterator[Candidate]:
    """Yield a table's weights under every prefix with which it has names of the network."""
    plain = {name.replace("_orig_mod.", ""): value for name, value in table.items()}
    states: dict[str, dict[str, Tensor]] = {"": {}}
    # a name may be very long, and the network's are not
    depth = max((name.count(".") for name in expected), default=0) + 1
    for name, value in plain.items():
        parts = name.rsplit(".", depth)
        for start in range(len(parts)):
            inner = ".".join(parts[start:])
            if inner in expected:
                states.setdefault(name.removesuffix(inner), {})[inner] = value
    most = max(map(len, states.values()))
    for prefix, state in states.items():
        if len(state) == most:
            under = (name.removeprefix(prefix) for name in plain if name.startswith(prefix))
            beside = [name for name in under if name not in state]
            yield Candidate(state, beside, f"{where}: {shown(prefix)}*" if prefix else where)


def fit(candidate: Candidate, expected: set[str]) -> int:
    """Return the number of the network's names that a candidate has."""
    return len(expected & candidate.state.keys())


def equal(first: Candidate, second: Candidate, expected: set[str]) -> bool:
    """Return True if two candidates have the same weights, as one saved under two names."""
    names = expected & first.state.keys()
    return names == expected & second.state.keys() and all(
        same_numbers(first.state[name], second.state[name]) for name in names
    )


def same_numbers(first: Tensor, second: Tensor) -> bool:
    """Return True if two tensors are one, or arrays of the same numbers."""
    if first is second:
        return True
    kinds = [(each.shape, each.dtype, each.layout, each.is_meta) for each in (first, second)]
    return kinds[0] == kinds[1] and is_array(first) and torch.equal(first, second)


def is_averaged(candidate: Candidate) -> bool:
    """Return True if a candidate is called an exponential moving average of the weights."""
    return "ema" in re.split(r"[^a-z]+", candidate.where.lower())
