"""Checkpoints as files: written whole, and read as data."""

from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from files import StoredFileError, read_stored, replacing

# what a training cannot go on without
NEEDED = "state_dict", "epoch", "global_step", "loops"


class CheckpointFileError(ValueError):
    """A checkpoint cannot be read, or is none."""


class CheckpointFiles(TorchCheckpointIO):
    """Checkpoints that appear when they are whole, and of which nothing is run.

    Raises: CheckpointFileError: a file is no checkpoint, is damaged, or would run code.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: object = None
    ) -> None:
        """Write a checkpoint, in place of an older one when it is whole."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            torch.save(checkpoint, file)

    def load_checkpoint(
        self, path: str | Path, map_location: object = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Return a checkpoint, with its tensors on the CPU."""
        try:
            content = read_stored(Path(path))
        except StoredFileError as error:
            raise CheckpointFileError(
                f"the checkpoint cannot be read: {error}; or give another one of the run, such as "
                "checkpoints/best.ckpt"
            ) from error
        missing = [key for key in NEEDED if not isinstance(content, dict) or key not in content]
        if missing:
            raise CheckpointFileError(
                f"{path} is no checkpoint of a training, as it lacks {', '.join(missing)}; give "
                "weights to the network's option `weights`, and to --ckpt_path a .ckpt file"
            )
        return dict(content)
