"""The pictures of a fooling study: a table of success rates, and images with their heatmaps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from matplotlib.figure import Figure

from evaluation.findings import Stored
from evaluation.plots.heat_table import heat_table
from lightning_modules.pictures import panel


@dataclass(frozen=True)
class Example:
    """Images (N, 3, H, W), their classes, success measures (N, parts), heatmaps (N, 1, h, w)."""

    images: Stored
    classes: tuple[str, ...]
    measures: Stored
    heatmaps: dict[str, Stored]


def rates(
    rate: Callable[[str, str, str], float],
    networks: Sequence[str],
    interpreters: Sequence[str],
    part: str,
    trained_on: Mapping[str, Sequence[str]],
) -> Figure:
    """Draw the success rate of each network by each interpreter, framed where trained on.

    Args:
        rate: from network, interpreter and part to the success rate, in [0, 1].
        networks: names of the rows.
        interpreters: names of the columns.
        part: which part of the heatmaps.
        trained_on: the interpreters that each network was trained on.
    """
    values = [[rate(network, name, part) for name in interpreters] for network in networks]
    framed = {
        (row, column)
        for row, network in enumerate(networks)
        for column, name in enumerate(interpreters)
        if name in trained_on.get(network, ())
    }
    return heat_table(values, networks, interpreters, framed)


def examples(kinds: Mapping[str, Example]) -> Figure:
    """Draw images of some kinds, such as those that were fooled best, with their heatmaps."""
    shown = [*kinds.values()]
    titles = [
        f"{kind}, t = {', '.join(f'{t:.3f}' for t in measures.tolist())}\n{name}"
        for kind, example in kinds.items()
        for name, measures in zip(example.classes, example.measures, strict=True)
    ]
    heatmaps = {
        row: torch.cat([example.heatmaps[row] for example in shown]) for row in shown[0].heatmaps
    }
    return panel(torch.cat([example.images for example in shown]), heatmaps, titles)
