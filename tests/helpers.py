"""Tiny networks, data and options that several tests share."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from torch import Tensor, nn

from datamodules import Shapes
from lightning_modules.pictures import STYLE
from networks import NormalizedNetwork, Preprocessing, load_weights

# on tiny networks more threads only wait for each other
torch.set_num_threads(1)
# PNG takes most of the time of a report on pictures of noise
STYLE["savefig.dpi"] = 25

PREPROCESSING = Preprocessing(8, 8, "bilinear", (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
# of a Trainer in a test's own process
SILENT: dict[str, Any] = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "inference_mode": False,
    "use_distributed_sampler": False,
    "num_sanity_val_steps": 0,
}
# on the command line
QUIET = ["--trainer.enable_progress_bar", "false", "--trainer.enable_model_summary", "false"]
SMALL = ["--model.init_args.network", "helpers.tiny_network"]


def labels_of(figure: Figure) -> tuple[list[str], list[str], list[str]]:
    """The texts of a grid of images: left of its rows, above its columns and below them."""
    (axes,) = figure.axes
    (lower,) = axes.child_axes
    ticks = (axes.yaxis, axes.xaxis, lower.xaxis)
    rows, above, below = ([each.get_text() for each in axis.get_ticklabels()] for axis in ticks)
    return rows, above, below


def heatmaps_of(figure: Figure) -> list[AxesImage]:
    """The heatmaps of a grid of images, row by row."""
    (axes,) = figure.axes
    return [image for image in axes.images if image.get_alpha() is not None]


class TinyNetwork(nn.Sequential):
    """Two convolutions with BatchNorm and a linear head; smooth, so that gradcheck applies."""

    def __init__(self, classes: int = 4, activation: Callable[[], nn.Module] = nn.Softplus) -> None:
        norm = nn.BatchNorm2d(2)
        # statistics as after training, not the trivial 0 and 1
        norm.load_state_dict(
            {"running_mean": torch.rand(2) - 0.5, "running_var": torch.rand(2) + 0.5}, strict=False
        )
        super().__init__(
            nn.Conv2d(3, 2, 3, padding=1),
            norm,
            activation(),
            nn.Conv2d(2, 3, 3, stride=2, padding=1),
            activation(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(3, classes),
        )


class LinearNetwork(nn.Module):
    """Logits of 4 classes that are linear in 8x8 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3 * 8 * 8, 4).double()

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layer(images.flatten(1))
        return logits


def tiny_network(
    classes: int = 12, checkpoint: str | None = None, seed: int | None = None
) -> NormalizedNetwork:
    """A network for configurations, in place of a real one; the same for the same seed."""
    with torch.random.fork_rng(enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        network = NormalizedNetwork(TinyNetwork(classes, nn.ReLU), PREPROCESSING)
    if checkpoint is not None:
        load_weights(network, checkpoint)
    return network


def softmax_network(classes: int = 12) -> nn.Module:
    """A network that returns probabilities."""
    return nn.Sequential(tiny_network(classes), nn.Softmax(1))


def flat_network(classes: int = 12) -> nn.Module:
    """A network without a convolution."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, classes))


def shapes() -> Shapes:
    """The embedded data with few images, whose number no batch size divides."""
    return Shapes(train=24, validation=13, test=7, batch_size=8)


def state(network: nn.Module) -> dict[str, object]:
    """Everything that an interpreter or an attack could leave behind on a network."""
    found: dict[str, object] = {}
    for name, module in network.named_modules():
        hooks = [getattr(module, kind) for kind in vars(module) if kind.endswith("_hooks")]
        found[name] = (module.training, sum(map(len, hooks)))
    for name, parameter in network.named_parameters():
        found[f"parameter {name}"] = (id(parameter), parameter.requires_grad, parameter.grad)
        found[f"value {name}"] = parameter.tolist()
    for name, buffer in network.named_buffers():
        found[f"buffer {name}"] = (id(buffer), buffer.tolist())
    return found
