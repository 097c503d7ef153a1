"""Agreement of a network's predictions with the original's, and every network's calibration."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from attacks import divergence
from evaluation.measurements import Measurement, means
from metrics import CalibrationError, MeanCurve, Metrics

DISTANCES = {"agreement": "higher", "kl_divergence": "lower"}


class Outputs(nn.Module):
    """Agreement and divergence from the original's predictions, and calibration.

    Args:
        networks: Names of all networks.
        original: Name of the one that the others are compared with.
    """

    def __init__(self, networks: Iterable[str], original: str) -> None:
        super().__init__()
        names, self.original = list(networks), original
        self.distances = Metrics({name: MeanCurve(2) for name in names if name != original})
        self.calibration = Metrics({name: CalibrationError() for name in names})

    def add(self, outputs: dict[str, Tensor], labels: Tensor) -> None:
        """Add a batch: the logits (N, K) of every network, and labels (N,)."""
        original = outputs[self.original]
        for name, logits in outputs.items():
            self.calibration[name].update(logits, labels)
            if name in self.distances:
                same = logits.argmax(1).eq(original.argmax(1)).to(logits)
                moved = divergence(logits, original.log_softmax(1))
                self.distances[name].update(torch.stack([same, moved], 1))

    def measurements(self) -> list[Measurement]:
        """Return all, for all processes to compute; the calibration error has no interval."""
        found = []
        for network, distances in self.distances.items():
            found += means(DISTANCES, distances.compute(), network, against=self.original)
        for network, calibration in self.calibration.items():
            error, images = calibration.compute().tolist()
            found.append(
                Measurement("calibration_error", error, None, "lower", network, int(images))
            )
        return found
