"""Images with their heatmaps, drawn."""

from collections.abc import Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from losses import normalize


def panel(images: Tensor, heatmaps: dict[str, Tensor], titles: Sequence[str]) -> Figure:
    """A grid with a column for each image: the image, then each kind of heatmap over it.

    Each heatmap's colours reach to its own highest value; where any is signed, all are shown on a
    diverging scale.

    Args:
        images: shape (N, 3, H, W), values in [0, 1].
        heatmaps: name of each row, and its heatmaps of shape (N, 1, h, w), any range.
        titles: of the columns.
    """
    rows = ["image", *heatmaps]
    signed = any(bool((maps < 0).any()) for maps in heatmaps.values())
    figure = Figure(figsize=(1.5 * len(images) + 0.6, 1.62 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), len(images), squeeze=False)
    for column, image in enumerate(images):
        axes[0, column].set_title(titles[column], fontsize=8)
        show_image(axes[0, column], image)
        for row, heatmap in enumerate(heatmaps.values(), 1):
            show_image(axes[row, column], image)
            show_heatmap(axes[row, column], heatmap[column], signed)
    for row, name in enumerate(rows):
        axes[row, 0].set_ylabel(name.replace("_", " "), fontsize=8)
    return figure


def rows_of(heatmaps: dict[str, Tensor]) -> dict[str, Tensor]:
    """One row for each label of heatmaps (N, L, h, w), numbered where there are several."""
    return {
        name if maps.shape[1] == 1 else f"{name} {number}": heatmap
        for name, maps in heatmaps.items()
        for number, heatmap in enumerate(maps.split(1, 1), 1)
    }


def show_image(axes: Axes, image: Tensor) -> None:
    """An image (3, H, W) in [0, 1], without ticks."""
    axes.imshow(image.permute(1, 2, 0).clamp(0, 1).float().cpu().numpy())
    axes.set_xticks([])
    axes.set_yticks([])


def show_heatmap(axes: Axes, heatmap: Tensor, signed: bool) -> None:
    """A heatmap (1, h, w) laid over the image, on a diverging scale or from low to high."""
    values = heatmap.detach().float().cpu()
    shown = values[0] / values.abs().max() if signed else normalize(values[None])[0, 0]
    limits = axes.get_xlim() + axes.get_ylim()
    axes.imshow(
        torch.nan_to_num(shown).numpy(),
        cmap="RdBu_r" if signed else "inferno",
        vmin=-1 if signed else 0,
        vmax=1,
        alpha=0.75,
        extent=limits,
        interpolation="nearest",
    )
