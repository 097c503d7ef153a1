"""Accuracies, success rates and likeness to the original's heatmaps, class by class."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from evaluation.results import Number
from evaluation.similarity import SIMILARITIES, defined
from lightning_modules.classifier import Metrics
from losses import Loss
from metrics import ClassMeans, correct, fooled, wilson_interval

ACCURACY, RATE = "accuracy_top1_by_class", "fooling_success_rate_by_class"


class Classes(nn.Module):
    """What each class's images say of every network and interpreter.

    Args:
        networks: Names of all networks.
        interpreters: Names of all interpreters.
        judged: The loss that judges each part of a heatmap, by its name.
        classes: Names of the classes.
    """

    def __init__(
        self,
        networks: Iterable[str],
        interpreters: Iterable[str],
        judged: Mapping[str, Loss],
        classes: Sequence[str],
    ) -> None:
        super().__init__()
        names, count = list(networks), len(classes)
        self.judged, self.classes = judged, classes
        pairs = [f"{network}/{name}" for network, name in product(names, interpreters)]
        self.hits = Metrics({name: ClassMeans(count) for name in names})
        self.rates = Metrics({pair: ClassMeans(count, len(judged)) for pair in pairs})
        others = [pair for pair in pairs if not pair.startswith("original/")]
        self.likeness = Metrics({pair: ClassMeans(count, len(SIMILARITIES)) for pair in others})

    def add_outputs(self, outputs: Mapping[str, Tensor], labels: Tensor) -> None:
        """Add the logits (N, K) of every network, and labels (N,)."""
        for name, logits in outputs.items():
            self.hits[name].update(correct(logits, labels, 1)[:, None], labels)

    def add_measures(
        self, network: str, interpreter: str, measures: Sequence[Tensor], labels: Tensor
    ) -> None:
        """Add the success measure of each part, and labels, shape (N,) each."""
        judges = zip(measures, self.judged.values(), strict=True)
        successes = torch.stack([fooled(each, *judge.success) for each, judge in judges], 1)
        self.rates[f"{network}/{interpreter}"].update(successes, labels)

    def add_likeness(
        self, network: str, interpreter: str, alike: Mapping[str, Tensor], labels: Tensor
    ) -> None:
        """Add every similarity to the original's heatmaps, and labels, shape (N,) each."""
        self.likeness[f"{network}/{interpreter}"].update(torch.stack([*alike.values()], 1), labels)

    def numbers(self) -> list[Number]:
        """Every figure of a class that has images, for all processes to ask for."""
        numbers = []
        for network in self.hits:
            numbers += self._points(ACCURACY, self.hits[network].compute()[..., 0], network)
        for pair in self.rates:
            network, name = pair.split("/", 1)
            for rates, part in zip(self.rates[pair].compute().unbind(-1), self.judged, strict=True):
                labels: dict[str, Any] = {"interpreter": name, "part": part or None}
                numbers += self._points(RATE, rates, network, **labels)
        for pair in self.likeness:
            network, name = pair.split("/", 1)
            columns = self.likeness[pair].compute().unbind(-1)
            for (kind, (_, better)), means in zip(SIMILARITIES.items(), columns, strict=True):
                title = f"{kind}_by_class"
                numbers += self._points(title, means, network, better, interpreter=name)
        return defined(numbers)

    def _points(
        self, name: str, means: Tensor, network: str, better: str = "higher", **labels: Any
    ) -> list[Number]:
        """The figure of each class, from mean, half interval and images, shape (3, classes)."""
        numbers = []
        for place, (mean, half, images) in enumerate(means.T.tolist()):
            if not images:
                continue
            interval = (mean - half, mean + half)
            if name in (ACCURACY, RATE):
                interval = wilson_interval(round(mean * images), int(images))
            point: dict[str, Any] = {"x": place, "label": self.classes[place], **labels}
            numbers.append(Number(name, mean, interval, better, network, int(images), **point))
        return numbers
