"""Forest plot: means with their intervals, one below another."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from torch import Tensor

from evaluation.plots.colours import ORIGINAL
from lightning_modules.names import humanize


def forest(panels: Mapping[str, Mapping[str, Tensor]]) -> Figure:
    """Draw a dot and its interval in each row, a panel for each quantity.

    Args:
        panels: by title, then by row, the same rows in each; the mean, then half the width of its
            interval.
    """
    rows = [*next(iter(panels.values()))]
    size = (2.2 * len(panels) + 2, 0.24 * len(rows) + 0.9)
    figure = Figure(figsize=size, layout="constrained")
    drawn = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (title, found) in zip(drawn, panels.items(), strict=True):
        means, halves = zip(*(found[row][:2].tolist() for row in rows), strict=True)
        positions = range(len(rows))
        axes.errorbar(means, positions, xerr=halves, fmt="o", color=ORIGINAL, markersize=4)
        low, high = axes.get_xlim()
        if low < 0 < high:
            axes.axvline(0, color="0.7", linewidth=1, zorder=0)
        axes.set_yticks(positions, [humanize(row) for row in rows])
        axes.set_title(humanize(title), fontsize=10)
        axes.grid(axis="y", color="0.92")
        axes.set_axisbelow(True)
        axes.tick_params(axis="y", length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
    drawn[0].invert_yaxis()  # the first row at the top, in all panels
    return figure
