"""NormalizedNetwork: normalisation inside the network, but not among its weights."""

import pytest
import torch
from torch import nn

from networks import NormalizedNetwork, Preprocessing
from networks.normalized import Normalize, bare

PREPROCESSING = Preprocessing(
    size=2, resize=2, interpolation="bilinear", mean=(0.25, 0.5, 0.0), std=(0.5, 0.25, 2.0)
)


def test_normalize_hand_computed() -> None:
    images = torch.tensor([[0.75, 0.5, 1.0], [0.25, 0.0, 0.0]], dtype=torch.float64)
    expected = torch.tensor([[1.0, 0.0, 0.5], [0.0, -2.0, 0.0]], dtype=torch.float64)
    normalize = Normalize(PREPROCESSING.mean, PREPROCESSING.std).double()
    result = normalize(images[:, :, None, None].expand(2, 3, 4, 5))
    torch.testing.assert_close(result, expected[:, :, None, None].expand(2, 3, 4, 5))


def test_network_sees_normalised_images() -> None:
    inner = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    network = NormalizedNetwork(inner, PREPROCESSING).double()
    images = torch.rand(4, 3, 2, 2, dtype=torch.float64)
    torch.testing.assert_close(network(images), inner(network.normalize(images)))
    assert not torch.equal(network(images), inner(images))


@pytest.mark.parametrize(("taken", "given"), [(3, 1), (1, 3), (3, 4), (4, 3)])
def test_other_channels_are_refused(taken: int, given: int) -> None:
    preprocessing = PREPROCESSING._replace(mean=(0.5,) * taken, std=(0.5,) * taken)
    network = NormalizedNetwork(nn.Flatten(), preprocessing)
    assert network(torch.rand(2, taken, 2, 2)).shape == (2, 4 * taken)
    with pytest.raises(ValueError, match=f"have {given} channels and the network takes {taken}"):
        network(torch.rand(2, given, 2, 2))


def test_checkpoints_hold_no_mean_and_std() -> None:
    network = NormalizedNetwork(nn.Linear(2, 2), PREPROCESSING)
    assert set(network.state_dict()) == {"network.weight", "network.bias"}


def test_bare_is_the_network_inside() -> None:
    inner = nn.Linear(2, 2)
    assert bare(NormalizedNetwork(inner, PREPROCESSING)) is inner
    assert bare(inner) is inner
