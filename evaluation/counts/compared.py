"""The loop over interpreters and networks of every study that compares heatmaps."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from torch import Tensor, nn

from interpreters import Explanation, Interpreter
from lightning_modules.step_progress import StepProgress


class Compared(NamedTuple):
    """Explanations of a batch by an interpreter of a network, and the original's heatmaps."""

    interpreter: str
    network: str
    explanations: list[Explanation]
    reference: Tensor


def compared(
    interpreters: Mapping[str, Interpreter],
    networks: Mapping[str, nn.Module],
    explain: Callable[[nn.Module, Interpreter], list[Explanation]],
    progress: StepProgress,
) -> Iterator[Compared]:
    """Yield the explanations of a batch by each interpreter of each network.

    Args:
        interpreters: by name.
        networks: by name, the original first.
        explain: returns the explanations of a batch; the last of the original's is the reference.
        progress: of the step.
    """
    for name, interpreter in progress(interpreters.items()):
        reference = None
        for network_name, network in progress(networks.items()):
            explanations = explain(network, interpreter)
            # the original comes first
            reference = explanations[-1].heatmap if reference is None else reference
            yield Compared(name, network_name, explanations, reference)
