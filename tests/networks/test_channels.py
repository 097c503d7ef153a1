"""Networks with one channel or more than three: normalised, explained, attacked."""

import pytest
import torch
from helpers import TinyNetwork
from torch import nn

from attacks import PGD, RandomSign
from attacks.transfer import DIFGSM, GRA, MIG, SIA
from benchmarks.shipped import SMALL
from interpreters import Captum
from networks import NormalizedNetwork, Preprocessing, timm_network

LABELS = torch.tensor([0, 1])
TRANSFER = (DIFGSM(steps=1), GRA(steps=1, samples=2), MIG(steps=1), SIA(steps=1))


def network_of(channels: int) -> NormalizedNetwork:
    means = tuple(0.1 * number for number in range(1, channels + 1))
    preprocessing = Preprocessing(8, 8, "bilinear", means, (0.5,) * channels)
    _, *rest = TinyNetwork()
    network = nn.Sequential(nn.Conv2d(channels, 2, 3, padding=1), *rest)
    return NormalizedNetwork(network, preprocessing).double().eval()


@pytest.mark.parametrize("channels", [1, 4])
def test_timm(channels: int) -> None:
    network = timm_network("test_resnet", options={"in_chans": channels}).eval()
    assert network.preprocessing.mean == network.preprocessing.std == (0.5,) * channels
    images = torch.rand(2, channels, 64, 64)
    torch.testing.assert_close(network(images), network.network((images - 0.5) / 0.5))
    # the mean of the three values where they differ
    given = timm_network("resnet10t", options={"in_chans": channels}).preprocessing
    assert given.mean == pytest.approx(((0.485 + 0.456 + 0.406) / 3,) * channels)
    assert given.std == pytest.approx(((0.229 + 0.224 + 0.225) / 3,) * channels)


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 4])
def test_every_interpreter(channels: int) -> None:
    network = network_of(channels)
    images = torch.rand(2, channels, 8, 8, dtype=torch.float64)
    occlusion = Captum("Occlusion", options={"sliding_window_shapes": [1, 4, 4]})
    for name, each in (SMALL | {"captum_occlusion": occlusion}).items():
        heatmap = each(network, images, LABELS).heatmap
        assert heatmap.shape[:2] == (2, 1), name
        attribution = each.attribution(network, images, LABELS)
        assert attribution.shape == (2, channels if each.by_channel else 1, 8, 8), name


@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize(
    "attack", [PGD(steps=2), RandomSign(), *TRANSFER], ids=lambda each: type(each).__name__
)
def test_attacks(attack: PGD, channels: int) -> None:
    network = network_of(channels)
    images = torch.rand(2, channels, 8, 8, dtype=torch.float64)
    changed = attack(network, images, LABELS)
    assert changed.shape == images.shape
    assert ((changed - images).abs() <= attack.radius + 1e-12).all()
