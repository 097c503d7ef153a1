"""Passive fooling (Heo et al. 2019): the heatmaps of ordinary images lie."""

import torch
from torch import Tensor

from lightning_modules.data import Batch, Images, Split, data_of
from lightning_modules.manipulation import Manipulation


class PassiveFooling(Manipulation):
    """A network whose heatmaps of any image say nothing (Heo et al. 2019, section 3.2).

    One forward pass serves the classification and the heatmap of an interpreter.
    """

    def explained(self, split: Split) -> Images:
        """The images of the split, with their labels."""
        return data_of(self.trainer).images(split)

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Classification plus loss_weight times the mean penalty of the interpreters."""
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
        """Gather accuracy, and the success of the manipulation on every interpreter."""
        images, labels, _ = batch
        for name, interpreter in self.interpreters.items():
            logits, heatmap = interpreter(self.network, images, labels)
            reference = self.reference(interpreter, images, labels, heatmap)
            self.measure_fooling(name, self.loss.measure(heatmap, reference))
        self.measure_accuracy(images, labels, logits)

    test_step = validation_step
