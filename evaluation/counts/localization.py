"""Pointing game and relevance mass accuracy, on data with masks of the objects."""

from collections.abc import Iterable
from itertools import product

import torch
from torch import Tensor, nn

from evaluation.measurements import Measurement, means
from metrics import MeanCurve, Metrics, mass_accuracy, pointing_game

NAMES = {"pointing_game": "higher", "relevance_mass_accuracy": "higher"}


class Localization(nn.Module):
    """Pointing game and relevance mass accuracy of every network and interpreter.

    Args:
        networks: Their names; none where the data have no masks.
        interpreters: Their names.
    """

    def __init__(self, networks: Iterable[str], interpreters: Iterable[str]) -> None:
        super().__init__()
        pairs = product(networks, interpreters)
        self.values = Metrics({pair: MeanCurve(len(NAMES)) for pair in pairs})

    def add(self, network: str, interpreter: str, heatmap: Tensor, masks: Tensor) -> None:
        """Add a batch of heatmaps (N, 1, h, w) and masks (N, 1, H, W)."""
        mass = mass_accuracy(heatmap, masks)
        hits = pointing_game(heatmap, masks).to(mass)
        self.values[network, interpreter].update(torch.stack([hits, mass], 1))

    def measurements(self) -> list[Measurement]:
        """Return every mean with its interval, for all processes to compute."""
        found = []
        for (network, interpreter), values in self.values.items():
            found += means(NAMES, values.compute(), network, interpreter=interpreter)
        return found
