"""Accuracies, success rates and similarities of heatmaps, class by class."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from evaluation.counts.shares import succeeded
from evaluation.counts.similarity import SIMILARITIES, defined
from evaluation.measurements import Measurement
from losses import Loss
from metrics import ClassMeans, Metrics, correct, wilson_interval

ACCURACY, RATE = "accuracy_top1_by_class", "fooling_success_rate_by_class"


class Classes(nn.Module):
    """The measurements of every network and interpreter on the images of each class.

    Args:
        networks: Names of all networks.
        original: Name of the one whose heatmaps the others' are compared with.
        interpreters: Names of all interpreters.
        judged: The loss that judges each part of a heatmap, by the part's name.
        classes: Names of the classes.
    """

    def __init__(
        self,
        networks: Iterable[str],
        original: str,
        interpreters: Iterable[str],
        judged: Mapping[str, Loss],
        classes: Sequence[str],
    ) -> None:
        super().__init__()
        names, count = list(networks), len(classes)
        self.judged, self.classes = judged, classes
        pairs = [*product(names, interpreters)]
        others = [pair for pair in pairs if pair[0] != original]
        self.hits = Metrics({name: ClassMeans(count) for name in names})
        self.rates = Metrics({pair: ClassMeans(count, len(judged)) for pair in pairs})
        self.similarities = Metrics({pair: ClassMeans(count, len(SIMILARITIES)) for pair in others})

    def add_outputs(self, outputs: Mapping[str, Tensor], labels: Tensor) -> None:
        """Add the logits (N, K) of every network, and labels (N,)."""
        for name, logits in outputs.items():
            self.hits[name].update(correct(logits, labels, 1)[:, None], labels)

    def add_measures(
        self, network: str, interpreter: str, measures: Sequence[Tensor], labels: Tensor
    ) -> None:
        """Add the success measure of each part, and labels, shape (N,) each."""
        judges = zip(measures, self.judged.values(), strict=True)
        successes = torch.stack([succeeded(judge, each) for each, judge in judges], 1)
        self.rates[network, interpreter].update(successes, labels)

    def add_similarities(
        self, network: str, interpreter: str, values: Tensor, labels: Tensor
    ) -> None:
        """Add every similarity to the original's heatmaps, (N, similarities), and labels (N,)."""
        self.similarities[network, interpreter].update(values, labels)

    def measurements(self) -> list[Measurement]:
        """Return every measurement of a class that has images, for all processes to compute."""
        found = []
        for network, hits in self.hits.items():
            found += self._points(ACCURACY, hits.compute()[..., 0], network)
        for (network, name), metric in self.rates.items():
            for rates, part in zip(metric.compute().unbind(-1), self.judged, strict=True):
                labels: dict[str, Any] = {"interpreter": name, "part": part or None}
                found += self._points(RATE, rates, network, **labels)
        for (network, name), metric in self.similarities.items():
            columns = metric.compute().unbind(-1)
            for (kind, (_, better)), means in zip(SIMILARITIES.items(), columns, strict=True):
                title = f"{kind}_by_class"
                found += self._points(title, means, network, better, interpreter=name)
        return defined(found)

    def _points(
        self, name: str, means: Tensor, network: str, better: str = "higher", **labels: Any
    ) -> list[Measurement]:
        """Return the measurement of each class from mean, half interval, images, (3, classes)."""
        found = []
        for position, (mean, half, images) in enumerate(means.T.tolist()):
            if not images:
                continue
            interval = (mean - half, mean + half)
            if name in (ACCURACY, RATE):
                interval = wilson_interval(round(mean * images), int(images))
            point: dict[str, Any] = {"x": position, "label": self.classes[position], **labels}
            found.append(Measurement(name, mean, interval, better, network, int(images), **point))
        return found
