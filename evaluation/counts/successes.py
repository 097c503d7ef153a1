"""Fooling success rates, the distribution of success measures, and images worth showing."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from evaluation.counts.shares import counts_of
from evaluation.measurements import Measurement
from interpreters.base import snake_case
from losses import Loss
from metrics import Examples, Histogram, MeanCurve, Metrics, fooled, wilson_interval


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
        self.rates = Metrics({key: MeanCurve(3) for key in keys})
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
            success = fooled(measure, *judge.success)
            outcomes = [success.to(measure), measure.isnan().to(measure), measure]
            self.rates[key].update(torch.stack(outcomes, 1))
            self.spread[key].update(measure)
        self.examples[interpreter, network].update(indices, loss, torch.stack([*measures], 1))

    def measurements(self) -> list[Measurement]:
        """Return every rate in [0, 1] and every mean measure, for all processes to compute.

        Where heatmaps are not finite, their share is `not_finite`; they do not count as fooled.
        """
        found = []
        for (name, network, part), metric in self.rates.items():
            judge = self.judged[part]
            (*_, mean), (*_, half), _ = metric.compute().tolist()
            (successes, undefined, _), images = counts_of(metric)
            labels: dict[str, Any] = {"interpreter": name, "part": part or None}
            labels |= {"network": network, "n": images, "loss": snake_case(type(judge).__name__)}
            rate, interval = successes / images, wilson_interval(successes, images)
            better = "higher" if judge.higher_is_better else "lower"
            found += [
                Measurement("fooling_success_rate", rate, interval, "higher", **labels),
                Measurement("test_loss", mean, (mean - half, mean + half), better, **labels),
            ]
            if undefined:
                share, interval = undefined / images, wilson_interval(undefined, images)
                found.append(Measurement("not_finite", share, interval, "lower", **labels))
        return found
