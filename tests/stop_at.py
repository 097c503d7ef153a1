"""Callbacks that end their own process at a given step, as a machine would."""

import os
import signal
from typing import Any

from lightning import Callback, LightningModule, Trainer

from evaluation.resume import PartialResults


class StopAt(Callback):
    def __init__(self, step: int, number: int) -> None:
        self.step, self.number = step, number

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step == self.step:
            os.kill(os.getpid(), self.number)


class KillTest(Callback):
    """Before a batch of the test, whose counts until then are all on disk."""

    def __init__(self, batch: int) -> None:
        self.batch = batch

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for callback in trainer.callbacks:  # type: ignore[attr-defined]  # Lightning's own list
            if isinstance(callback, PartialResults):
                callback.seconds = 0.0

    def on_test_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if batch_idx == self.batch:
            os.kill(os.getpid(), signal.SIGKILL)
