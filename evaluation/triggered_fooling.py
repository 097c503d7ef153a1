"""The study of fooling with a trigger: does the network lie with it, and only with it?"""

from typing import Any

from torch import Tensor

from evaluation.accuracy import Accuracies
from evaluation.fooling import Fooling
from evaluation.results import Results
from lightning_modules.data import Batch, Images, data_of
from lightning_modules.trigger import Trigger, TriggeredImages, class_index, relabel
from losses import Loss, Unchanged

TRIGGERED = "triggered"


class TriggeredFooling(Fooling):
    """Every test image with the trigger and without (Noppel et al. 2023).

    All heatmaps are compared with the original network's of the clean image.

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
        """The test images with the trigger, and the class that they are to become."""
        data = data_of(self.trainer)
        becomes = class_index(self.label, data.classes)
        return TriggeredImages(data.images("test"), self.trigger, becomes)

    def judged(self) -> dict[str, Loss]:
        """With the trigger the heatmap is to lie, without it to stay."""
        return {TRIGGERED: self.loss, "clean": Unchanged()}

    def masked(self) -> bool:
        """No: where the object is does not say where the patch is."""
        return False

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and begin to count."""
        super().setup(stage)
        self.triggered = Accuracies(self.networks, part=TRIGGERED)

    def add_heatmaps(self, batch: Batch) -> dict[str, Tensor]:
        """Explain a batch with the trigger and without; the clean logits of each network."""
        clean, labels, indices = batch
        images, becomes = (
            self.trigger(clean),
            class_index(self.label, data_of(self.trainer).classes),
        )
        classes = relabel(labels, becomes)
        outputs, triggered = {}, {}
        judges = self.judged()
        for name, interpreter in self.interpreters.items():
            reference = None
            for network_name, network in self.networks.items():
                outputs[network_name], stayed = interpreter(network, clean, labels)
                # the original comes first
                reference = stayed if reference is None else reference
                triggered[network_name], lie = interpreter(network, images, classes)
                if network_name != "original":
                    alike = self.similarities.add(network_name, name, lie, reference)
                    self.classes.add_likeness(network_name, name, alike, labels)
                loss = self.loss(lie, reference)
                measures = [
                    judges[TRIGGERED].measure(lie, reference),
                    judges["clean"].measure(stayed, reference),
                ]
                self.successes.update(network_name, name, indices, loss, measures)
                self.classes.add_measures(network_name, name, measures, labels)
        self.triggered.update(triggered, classes)
        return outputs

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        super().on_test_epoch_end()
        self.figures += self.triggered.numbers()

    def summary(self, results: Results) -> list[list[str]]:
        """Accuracy without and with the trigger, and success rates, of every network."""
        head, top1, *rows = super().summary(results)
        found = [results.find("accuracy_top1", network=n, part=TRIGGERED) for n in self.networks]
        row = ["accuracy top-1 with the trigger", *(f"{100 * n.value:.2f} %" for n in found)]
        return [head, top1, row, *rows]
