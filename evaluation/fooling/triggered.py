"""The study of fooling with a trigger: heatmaps with it and without it (Noppel et al. 2023)."""

from typing import Any

from torch import nn

from evaluation.counts.accuracy import Accuracies
from evaluation.fooling.findings import TRIGGERED
from evaluation.fooling.study import Fooling
from interpreters import Explanation, Interpreter
from lightning_modules.data import Batch, Images, data_of
from lightning_modules.trigger import Trigger, TriggeredImages, class_index, relabel
from losses import Loss, Unchanged


class TriggeredFooling(Fooling):
    """Every test image with the trigger and without it (Noppel et al. 2023).

    All heatmaps are compared with the original network's heatmap of the clean image.

    Args:
        trigger: The patch.
        label: Name of the class that images with the trigger become; their own if not given.
    """

    def __init__(
        self, *args: Any, trigger: Trigger | None = None, label: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.trigger, self.label = trigger or Trigger(), label

    def explained(self) -> Images:
        """Return the test images with the trigger, and the class that they are to become."""
        data = data_of(self.trainer)
        becomes = class_index(self.label, data.classes)
        return TriggeredImages(data.images("test"), self.trigger, becomes)

    def judged(self) -> dict[str, Loss]:
        """Return the loss for heatmaps with the trigger; without it they should not change."""
        return {TRIGGERED: self.loss, "clean": Unchanged()}

    def masked(self) -> bool:
        """Return False: a mask of the object does not say where the patch is."""
        return False

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and begin to count."""
        super().setup(stage)
        self.triggered = Accuracies(self.networks, part=TRIGGERED)
        self.becomes = class_index(self.label, data_of(self.trainer).classes)

    def explain(
        self, network: nn.Module, interpreter: Interpreter, batch: Batch
    ) -> list[Explanation]:
        """Explain a batch with the trigger, and without it."""
        clean, labels, _ = batch
        return [
            interpreter(network, self.trigger(clean), relabel(labels, self.becomes)),
            interpreter(network, clean, labels),
        ]

    def add_outputs(self, batch: Batch, found: dict[str, list[Explanation]]) -> None:
        """Count the predictions of every network without the trigger, and with it."""
        super().add_outputs(batch, found)
        outputs = {name: explanations[0].logits for name, explanations in found.items()}
        self.triggered.add(outputs, relabel(batch[1], self.becomes))

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        super().on_test_epoch_end()
        self.measured += self.triggered.measurements()
