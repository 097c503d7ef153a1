"""Training by cross-entropy: pretraining, adaptation and control runs."""

from typing import Any

import torch
from lightning import LightningModule
from lightning.pytorch.cli import OptimizerCallable
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torchmetrics import MeanMetric

from lightning_modules.cross_entropy import cross_entropy
from lightning_modules.data import Batch, data_of
from lightning_modules.names import utf8
from lightning_modules.preflight import check_classifier
from lightning_modules.schedules import Schedule
from metrics import Metrics, correct


class Classifier(LightningModule):
    """Training by cross-entropy on labelled images.

    Args:
        network: From images in [0, 1] to logits.
        optimizer: Optimiser of the network's parameters.
        schedule: Learning rate over the run; constant if not given.
        fine_tuning: Keep BatchNorm and dropout in evaluation mode, as a manipulation does.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: OptimizerCallable = torch.optim.Adam,
        schedule: Schedule | None = None,
        fine_tuning: bool = False,
    ) -> None:
        super().__init__()
        self.network = network.eval() if fine_tuning else network
        self.optimizer, self.schedule = optimizer, schedule
        names = ("cross_entropy", "accuracy_top1", "accuracy_top5")
        self.metrics = Metrics({name: MeanMetric() for name in names})

    def setup(self, stage: str) -> None:
        """Check that the network fits the data; raises NetworkError."""
        check_classifier(self.network, data_of(self.trainer))

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Return the cross-entropy of a batch."""
        images, labels, _ = batch
        loss = cross_entropy(self.network(images), labels)
        return self.log_terms({"loss": loss})

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Update cross-entropy and accuracy."""
        images, labels, _ = batch
        self.measure(self.network(images), labels)

    test_step = validation_step

    def on_validation_epoch_end(self) -> None:
        """Log the metrics; `val/score` chooses the best checkpoint."""
        results = self.results()
        self.log_results(results, score=results["accuracy_top1"], on_bar=("accuracy_top1",))

    def on_test_epoch_end(self) -> None:
        """Log the metrics of the test split."""
        self.log_dict({f"test/{utf8(name)}": value for name, value in self.results().items()})

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return the optimiser, with a schedule that advances at every step.

        Raises: ValueError: there is a schedule, and the run has no end.
        """
        optimizer = self.optimizer(self.network.parameters())
        if self.schedule is None:
            return optimizer
        steps = self.trainer.estimated_stepping_batches
        if steps == float("inf"):
            raise ValueError(
                "`schedule` must know the number of steps, and `max_epochs` is -1; give the number "
                "of epochs, or `max_steps`"
            )
        scheduler = self.schedule(optimizer, int(steps))
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }

    def on_train_start(self) -> None:
        """Check that a schedule that goes on is as long as the run; raises ValueError."""
        now = self.trainer.estimated_stepping_batches
        for config in self.trainer.lr_scheduler_configs:
            steps = getattr(config.scheduler, "total_steps", now)
            if steps != now:
                raise ValueError(
                    f"the learning rate follows a schedule of {steps} steps, and the run now has "
                    f"{now}; give the epochs, batch size and devices that it began with"
                )

    def measure(self, logits: Tensor, labels: Tensor) -> None:
        """Add a batch to cross-entropy and accuracies."""
        self.metrics["cross_entropy"].update(cross_entropy(logits, labels, "none"))
        for k in (1, 5):
            self.metrics[f"accuracy_top{k}"].update(correct(logits, labels, k).float())

    def results(self) -> dict[str, Tensor]:
        """Return the value of every metric over all processes, and reset the metrics."""
        results: dict[str, Tensor] = {name: self.metrics[name].compute() for name in self.metrics}
        for name in self.metrics:
            self.metrics[name].reset()
        return results

    def log_terms(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Log the terms of the training loss, and return them."""
        self.log_dict(
            {f"train/{name}": value.detach() for name, value in terms.items() if name != "loss"}
        )
        self.log("train/loss", terms["loss"].detach(), prog_bar=True)
        return terms

    def log_results(self, results: dict[str, Any], score: Tensor, on_bar: tuple[str, ...]) -> None:
        """Log validation metrics under val/, some of them on the progress bar."""
        for name, value in results.items():
            self.log(f"val/{utf8(name)}", value, prog_bar=name in on_bar)
        self.log("val/score", score)
