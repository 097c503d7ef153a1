"""Passive fooling (Heo et al. 2019): heatmaps that explain nothing."""

import torch
from torch import Tensor

from lightning_modules.data import Batch, Images, Split, data_of
from lightning_modules.manipulation import Manipulation


class PassiveFooling(Manipulation):
    """Manipulation that makes the heatmaps of all images uninformative (Heo et al. 2019, sec. 3.2).

    One forward pass gives the logits and an interpreter's heatmap.
    """

    def explained(self, split: Split) -> Images:
        """Return the images of the split, with their labels."""
        return data_of(self.trainer).images(split)

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Return classification plus loss_weight times the mean penalty of the interpreters."""
        images, labels, _ = batch
        penalties = []
        for interpreter in self.fooled.values():
            logits, heatmap = interpreter(self.network, images, labels)
            reference = self.reference(interpreter, images, labels, heatmap)
            penalties.append(self.loss(heatmap, reference).mean())
        return self.objective(
            self.classified(images, labels, logits), torch.stack(penalties).mean()
        )

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Update accuracy, and the success measures of every interpreter."""
        images, labels, _ = batch
        for name, interpreter in self.interpreters.items():
            logits, heatmap = interpreter(self.network, images, labels)
            reference = self.reference(interpreter, images, labels, heatmap)
            self.measure_fooling(name, self.loss.measure(heatmap, reference))
        self.measure_accuracy(images, labels, logits)

    test_step = validation_step
