"""Images and heatmaps before and after attacks, drawn."""

from dataclasses import dataclass
from itertools import product

from matplotlib.figure import Figure
from torch import Tensor

from attacks import importance
from evaluation.findings import Stored
from lightning_modules.pictures import caption, limits_of, scale_named, show_heatmap, show_image

AMPLIFIED = 10


@dataclass(frozen=True)
class Heatmaps:
    """Images (N, 3, H, W) and their heatmaps (N, 1, h, w)."""

    images: Stored
    heatmaps: Stored


@dataclass(frozen=True)
class AttackedImages:
    """The classes of some images, and their heatmaps before and after each attack."""

    classes: tuple[str, ...]
    before: Heatmaps
    after: dict[str, Heatmaps]


@dataclass(frozen=True)
class Column:
    """Images with a title, and the importance over them where there is any."""

    title: str
    images: Tensor
    importance: Tensor | None = None


def columns_of(shown: AttackedImages) -> list[Column]:
    """Return the images, then of each attack the changed images and the differences."""
    images, heatmaps = shown.before.images, shown.before.heatmaps
    # the study measures the importance, which the scale of a heatmap does not change
    columns = [Column("image", images), Column("importance", images, importance(heatmaps))]
    for attack, after in shown.after.items():
        difference = 0.5 + AMPLIFIED * (after.images - images)
        columns += [
            Column(attack, after.images),
            Column("importance", after.images, importance(after.heatmaps)),
            Column(f"difference, {AMPLIFIED} times", difference),
        ]
    return columns


def attacked_images(shown: AttackedImages) -> Figure:
    """Draw a line for each image; the importances of a line have one scale."""
    columns, count = columns_of(shown), len(shown.classes)
    limits = limits_of(column.importance for column in columns if column.importance is not None)
    figure = Figure(figsize=(1.55 * len(columns), 1.62 * count + 0.2), layout="constrained")
    grid = figure.subplots(count, len(columns), squeeze=False)
    for line, (position, column) in product(range(count), enumerate(columns)):
        axes = grid[line, position]
        show_image(axes, column.images[line])
        if column.importance is not None:
            show_heatmap(axes, column.importance[line], limits[line], signed=False)
        if line == 0:
            axes.set_title(caption(column.title), fontsize=8)
        if position == 0:
            scale = scale_named(limits[line], signed=False)
            axes.set_ylabel(caption(f"{shown.classes[line]}\n{scale}"), fontsize=8)
    return figure
