"""The common part of manipulations: original network, penalty, and choice of the checkpoint."""

from abc import ABC, abstractmethod
from copy import deepcopy
from typing import Any, Literal, Self

import torch
import torch.nn.functional as F
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn
from torchmetrics import MeanMetric

from binary import two_logits
from interpreters import Interpreter
from lightning_modules.classifier import Classifier
from lightning_modules.cross_entropy import cross_entropy
from lightning_modules.data import Images, Split, take
from lightning_modules.loss_checks import check_loss, warn_if_fooled
from lightning_modules.preflight import check_fooled, check_varies
from lightning_modules.schedules import Schedule
from losses import Loss
from metrics import FoolingSuccessRate, correct
from networks import fingerprint

# among equal success rates the smaller drop wins: a drop of 2 points weighs 1 image in 50,000
TIE = 1e-3


class ResumeError(ValueError):
    """A checkpoint belongs to a run with another original network."""


class Manipulation(Classifier, ABC):
    """Fine-tuning with a penalty on the network's own heatmaps (Heo et al. 2019, eq. 1).

    The original network is a frozen copy of `network` as it is given. BatchNorm and dropout stay
    in evaluation mode.

    Args:
        network: From images in [0, 1] to logits; it is manipulated.
        interpreter: The interpreter to fool, or several by name, whose penalties are averaged.
        loss: The penalty on their heatmaps.
        loss_weight: Weight of the penalty, lambda in the paper; 0 makes a control run.
        classification: Classification term: cross-entropy of the labels, or mean squared distance
            from the original network's logits (Anders et al. 2020).
        max_accuracy_drop: Largest drop of top-1 accuracy, in percentage points of the validation
            split, of a checkpoint that can be the best.
        watch: Further interpreters to measure at every validation, by name.
        optimizer: Optimiser of the network's parameters.
        schedule: Learning rate over the run; constant if not given.
    """

    def __init__(
        self,
        network: nn.Module,
        interpreter: Interpreter | dict[str, Interpreter],
        loss: Loss,
        loss_weight: float = 1.0,
        classification: Literal["labels", "logits"] = "labels",
        max_accuracy_drop: float = 1.0,
        watch: dict[str, Interpreter] | None = None,
        optimizer: OptimizerCallable = torch.optim.Adam,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(network, optimizer, schedule, fine_tuning=True)
        for name, value in (("loss_weight", loss_weight), ("max_accuracy_drop", max_accuracy_drop)):
            if not 0 <= value < float("inf"):
                raise ValueError(f"`{name}` must be finite and not negative, got {value}")
        if isinstance(interpreter, Interpreter):
            interpreter = {interpreter.name: interpreter}
        check_fooled(interpreter, watch or {})
        self.fooled, self.interpreters = interpreter, {**interpreter, **(watch or {})}
        self.loss, self.loss_weight, self.classification = loss, loss_weight, classification
        self.max_accuracy_drop = max_accuracy_drop
        # a tuple hides it from the module and thus from checkpoints
        self._original = (deepcopy(network).requires_grad_(False),)
        self.original_fingerprint = fingerprint(network)
        # the original network does not change: one pass over the validation split is enough
        self.original_top1, self.original_measured = MeanMetric(), False
        for name in self.interpreters:
            for part, criterion in self.success_losses().items():
                rate = FoolingSuccessRate(*criterion.success)
                self.metrics[f"fooling_success_rate/{name}{part}"] = rate
                self.metrics[f"test_loss/{name}{part}"] = MeanMetric()

    @property
    def original(self) -> nn.Module:
        """The original network, frozen."""
        return self._original[0]

    def success_losses(self) -> dict[str, Loss]:
        """Return the loss of each success rate, by the suffix of its name."""
        return {"": self.loss}

    @abstractmethod
    def explained(self, split: Split) -> Images:
        """Return the images whose heatmaps are manipulated, with the explained classes."""

    def setup(self, stage: str) -> None:
        """Check that network, data, interpreters and loss fit together; raises ValueError."""
        super().setup(stage)
        split: Split = "validation" if stage in ("fit", "validate") else "test"
        images, labels, _ = take(self.explained(split), [0, 0])
        for name, interpreter in self.interpreters.items():
            heatmap = interpreter(self.network, images, labels).heatmap
            if name in self.fooled:
                check_varies(name, heatmap.detach())
                check_loss(self.loss, heatmap)
                if stage == "fit":
                    warn_if_fooled(
                        name, interpreter, self.loss, self.network, self.explained(split)
                    )
            else:
                self.loss(heatmap, heatmap.detach())

    def objective(self, classification: Tensor, penalty: Tensor) -> dict[str, Tensor]:
        """Log both terms and their weighted sum, and return them."""
        loss = classification + self.loss_weight * penalty
        name = "cross_entropy" if self.classification == "labels" else "logits_distance"
        return self.log_terms({name: classification, "penalty": penalty, "loss": loss})

    def classified(self, images: Tensor, labels: Tensor, logits: Tensor) -> Tensor:
        """Return the classification term, a scalar, given logits (N, K)."""
        logits = two_logits(logits)
        if self.classification == "labels":
            return cross_entropy(logits, labels)
        with torch.no_grad():
            original = two_logits(self.original(images))
        return F.mse_loss(logits, original)

    def reference(
        self, interpreter: Interpreter, images: Tensor, labels: Tensor, heatmap: Tensor
    ) -> Tensor:
        """Return the original heatmap; `heatmap`, detached, if the loss needs no reference."""
        if not self.loss.needs_reference:
            return heatmap.detach()
        return self.original_heatmap(interpreter, images, labels)

    @torch.no_grad()
    def original_heatmap(self, interpreter: Interpreter, images: Tensor, labels: Tensor) -> Tensor:
        """Return the original network's heatmaps."""
        return interpreter(self.original, images, labels).heatmap

    def measure_fooling(self, name: str, measure: Tensor) -> None:
        """Add a batch's success measures, shape (N,), to a success rate and a mean."""
        self.metrics[f"fooling_success_rate/{name}"].update(measure)
        self.metrics[f"test_loss/{name}"].update(measure)

    def measure_accuracy(self, images: Tensor, labels: Tensor, logits: Tensor) -> None:
        """Add a batch to the accuracies, and once to the original network's."""
        self.measure(logits, labels)
        if not self.original_measured:
            self.original_top1.update(correct(self.original(images), labels, 1).float())

    def results(self) -> dict[str, Tensor]:
        """Return the value of every metric, with the accuracy drop in percentage points."""
        results, original = super().results(), self.original_top1.compute()
        self.original_measured = not self.trainer.sanity_checking
        if not self.original_measured:
            self.original_top1.reset()
        drop = 100 * (original - results["accuracy_top1"])
        return {**results, "original_accuracy_top1": original, "accuracy_top1_drop": drop}

    def on_validation_epoch_end(self) -> None:
        """Log the metrics; the score is the lowest success rate, if the drop is allowed."""
        results = self.results()
        names = [
            f"fooling_success_rate/{name}{p}" for name in self.fooled for p in self.success_losses()
        ]
        success = torch.stack([results[name] for name in names]).amin()
        drop = results["accuracy_top1_drop"]
        score = torch.where(drop <= self.max_accuracy_drop, success - TIE * drop / 100, -1 - drop)
        self.log_results(results, score, on_bar=("accuracy_top1", *names))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Save the fingerprint of the original network."""
        checkpoint["original_fingerprint"] = self.original_fingerprint

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Raise ResumeError if the checkpoint has another original network."""
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
