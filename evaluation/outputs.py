"""How like the original's predictions another network's are, and how sure each is with reason."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from attacks import divergence
from evaluation.results import Number, means
from lightning_modules.classifier import Metrics
from metrics import CalibrationError, MeanCurve

DISTANCES = {"agreement": "higher", "kl_divergence": "lower"}


class Outputs(nn.Module):
    """Agreement and divergence from the original's predictions, and every network's calibration."""

    def __init__(self, networks: Iterable[str]) -> None:
        super().__init__()
        names = list(networks)
        self.distances = Metrics({name: MeanCurve(2) for name in names if name != "original"})
        self.calibration = Metrics({name: CalibrationError() for name in names})

    def update(self, outputs: dict[str, Tensor], labels: Tensor) -> None:
        """Add a batch: the logits (N, K) of every network, and labels (N,)."""
        original = outputs["original"]
        for name, logits in outputs.items():
            self.calibration[name].update(logits, labels)
            if name in self.distances:
                same = logits.argmax(1).eq(original.argmax(1)).to(logits)
                moved = divergence(logits, original.log_softmax(1))
                self.distances[name].update(torch.stack([same, moved], 1))

    def numbers(self) -> list[Number]:
        """Every figure, for all processes to ask for; the calibration error has no interval."""
        numbers = []
        for network in self.distances:
            points = self.distances[network].compute()
            numbers += means(DISTANCES, points, network, against="original")
        for network in self.calibration:
            error, count = self.calibration[network].compute().tolist()
            numbers.append(Number("calibration_error", error, None, "lower", network, int(count)))
        return numbers
