"""Tensors of an explanation are freed with it, without the garbage collector."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor, nn

from benchmarks.shipped import SMALL
from interpreters import Explanation, Interpreter, SimpleGradient

every_interpreter = pytest.mark.parametrize("interpreter", SMALL.values(), ids=SMALL)
BATCH = torch.rand(2, 3, 8, 8), torch.tensor([2, 0])


def classifier(trained: bool) -> nn.Module:
    layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(36, 3)).eval().requires_grad_(trained)


@contextmanager
def only_new_objects() -> Iterator[None]:
    """Count no object that was alive before, and collect nothing meanwhile."""
    # faster than to collect all that pytest and torch keep
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def check_flat(interpreter: Interpreter, batches: int) -> None:
    """Explain batches; no tensor stays, and not one other object a batch."""
    network = classifier(trained=True)
    # the first call keeps what it finds about the network
    interpreter(network, *BATCH)
    counts = [0, 0]
    with only_new_objects():
        for half in (0, 1):
            for _ in range(batches // 2):
                interpreter(network, *BATCH)
            assert not any(isinstance(each, Tensor) for each in gc.get_objects())
            gc.collect()
            counts[half] = len(gc.get_objects())
    # an object a batch is a leak; what else runs in the process may make a few
    assert counts[1] - counts[0] < batches // 2


@pytest.mark.slow
@every_interpreter
def test_memory_does_not_grow_with_the_batches(interpreter: Interpreter) -> None:
    check_flat(interpreter, 8)


@pytest.mark.parametrize("name", ["lrp", "deep_lift"])
@pytest.mark.slow
def test_memory_does_not_grow_with_many_batches(name: str) -> None:
    check_flat(SMALL[name], 200)


@every_interpreter
@pytest.mark.parametrize("trained", [True, False])
def test_no_tensor_is_left_to_the_garbage_collector(
    interpreter: Interpreter, trained: bool
) -> None:
    network, (images, labels) = classifier(trained), BATCH
    # the first call keeps what it finds about the network
    interpreter(network, images, labels)
    with only_new_objects():
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            interpreter(network, images, labels)
            gc.collect()
            left = [type(each).__name__ for each in gc.garbage if isinstance(each, Tensor)]
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
    assert left == []


class Leaking(SimpleGradient):
    """An interpreter whose heatmaps only the garbage collector frees."""

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        explanation = super().__call__(network, images, labels)
        cycle: list[object] = [explanation.heatmap]
        cycle.append(cycle)
        return explanation


def test_a_tensor_that_is_left_is_found() -> None:
    with pytest.raises(AssertionError):
        check_flat(Leaking(), 2)
