"""Training images with the highest influence on a prediction, before and after attacks, drawn."""

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from evaluation.findings import Stored
from evaluation.plots.colours import MANIPULATED, ORIGINAL
from lightning_modules.pictures import Cell, draw_grid

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
    """Draw a row for each image: the most influential before and after, and all influences."""
    before, after = shown.before, shown.after[attack]
    cells = [[*cells_of(before, row), *cells_of(after, row)] for row in range(len(shown.classes))]
    rows = [
        f"{name}\ntaken for {predicted}"
        for name, predicted in zip(shown.classes, shown.predicted, strict=True)
    ]
    columns = [""] * len(cells[0])
    columns[0], columns[len(columns) // 2] = "image", attack
    size = (1.3 * (len(columns) + 2.2), 1.7 * len(rows) + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    ratios = [len(columns), 1.9]
    left, right = figure.subfigures(1, 2, width_ratios=ratios, squeeze=False).flat
    draw_grid(left.subplots(), cells, rows, columns)
    for row, axes in enumerate(right.subplots(len(rows), 1, squeeze=False).flat):
        scatter(axes, before.influences[row], after.influences[row])
    return figure


def cells_of(found: Influenced, row: int) -> list[Cell]:
    """Return an image, and the training images with the highest influence on its prediction."""
    classes = found.classes[row]
    values = found.influences[row].topk(len(classes)).values.tolist()
    highest = [
        Cell(image, title=f"{name} {value:.2g}")
        for image, name, value in zip(found.highest[row], classes, values, strict=True)
    ]
    return [Cell(found.images[row]), *highest]


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
