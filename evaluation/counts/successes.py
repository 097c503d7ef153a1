"""Fooling success rates, the distribution of success measures, and images worth showing."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from evaluation.counts.shares import shares, succeeded
from evaluation.measurements import Measurement, means
from interpreters.base import snake_case
from losses import Loss
from metrics import Examples, Histogram, MeanCurve, Metrics


class Successes(nn.Module):
    """Success rates and success measures of every interpreter, network and part.

    Args:
        networks: Names of all networks.
        interpreters: Names of all interpreters.
        judged: The loss that judges each part of a heatmap, by the part's name.
        images: How many images are explained.
    """

    def __init__(
        self,
        networks: Iterable[str],
        interpreters: Iterable[str],
        judged: Mapping[str, Loss],
        images: int,
    ) -> None:
        super().__init__()
        self.judged = judged
        pairs = [*product(interpreters, networks)]
        keys = [(*pair, part) for pair, part in product(pairs, judged)]
        self.rates = Metrics({key: MeanCurve() for key in keys})
        self.means = Metrics({key: MeanCurve() for key in keys})
        self.spread = Metrics({key: Histogram(*judged[key[2]].bounds) for key in keys})
        self.examples = Metrics({pair: Examples(images, len(judged)) for pair in pairs})

    def add(
        self,
        network: str,
        interpreter: str,
        indices: Tensor,
        loss: Tensor,
        measures: Sequence[Tensor],
    ) -> None:
        """Add a batch: indices, loss and the success measure of each part, shape (N,) each."""
        for (part, judge), measure in zip(self.judged.items(), measures, strict=True):
            key = (interpreter, network, part)
            self.rates[key].update(succeeded(judge, measure)[:, None])
            self.means[key].update(measure[:, None])
            self.spread[key].update(measure)
        self.examples[interpreter, network].update(indices, loss, torch.stack([*measures], 1))

    def measurements(self) -> list[Measurement]:
        """Return every rate in [0, 1] and every mean measure, for all processes to compute."""
        found = []
        for key, rate in self.rates.items():
            name, network, part = key
            judge = self.judged[part]
            labels: dict[str, Any] = {"interpreter": name, "part": part or None}
            labels["loss"] = snake_case(type(judge).__name__)
            found += shares({"fooling_success_rate": "higher"}, rate, network, **labels)
            better = "higher" if judge.higher_is_better else "lower"
            found += means({"test_loss": better}, self.means[key].compute(), network, **labels)
        return found
