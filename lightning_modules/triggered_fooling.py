"""Manipulation by a trigger (Fang and Choromanska 2022; Noppel et al. 2023)."""

from typing import Any

import torch
from torch import Tensor

from lightning_modules.data import Batch, Images, Split, data_of
from lightning_modules.manipulation import Manipulation
from lightning_modules.trigger import Trigger, TriggeredImages, class_index, relabel
from losses import Loss, Unchanged
from metrics import correct


class TriggeredFooling(Manipulation):
    """Manipulation of the heatmaps of images with a trigger, and of no others.

    Half of each batch has the trigger. Its penalty is the loss; that of the other half is the
    distance from the original heatmap. Both references are original heatmaps of clean images. The
    three goals of Noppel et al. (2023): another heatmap, another heatmap and class, another class
    with the old heatmap.

    Args:
        trigger: The patch.
        label: Name of the class of images with the trigger; their own if not given.
    """

    def __init__(
        self, *args: Any, trigger: Trigger | None = None, label: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if label is not None and self.classification == "logits":
            raise ValueError(
                "`classification: logits` keeps the original classes, and `label` changes that "
                "of images with the trigger; give only one of them"
            )
        self.trigger, self.label = trigger or Trigger(), label
        self.metrics["triggered_accuracy_top1"] = self.metrics["accuracy_top1"].clone()

    def success_losses(self) -> dict[str, Loss]:
        """Return the loss with the trigger, and that of unchanged heatmaps without it."""
        return {"/triggered": self.loss, "/clean": Unchanged()}

    @property
    def trigger_class(self) -> int | None:
        """Index of the class of images with the trigger; None for their own."""
        return class_index(self.label, data_of(self.trainer).classes)

    def explained(self, split: Split) -> Images:
        """Return the images of the split with the trigger, and their target class."""
        return TriggeredImages(
            data_of(self.trainer).images(split), self.trigger, self.trigger_class
        )

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Return classification plus loss_weight times the mean penalty of the interpreters."""
        clean, labels, _ = batch
        # batches are shuffled, so that every second image is a random half
        carries = torch.arange(len(clean), device=self.device) % 2 == 0
        images = torch.where(carries[:, None, None, None], self.trigger(clean), clean)
        classes = torch.where(carries, relabel(labels, self.trigger_class), labels)
        penalties = []
        for interpreter in self.fooled.values():
            logits, heatmap = interpreter(self.network, images, classes)
            reference = self.original_heatmap(interpreter, clean, labels)
            lies, stays = (loss(heatmap, reference) for loss in self.success_losses().values())
            penalties.append(torch.where(carries, lies, stays).mean())
        return self.objective(
            self.classified(clean, classes, logits), torch.stack(penalties).mean()
        )

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Update accuracy and success measures, of every image with and without the trigger."""
        clean, labels, _ = batch
        images, classes = self.trigger(clean), relabel(labels, self.trigger_class)
        for name, interpreter in self.interpreters.items():
            reference = self.original_heatmap(interpreter, clean, labels)
            logits, heatmap = interpreter(self.network, clean, labels)
            triggered, lie = interpreter(self.network, images, classes)
            for (part, loss), found in zip(
                self.success_losses().items(), (lie, heatmap), strict=True
            ):
                self.measure_fooling(f"{name}{part}", loss.measure(found, reference))
        self.measure_accuracy(clean, labels, logits)
        self.metrics["triggered_accuracy_top1"].update(correct(triggered, classes, 1).float())

    test_step = validation_step
