"""Curves from 0 to 1, such as insertion and deletion."""

from collections.abc import Mapping

import torch
from matplotlib.figure import Figure
from torch import Tensor

from lightning_modules.names import humanize

# more intervals would hide one another
MOST_BANDS = 6


def areas(panels: Mapping[str, Mapping[str, Tensor]], below: str) -> Figure:
    """Draw curves over shares from 0 to 1, a panel for each kind; with intervals if they are few.

    Args:
        panels: by title, then by the curve's name; rows of each: means at evenly spaced
            positions, half widths of their intervals, and counts of images.
        below: the label of the positions.
    """
    figure = Figure(figsize=(4.2 * len(panels) + 1.8, 3.2), layout="constrained")
    row = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (title, drawn) in zip(row, panels.items(), strict=True):
        for number, (label, (mean, half, _)) in enumerate(drawn.items()):
            positions = torch.linspace(0, 1, len(mean)).tolist()
            colour, style = f"C{number % 10}", ("-", "--", ":")[number // 10 % 3]
            axes.plot(positions, mean.tolist(), style, color=colour, label=humanize(label))
            if len(drawn) <= MOST_BANDS:
                low, high = (mean - half).tolist(), (mean + half).tolist()
                axes.fill_between(positions, low, high, color=colour, alpha=0.12, linewidth=0)
        axes.set_title(humanize(title), fontsize=10)
        axes.set_xlabel(below)
        axes.spines[["top", "right"]].set_visible(False)
    row[0].set_ylabel("probability of the class")
    figure.legend(*row[0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    return figure
