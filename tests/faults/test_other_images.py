"""A training goes on with the images that it began with, wherever they lie now."""

import shlex
from pathlib import Path

import pytest
import torch
from PIL import Image

import train
from datamodules.base import OtherImagesError

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_pictures", "kept_parsers")]
OPTIONS = shlex.split("""
--config configs/experiments/shapes/fool.yaml --trainer.enable_progress_bar false
--trainer.enable_model_summary false --trainer.logger false --model.init_args.schedule null
--model.init_args.network helpers.tiny_network --model.init_args.network.init_args.classes 3
--data datamodules.ImageFolder --data.init_args.batch_size 8 --data.init_args.workers 0
""")


def run(subcommand: str, root: Path, folder: Path, *options: str) -> None:
    data = ["--data.init_args.root", str(root), "--run", str(folder)]
    train.main([subcommand, *OPTIONS, *data, *options])


def steps(folder: Path) -> int:
    checkpoint = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    done: int = checkpoint["global_step"]
    return done


def test_images_may_move_and_not_change(image_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run("fit", image_folder, folder, "--trainer.max_epochs", "1")
    moved = tmp_path / "elsewhere" / "pictures"
    moved.parent.mkdir()
    image_folder.rename(moved)
    again = ["--ckpt_path", "last", "--trainer.max_epochs", "2"]
    run("fit", moved, folder, *again)
    assert steps(folder) == 4
    before = (folder / "config.yaml").read_text()
    path = moved / "train" / "ant" / "0.png"
    content = path.read_bytes()
    Image.new("RGB", (36, 40)).save(path)
    with pytest.raises(OtherImagesError, match="the train images are not those that the run beg"):
        run("fit", moved, folder, *again)
    path.write_bytes(content)
    (moved / "val" / "ant" / "5.png").write_bytes(content)
    with pytest.raises(OtherImagesError, match="the validation images are not those"):
        run("fit", moved, folder, *again)
    assert (folder / "config.yaml").read_text() == before
    assert steps(folder) == 4
    # any images can be measured on
    run("validate", moved, folder, "--ckpt_path", str(folder / "checkpoints" / "last.ckpt"))
