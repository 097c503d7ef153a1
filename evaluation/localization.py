"""How often heatmaps point at the object, on data that know where it is."""

from collections.abc import Iterable
from itertools import product

import torch
from torch import Tensor

from evaluation.results import Number, means
from lightning_modules.classifier import Metrics
from metrics import MeanCurve, mass_accuracy, pointing_game

NAMES = {"pointing_game": "higher", "relevance_mass_accuracy": "higher"}


class Localization(Metrics):
    """Pointing game and relevance mass accuracy of every network and interpreter."""

    def __init__(self, networks: Iterable[str], interpreters: Iterable[str]) -> None:
        pairs = product(networks, interpreters)
        super().__init__({"/".join(pair): MeanCurve(len(NAMES)) for pair in pairs})

    def add(self, network: str, interpreter: str, heatmap: Tensor, masks: Tensor) -> None:
        """Add a batch of heatmaps (N, 1, h, w) and masks (N, 1, H, W)."""
        mass = mass_accuracy(heatmap, masks)
        hits = pointing_game(heatmap, masks).to(mass)
        self[f"{network}/{interpreter}"].update(torch.stack([hits, mass], 1))

    def numbers(self) -> list[Number]:
        """Every mean with its interval, for all processes to ask for."""
        numbers = []
        for pair in self:
            network, interpreter = pair.split("/", 1)
            numbers += means(NAMES, self[pair].compute(), network, interpreter=interpreter)
        return numbers
