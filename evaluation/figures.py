"""The figures of studies."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

ORIGINAL, MANIPULATED = "#4477aa", "#cc6677"


def histogram(before: Tensor, after: Tensor, success: tuple[float, float]) -> Figure:
    """How the success measure t, shape (N,), is spread before and after; success is shaded."""
    figure = Figure(figsize=(6, 2.6), layout="constrained")
    axes = figure.subplots()
    values = torch.cat([before, after])
    values = values[values.isfinite()]
    low, high = min(float(values.min()), success[0]), max(float(values.max()), success[1])
    bins = torch.linspace(low, high, 41).tolist()
    axes.axvspan(*success, color="0.9", label="fooled", zorder=0)
    axes.hist(before.tolist(), bins, color=ORIGINAL, alpha=0.75, label="original")
    axes.hist(after.tolist(), bins, color=MANIPULATED, alpha=0.75, label="manipulated")
    axes.set_xlabel("success measure t")
    axes.set_ylabel("images")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
