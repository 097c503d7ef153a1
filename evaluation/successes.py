"""How many heatmaps were fooled, how the success measures are spread, and which images to show."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from evaluation.accuracy import counts_of
from evaluation.results import Number
from interpreters.base import snake_case
from lightning_modules.classifier import Metrics
from losses import Loss
from metrics import Examples, Histogram, MeanCurve, fooled, wilson_interval


class Successes(nn.Module):
    """Success rates and success measures of every network, interpreter and part.

    Args:
        networks: Names of all networks.
        interpreters: Names of all interpreters.
        judged: The loss that judges each part of a heatmap, by its name.
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
        self.keys = [*product(interpreters, networks, judged)]
        self.rates = Metrics({"/".join(key): MeanCurve(2) for key in self.keys})
        self.spread = Metrics(
            {"/".join(key): Histogram(*judged[key[2]].bounds) for key in self.keys}
        )
        pairs = dict.fromkeys(f"{name}/{network}" for name, network, _ in self.keys)
        self.examples = Metrics({pair: Examples(images, len(judged)) for pair in pairs})

    def update(
        self,
        network: str,
        interpreter: str,
        indices: Tensor,
        loss: Tensor,
        measures: Sequence[Tensor],
    ) -> None:
        """Add a batch: indices, loss and the success measure of each part, shape (N,) each."""
        for (part, judge), measure in zip(self.judged.items(), measures, strict=True):
            key = f"{interpreter}/{network}/{part}"
            success = fooled(measure, *judge.success)
            self.rates[key].update(torch.stack([success.to(measure), measure], 1))
            self.spread[key].update(measure)
        shown = torch.stack([*measures], 1)
        self.examples[f"{interpreter}/{network}"].update(indices, loss, shown)

    def histograms(self) -> dict[str, Tensor]:
        """How the success measure is spread, by INTERPRETER/NETWORK/PART."""
        return {key: self.spread[key].compute().cpu() for key in self.spread}

    def chosen(self) -> dict[str, dict[str, Tensor]]:
        """The images to show, by INTERPRETER/NETWORK and by kind, as rows of `Examples`."""
        return {pair: self.examples[pair].compute() for pair in self.examples}

    def numbers(self) -> list[Number]:
        """Every rate in [0, 1] and every mean measure, for all processes to ask for."""
        numbers = []
        for name, network, part in self.keys:
            judge, metric = self.judged[part], self.rates["/".join((name, network, part))]
            (_, mean), (_, half), _ = metric.compute().tolist()
            (successes, _), images = counts_of(metric)
            labels: dict[str, Any] = {
                "network": network,
                "interpreter": name,
                "n": images,
                "part": part or None,
            }
            labels["loss"] = snake_case(type(judge).__name__)
            rate, interval = successes / images, wilson_interval(successes, images)
            better = "higher" if judge.higher_is_better else "lower"
            numbers += [
                Number("fooling_success_rate", rate, interval, "higher", **labels),
                Number("test_loss", mean, (mean - half, mean + half), better, **labels),
            ]
        return numbers
