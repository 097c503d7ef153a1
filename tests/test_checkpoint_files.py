"""Checkpoints are written whole, read as data, and refused with a way out."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import SILENT, tiny_network
from lightning import Trainer

from lightning_modules import Classifier
from lightning_modules.callbacks import NonFiniteLossError, StopOnNonFinite
from lightning_modules.callbacks.checkpoints import RunCheckpoint
from lightning_modules.checkpoint_files import NEEDED, CheckpointFileError, CheckpointFiles
from trompe.train import check_checkpoint

CHECKPOINT: dict[str, Any] = {key: {} for key in NEEDED} | {"weights": torch.ones(1000)}


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "new" / "last.ckpt"
    CheckpointFiles().save_checkpoint(CHECKPOINT, path)
    found = CheckpointFiles().load_checkpoint(path)
    assert torch.equal(found.pop("weights"), CHECKPOINT["weights"])
    assert found == {key: {} for key in NEEDED}
    assert [each.name for each in path.parent.iterdir()] == ["last.ckpt"]


def test_a_failed_save_keeps_the_older_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "last.ckpt"
    CheckpointFiles().save_checkpoint(CHECKPOINT, path)
    before = path.read_bytes()
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        CheckpointFiles().save_checkpoint(CHECKPOINT | {"epoch": 1}, path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["last.ckpt"]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_torn_checkpoint_is_named(share: float, tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    CheckpointFiles().save_checkpoint(CHECKPOINT, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(CheckpointFileError, match=r"last.ckpt is truncated.*checkpoints/best.ckpt"):
        CheckpointFiles().load_checkpoint(path)


def test_other_data_are_no_checkpoint(tmp_path: Path) -> None:
    contents: list[Any] = [{"state_dict": {}}, [1, 2], torch.ones(2)]
    for content in contents:
        torch.save(content, tmp_path / "data.ckpt")
        with pytest.raises(CheckpointFileError, match="is no checkpoint of a training, as it lac"):
            CheckpointFiles().load_checkpoint(tmp_path / "data.ckpt")


@pytest.mark.parametrize(
    ("path", "match"),
    [
        ("last", r"`ckpt_path` is last, but .*/checkpoints holds no last\.ckpt"),
        ("http://127.0.0.1:9/x.ckpt", "must be a file, got http://127.0.0.1:9/x.ckpt; download it"),
        ("file:///x.ckpt", "must be a file"),
        ("none.ckpt", "no file at .*/none.ckpt"),
        ("pipe.ckpt", "but a pipe"),
        (".", "but a folder"),
        ("\0", "no file at"),
    ],
)
def test_what_is_no_file(
    path: str, match: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.ckpt")
    with pytest.raises(CheckpointFileError, match=match):
        check_checkpoint(path, tmp_path / "checkpoints")


def test_what_is_a_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "last.ckpt").touch()
    for path in (None, "best", "last", str(tmp_path / "last.ckpt")):
        check_checkpoint(path, tmp_path)


def state_of(folder: Path) -> dict[str, Any]:
    best = str(folder / "best.ckpt")
    return {
        "monitor": "val/score",
        "dirpath": str(folder),
        "best_model_path": best,
        "best_model_score": torch.tensor(0.9),
        "kth_best_model_path": best,
        "kth_value": torch.tensor(0.9),
        "best_k_models": {best: torch.tensor(0.9)},
        "last_model_path": "",
    }


def test_a_moved_run_knows_its_best_score(tmp_path: Path) -> None:
    checkpoint = RunCheckpoint(str(tmp_path / "new"), monitor="val/score", mode="max")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "best.ckpt").touch()
    checkpoint.load_state_dict(state_of(tmp_path / "old"))
    best = str(tmp_path / "new" / "best.ckpt")
    assert checkpoint.best_model_path == checkpoint.kth_best_model_path == best
    assert checkpoint.best_model_score == checkpoint.best_k_models[best] == torch.tensor(0.9)


def test_the_best_of_another_run_is_not_this_runs(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "best.ckpt").touch()
    checkpoint = RunCheckpoint(str(tmp_path / "new"), monitor="val/score", mode="max")
    checkpoint.load_state_dict(state_of(tmp_path / "old"))
    assert (checkpoint.best_model_path, checkpoint.best_model_score) == ("", None)


@pytest.mark.parametrize("name", ["network.7.bias", "network.1.running_var"])
def test_weights_that_are_not_finite_are_not_saved(name: str, tmp_path: Path) -> None:
    trainer = Trainer(**SILENT, default_root_dir=tmp_path, callbacks=[StopOnNonFinite()])
    network = tiny_network()
    # a mask is no weight
    network.register_buffer("mask", torch.tensor(-torch.inf))
    trainer.strategy.connect(Classifier(network))
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    network.state_dict()[name][0] = torch.inf
    with pytest.raises(NonFiniteLossError, match=f"`network.{name}` is not finite after s"):
        trainer.save_checkpoint(tmp_path / "last.ckpt")
    assert CheckpointFiles().load_checkpoint(tmp_path / "last.ckpt")["epoch"] == 0
