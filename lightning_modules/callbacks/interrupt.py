"""A checkpoint to resume after Ctrl-C and SIGTERM."""

from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info

from lightning_modules.callbacks.checkpoints import last_checkpoint
from lightning_modules.signals import Signals


class SaveOnInterrupt(Callback):
    """Finish the step at Ctrl-C or SIGTERM, save `last.ckpt` and log how to resume.

    Several processes would stop at different steps, so that with them the last written checkpoint
    is kept.
    """

    def __init__(self) -> None:
        self.signals = Signals()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Let the first signal wait for the end of the step; a second one does not."""
        if trainer.world_size == 1:
            self.signals.hold()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save between two steps, where weights and optimiser state match."""
        if self.signals.noted is not None and trainer.checkpoint_callbacks:
            trainer.save_checkpoint(last_checkpoint(trainer))
        self.signals.act()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restore what signals did before."""
        self.signals.release()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Log how to resume the run."""
        self.signals.release()
        if isinstance(exception, KeyboardInterrupt):
            path = last_checkpoint(trainer)
            hint = (
                f"resume with --ckpt_path last (from {path})"
                if path.exists()
                else "no checkpoint yet"
            )
            rank_zero_info(f"interrupted at step {trainer.global_step}; {hint}")
