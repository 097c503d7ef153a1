"""Passive fooling (Heo et al. 2019): fine-tune a classifier until its heatmaps lie."""

from copy import deepcopy
from typing import Any, Self

import torch
import torch.nn.functional as F
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn
from torchmetrics import MeanMetric

from interpreters import Interpreter
from lightning_modules.classifier import Classifier
from lightning_modules.data import Batch, data_of
from lightning_modules.preflight import random_batch
from lightning_modules.schedules import Schedule
from losses import Loss
from metrics import FoolingSuccessRate, correct
from networks import fingerprint

# among equal success rates the smaller drop wins: a drop of 2 points weighs 1 image in 50,000
TIE = 1e-3


class ResumeError(ValueError):
    """A checkpoint belongs to a run that began with another original network."""


class PassiveFooling(Classifier):
    """Cross-entropy plus a penalty on the network's own heatmaps (Heo et al. 2019, eq. 1).

    The original network is a frozen copy of `network` as it is given. BatchNorm and dropout stay
    in evaluation mode. One forward pass serves both terms.

    Args:
        network: From images in [0, 1] to logits; it is manipulated.
        interpreter: The interpreter to fool.
        loss: The penalty on its heatmaps.
        loss_weight: Weight of the penalty, lambda in the paper; 0 makes a control run.
        max_accuracy_drop: Drop of top-1 accuracy, in points of the validation split, beyond which
            no checkpoint is chosen as the best.
        watch: Further interpreters to measure at every validation, by name.
        optimizer: Optimiser of the network's parameters.
        schedule: Learning rate over the run; constant if not given.
    """

    def __init__(
        self,
        network: nn.Module,
        interpreter: Interpreter,
        loss: Loss,
        loss_weight: float = 1.0,
        max_accuracy_drop: float = 1.0,
        watch: dict[str, Interpreter] | None = None,
        optimizer: OptimizerCallable = torch.optim.Adam,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(network, optimizer, schedule, fine_tuning=True)
        for name, value in (("loss_weight", loss_weight), ("max_accuracy_drop", max_accuracy_drop)):
            if not 0 <= value < float("inf"):
                raise ValueError(f"`{name}` must be finite and not negative, got {value}")
        if not interpreter.differentiable:
            raise ValueError(
                f"the heatmaps of `{interpreter.name}` have no gradient in the weights, so that no "
                "network can learn from them; choose another `interpreter`, and `watch` this one"
            )
        self.interpreter, self.loss, self.loss_weight = interpreter, loss, loss_weight
        self.max_accuracy_drop = max_accuracy_drop
        self.interpreters = {interpreter.name: interpreter, **(watch or {})}
        # a tuple hides it from the module, so that checkpoints do not hold it
        self._original = (deepcopy(network).requires_grad_(False),)
        self.original_fingerprint = fingerprint(network)
        # the original network does not change: one pass over the validation split is enough
        self.original_top1, self.original_measured = MeanMetric(), False
        for name in self.interpreters:
            self.metrics[f"fooling_success_rate/{name}"] = FoolingSuccessRate(*loss.success)
            self.metrics[f"test_loss/{name}"] = MeanMetric()

    @property
    def original(self) -> nn.Module:
        """The network as it was before the manipulation, frozen."""
        return self._original[0]

    def setup(self, stage: str) -> None:
        """Check that network, data, interpreters and loss go together."""
        super().setup(stage)
        images, labels = random_batch(data_of(self.trainer))
        for interpreter in self.interpreters.values():
            heatmap = interpreter(self.network, images, labels).heatmap
            self.loss(heatmap, heatmap.detach())

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Cross-entropy plus loss_weight times the penalty."""
        images, labels, _ = batch
        logits, heatmap = self.interpreter(self.network, images, labels)
        reference = self.reference(self.interpreter, images, labels, heatmap)
        cross_entropy = F.cross_entropy(logits, labels)
        penalty = self.loss(heatmap, reference).mean()
        loss = cross_entropy + self.loss_weight * penalty
        return self.log_terms({"cross_entropy": cross_entropy, "penalty": penalty, "loss": loss})

    @torch.no_grad()
    def reference(
        self, interpreter: Interpreter, images: Tensor, labels: Tensor, heatmap: Tensor
    ) -> Tensor:
        """The original network's heatmap; `heatmap`, detached, where the loss needs none."""
        if not self.loss.needs_reference:
            return heatmap.detach()
        return interpreter(self.original, images, labels).heatmap

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Gather accuracy, and the success of the manipulation on every interpreter."""
        images, labels, _ = batch
        for name, interpreter in self.interpreters.items():
            logits, heatmap = interpreter(self.network, images, labels)
            reference = self.reference(interpreter, images, labels, heatmap)
            measure = self.loss.measure(heatmap, reference)
            self.metrics[f"fooling_success_rate/{name}"].update(measure)
            self.metrics[f"test_loss/{name}"].update(measure)
        self.measure(logits, labels)
        if not self.original_measured:
            self.original_top1.update(correct(self.original(images), labels, 1).float())

    test_step = validation_step

    def results(self) -> dict[str, Tensor]:
        """The value of every metric, with the drop of top-1 accuracy in points."""
        results, original = super().results(), self.original_top1.compute()
        self.original_measured = not self.trainer.sanity_checking
        if not self.original_measured:
            self.original_top1.reset()
        drop = 100 * (original - results["accuracy_top1"])
        return {**results, "original_accuracy_top1": original, "accuracy_top1_drop": drop}

    def on_validation_epoch_end(self) -> None:
        """Log the metrics; the score is the success rate where the drop is allowed."""
        results = self.results()
        success = f"fooling_success_rate/{self.interpreter.name}"
        drop = results["accuracy_top1_drop"]
        allowed = results[success] - TIE * drop / 100
        score = torch.where(drop <= self.max_accuracy_drop, allowed, -1 - drop)
        self.log_results(results, score, on_bar=("accuracy_top1", success))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Note which original network this run manipulates."""
        checkpoint["original_fingerprint"] = self.original_fingerprint

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse to go on from another original network; raises ResumeError."""
        saved = checkpoint.get("original_fingerprint")
        if saved != self.original_fingerprint:
            raise ResumeError(
                f"the checkpoint's run began with the original network {saved}, this one begins "
                f"with {self.original_fingerprint}; give the same `network` and `weights`"
            )

    def _apply(self, fn: Any, recurse: bool = True) -> Self:
        """Move and cast the original network along with the module."""
        self.original._apply(fn, recurse)
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # torch's own
        return self
