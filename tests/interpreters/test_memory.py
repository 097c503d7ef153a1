"""Tensors of an explanation are freed with it, without the garbage collector."""

import gc

import pytest
import torch
from torch import nn

from interpreters import LRP, DeepLift


@pytest.mark.slow
@pytest.mark.parametrize("interpreter", [LRP(), DeepLift(), LRP(layer="last")], ids=repr)
@pytest.mark.parametrize("trained", [True, False])
def test_no_tensor_is_left_to_the_garbage_collector(
    interpreter: LRP | DeepLift, trained: bool
) -> None:
    layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    network = nn.Sequential(*layers, nn.Linear(36, 3)).eval().requires_grad_(trained)
    images, labels = torch.rand(2, 3, 8, 8), torch.tensor([2, 0])
    # the first call keeps what it finds about the network
    interpreter(network, images, labels)
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        interpreter(network, images, labels)
        gc.collect()
        left = [type(each).__name__ for each in gc.garbage if isinstance(each, torch.Tensor)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert left == []
