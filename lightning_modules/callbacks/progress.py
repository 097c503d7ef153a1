"""Progress that a bar does not show, and all of it where there is no terminal to draw one on."""

import sys
import time
from datetime import timedelta
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info


class ProgressLines(Callback):
    """A line for each validation, and one a minute in between; on a terminal those of a test alone.

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
        if time.monotonic() - self.last >= self.seconds:
            epoch, batches = trainer.current_epoch, trainer.num_training_batches
            self._say(trainer, f"epoch {epoch}, step {batch_idx + 1} of {batches}")

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin to count."""
        self.began, self.images = time.monotonic(), 0

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Say how far the test is, how fast, and how long it will still take."""
        self.images += len(batch[0]) * trainer.world_size
        if time.monotonic() - self.last >= self.seconds:
            batches = [int(number) for number in trainer.num_test_batches]
            done = sum(batches[:dataloader_idx]) + batch_idx + 1
            spent = time.monotonic() - self.began
            left = timedelta(seconds=round(spent * (sum(batches) - done) / done))
            rate = f"{self.images / spent:.1f} images a second, {left} left"
            self._say(trainer, f"batch {done} of {sum(batches)}, {rate}", pl_module)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say how fast the test was."""
        spent = time.monotonic() - self.began
        took = timedelta(seconds=round(spent))
        self._say(trainer, f"{self.images / spent:.1f} images a second in {took}", pl_module)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say what the validation found."""
        self._say(trainer, f"step {trainer.global_step} of {trainer.estimated_stepping_batches}")

    def _say(self, trainer: Trainer, where: str, module: LightningModule | None = None) -> None:
        self.last = time.monotonic()
        if not sys.stdout.isatty():
            found = trainer.progress_bar_metrics.items()
            values = [f"{name} {float(value):.4g}" for name, value in found]
            rank_zero_info(": ".join([where, ", ".join(values)] if values else [where]))
        elif module is not None:
            # above the bar, which counts batches
            module.print(where)
