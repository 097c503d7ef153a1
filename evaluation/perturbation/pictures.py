"""Perturbation curves: the drop of the label's probability as regions are replaced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from matplotlib.figure import Figure

from evaluation.findings import Stored
from evaluation.plots.colours import MANIPULATED, ORIGINAL, RANDOM
from lightning_modules.names import humanize

STYLES = {"morf": "-", "lerf": "--", "random": ":"}
KINDS = {"morf": "most relevant first", "lerf": "least relevant first"}


@dataclass(frozen=True)
class Curve:
    """Drops on a network in the order of an interpreter's heatmaps of `heatmaps`, or at random.

    `points` has the mean drop at every step, half widths of intervals, and counts, (3, steps + 1).
    """

    network: str
    kind: str
    interpreter: str | None
    heatmaps: str | None
    points: Stored


def curves(panels: Mapping[str, Sequence[Curve]], owners: Sequence[str]) -> Figure:
    """Draw the curves of one interpreter, a panel for each network that they are scored on.

    Args:
        panels: by network.
        owners: the networks whose heatmaps order the regions, the original first.
    """
    colours = dict(zip(owners, (ORIGINAL, MANIPULATED), strict=True))
    figure = Figure(figsize=(4.2 * len(panels) + 1.8, 3.2), layout="constrained")
    row = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (network, lines) in zip(row, panels.items(), strict=True):
        for curve in lines:
            mean, half, _ = curve.points
            steps, label, colour = torch.arange(len(mean)).tolist(), "random order", RANDOM
            if curve.heatmaps is not None:
                label = f"heatmaps of the {humanize(curve.heatmaps)}, {KINDS[curve.kind]}"
                colour = colours[curve.heatmaps]
            axes.plot(steps, mean.tolist(), STYLES[curve.kind], color=colour, label=label)
            low, high = (mean - half).tolist(), (mean + half).tolist()
            axes.fill_between(steps, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.set_title(f"on the {humanize(network)} network", fontsize=10)
        axes.set_xlabel("regions replaced")
        axes.spines[["top", "right"]].set_visible(False)
    row[0].set_ylabel("drop of the label's probability")
    figure.legend(*row[0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    return figure
