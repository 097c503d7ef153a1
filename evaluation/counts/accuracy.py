"""Accuracy of several networks on the same images, and its drop by a manipulation."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from evaluation.counts.shares import counts_of, shares
from evaluation.measurements import Measurement
from metrics import MeanCurve, Metrics, correct, paired_interval

KS = (1, 5)


class Accuracies(nn.Module):
    """Top-1 and top-5 accuracy of each network, and the points that manipulated ones lost.

    Args:
        networks: Names of all networks.
        manipulated: Names of those that were manipulated; each is compared with all others.
        part: Label of its measurements, where a study has several.
    """

    def __init__(
        self, networks: Iterable[str], manipulated: Iterable[str] = (), part: str | None = None
    ) -> None:
        super().__init__()
        names, changed, self.part = list(networks), list(manipulated), part
        others = [name for name in names if name not in changed]
        self.hits = Metrics({name: MeanCurve(len(KS)) for name in names})
        self.lost = Metrics({pair: MeanCurve(2 * len(KS)) for pair in product(changed, others)})

    def add(self, outputs: dict[str, Tensor], labels: Tensor) -> None:
        """Add a batch: the logits (N, K) of every network, and labels (N,)."""
        hits = {
            name: torch.stack([correct(logits, labels, k) for k in KS], 1)
            for name, logits in outputs.items()
        }
        for name, hit in hits.items():
            self.hits[name].update(hit)
        for (network, other), lost in self.lost.items():
            before, after = hits[other], hits[network]
            lost.update(torch.cat([before & ~after, after & ~before], 1))

    def measurements(self) -> list[Measurement]:
        """Return accuracies in [0, 1] and drops in points, for all processes to compute."""
        found = []
        names = {f"accuracy_top{k}": "higher" for k in KS}
        for network, hits in self.hits.items():
            found += shares(names, hits, network, part=self.part)
        for (network, other), metric in self.lost.items():
            counts, (images, *_) = counts_of(metric)
            cells = zip(KS, counts[: len(KS)], counts[len(KS) :], strict=True)
            for k, lost, gained in cells:
                low, high = paired_interval(lost, gained, images)
                labels: dict[str, Any] = {"part": self.part, "against": other}
                name, drop = f"accuracy_top{k}_drop", 100 * (lost - gained) / images
                interval = (100 * low, 100 * high)
                found.append(Measurement(name, drop, interval, "lower", network, images, **labels))
        return found
