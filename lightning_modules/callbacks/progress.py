"""Progress where there is no terminal to draw a bar on: in a log file, in a batch system."""

import sys
import time
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info


class ProgressLines(Callback):
    """A line for each validation, and one a minute in between.

    Args:
        seconds: Time between two lines.
    """

    def __init__(self, seconds: float = 60.0) -> None:
        self.seconds = seconds
        self.last = time.monotonic()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Say how far the epoch is."""
        self._say_at_times(trainer, "step", batch_idx + 1, trainer.num_training_batches)

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Say how far the test is."""
        self._say_at_times(trainer, "batch", batch_idx + 1, trainer.num_test_batches[0])

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say what the validation found."""
        self._say(trainer, f"step {trainer.global_step} of {trainer.estimated_stepping_batches}")

    def _say_at_times(self, trainer: Trainer, what: str, done: int, total: float) -> None:
        if time.monotonic() - self.last >= self.seconds:
            self._say(trainer, f"epoch {trainer.current_epoch}, {what} {done} of {total}")

    def _say(self, trainer: Trainer, where: str) -> None:
        self.last = time.monotonic()
        if not sys.stdout.isatty():
            found = trainer.progress_bar_metrics.items()
            values = [f"{name} {float(value):.4g}" for name, value in found]
            rank_zero_info(": ".join([where, ", ".join(values)] if values else [where]))
