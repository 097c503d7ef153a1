"""The best network as a weight file that timm and torchvision read."""

from pathlib import Path

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.utilities import rank_zero_info

from networks import load_weights, save_weights


class ExportWeights(Callback):
    """When training ends, write the best checkpoint's network to `weights.safetensors`."""

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Load the best weights into the module's network, and write them."""
        checkpoint = trainer.checkpoint_callback
        if not isinstance(checkpoint, ModelCheckpoint) or not checkpoint.best_model_path:
            return
        network = pl_module.network
        load_weights(network, checkpoint.best_model_path)  # type: ignore[arg-type]  # a module
        if trainer.is_global_zero:
            path = Path(trainer.default_root_dir) / "weights.safetensors"
            save_weights(network, path)  # type: ignore[arg-type]  # a module
            rank_zero_info(f"best checkpoint: {checkpoint.best_model_path}; its weights: {path}")
