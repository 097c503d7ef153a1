"""Which class a heatmap explains."""

import pytest
import torch
from torch import Tensor, nn

from benchmarks.shipped import DIFFERENTIABLE
from interpreters import Captum, Interpreter


@pytest.mark.parametrize("name", [name for name in DIFFERENTIABLE if "last" not in name])
def test_target(name: str, network: nn.Module, images: Tensor, labels: Tensor) -> None:
    check(DIFFERENTIABLE[name], network, images, labels)


def test_target_of_captum(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    check(Captum("Saliency"), network, images, labels)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_several_labels_from_the_same_passes(
    name: str, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    others = (labels + 1) % 4
    first, second, both = labels, others, torch.stack([labels, others], 1)
    expected = [DIFFERENTIABLE[name](network, images, each).heatmap for each in (first, second)]
    heatmap = DIFFERENTIABLE[name](network, images, both).heatmap
    torch.testing.assert_close(heatmap, torch.cat(expected, 1))
    passes: list[list[int]] = []
    network.register_forward_pre_hook(lambda _, inputs: passes[-1].append(len(inputs[0])))
    for each in (first, both):
        passes.append([])
        with torch.no_grad():
            DIFFERENTIABLE[name](network, images, each)
    assert passes[0] == passes[1]


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
