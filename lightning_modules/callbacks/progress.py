"""Progress that a bar does not show, and all of it where there is no terminal to draw one on."""

import sys
import time
from datetime import timedelta
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info

from lightning_modules.step_progress import StepProgress


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
        """Begin to count, and listen to a module that tells how far a batch is."""
        self.began, self.images, self.batches = time.monotonic(), 0, 0
        progress = getattr(pl_module, "progress", None)
        if isinstance(progress, StepProgress):
            progress.report = lambda share: self._on_part(trainer, pl_module, share)

    def _on_part(self, trainer: Trainer, pl_module: LightningModule, share: float) -> None:
        if time.monotonic() - self.last >= self.seconds:
            total = sum(int(number) for number in trainer.num_test_batches)
            left = self._left(self.batches + share, total)
            where = f"{share:.0%} of batch {self.batches + 1} of {total}, {left} left"
            self._say(trainer, where, pl_module)

    def _left(self, done: float, total: int) -> timedelta:
        spent = time.monotonic() - self.began
        return timedelta(seconds=round(spent * (total - done) / done))

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
        self.batches += 1
        if time.monotonic() - self.last >= self.seconds:
            total = sum(int(number) for number in trainer.num_test_batches)
            left = self._left(self.batches, total)
            rate = f"{self._rate():.1f} images a second, {left} left"
            self._say(trainer, f"batch {self.batches} of {total}, {rate}", pl_module)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say how fast the test was."""
        took = timedelta(seconds=round(time.monotonic() - self.began))
        self._say(trainer, f"{self._rate():.1f} images a second in {took}", pl_module)

    def _rate(self) -> float:
        return self.images / (time.monotonic() - self.began)

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
