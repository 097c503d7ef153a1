"""The trainer's options that people use do what they say, or say why they cannot."""

import shlex
from pathlib import Path

import pytest

import train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_pictures", "kept_parsers")]
RUN = shlex.split("""
fit --config configs/experiments/shapes/fool.yaml --trainer.max_epochs 2
--trainer.enable_progress_bar false --trainer.enable_model_summary false
--model.init_args.network helpers.tiny_network
--data.init_args.train 8 --data.init_args.validation 4 --data.init_args.test 2
--data.init_args.batch_size 4
""")
CHECKPOINTS = {"checkpoints/best.ckpt", "checkpoints/last.ckpt"}
LOGS = {"events", "hparams.yaml"}
EVERYTHING = CHECKPOINTS | LOGS | {"config.yaml", "weights.safetensors"}


@pytest.mark.parametrize(
    ("options", "files"),
    [
        ("--trainer.fast_dev_run true", set()),
        ("--trainer.logger false", EVERYTHING - LOGS),
        ("--trainer.enable_checkpointing false", {"config.yaml"} | LOGS),
        ("--trainer.overfit_batches 1", EVERYTHING),
        ("--trainer.max_epochs -1 --trainer.max_steps 3", EVERYTHING),
        ("--trainer.max_time 00:00:00:00", EVERYTHING - CHECKPOINTS),
        ("--trainer.accumulate_grad_batches 2", EVERYTHING),
        ("--trainer.limit_val_batches 0", EVERYTHING - {"checkpoints/best.ckpt"}),
    ],
)
def test_what_a_run_leaves(options: str, files: set[str], tmp_path: Path) -> None:
    train.main([*RUN, "--run", str(tmp_path), *shlex.split(options)])
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert {"events" if name.startswith("events") else name for name in left} == files | {
        ".fit.lock"
    }


def test_a_schedule_of_a_run_without_end(tmp_path: Path) -> None:
    endless = "--trainer.max_epochs -1 --model.init_args.schedule lightning_modules.OneCycle"
    with pytest.raises(ValueError, match="`schedule` must know the number of steps"):
        train.main([*RUN, "--run", str(tmp_path), *shlex.split(endless)])
