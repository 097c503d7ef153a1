"""Distribution of a success measure before and after a manipulation."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from evaluation.plots.colours import MANIPULATED, ORIGINAL


def histogram(
    before: Tensor, after: Tensor, bounds: tuple[float, float], success: tuple[float, float]
) -> Figure:
    """Draw counts of the success measure t in equal bins, with the success interval shaded.

    Args:
        before: counts of the original network, shape (bins,).
        after: counts of the manipulated network, likewise.
        bounds: where the first bin begins and the last one ends.
        success: the success interval.
    """
    figure = Figure(figsize=(6, 2.6), layout="constrained")
    axes = figure.subplots()
    edges = torch.linspace(*bounds, len(before) + 1).tolist()
    axes.axvspan(*success, color="0.9", label="fooled", zorder=0)
    axes.stairs(before.tolist(), edges, fill=True, color=ORIGINAL, alpha=0.75, label="original")
    axes.stairs(
        after.tolist(), edges, fill=True, color=MANIPULATED, alpha=0.75, label="manipulated"
    )
    axes.set_xlim(*bounds)
    axes.set_xlabel("success measure t")
    axes.set_ylabel("images")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
