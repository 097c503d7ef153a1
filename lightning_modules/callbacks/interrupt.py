"""Ctrl-C leaves a checkpoint to go on from."""

import signal
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info

from lightning_modules.callbacks.checkpoints import last_checkpoint


class SaveOnInterrupt(Callback):
    """At Ctrl-C, finish the step, save `last.ckpt` and say how to go on.

    With several processes, which would stop at different steps, the last checkpoint that was
    written stands.
    """

    def __init__(self) -> None:
        self.interrupted = False
        self.previous: Any = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """From here on, the first Ctrl-C waits for the end of the step; a second one does not."""
        if trainer.world_size == 1:
            self.previous = signal.signal(signal.SIGINT, self._note)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save between two steps, where the weights and the optimiser belong together."""
        if self.interrupted:
            trainer.save_checkpoint(last_checkpoint(trainer))
            raise KeyboardInterrupt

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Give Ctrl-C back."""
        self._restore()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Say what is left of the run."""
        self._restore()
        if isinstance(exception, KeyboardInterrupt):
            path = last_checkpoint(trainer)
            way = (
                f"go on with --ckpt_path last (from {path})"
                if path.exists()
                else "no checkpoint yet"
            )
            rank_zero_info(f"interrupted at step {trainer.global_step}; {way}")

    def _note(self, _signal: int, _frame: Any) -> None:
        self.interrupted = True
        self._restore()

    def _restore(self) -> None:
        if self.previous is not None:
            signal.signal(signal.SIGINT, self.previous)
            self.previous = None
