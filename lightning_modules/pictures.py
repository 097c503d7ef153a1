"""Plots of images with their heatmaps."""

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from textwrap import fill
from typing import Any

import torch
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from lightning_modules.names import humanize

# how pictures look, for `matplotlib.rc_context`; names are drawn as they are, not as formulas
STYLE: dict[Any, Any] = {"image.cmap": "inferno", "savefig.dpi": 130, "text.parse_math": False}
# the colour map of signed heatmaps, for which matplotlib has no setting
SIGNED = ContextVar("signed", default="RdBu_r")


def panel(images: Tensor, heatmaps: dict[str, Tensor], titles: Sequence[str]) -> Figure:
    """Plot a grid with a column for each image: the image, then each kind of heatmap over it.

    The heatmaps of a column share one colour scale, whose limits are printed below; if any heatmap
    has negative values, all scales are diverging.

    Args:
        images: shape (N, 3, H, W), values in [0, 1].
        heatmaps: name of each row, and its heatmaps of shape (N, 1, h, w), any range.
        titles: titles of the columns.
    """
    rows = ["image", *heatmaps]
    signed, limits = signed_in(heatmaps.values()), limits_of(heatmaps.values())
    figure = Figure(figsize=(1.5 * len(images) + 0.6, 1.62 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), len(images), squeeze=False)
    for column, image in enumerate(images):
        axes[0, column].set_title(caption(titles[column]), fontsize=8)
        show_image(axes[0, column], image)
        for row, heatmap in enumerate(heatmaps.values(), 1):
            show_image(axes[row, column], image)
            show_heatmap(axes[row, column], heatmap[column], limits[column], signed)
        axes[-1, column].set_xlabel(scale_named(limits[column], signed), fontsize=7)
    for row, name in enumerate(rows):
        # a row is as high as about 20 letters
        axes[row, 0].set_ylabel(fill(humanize(name), 20), fontsize=8)
    return figure


def caption(text: str) -> str:
    """Return a title of several lines, each as a reader sees it and no wider than an image."""
    lines = (fill(humanize(line), 28) for line in text.split("\n"))
    return "\n".join(lines)


def rows_of(heatmaps: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a row for each label of heatmaps (N, L, h, w), numbered if there are several."""
    return {
        name if maps.shape[1] == 1 else f"{name} {number}": heatmap
        for name, maps in heatmaps.items()
        for number, heatmap in enumerate(maps.split(1, 1), 1)
    }


def show_image(axes: Axes, image: Tensor) -> None:
    """Plot an image (3, H, W) in [0, 1], without ticks."""
    axes.imshow(image.permute(1, 2, 0).clamp(0, 1).float().cpu().numpy())
    axes.set_xticks([])
    axes.set_yticks([])


def signed_in(heatmaps: Iterable[Tensor]) -> bool:
    """Return True if any heatmap has a value below 0."""
    return any(bool((maps < 0).any()) for maps in heatmaps)


def limits_of(heatmaps: Iterable[Tensor]) -> list[float]:
    """Return the largest absolute value of each image's heatmaps (N, 1, h, w); 1 if all are 0."""
    sizes = [
        torch.nan_to_num(maps.detach().double().abs(), posinf=0.0).amax((1, 2, 3)).cpu()
        for maps in heatmaps
    ]
    return [limit or 1.0 for limit in torch.stack(sizes).amax(0).tolist()]


def scale_named(limit: float, signed: bool) -> str:
    """Return the limits of the colour scale as text."""
    return f"{-limit if signed else 0:.2g} to {limit:.2g}"


def show_heatmap(axes: Axes, heatmap: Tensor, limit: float, signed: bool) -> None:
    """Plot a heatmap (1, h, w) over the image, on a scale from 0 or -limit to limit."""
    extent = axes.get_xlim() + axes.get_ylim()
    axes.imshow(
        torch.nan_to_num(heatmap[0].detach().double().cpu()).numpy(),
        cmap=SIGNED.get() if signed else rcParams["image.cmap"],
        vmin=-limit if signed else 0,
        vmax=limit,
        alpha=0.75,
        extent=extent,
        interpolation="nearest",
    )
