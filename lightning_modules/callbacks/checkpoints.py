"""The two checkpoints of a run: `best.ckpt` to use, and `last.ckpt` to resume."""

from pathlib import Path

from lightning import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

BEST = {
    "monitor": "val/score",
    "mode": "max",
    "filename": "best",
    "enable_version_counter": False,
}
LAST = {"filename": "last", "enable_version_counter": False}


def best_checkpoint(trainer: Trainer) -> Path | None:
    """Return the checkpoint with the best validation score; None before a validation."""
    for callback in trainer.checkpoint_callbacks:
        if isinstance(callback, ModelCheckpoint) and callback.monitor and callback.best_model_path:
            return Path(callback.best_model_path)
    return None


def last_checkpoint(trainer: Trainer) -> Path:
    """Return the path of the checkpoint to resume, which may not exist yet."""
    folder = getattr(trainer.checkpoint_callback, "dirpath", None) or trainer.default_root_dir
    return Path(folder) / "last.ckpt"
