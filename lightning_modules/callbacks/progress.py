"""Log lines of the progress of a run."""

import sys
import time
from datetime import timedelta
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info

from lightning_modules.step_progress import StepProgress

# seconds after which a training says how long it will take
SOON = 10.0


class ProgressLines(Callback):
    """Log progress once a minute and after each validation; on a terminal, only during tests.

    Args:
        seconds: Time between two lines, in seconds.
    """

    def __init__(self, seconds: float = 60.0) -> None:
        self.seconds = seconds
        self.last = time.monotonic()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start to count; the first line, with an estimate of the time, comes soon."""
        self.began, self.first = time.monotonic(), trainer.global_step
        self.last = self.began - max(self.seconds - SOON, 0.0)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Log the progress of the epoch."""
        if time.monotonic() - self.last >= self.seconds:
            epoch, batches = trainer.current_epoch, trainer.num_training_batches
            where = f"epoch {epoch}, step {batch_idx + 1} of {batches}"
            done, total = trainer.global_step - self.first, trainer.estimated_stepping_batches
            if done and total < float("inf"):
                where += f", {self._left(done, int(total) - self.first)} left"
            self._log(trainer, where)

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start to count, and receive the progress of long test steps."""
        self.began, self.images, self.batches = time.monotonic(), 0, 0
        progress = getattr(pl_module, "progress", None)
        if isinstance(progress, StepProgress):
            progress.report = lambda share: self._on_step_progress(trainer, pl_module, share)

    def _on_step_progress(self, trainer: Trainer, pl_module: LightningModule, share: float) -> None:
        if time.monotonic() - self.last >= self.seconds:
            total = sum(int(number) for number in trainer.num_test_batches)
            left = self._left(self.batches + share, total)
            where = f"{share:.0%} of batch {self.batches + 1} of {total}, {left} left"
            self._log(trainer, where, pl_module)

    def _left(self, done: float, total: float) -> timedelta:
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
        """Log the progress of the test, its speed and the time left."""
        self.images += len(batch[0]) * trainer.world_size
        self.batches += 1
        if time.monotonic() - self.last >= self.seconds:
            total = sum(int(number) for number in trainer.num_test_batches)
            left = self._left(self.batches, total)
            rate = f"{self._rate():.1f} images a second, {left} left"
            self._log(trainer, f"batch {self.batches} of {total}, {rate}", pl_module)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log the speed of the test."""
        took = timedelta(seconds=round(time.monotonic() - self.began))
        self._log(trainer, f"{self._rate():.1f} images a second in {took}", pl_module)

    def _rate(self) -> float:
        return self.images / (time.monotonic() - self.began)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log the results of the validation."""
        self._log(trainer, f"step {trainer.global_step} of {trainer.estimated_stepping_batches}")

    def _log(self, trainer: Trainer, where: str, module: LightningModule | None = None) -> None:
        self.last = time.monotonic()
        if not sys.stdout.isatty():
            found = trainer.progress_bar_metrics.items()
            values = [f"{name} {float(value):.4g}" for name, value in found]
            rank_zero_info(": ".join([where, ", ".join(values)] if values else [where]))
        elif module is not None:
            # above the progress bar, which counts batches
            module.print(where)
