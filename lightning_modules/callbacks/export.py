"""Export of the best weights to a file that timm and torchvision read."""

from pathlib import Path

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info

from lightning_modules.callbacks.checkpoints import best_checkpoint
from lightning_modules.classifier import Classifier
from networks import load_weights, save_weights


class ExportWeights(Callback):
    """Write the best checkpoint's network to `weights.safetensors` when training ends.

    Without a validation, the last weights are written; without checkpoints, and in a run that is
    only tried out (`fast_dev_run`), none are.
    """

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Load the best weights into the module's network, and write them."""
        tried_out = trainer.fast_dev_run  # type: ignore[attr-defined]  # set by Lightning
        if tried_out or not trainer.checkpoint_callbacks or not isinstance(pl_module, Classifier):
            return
        best = best_checkpoint(trainer)
        if best is not None:
            load_weights(pl_module.network, best)
        if trainer.is_global_zero:
            path = Path(trainer.default_root_dir) / "weights.safetensors"
            save_weights(pl_module.network, path)
            origin = f"best checkpoint: {best}" if best else "no validation chose a checkpoint"
            rank_zero_info(f"{origin}; the weights: {path}")
