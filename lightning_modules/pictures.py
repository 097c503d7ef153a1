"""Plots of images with their heatmaps."""

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from lightning_modules.names import humanize

# how pictures look, for `matplotlib.rc_context`; names are drawn as they are, not as formulas
STYLE: dict[Any, Any] = {"image.cmap": "inferno", "savefig.dpi": 130, "text.parse_math": False}
# the colour map of signed heatmaps, for which matplotlib has no setting
SIGNED = ContextVar("signed", default="RdBu_r")
# between images, in widths of an image
GAP = 0.06
# above each of them, where they have titles
TITLE = 0.22


class Cell(NamedTuple):
    """An image (C, H, W) in [0, 1], what is drawn over it, a heatmap (1, h, w), and its title.

    The colours of the heatmap reach from 0, or from -limit, to limit.
    """

    image: Tensor
    heatmap: Tensor | None = None
    limit: float = 1.0
    signed: bool = False
    title: str = ""


def panel(images: Tensor, heatmaps: dict[str, Tensor], titles: Sequence[str]) -> Figure:
    """Plot a grid with a column for each image: the image, then each kind of heatmap over it.

    The heatmaps of a column share one colour scale, whose limits are printed below; if any heatmap
    has negative values, all scales are diverging.

    Args:
        images: shape (N, 3, H, W), values in [0, 1].
        heatmaps: name of each row, and its heatmaps of shape (N, 1, h, w), any range.
        titles: titles of the columns.
    """
    signed, limits = signed_in(heatmaps.values()), limits_of(heatmaps.values())
    cells = [[Cell(image) for image in images]]
    cells += [
        [Cell(*each, signed) for each in zip(images, maps, limits, strict=True)]
        for maps in heatmaps.values()
    ]
    below = [scale_named(limit, signed) for limit in limits]
    return grid(cells, ["image", *heatmaps], titles, below)


def grid(
    cells: Sequence[Sequence[Cell]],
    rows: Sequence[str],
    columns: Sequence[str],
    below: Sequence[str] = (),
) -> Figure:
    """Plot images of one size in rows and columns.

    Args:
        cells: a sequence for each row.
        rows: names of the rows.
        columns: titles of the columns.
        below: a line of text below each column.
    """
    height, width = cells[0][0].image.shape[-2:]
    figure = Figure(
        figsize=(1.5 * len(columns) + 0.6, 1.5 * height / width * len(rows) + 0.5),
        layout="constrained",
    )
    draw_grid(figure.subplots(), cells, rows, columns, below)
    return figure


def draw_grid(
    axes: Axes,
    cells: Sequence[Sequence[Cell]],
    rows: Sequence[str],
    columns: Sequence[str],
    below: Sequence[str] = (),
) -> None:
    """Plot images in rows and columns, as `grid` does.

    All are in one coordinate system, as one for each image takes matplotlib many times as long.
    """
    height, width = cells[0][0].image.shape[-2:]
    titled = any(cell.title for line in cells for cell in line)
    across, down = 1 + GAP, height / width + GAP + (TITLE if titled else 0)
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            left, top = column * across, row * down
            show(axes, cell, (left, left + 1, top + height / width, top))
            axes.text(left + 0.5, top - GAP, caption(cell.title), fontsize=7, ha="center")
    axes.set(xlim=(0, len(columns) * across - GAP), ylim=(len(rows) * down - GAP, 0))
    centres = [column * across + 0.5 for column in range(len(columns))]
    axes.xaxis.tick_top()
    axes.set_xticks(centres, [*map(caption, columns)], fontsize=8)
    middles = [row * down + height / width / 2 for row in range(len(rows))]
    # a row is as high as about 20 letters
    names = [caption(row, 20) for row in rows]
    turned: dict[str, Any] = {"rotation": 90, "va": "center", "multialignment": "center"}
    axes.set_yticks(middles, names, fontsize=8, **turned)
    lower = axes.secondary_xaxis("bottom")
    lower.set_xticks(centres, below or [""] * len(columns), fontsize=7)
    for each in (axes, lower):
        each.tick_params(length=0)
        each.spines[:].set_visible(False)


def show(axes: Axes, cell: Cell, extent: tuple[float, float, float, float]) -> None:
    """Plot an image, and its heatmap over it, between left, right, bottom and top."""
    axes.imshow(pixels(cell.image), extent=extent)
    if cell.heatmap is not None:
        axes.imshow(
            torch.nan_to_num(cell.heatmap[0].detach().double().cpu()).numpy(),
            cmap=SIGNED.get() if cell.signed else rcParams["image.cmap"],
            vmin=-cell.limit if cell.signed else 0,
            vmax=cell.limit,
            alpha=0.75,
            extent=extent,
            interpolation="nearest",
        )


def caption(text: str, letters: int = 28) -> str:
    """Return a title of several lines, each as a reader sees it and no wider than an image."""
    lines = (fill(humanize(line), letters) for line in text.split("\n"))
    return "\n".join(lines)


def rows_of(heatmaps: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a row for each label of heatmaps (N, L, h, w), numbered if there are several."""
    return {
        name if maps.shape[1] == 1 else f"{name} {number}": heatmap
        for name, maps in heatmaps.items()
        for number, heatmap in enumerate(maps.split(1, 1), 1)
    }


def pixels(image: Tensor) -> NDArray[np.float32]:
    """Return colours (H, W, 3) of an image (C, H, W): its first three channels, or one as grey."""
    shown = image[:3] if len(image) >= 3 else image[:1].expand(3, -1, -1)
    return shown.permute(1, 2, 0).clamp(0, 1).float().cpu().numpy()


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
