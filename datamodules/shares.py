"""Class-balanced subsets of labelled images."""

from collections.abc import Sequence

import torch

from seeds import generator


def by_class(labels: Sequence[int], seed: int) -> dict[int, list[int]]:
    """Return the indices of each class's images, shuffled by the seed."""
    members: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        members.setdefault(label, []).append(index)
    return {
        label: [
            indices[position]
            for position in torch.randperm(len(indices), generator=generator(seed, label)).tolist()
        ]
        for label, indices in members.items()
    }


def halves(labels: Sequence[int], seed: int) -> tuple[list[int], list[int]]:
    """Return the sorted indices of two random disjoint halves, each with half of every class."""
    shuffled = [index for members in by_class(labels, seed).values() for index in members]
    # alternate across class borders, so that classes of odd size fill both halves equally
    return sorted(shuffled[::2]), sorted(shuffled[1::2])


def share_of(labels: Sequence[int], share: float, seed: int) -> list[int]:
    """Return the sorted indices of a random share of each class, at least one image of each."""
    return sorted(
        index
        for members in by_class(labels, seed).values()
        for index in members[: max(1, round(share * len(members)))]
    )


def stratified(labels: Sequence[int], count: int, seed: int) -> list[int]:
    """Return the sorted indices of a random subset of `count` images with all classes' shares."""
    ranks = [
        ((position + 0.5) / len(members), index)
        for members in by_class(labels, seed).values()
        for position, index in enumerate(members)
    ]
    return sorted(index for _, index in sorted(ranks)[:count])
