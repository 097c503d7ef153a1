"""The configurations of Heo et al. (2019): their layers, their settings, and short epochs."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
import yaml
from helpers import QUIET, SMALL

import train

pytestmark = pytest.mark.usefixtures("kept_parsers")
ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "configs" / "experiments" / "heo2019"
LAYERS = {
    "vgg19": ("features.33", (512, 14, 14)),
    "resnet50": ("layer4.1", (2048, 7, 7)),
    "densenet121": ("features.denseblock4", (1024, 7, 7)),
}
# rate and loss_weight, as the authors' code has them
SETTINGS: dict[tuple[str, str], list[tuple[float, float]]] = {
    ("vgg19", "lrp"): [(1e-6, 1), (5e-7, 1), (2e-6, 0.25)],
    ("vgg19", "grad_cam"): [(1e-6, 1), (3e-7, 0.4), (1e-6, 0.25)],
    ("densenet121", "lrp"): [(1e-6, 4), (4e-7, 1.5), (6e-7, 0.5)],
    ("densenet121", "grad_cam"): [(2e-6, 2), (3e-7, 4), (1e-7, 1)],
    ("resnet50", "lrp"): [(2e-6, 2), (1e-6, 1), (5e-7, 0.25)],
    ("resnet50", "grad_cam"): [(2e-6, 2), (3e-6, 6), (2e-6, 0.25)],
}
LOSSES = ("location", "top_k", "center_mass")
CELLS = [
    (*cell, loss, *setting)
    for cell, settings in SETTINGS.items()
    for loss, setting in [*zip(LOSSES, settings, strict=True), ("active", (1e-5, 10))]
]


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return found


@pytest.mark.parametrize(("network", "interpreter", "loss", "rate", "weight"), CELLS)
def test_settings(network: str, interpreter: str, loss: str, rate: float, weight: float) -> None:
    config = read(f"{network}_{interpreter}_{loss}")
    model = config["model"]["init_args"]
    assert model["network"] == f"../../networks/{network}.yaml"
    assert model["optimizer"]["init_args"]["lr"] == rate
    assert model["loss_weight"] == weight
    assert model["interpreter"]["init_args"]["layer"] == LAYERS[network][0]
    steps, interval = (4_000, 1_000) if loss == "active" else (300_000, 10_000)
    assert (config["trainer"]["max_steps"], config["trainer"]["val_check_interval"]) == (
        steps,
        interval,
    )
    swapped = loss == "active"
    assert model["loss"] == f"../../losses/{'swap' if swapped else loss}.yaml"
    assert config["data"].startswith("../../data/imagenet") is True


@pytest.mark.parametrize(("network", "interpreter", "loss", "rate", "weight"), CELLS)
def test_networks_differ_by_settings_alone(
    network: str, interpreter: str, loss: str, rate: float, weight: float
) -> None:
    """Beside the settings above and the folder; that of vgg19 is trained by test_command_line."""
    config, like = (read(f"{each}_{interpreter}_{loss}") for each in (network, "vgg19"))
    for found in (config, like):
        model = found["model"]["init_args"]
        del found["run"], model["network"], model["loss_weight"]
        del model["optimizer"]["init_args"]["lr"], model["interpreter"]["init_args"]["layer"]
    assert config == like
    lines = (FOLDER / f"{network}_{interpreter}_{loss}.yaml").read_text()
    assert f"configs/experiments/heo2019/{network}_{interpreter}_{loss}.yaml" in lines


@pytest.mark.parametrize("name", LAYERS)
def test_layers_return_the_papers_maps(name: str) -> None:
    layer, shape = LAYERS[name]
    seen: list[torch.Size] = []
    with torch.device("meta"):
        network = torchvision.models.get_model(name).eval()
        network.get_submodule(layer).register_forward_hook(
            lambda _module, _inputs, output: seen.append(output.shape[1:])
        )
        network(torch.empty(1, 3, 224, 224))
    assert seen == [torch.Size(shape)]


@pytest.mark.slow
@pytest.mark.usefixtures("few_pictures")
def test_epochs_shorter_than_the_interval_of_validation(image_folder: Path, tmp_path: Path) -> None:
    """As with a small share of ImageNet: validation comes after so many steps all the same."""
    config = FOLDER / "resnet50_grad_cam_location.yaml"
    classes = ["ant", "bee", "cat", *(f"class {number}" for number in range(3, 12))]
    data = f"{{root: {image_folder}, size: 32, batch_size: 6, workers: 0, classes: {classes}}}"
    short = ["--trainer.max_steps", "5", "--trainer.val_check_interval", "4"]
    train.main(
        [
            *("fit", "--config", str(config), *SMALL, *QUIET, *short, "--run", str(tmp_path)),
            *("--model.init_args.interpreter.init_args.layer", "last"),
            f"--data={{class_path: datamodules.ImageFolder, init_args: {data}}}",
        ]
    )
    assert (tmp_path / "checkpoints" / "best.ckpt").exists()
