"""Accuracy of several networks on the same images, and what the manipulated one lost of it."""

from collections.abc import Iterable, Mapping

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


def drops(table: Mapping[str, Tensor], networks: Iterable[str]) -> list[Number]:
    """Points of accuracy that the manipulated network has less than each other, image by image."""
    numbers = []
    for against in [name for name in networks if name != "manipulated"]:
        for k in (1, 5):
            before, after = table[f"{against}/top{k}"], table[f"manipulated/top{k}"]
            low, high = paired_interval(before, after)
            numbers.append(
                Number.mean_of(
                    f"accuracy_top{k}_drop",
                    100 * (before - after),
                    (100 * low, 100 * high),
                    "lower",
                    network="manipulated",
                    against=against,
                )
            )
    return numbers
