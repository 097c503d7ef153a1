"""Max-sensitivity: the largest change of an attribution under small noise on the image."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from attacks import LInf
from attacks.base import pixels
from evaluation.attribution.maps import largest_of
from evaluation.attribution.measure import Explained, Judge, Measure
from interpreters import Interpreter
from seeds import generators


@dataclass(frozen=True)
class MaxSensitivity(Measure):
    """The largest relative change of an attribution under noise (Yeh et al. 2019), as in captum.

    Every image is explained once more for each sample.

    Args:
        radius: Largest change of a pixel, where pixels are in [0, 1]; a fraction too.
        samples: Number of noisy copies of each image.
        seed: Of the noise, with the image's index.
    """

    better: ClassVar[str] = "lower"
    radius: float | str = 0.02
    samples: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", pixels("radius", self.radius))
        if self.samples < 1:
            raise ValueError(f"`samples` must be at least 1, got {self.samples}")

    @torch.no_grad()
    def judge(self, batch: Explained) -> Judge:
        """Return the measure, with the same noisy images for all interpreters."""
        draws = generators(batch.indices, self.seed)
        around = [
            (batch.images + LInf().sample(batch.images, float(self.radius), draws)).clamp(0, 1)
            for _ in range(self.samples)
        ]

        @torch.no_grad()
        def sensitivity(interpreter: Interpreter, found: Tensor) -> Tensor:
            # noise may change the prediction, and the class explained stays
            labels = interpreter.explained(batch.logits, batch.labels)[:, 0]
            size = largest_of(found)
            before, largest = found / size, torch.zeros_like(size[:, 0, 0, 0])
            for images in around:
                after = interpreter.attribution(batch.network, images, labels) / size
                largest = largest.maximum((after - before).flatten(1).norm(dim=1))
            length = before.flatten(1).norm(dim=1)
            # an attribution of zeros has no relative change
            return largest / torch.where(length > 0, length, 1.0)

        return sensitivity
