"""The perturbation study against figures of Quantus 0.6.0.

Quantus is not installed for them, as it would bring OpenCV, pandas and scikit-learn. They are those
of `RegionPerturbation(patch_size=2, order=..., regions_evaluation=9)` and of
`PixelFlipping(features_in_step=12)`, both with `perturb_baseline=0.25`, without `abs` and
`normalise` and with `softmax`, given the images, labels, heatmaps and network below. Nothing else
is compared: the mean colour is there that of the image with the regions replaced so far, over all
channels; borders of regions that do not fit are padded; equal regions have no defined order.
"""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from lightning import Trainer
from torch import Tensor, nn

from evaluation import Perturbation
from evaluation.fills import PictureFill
from interpreters import InputXGradient, Interpreter
from lightning_modules.data import Batch, Images, take

# by how much the label's probability falls, the mean over both images, region after region
REGIONS = {
    "morf": [
        0.2667264,
        0.362923,
        0.3366962,
        0.3531224,
        0.3645115,
        0.3491167,
        0.2460242,
        0.2359992,
        -0.0162789,
    ],
    "lerf": [
        -0.1841923,
        -0.3856992,
        -0.3326269,
        -0.3382845,
        -0.3447443,
        -0.3449356,
        -0.2449194,
        -0.2489761,
        -0.0162789,
    ],
}
# the label's probability after every four pixels, most relevant first
FLIPPED = [
    0.1131643,
    0.1248984,
    0.0749818,
    0.0361201,
    0.0424043,
    0.081807,
    0.1189509,
    0.1266428,
    0.4311357,
]


class Quarter(PictureFill):
    """A grey of 0.25."""

    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        return torch.full_like(images, 0.25)


class Few:
    """Two images of six pixels, of waves."""

    classes, image_size = ("one", "two", "three"), 6

    def images(self, split: str) -> "Few":
        return self

    def __len__(self) -> int:
        return 2

    def __getitem__(self, key: tuple[int, int]) -> Batch:
        _, index = key
        image = waves(3, 6, 6, step=0.7 + index) / 2 + 0.5
        return image, torch.tensor(index + 1), torch.tensor(index)


def two_images() -> Batch:
    return take(cast(Images, Few()), [0, 1])


def waves(*shape: int, step: float) -> Tensor:
    count = torch.Size(shape).numel()
    return torch.sin(step * torch.arange(1, count + 1, dtype=torch.float64)).view(shape).float()


def network() -> nn.Module:
    layers = (nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten())
    made = nn.Sequential(*layers, nn.Linear(16, 3)).eval()
    for place, parameter in enumerate(made.parameters()):
        parameter.data = waves(*parameter.shape, step=1.3 + place)
    return made


def studied(region: int, steps: int) -> Perturbation:
    interpreters: dict[str, Interpreter] = {"product": InputXGradient()}
    study = Perturbation(network(), network(), interpreters, region, steps, Quarter())
    trainer = SimpleNamespace(datamodule=Few())
    study.trainer = cast(Trainer, trainer)
    study.setup("test")
    with torch.no_grad():
        study.test_step(two_images(), 0)
    study.on_test_epoch_end()
    return study


def curve(study: Perturbation, kind: str) -> list[float]:
    labels = ("original", "product", "original")
    return [
        n.value
        for n in study.measurements()
        if n.name == f"drop_{kind}" and (n.network, n.interpreter, n.heatmaps) == labels
    ]


@pytest.mark.parametrize("kind", REGIONS)
def test_regions(kind: str) -> None:
    # both are in single precision
    assert curve(studied(2, 9), kind) == pytest.approx([0, *REGIONS[kind]], abs=1e-6)


def test_pixels() -> None:
    images, labels, _ = two_images()
    with torch.no_grad():
        clean = network()(images).softmax(1).gather(1, labels[:, None]).mean().item()
    after = [clean - drop for drop in curve(studied(1, 36), "morf")]
    assert after[4::4] == pytest.approx(FLIPPED, abs=1e-6)
