"""Shares of labelled images that hold as much of every class."""

from collections.abc import Sequence

import torch

from seeds import generator


def by_class(labels: Sequence[int], seed: int) -> dict[int, list[int]]:
    """The numbers of each class in an order that the seed gives."""
    members: dict[int, list[int]] = {}
    for number, label in enumerate(labels):
        members.setdefault(label, []).append(number)
    return {
        label: [
            numbers[place]
            for place in torch.randperm(len(numbers), generator=generator(seed, label)).tolist()
        ]
        for label, numbers in members.items()
    }


def halves(labels: Sequence[int], seed: int) -> tuple[list[int], list[int]]:
    """The numbers of two disjoint halves, each with half of every class, by a fixed shuffle."""
    shuffled = [number for members in by_class(labels, seed).values() for number in members]
    # alternating over all classes, so that classes of odd size fill both halves alike
    return sorted(shuffled[::2]), sorted(shuffled[1::2])


def share_of(labels: Sequence[int], share: float, seed: int) -> list[int]:
    """The numbers of this share of each class, at least one of each, by a fixed shuffle."""
    return sorted(
        number
        for members in by_class(labels, seed).values()
        for number in members[: max(1, round(share * len(members)))]
    )


def stratified(labels: Sequence[int], count: int, seed: int) -> list[int]:
    """So many numbers, of every class in the share that it has of all, by a fixed shuffle."""
    places = [
        ((place + 0.5) / len(members), number)
        for members in by_class(labels, seed).values()
        for place, number in enumerate(members)
    ]
    return sorted(number for _, number in sorted(places)[:count])
