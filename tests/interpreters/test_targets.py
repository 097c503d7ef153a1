"""Which class a heatmap explains."""

import pytest
import torch
from families import INTERPRETERS
from torch import Tensor, nn

from interpreters import Captum, Interpreter


@pytest.mark.parametrize("name", [name for name in INTERPRETERS if "last" not in name])
def test_target(name: str, network: nn.Module, images: Tensor, labels: Tensor) -> None:
    check(INTERPRETERS[name], network, images, labels)


def test_target_of_captum(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    check(Captum("Saliency"), network, images, labels)


def check(interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor) -> None:
    logits = network(images)
    prediction = logits.argmax(1)
    rest = logits.detach().clone()
    rest[range(3), labels] = -torch.inf
    for target, classes in (("prediction", prediction), ("other", rest.argmax(1))):
        aimed = type(interpreter)(**{**vars(interpreter), "target": target})
        expected = interpreter(network, images, classes)
        torch.testing.assert_close(aimed(network, images, labels), expected)
    assert not rest.argmax(1).equal(labels)
