"""Max-sensitivity: how far an attribution moves when the image hardly does."""

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from attacks import LInf
from attacks.base import pixels
from evaluation.attribution_maps import attribution
from evaluation.measure import Explained, Judge, Measure
from interpreters import Interpreter
from seeds import generators


@dataclass(frozen=True)
class MaxSensitivity(Measure):
    """The largest relative change of an attribution under noise (Yeh et al. 2019, equation 3).

    Every image is explained once more for each sample.

    Args:
        radius: Largest change of a pixel, in units of pixels in [0, 1]; a fraction too.
        samples: How many images are drawn around each.
        seed: Of the noise, with the image.
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
        """Images around those of the batch, the same for all interpreters."""
        draws, logits = generators(batch.indices, self.seed), batch.network(batch.images)
        around = [
            (batch.images + LInf().draw(batch.images, float(self.radius), draws)).clamp(0, 1)
            for _ in range(self.samples)
        ]

        @torch.no_grad()
        def sensitivity(interpreter: Interpreter, found: Tensor) -> Tensor:
            size = found.flatten(1).norm(dim=1)
            # noise may change the prediction, and the class explained stays
            labels = interpreter.explained(logits, batch.labels)[:, 0]
            same = replace(interpreter, target="label")
            changes = [
                attribution(same, batch.network, images, labels) - found for images in around
            ]
            largest = torch.stack(changes).flatten(2).norm(dim=2).amax(0)
            # where nothing is said before, the change is taken as it is
            return largest / torch.where(size > 0, size, 1.0)

        return sensitivity
