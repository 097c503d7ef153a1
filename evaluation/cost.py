"""What an explanation costs: seconds, and images that pass through the network."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from evaluation.results import Number, means
from lightning_modules.classifier import Metrics
from metrics import MeanCurve

NAMES = {"seconds": "lower", "passes": "lower"}


class Cost(Metrics):
    """Seconds and forward passes for each image, of every interpreter."""

    def __init__(self, interpreters: Iterable[str]) -> None:
        super().__init__({name: MeanCurve(len(NAMES)) for name in interpreters})

    @contextmanager
    def measured(self, name: str, network: nn.Module, images: int) -> Iterator[None]:
        """Measure what is done while this lasts, for a batch of so many images."""
        passes = 0

        def count(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            nonlocal passes
            passes += len(inputs[0])

        handle = network.register_forward_pre_hook(count)
        start = _now()
        try:
            yield
        finally:
            handle.remove()
        each = torch.tensor([[_now() - start, passes]]) / images
        self[name].update(each.expand(images, -1))

    def numbers(self, network: str) -> list[Number]:
        """The means, for all processes to ask for; seconds differ from run to run."""
        found = []
        for name in self:
            found += means(NAMES, self[name].compute(), network, interpreter=name)
        return found


def _now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()
