"""Angles between the fragile directions of explanations and predictions, drawn."""

from dataclasses import dataclass

import torch
from matplotlib.figure import Figure

from evaluation.findings import Stored
from evaluation.plots.colours import ORIGINAL


@dataclass(frozen=True)
class Angles:
    """Counts of images by angle to the gradient, in equal bins from 0 to 90 degrees, (bins,) each.

    Args:
        explanation: angles of the explanation's most fragile direction.
        random: mean angles of random directions.
    """

    explanation: Stored
    random: Stored


def angles(found: Angles) -> Figure:
    """Draw how often each angle to the prediction's most fragile direction is."""
    figure = Figure(figsize=(6, 2.6), layout="constrained")
    axes = figure.subplots()
    for counts, label, colour in (
        (found.random, "random, mean of an image's", "0.7"),
        (found.explanation, "most fragile of the explanation", ORIGINAL),
    ):
        edges = torch.linspace(0, 90, len(counts) + 1).tolist()
        axes.stairs(counts.tolist(), edges, fill=True, alpha=0.75, color=colour, label=label)
    axes.set_xlim(0, 90)
    axes.set_xlabel("angle to the gradient of the prediction, in degrees")
    axes.set_ylabel("images")
    axes.legend(frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
