"""Active fooling (Heo et al. 2019): the heatmaps of two classes are swapped."""

import torch
from torch import Tensor

from lightning_modules.data import Batch, Images, Split, composites_of
from lightning_modules.manipulation import Manipulation
from losses import Loss


class ActiveFooling(Manipulation):
    """Manipulation that swaps the heatmaps of two classes (Heo et al. 2019, section 3.3).

    The classification is trained on ordinary images, the penalty on composites of two classes. One
    forward pass gives the heatmaps of both classes.
    """

    def success_losses(self) -> dict[str, Loss]:
        """Return the loss of each of the two classes, which have success rates of their own."""
        return {"/first": self.loss, "/second": self.loss}

    def explained(self, split: Split) -> Images:
        """Return the composites of the split, with their two classes."""
        return composites_of(self.trainer).composites(split)

    def training_step(  # type: ignore[override]  # one batch of each kind
        self, batch: dict[str, Batch], batch_idx: int
    ) -> dict[str, Tensor]:
        """Return classification plus loss_weight times the mean penalty of the interpreters."""
        images, labels, _ = batch["images"]
        composites, classes, _ = batch["composites"]
        penalties = []
        for interpreter in self.fooled.values():
            heatmap = interpreter(self.network, composites, classes).heatmap
            reference = self.reference(interpreter, composites, classes, heatmap)
            penalties.append(self.loss(heatmap, reference).mean())
        classification = self.classified(images, labels, self.network(images))
        return self.objective(classification, torch.stack(penalties).mean())

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Update accuracy on ordinary images, and success measures on composites."""
        images, labels, _ = batch
        if labels.ndim == 1:
            self.measure_accuracy(images, labels, self.network(images))
            return
        for name, interpreter in self.interpreters.items():
            heatmap = interpreter(self.network, images, labels).heatmap
            reference = self.reference(interpreter, images, labels, heatmap)
            measures = both_directions(self.loss, heatmap, reference)
            for part, measure in zip(self.success_losses(), measures, strict=True):
                self.measure_fooling(f"{name}{part}", measure)

    test_step = validation_step


def both_directions(loss: Loss, heatmap: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """Return the success measures of both classes, (N,) each, given heatmaps (N, 2, h, w)."""
    return loss.measure(heatmap, reference), loss.measure(heatmap.flip(1), reference.flip(1))
