"""Fooling that a trigger switches on (Fang and Choromanska 2022; Noppel et al. 2023)."""

from typing import Any

import torch
from torch import Tensor

from lightning_modules.data import Batch, Images, Split, data_of
from lightning_modules.manipulation import Manipulation
from lightning_modules.trigger import Trigger, TriggeredImages, class_index, relabel
from losses import Loss, Unchanged
from metrics import correct


class TriggeredFooling(Manipulation):
    """A network whose heatmaps lie where a patch is present, and nowhere else.

    Half of every batch carries the trigger. There the penalty is the loss, elsewhere the distance
    from the original heatmap; the reference of both is the original heatmap of the clean image.
    Noppel et al. (2023) have three goals: another heatmap, another heatmap and class, another
    class under the heatmap of the old one.

    Args:
        trigger: The patch.
        label: Name of the class that images with the trigger become; their own if not given.
    """

    def __init__(
        self, *args: Any, trigger: Trigger | None = None, label: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if label is not None and self.classification == "logits":
            raise ValueError(
                "`classification: logits` keeps every class as it was, and `label` changes that of "
                "images with the trigger; leave one of them out"
            )
        self.trigger, self.label = trigger or Trigger(), label
        self.metrics["triggered_accuracy_top1"] = self.metrics["accuracy_top1"].clone()

    def success_losses(self) -> dict[str, Loss]:
        """With the trigger the heatmap is to lie, without it to stay."""
        return {"/triggered": self.loss, "/clean": Unchanged()}

    @property
    def trigger_class(self) -> int | None:
        """The number of the class that images with the trigger become."""
        return class_index(self.label, data_of(self.trainer).classes)

    def explained(self, split: Split) -> Images:
        """The images of the split with the trigger, and the class that they are to become."""
        return TriggeredImages(
            data_of(self.trainer).images(split), self.trigger, self.trigger_class
        )

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Classification plus loss_weight times the mean penalty of the interpreters."""
        clean, labels, _ = batch
        # batches are shuffled, so that every other image is any other
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
        """Gather accuracy and success, of every image with the trigger and without."""
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
