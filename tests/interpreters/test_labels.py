"""Labels are checked before any of them counts."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmarks.shipped import SMALL
from interpreters import GradCam, Interpreter, SimpleGradient

CASES = [
    ([0, 3, 1], TypeError, "must be a tensor of class indices, got list"),
    (1, TypeError, "got int"),
    (torch.tensor([0.0, 3.0, 1.0]), TypeError, r"torch.float32: give labels.argmax\(1\)"),
    (torch.tensor([True, False, True]), TypeError, "an integer type, got torch.bool"),
    (torch.tensor([1]), ValueError, r"shape \(3,\), or \(3, L\) .* 3 images, got \(1,\)"),
    (torch.tensor(1), ValueError, r"got \(\)"),
    (torch.zeros(3, 1, 1, dtype=torch.int64), ValueError, r"got \(3, 1, 1\)"),
    (torch.zeros(3, 0, dtype=torch.int64), ValueError, r"got \(3, 0\)"),
    (torch.zeros(1, 3, dtype=torch.int64), ValueError, r"got \(1, 3\)"),
    (torch.tensor([0, -1, 1]), ValueError, "from 0 to 3, as the network returns 4 logits, got -1"),
    (torch.tensor([[0, 1], [4, 2], [0, 3]]), ValueError, "from 0 to 3, .* got 4"),
    (torch.eye(4, dtype=torch.int64)[[0, 3, 1]], ValueError, r"one-hot: give labels.argmax\(1\)"),
    (torch.eye(4)[[0, 3, 1]], TypeError, "one-hot labels or probabilities"),
]


@pytest.mark.parametrize("name", SMALL)
def test_wrong_labels_are_refused_by_every_interpreter(
    name: str, network: nn.Module, images: Tensor
) -> None:
    for labels, error, message in CASES:
        if isinstance(labels, Tensor):
            with pytest.raises(error, match=message):
                SMALL[name](network, images, labels)


@pytest.mark.parametrize(("labels", "error", "message"), CASES)
def test_wrong_labels(
    labels: Any, error: type[Exception], message: str, network: nn.Module, images: Tensor
) -> None:
    for target in ("label", "prediction", "other"):
        with pytest.raises(error, match=message):
            GradCam(target=target)(network, images, labels)


@pytest.mark.parametrize("kind", [torch.uint8, torch.int8, torch.int16, torch.int32])
def test_labels_of_any_integer_type(
    kind: torch.dtype, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    for interpreter in (SimpleGradient(), GradCam(target="other")):
        expected = interpreter(network, images, labels).heatmap
        assert interpreter(network, images, labels.to(kind)).heatmap.equal(expected)


def test_all_labels_of_an_image_are_not_one_hot(network: nn.Module, images: Tensor) -> None:
    every = torch.arange(4).expand(3, 4)
    interpreter: Interpreter = GradCam()
    assert interpreter(network, images, every).heatmap.shape[1] == 4
