"""Stop of a run whose loss or weights are not finite."""

from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from lightning_modules.callbacks.checkpoints import last_checkpoint

NEVER = torch.iinfo(torch.int64).max
STATISTICS = ("running_mean", "running_var")


class NonFiniteLossError(ArithmeticError):
    """A term of the training loss, or a weight, became NaN or infinite."""


class StopOnNonFinite(Callback):
    """Stop the run at the first step where a term of the loss is NaN or infinite.

    On a GPU the step is kept on the device, and read when the logger reads and before a checkpoint
    is saved; reading it at each step would make the device wait.
    """

    def __init__(self) -> None:
        self.first: dict[str, Tensor] = {}

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Record the first step at which each term is not finite; check it if that is cheap."""
        for term, value in outputs.items():
            first = self.first.get(term, torch.full_like(value, NEVER, dtype=torch.int64))
            step = torch.full_like(first, trainer.global_step - 1)
            self.first[term] = torch.where(
                torch.isfinite(value.detach()), first, first.minimum(step)
            )
        on_cpu = outputs["loss"].device.type == "cpu"
        if on_cpu or trainer._logger_connector.should_update_logs:
            self.check(trainer)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Check before a checkpoint is chosen."""
        self.check(trainer)

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: Any
    ) -> None:
        """Check before a checkpoint is written, whose weights must be finite too."""
        self.check(trainer)
        # other buffers may hold infinity, as masks do
        buffers = pl_module.named_buffers()
        statistics = (each for each in buffers if each[0].endswith(STATISTICS))
        for name, value in (*pl_module.named_parameters(), *statistics):
            if not value.isfinite().all():
                after = f"`{name}` is not finite after step {trainer.global_step - 1}"
                raise NonFiniteLossError(f"{after}; {advice(trainer)}")

    def check(self, trainer: Trainer) -> None:
        """Raise NonFiniteLossError if a term was not finite."""
        bad = {term: int(first) for term, first in self.first.items() if int(first) < NEVER}
        if not bad:
            return
        # name the term that makes the total not finite
        term = next((term for term in bad if term != "loss"), "loss")
        raise NonFiniteLossError(f"`{term}` is not finite at step {bad[term]}; {advice(trainer)}")


def advice(trainer: Trainer) -> str:
    """Return where the last good checkpoint is, and what may help."""
    path = last_checkpoint(trainer)
    return (
        f"the last good checkpoint: {path if path.exists() else 'none yet'}. Lower the learning "
        "rate or `loss_weight`, or train in higher precision"
    )
