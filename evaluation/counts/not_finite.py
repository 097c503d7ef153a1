"""Heatmaps that are not finite: they count in no figure, and a study says how many they are."""

from collections.abc import Iterable
from itertools import product

from torch import Tensor, nn

from evaluation.counts.shares import counts_of
from evaluation.measurements import Measurement
from losses.finite import is_finite
from metrics import MeanCurve, Metrics

NAME = "not_finite"


class NotFinite(nn.Module):
    """Number of heatmaps with a NaN or infinity, for each network and interpreter.

    Args:
        networks: Their names.
        interpreters: Their names; None where a study has none.
    """

    def __init__(self, networks: Iterable[str], interpreters: Iterable[str | None]) -> None:
        super().__init__()
        self.broken = Metrics({pair: MeanCurve() for pair in product(networks, interpreters)})

    def add(self, network: str, interpreter: str | None, heatmap: Tensor) -> None:
        """Add a batch of heatmaps (N, ...)."""
        self.broken[network, interpreter].update(~is_finite(heatmap)[:, None])

    def measurements(self) -> list[Measurement]:
        """Return the numbers above 0, of `n` heatmaps each, for all processes to compute."""
        found = []
        for (network, interpreter), metric in self.broken.items():
            (count,), (heatmaps,) = counts_of(metric)
            if count:
                labels = (NAME, count, None, "lower", network, heatmaps)
                found.append(Measurement(*labels, interpreter=interpreter))
        return found
