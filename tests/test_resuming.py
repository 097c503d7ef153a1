"""Nothing is lost: a run that was stopped ends where the uninterrupted one does, bit for bit."""

import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from processes import run
from safetensors.torch import load_file
from torch import Tensor

import train
from files import FolderInUseError, sole_writer
from lightning_modules.callbacks import NonFiniteLossError
from lightning_modules.checkpoint_files import CheckpointFileError
from lightning_modules.manipulation import ResumeError
from trompe.resumed import OtherSettingsError, check_same
from trompe.train import RunFolderError

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_pictures", "kept_parsers")]
RUN = shlex.split("""
fit --config configs/experiments/shapes/fool.yaml --trainer.max_epochs 3
--trainer.enable_progress_bar false --trainer.enable_model_summary false
--model.init_args.network helpers.tiny_network
--data.init_args.train 40 --data.init_args.validation 9 --data.init_args.test 5
--data.init_args.batch_size 8
""")


def stopping(step: int, number: int) -> list[str]:
    callback = f"{{class_path: stop_at.StopAt, init_args: {{step: {step}, number: {number}}}}}"
    return [f"--trainer.callbacks=[{callback}]"]


def final_weights(folder: Path) -> dict[str, Tensor]:
    checkpoint = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 15
    weights: dict[str, Tensor] = checkpoint["state_dict"]
    return weights


def assert_same_run(actual: Path, expected: Path) -> None:
    torch.testing.assert_close(final_weights(actual), final_weights(expected), rtol=0, atol=0)
    exported = [load_file(folder / "weights.safetensors") for folder in (actual, expected)]
    torch.testing.assert_close(*exported, rtol=0, atol=0)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, few_pictures: None) -> Path:
    folder = tmp_path_factory.mktemp("uninterrupted")
    train.main([*RUN, "--run", str(folder)])
    return folder


def test_killed_in_the_middle_of_an_epoch(uninterrupted: Path, tmp_path: Path) -> None:
    killing = stopping(7, signal.SIGKILL)
    run("train.py", *RUN, "--run", str(tmp_path), *killing, ends=-signal.SIGKILL)
    assert not (tmp_path / "weights.safetensors").exists()
    train.main([*RUN, "--run", str(tmp_path), "--ckpt_path", "last"])
    assert_same_run(tmp_path, uninterrupted)


@pytest.mark.parametrize(
    ("step", "number"),
    [(2, signal.SIGINT), (9, signal.SIGTERM)],
    ids=["in the first epoch", "at the end of an epoch, by the machine"],
)
def test_interrupted(
    step: int, number: int, uninterrupted: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        with caplog.at_level("INFO"), pytest.raises(SystemExit):
            train.main([*RUN, "--run", str(tmp_path), *stopping(step, number)])
        assert signal.getsignal(signal.SIGTERM) == handlers[signal.SIGTERM]
    finally:
        # Lightning ignores Ctrl-C from now on
        signal.signal(signal.SIGINT, handlers[signal.SIGINT])
    assert f"interrupted at step {step + 1}; resume with --ckpt_path last" in caplog.text
    train.main([*RUN, "--run", str(tmp_path), "--ckpt_path", "last"])
    assert_same_run(tmp_path, uninterrupted)


def test_a_finished_run_is_not_trained_over(uninterrupted: Path) -> None:
    before = final_weights(uninterrupted)
    with pytest.raises(RunFolderError, match="already holds a run; go on with it"):
        train.main([*RUN, "--run", str(uninterrupted)])
    torch.testing.assert_close(final_weights(uninterrupted), before, rtol=0, atol=0)


def test_validating_keeps_the_configuration_of_the_training(uninterrupted: Path) -> None:
    before = (uninterrupted / "config.yaml").read_text()
    options = ["--run", str(uninterrupted), "--model.init_args.loss_weight", "7"]
    train.main(["validate", *RUN[1:], *options])
    assert (uninterrupted / "config.yaml").read_text() == before
    assert "loss_weight: 4" in before


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ("--model.init_args.loss_weight 7", "`model.init_args.loss_weight` 4.0 and cannot go on w"),
        (
            "--model.init_args.optimizer.init_args.lr 1",
            r"lr` 0.001 and cannot go on with 1",
        ),
        ("--model.init_args.optimizer torch.optim.SGD", "`model.init_args.optimizer.class_path` "),
        ("--model.init_args.loss losses.TopK", "`model.init_args.loss.class_path` losses.Location"),
        ("--data.init_args.train 41", "`data.init_args.train` 40 and cannot go on with 41; give w"),
        ("--data.init_args.batch_size 4", "`data.init_args.batch_size` 8 and cannot go on with 4"),
        ("--trainer.max_epochs 4", "`trainer.max_epochs` 3 and cannot go on with 4"),
    ],
)
def test_other_settings_are_refused(options: str, match: str, uninterrupted: Path) -> None:
    before = (uninterrupted / "config.yaml").read_text()
    resumed = [*RUN, "--run", str(uninterrupted), "--ckpt_path", "last"]
    with pytest.raises(OtherSettingsError, match=match):
        train.main([*resumed, *shlex.split(options)])
    assert (uninterrupted / "config.yaml").read_text() == before


def test_a_run_without_a_schedule_goes_on_for_longer(tmp_path: Path) -> None:
    steady = [*RUN, "--model.init_args.schedule", "null", "--trainer.max_epochs", "1"]
    train.main([*steady, "--run", str(tmp_path / "run")])
    (tmp_path / "run").rename(tmp_path / "moved")
    longer = ["--trainer.max_epochs", "2", "--data.init_args.workers", "1", "--ckpt_path", "last"]
    train.main([*steady, *longer, "--run", str(tmp_path / "moved")])
    checkpoint = torch.load(tmp_path / "moved" / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 10
    assert "max_epochs: 1" in (tmp_path / "moved" / "config_1.yaml").read_text()
    assert "max_epochs: 2" in (tmp_path / "moved" / "config.yaml").read_text()
    assert not (tmp_path / "run").exists()


def test_options_that_are_newer_than_a_run(uninterrupted: Path, tmp_path: Path) -> None:
    text = (uninterrupted / "config.yaml").read_text()
    assert "    workers: 0\n    seed: 0\n" in text
    before = text.replace("    workers: 0\n    seed: 0\n", "    workers: 0\n")
    (tmp_path / "config.yaml").write_text(before)
    check_same(tmp_path / "checkpoints" / "last.ckpt", yaml.safe_load(text))
    other = before.replace("networks.shapes_network", "networks.cifar_resnet")
    (tmp_path / "config.yaml").write_text(other.replace("helpers.tiny_network", "helpers.other"))
    with pytest.raises(OtherSettingsError, match=r"`model.init_args.network"):
        check_same(tmp_path / "checkpoints" / "last.ckpt", yaml.safe_load(text))


def test_one_run_at_a_time_writes_to_a_folder(uninterrupted: Path) -> None:
    resumed = [*RUN, "--run", str(uninterrupted), "--ckpt_path", "last"]
    with (
        sole_writer(uninterrupted, "fit"),
        pytest.raises(FolderInUseError, match=rf"writes to .* \(process {os.getpid()} on"),
    ):
        train.main(resumed)


def test_another_original_network_is_refused(uninterrupted: Path) -> None:
    resumed = [*RUN, "--run", str(uninterrupted), "--ckpt_path", "last"]
    with pytest.raises(ResumeError, match="began with the original network"):
        train.main([*resumed, "--seed_everything", "1"])


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path) -> None:
    options = ["--model.init_args.optimizer.init_args.lr", "1e30"]
    with pytest.raises(
        NonFiniteLossError, match=r"`(cross_entropy|penalty)` is not finite at step"
    ):
        train.main([*RUN, "--run", str(tmp_path), *options])
    assert not (tmp_path / "weights.safetensors").exists()


def test_a_checkpoint_sets_no_options(uninterrupted: Path, tmp_path: Path) -> None:
    checkpoint = torch.load(uninterrupted / "checkpoints" / "last.ckpt", weights_only=True)
    checkpoint["hyper_parameters"] = {"loss_weight": 999.0, "class_path": "this.X"}
    torch.save(checkpoint, tmp_path / "changed.ckpt")
    train.main([*RUN, "--run", str(tmp_path), "--ckpt_path", str(tmp_path / "changed.ckpt")])
    assert "loss_weight: 4" in (tmp_path / "config.yaml").read_text()


@pytest.mark.parametrize(
    ("subcommand", "path", "match"),
    [
        ("fit", "http://127.0.0.1:9/x.ckpt", "must be a file, got http://127.0.0.1:9/x.ckpt"),
        ("validate", "http://127.0.0.1:9/x.ckpt", "must be a file, got http://127.0.0.1:9/x.ckpt"),
        ("test", "code.ckpt", "reading it would run code that it contains"),
        ("fit", "weights.safetensors", "is no checkpoint of a training, as it lacks state_dict"),
    ],
)
def test_what_is_no_checkpoint_is_not_read(
    subcommand: str,
    path: str,
    match: str,
    uninterrupted: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": {}, "epoch": Running()}, "code.ckpt")
    Path("weights.safetensors").write_bytes((uninterrupted / "weights.safetensors").read_bytes())
    with pytest.raises(CheckpointFileError, match=match):
        train.main([subcommand, *RUN[1:], "--run", str(tmp_path / "run"), "--ckpt_path", path])
    assert not Path("touched").exists()


class Running:
    """Unpickling it creates a file."""

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (Path("touched"),)


@pytest.mark.parametrize("first", ["before", "now"])
def test_an_interpreter_more_or_less_is_another_run(first: str, tmp_path: Path) -> None:
    one = {"cam": {"class_path": "interpreters.GradCam"}}
    two = one | {"lrp": {"class_path": "interpreters.LRP"}}
    before, now = (one, two) if first == "before" else (two, one)
    settings = [
        {"model": {"init_args": {"interpreter": each}}, "data": {}} for each in (before, now)
    ]
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings[0]))
    with pytest.raises(OtherSettingsError, match=r"`model.init_args.interpreter.lrp`"):
        check_same(tmp_path / "checkpoints" / "last.ckpt", settings[1])
