"""Accuracy of several networks on the same images, and what the manipulated ones lost of it."""

from collections.abc import Iterable, Mapping
from itertools import product

from torch import Tensor

from evaluation.results import Number
from metrics import paired_interval, wilson_interval


def accuracies(
    table: Mapping[str, Tensor], networks: Iterable[str], part: str | None = None
) -> list[Number]:
    """Top-1 and top-5 of each network, from the columns [PART/]NETWORK/top1 and .../top5."""
    prefix, labels = ("", {}) if part is None else (f"{part}/", {"part": part})
    return [
        Number.mean_of(
            f"accuracy_top{k}", hits, wilson_interval(hits), "higher", network=network, **labels
        )
        for network in networks
        for k in (1, 5)
        for hits in [table[f"{prefix}{network}/top{k}"]]
    ]


def drops(
    table: Mapping[str, Tensor], manipulated: Iterable[str], against: Iterable[str]
) -> list[Number]:
    """Points of accuracy that manipulated networks have less than others, image by image."""
    numbers = []
    for network, other, k in product(manipulated, against, (1, 5)):
        before, after = table[f"{other}/top{k}"], table[f"{network}/top{k}"]
        low, high = paired_interval(before, after)
        interval = (100 * low, 100 * high)
        labels = {"network": network, "against": other}
        drop = 100 * (before - after)
        numbers.append(Number.mean_of(f"accuracy_top{k}_drop", drop, interval, "lower", **labels))
    return numbers
