"""Training images with the highest influence on a prediction, before and after attacks, drawn."""

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from evaluation.findings import Stored
from evaluation.plots.colours import MANIPULATED, ORIGINAL
from lightning_modules.pictures import caption

HIGHEST = 3


@dataclass(frozen=True)
class Influenced:
    """Images, with all influences on their predictions and the most influential images.

    Args:
        images: shape (N, 3, H, W).
        influences: shape (N, training images).
        highest: training images by falling influence, shape (N, highest, 3, H, W).
        classes: those of the training images.
    """

    images: Stored
    influences: Stored
    highest: Stored
    classes: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class AttackedPredictions:
    """Classes and predictions of some images, and their influences before and after attacks."""

    classes: tuple[str, ...]
    predicted: tuple[str, ...]
    before: Influenced
    after: dict[str, Influenced]


def attacked_predictions(shown: AttackedPredictions, attack: str) -> Figure:
    """Draw a line for each image: the most influential before and after, and all influences."""
    sides = (("image", shown.before), (attack, shown.after[attack]))
    count, columns = len(shown.classes), 2 * (HIGHEST + 1)
    figure = Figure(figsize=(1.3 * (columns + 2.2), 1.55 * count + 0.3), layout="constrained")
    grid = figure.add_gridspec(count, columns + 1, width_ratios=[1] * columns + [1.6])
    for line in range(count):
        for side, (title, found) in enumerate(sides):
            first = side * (HIGHEST + 1)
            axes = figure.add_subplot(grid[line, first])
            show_image(axes, found.images[line])
            axes.set_title(caption(title), fontsize=7)
            if not side:
                text = f"{shown.classes[line]}\ntaken for {shown.predicted[line]}"
                axes.set_ylabel(caption(text), fontsize=7)
            values = found.influences[line].topk(len(found.classes[line])).values.tolist()
            for rank, value in enumerate(values):
                axes = figure.add_subplot(grid[line, first + 1 + rank])
                show_image(axes, found.highest[line, rank])
                axes.set_title(caption(f"{found.classes[line][rank]} {value:.2g}"), fontsize=7)
        scatter(
            figure.add_subplot(grid[line, columns]),
            *(found.influences[line] for _, found in sides),
        )
    return figure


def show_image(axes: Axes, image: Tensor) -> None:
    """Draw an image (3, H, W) in [0, 1], without ticks."""
    axes.imshow(image.permute(1, 2, 0).clamp(0, 1).float().numpy())
    axes.set_xticks([])
    axes.set_yticks([])


def scatter(axes: Axes, before: Tensor, after: Tensor) -> None:
    """Draw influences (N,) after an attack over those before; the highest before are marked."""
    highest = before.topk(min(HIGHEST, len(before))).indices
    axes.axline((0, 0), slope=1, color="0.8", linewidth=1)
    for chosen, colour in ((slice(None), ORIGINAL), (highest, MANIPULATED)):
        axes.plot(before[chosen].tolist(), after[chosen].tolist(), ".", color=colour, markersize=3)
    axes.set_xlabel("influence before", fontsize=7)
    axes.set_ylabel("after", fontsize=7)
    axes.tick_params(labelsize=6)
    axes.spines[["top", "right"]].set_visible(False)
