"""Images with their heatmaps over them, as figures of matplotlib."""

import matplotlib.pyplot as plt
import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from torch import Tensor

from lightning_modules.names import humanize
from lightning_modules.pictures import pixels
from trompe.attacking import Attacked
from trompe.explaining import Explained

# of the values that are not 0: single pixels would set the scale of all others
SHARE = 0.99
SIDE = 2.6


def show(*explained: Explained, ax: Axes | None = None) -> Figure:
    """Plot each image, and beside it its heatmaps over the image in grey, with a colour bar.

    A heatmap's colours end at the 99th percentile of its absolute values.

    Args:
        explained: What `trompe.explain` returned for the same images, by one interpreter each.
        ax: Axes to plot the first heatmap of the first image in, and nothing else.

    Returns: the figure; `show(...).savefig("explained.png")` saves it.
    """
    if ax is not None:
        overlay(ax, explained[0].images[0], explained[0].heatmap[0])
        return figure_of(ax)
    figure, axes = _axes(len(explained[0].images), 1 + len(explained))
    for row, image in enumerate(explained[0].images):
        axes[row][0].imshow(pixels(image))
        _title(axes[row][0], explained[0].titles[row])
        for axis, each in zip(axes[row][1:], explained, strict=True):
            overlay(axis, image, each.heatmap[row])
            _title(axis, each.interpreter)
    return figure


def show_attack(attacked: Attacked) -> Figure:
    """Plot images and heatmaps before and after an attack, and what changed in the image.

    Each heatmap has its own scale, at its colour bar. The change is enlarged so that it can be
    seen; grey is no change.

    Args:
        attacked: what `trompe.attack` returned.
    """
    before, after = attacked.before, attacked.after
    figure, axes = _axes(len(before.images), 5)
    shares = attacked.top_k_intersection.tolist()
    for row, (image, changed) in enumerate(zip(before.images, after.images, strict=True)):
        first, second, third, fourth, fifth = axes[row]
        first.imshow(pixels(image))
        _title(first, before.titles[row])
        overlay(second, image, before.heatmap[row])
        _title(second, f"{before.interpreter} before")
        change = changed - image
        largest = float(change.abs().max()) or 1.0
        third.imshow(pixels(0.5 + change / (2 * largest)))
        _title(third, f"change, at most {255 * largest:.3g}/255")
        fourth.imshow(pixels(changed))
        _title(fourth, after.titles[row])
        overlay(fifth, changed, after.heatmap[row])
        kept = f"{100 * shares[row]:.0f} % of the top tenth kept"
        _title(fifth, f"{before.interpreter} after, {kept}")
    return figure


def overlay(ax: Axes, image: Tensor, heatmap: Tensor) -> None:
    """Plot a heatmap (1, h, w) in colour over an image (C, H, W) in grey, with its colour bar.

    The larger a value, the more opaque is its colour.
    """
    values = F.interpolate(heatmap.detach().double().cpu()[None], image.shape[1:], mode="bilinear")
    large, limit = values[0, 0], _limit(values)
    signed = bool((large < 0).any())
    ax.imshow(pixels(image).mean(2), cmap="gray", vmin=0, vmax=1)
    # white, the middle of the colours of signed heatmaps, would hide the image
    strength = (large.abs() / limit).clamp(0, 1)
    colours = ax.imshow(
        large.numpy(),
        cmap="RdBu_r" if signed else "inferno",
        vmin=-limit if signed else 0,
        vmax=limit,
        alpha=(0.9 * strength.sqrt() if signed else 0.3 + 0.6 * strength).nan_to_num().numpy(),
    )
    scale = ScalarMappable(colours.norm, colours.cmap)
    bar = figure_of(ax).colorbar(scale, ax=ax, fraction=0.046, pad=0.02).ax
    bar.tick_params(labelsize=6)
    bar.yaxis.get_offset_text().set_fontsize(6)


def figure_of(ax: Axes) -> Figure:
    """Return the figure that axes belong to."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError("`ax` is of no figure; make it by plt.subplots()")
    return figure


def _limit(heatmap: Tensor) -> float:
    """Return the absolute value at which the colours end; 1 if all are 0."""
    sizes = heatmap.nan_to_num(0.0, 0.0, 0.0).abs().flatten()
    sizes = sizes[sizes > 0]
    return float(sizes.quantile(SHARE)) if len(sizes) else 1.0


def _axes(rows: int, columns: int) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure and the axes of its rows, without ticks."""
    size = (SIDE * columns, (SIDE + 0.2) * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for axis in axes.flat:
        axis.set_axis_off()
    return figure, [list(row) for row in axes]


def _title(ax: Axes, text: str) -> None:
    """Write a title of several lines at most as wide as an image."""
    ax.set_title(humanize(text), fontsize=8, wrap=True, parse_math=False)
