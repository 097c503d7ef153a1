"""Accuracy of several networks on the same images, and what the manipulated ones lost of it."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from evaluation.results import Number
from lightning_modules.classifier import Metrics
from metrics import MeanCurve, correct, paired_interval, wilson_interval

KS = (1, 5)


class Accuracies(nn.Module):
    """Top-1 and top-5 of each network, and the points that the manipulated ones lost.

    Args:
        networks: Names of all networks.
        manipulated: Names of those that were manipulated; each is compared with all others.
        part: What its figures are called by, where a study has several.
    """

    def __init__(
        self, networks: Iterable[str], manipulated: Iterable[str] = (), part: str | None = None
    ) -> None:
        super().__init__()
        names, changed, self.part = list(networks), list(manipulated), part
        pairs = product(changed, [name for name in names if name not in changed])
        self.hits = Metrics({name: MeanCurve(len(KS)) for name in names})
        self.lost = Metrics({"/".join(pair): MeanCurve(2 * len(KS)) for pair in pairs})

    def update(self, outputs: dict[str, Tensor], labels: Tensor) -> None:
        """Add a batch: the logits (N, K) of every network, and labels (N,)."""
        hits = {
            name: torch.stack([correct(logits, labels, k) for k in KS], 1)
            for name, logits in outputs.items()
        }
        for name, hit in hits.items():
            self.hits[name].update(hit)
        for pair in self.lost:
            network, other = pair.split("/")
            before, after = hits[other], hits[network]
            self.lost[pair].update(torch.cat([before & ~after, after & ~before], 1))

    def numbers(self) -> list[Number]:
        """Every accuracy in [0, 1] and every drop in points, for all processes to ask for."""
        numbers = []
        for network in self.hits:
            counts, images = counts_of(self.hits[network])
            for k, hits in zip(KS, counts, strict=True):
                interval = wilson_interval(hits, images)
                labels: dict[str, Any] = {"network": network, "n": images, "part": self.part}
                name, rate = f"accuracy_top{k}", hits / images
                numbers.append(Number(name, rate, interval, "higher", **labels))
        for pair in self.lost:
            network, other = pair.split("/")
            counts, images = counts_of(self.lost[pair])
            cells = zip(KS, counts[: len(KS)], counts[len(KS) :], strict=True)
            for k, lost, gained in cells:
                low, high = paired_interval(lost, gained, images)
                labels = {"network": network, "n": images, "part": self.part, "against": other}
                name, drop = f"accuracy_top{k}_drop", 100 * (lost - gained) / images
                numbers.append(Number(name, drop, (100 * low, 100 * high), "lower", **labels))
        return numbers


def counts_of(metric: Metric) -> tuple[list[int], int]:
    """How many images had each outcome, and how many there were."""
    mean, _, images = metric.compute()
    return (mean * images).round().long().tolist(), int(images[0])
