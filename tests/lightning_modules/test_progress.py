"""Lines of progress where there is no terminal."""

import logging
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import pytest
import torch

from lightning_modules.callbacks import ProgressLines
from lightning_modules.step_progress import StepProgress


def trainer(**values: Any) -> Any:
    metrics = {"train/loss": torch.tensor(0.51239), "val/accuracy_top1": 0.875}
    return SimpleNamespace(
        progress_bar_metrics=metrics,
        current_epoch=2,
        num_training_batches=40,
        num_test_batches=[7, 3],
        world_size=2,
        global_step=80,
        estimated_stepping_batches=120,
        **values,
    )


@pytest.fixture
def module() -> Any:
    return None


def test_lines(
    caplog: pytest.LogCaptureFixture, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ProgressLines(seconds=0)
    clock = iter([0.0, *4 * [10.0], 100.0, 130.0, 130.0, 130.0, 140.0, 145.0, 145.0, 145.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    with caplog.at_level(logging.INFO):
        resumed = trainer()
        resumed.global_step = 60
        lines.on_train_start(resumed, module)
        lines.on_train_batch_end(trainer(), module, None, None, 9)
        lines.on_validation_end(trainer(), module)
        lines.last = 0.0
        lines.on_test_start(trainer(), module)
        lines.batches = 7
        batch = (torch.zeros(45, 3, 4, 4), torch.zeros(45), torch.zeros(45))
        lines.on_test_batch_end(trainer(), module, None, batch, 0, dataloader_idx=1)
        lines.on_test_end(trainer(), module)
    assert caplog.messages == [
        "epoch 2, step 10 of 40, 0:00:20 left: train/loss 0.5124, val/accuracy_top1 0.875",
        "step 80 of 120: train/loss 0.5124, val/accuracy_top1 0.875",
        "batch 8 of 10, 3.0 images a second, 0:00:08 left: "
        "train/loss 0.5124, val/accuracy_top1 0.875",
        "2.0 images a second in 0:00:45: train/loss 0.5124, val/accuracy_top1 0.875",
    ]


def test_parts_of_a_batch(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, module = ProgressLines(seconds=0), SimpleNamespace(progress=StepProgress())
    lines.last = 0.0
    clock = iter(10.0 * second for second in range(100))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    with caplog.at_level(logging.INFO):
        lines.on_test_start(trainer(), cast(Any, module))
        for _ in module.progress("ab"):
            for _ in module.progress(range(2)):
                pass
    told = [message.split(" left")[0] for message in caplog.messages]
    assert told == [
        "25% of batch 1 of 10, 0:13:00",
        "50% of batch 1 of 10, 0:15:50",
        "50% of batch 1 of 10, 0:25:20",
        "75% of batch 1 of 10, 0:22:37",
        "100% of batch 1 of 10, 0:21:00",
        "100% of batch 1 of 10, 0:25:30",
    ]


def test_not_at_every_step(caplog: pytest.LogCaptureFixture, module: Any) -> None:
    lines = ProgressLines(seconds=3600)
    with caplog.at_level(logging.INFO):
        lines.on_train_batch_end(trainer(), module, None, None, 9)
    assert caplog.messages == []


def test_a_test_is_said_on_a_terminal_too(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    lines, module, batch = ProgressLines(seconds=0), Mock(), (torch.zeros(45, 3, 4, 4),)
    lines.last = 0.0
    clock = iter([100.0, 130.0, 130.0, 130.0, 140.0, 145.0, 145.0, 145.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    with caplog.at_level(logging.INFO):
        lines.on_test_start(trainer(), module)
        lines.batches = 7
        lines.on_test_batch_end(trainer(), module, None, batch, 0, dataloader_idx=1)
        lines.on_test_end(trainer(), module)
    assert caplog.messages == []
    assert [call.args[0] for call in module.print.call_args_list] == [
        "batch 8 of 10, 3.0 images a second, 0:00:08 left",
        "2.0 images a second in 0:00:45",
    ]


def test_none_of_a_training_on_a_terminal(
    caplog: pytest.LogCaptureFixture, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with caplog.at_level(logging.INFO):
        ProgressLines(seconds=0).on_validation_end(trainer(), module)
    assert caplog.messages == []
