"""Shares as horizontal bars."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.figure import Figure

from evaluation.measurements import Measurement
from evaluation.plots.colours import BARS
from lightning_modules.names import humanize


def bars(groups: Mapping[str, Sequence[Measurement]], rows: Sequence[str], below: str) -> Figure:
    """Draw shares in [0, 1] with their intervals: in each row a bar for every group.

    Args:
        groups: by label, one measurement for each row.
        rows: their names.
        below: the label of the shares.
    """
    figure = Figure(figsize=(6, 0.55 * len(rows) + 1), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(groups)
    axes.margins(y=0.02)
    for position, (label, found) in enumerate(groups.items()):
        values = torch.tensor([each.value for each in found])
        ends = torch.tensor([each.interval for each in found]).T
        middles = torch.arange(len(rows)) + (position - (len(groups) - 1) / 2) * height
        whiskers = (ends - values).abs().tolist()
        axes.barh(
            middles.tolist(),
            values.tolist(),
            0.9 * height,
            xerr=whiskers,
            label=humanize(label),
            color=BARS[position],
            error_kw={"linewidth": 1},
        )
    axes.set_yticks(range(len(rows)), [humanize(row) for row in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel(below)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(groups), frameon=False)
    return figure
