"""A callback that ends its own process at a given step, as a machine would."""

import os
import signal
from typing import Any

from lightning import Callback, LightningModule, Trainer


class StopAt(Callback):
    def __init__(self, step: int, kill: bool) -> None:
        self.step, self.kill = step, kill

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL if self.kill else signal.SIGINT)
