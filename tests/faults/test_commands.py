"""Commands whose machine fails or that are stopped: one line, an exit code, and nothing lost."""

import os
import shlex
import signal
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from injected import ended
from torch.utils.data import get_worker_info

import evaluate
import train
from datamodules import Shapes
from datamodules.shapes import ShapeImages

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_pictures", "kept_parsers")]
FIT = shlex.split("""
fit --config configs/experiments/shapes/fool.yaml --trainer.enable_progress_bar false
--trainer.enable_model_summary false --trainer.logger false --model.init_args.schedule null
--model.init_args.network helpers.tiny_network
--data.init_args.train 16 --data.init_args.validation 4 --data.init_args.test 2
--data.init_args.batch_size 8
""")
STUDY = (
    "--config tests/studies/fooling.yaml --trainer.enable_progress_bar false --trainer.logger false"
)


def fit(folder: Path, options: str = "") -> None:
    train.main([*FIT, "--trainer.max_epochs", "1", "--run", str(folder), *shlex.split(options)])


def study(folder: Path, options: str = "") -> None:
    evaluate.main([*shlex.split(STUDY), "--run", str(folder), *shlex.split(options)])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, kept_parsers: None) -> Path:
    folder = tmp_path_factory.mktemp("run")
    fit(folder)
    return folder


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def told(words: str) -> list[str]:
    """The lines that a command ended with."""
    assert "Traceback" not in words
    return words[words.index("error: ") :].splitlines()


def test_a_full_disk_keeps_the_checkpoints_of_a_training(trained: Path) -> None:
    before = content(trained)
    largest = (trained / "checkpoints" / "last.ckpt").stat().st_size - 1
    more = "--trainer.max_epochs 2 --ckpt_path last"
    code, words = ended(lambda: fit(trained, more), largest)
    assert code == 1
    (line,) = told(words)
    assert line.startswith(f"error: File too large: {trained}/checkpoints/")
    after = content(trained)
    changed = {path.name for path in after if after[path] != before.get(path)}
    assert changed == {"config.yaml", "config_1.yaml"}


def test_a_full_disk_keeps_what_a_study_measured_before(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    for name in ("results.json", "results.csv", "index.html"):
        (tmp_path / "report" / name).write_text("before")
    before = content(tmp_path)
    code, words = ended(lambda: study(tmp_path, "--limit_images 1 --overwrite true"), 10_000)
    assert code == 1
    (line,) = told(words)
    assert line.startswith(f"error: File too large: {tmp_path}/report/new/results.csv; raise")
    # what was measured is shown all the same
    assert "accuracy top-1" in words
    after = content(tmp_path)
    assert {path: after[path] for path in before} == before


def stop_here(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_killed_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = ShapeImages.__getitem__

    def read_or_die(images: ShapeImages, key: tuple[int, int]) -> Any:
        if get_worker_info() is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        return read(images, key)

    monkeypatch.setattr(ShapeImages, "__getitem__", read_or_die)
    code, words = ended(lambda: fit(tmp_path, "--data.init_args.workers 1"))
    assert code == 1
    (line,) = told(words)
    assert "--data.init_args.workers 0" in line


@pytest.mark.parametrize("command", [fit, study])
@pytest.mark.parametrize("built", [Shapes, ShapeImages])
def test_sigterm_while_setting_up(
    command: Callable[[Path], None], built: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the parts are built, and while Lightning sets them up."""
    # the parser asks for the arguments
    monkeypatch.setattr(built, "__init__", wraps(vars(built)["__init__"])(stop_here))
    code, words = ended(lambda: command(tmp_path))
    assert code == 128 + signal.SIGTERM
    assert [line for line in words.splitlines() if line.startswith("interrupted")] == [
        words.splitlines()[-1]
    ]
    assert "Traceback" not in words


def test_sigterm_while_training(tmp_path: Path) -> None:
    callback = f"{{class_path: stop_at.StopAt, init_args: {{step: 1, number: {signal.SIGTERM:d}}}}}"
    code, words = ended(lambda: fit(tmp_path, f"'--trainer.callbacks=[{callback}]'"))
    assert code == 128 + signal.SIGTERM
    assert "Traceback" not in words
    assert (tmp_path / "checkpoints" / "last.ckpt").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--data.init_args.batch_size 0", "`batch_size` must be at least 1, got 0"),
        ("--ckpt_path none.ckpt", "`ckpt_path`: no file at"),
        ("--model.init_args.network.init_args.checkpoint none.pt", "no file at"),
        ("--model.init_args.network.init_args.classes 3", "12 classes and the network 3"),
        ("--trainer.accelerator none", "`trainer` has options that do not fit: You selected an i"),
    ],
)
def test_bad_input_is_told_in_short(options: str, said: str, tmp_path: Path) -> None:
    code, words = ended(lambda: fit(tmp_path, options))
    assert code == 1
    lines = told(words)
    assert said in lines[0]
    assert len(lines) <= 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("trainer: null", "`trainer` is null, expected its options"),
        ("best: null", "`best` is null, expected its options"),
        ("data: {init_args: {test: null}}", "`data.init_args.test` is null, expected a value"),
        ("trainer: {devices: null}", "`trainer.devices` is null, expected a value"),
        ("model: {init_args: {network: null}}", "network"),
        ("run: null", '"run"'),
    ],
)
def test_null_where_a_value_is_needed(content: str, said: str, tmp_path: Path) -> None:
    """Nothing is trained on the defaults of a section that was left empty."""
    (tmp_path / "mine.yaml").write_text(content)
    code, words = ended(lambda: fit(tmp_path / "run", f"--config {tmp_path}/mine.yaml"))
    assert code == 2
    lines = told(words)
    assert said in "".join(lines)
    assert len(lines) <= 15
    assert not (tmp_path / "run").exists()
