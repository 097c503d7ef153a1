"""Cost of an explanation: seconds, and images that pass through the network."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from evaluation.measurements import Measurement, means
from metrics import MeanCurve, Metrics

NAMES = {"seconds": "lower", "passes": "lower"}


class Cost(nn.Module):
    """Seconds and forward passes of every interpreter, for each image.

    Args:
        interpreters: Their names.
    """

    def __init__(self, interpreters: Iterable[str]) -> None:
        super().__init__()
        self.costs = Metrics({name: MeanCurve(len(NAMES)) for name in interpreters})

    @contextmanager
    def measured(self, name: str, network: nn.Module, images: int) -> Iterator[None]:
        """Measure the code of a `with` block, which explains a batch of this many images."""
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
        self.costs[name].update(each.expand(images, -1))

    def measurements(self, network: str) -> list[Measurement]:
        """Return the means, for all processes to compute; seconds differ from run to run."""
        found = []
        for name, costs in self.costs.items():
            found += means(NAMES, costs.compute(), network, interpreter=name)
        return found


def _now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()
