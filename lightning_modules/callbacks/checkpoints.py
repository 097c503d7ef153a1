"""The two checkpoints of a run: `best.ckpt` to use, and `last.ckpt` to resume."""

from pathlib import Path
from typing import Any

from lightning import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

BEST = {
    "monitor": "val/score",
    "mode": "max",
    "filename": "best",
    "enable_version_counter": False,
}
LAST = {"filename": "last", "enable_version_counter": False}


class RunCheckpoint(ModelCheckpoint):
    """Checkpoint of a run, whose folder may be moved, copied or renamed."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the best score, if the best checkpoint lies in this run's folder."""

        def here(path: str) -> str:
            return str(Path(str(self.dirpath), Path(path).name)) if path else ""

        state = {
            name: here(value) if name.endswith("_path") else value
            for name, value in state_dict.items()
        }
        state["best_k_models"] = {
            here(path): score for path, score in state_dict["best_k_models"].items()
        }
        if all(Path(path).is_file() for path in state["best_k_models"]):
            super().load_state_dict(state | {"dirpath": self.dirpath})


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
