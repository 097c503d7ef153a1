"""Images and heatmaps before and after attacks, drawn."""

from dataclasses import dataclass

from matplotlib.figure import Figure
from torch import Tensor

from attacks import importance
from evaluation.findings import Stored
from lightning_modules.pictures import Cell, grid, limits_of, scale_named

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

    def cell(self, row: int, limit: float) -> Cell:
        """Return the image of a row, with its importance from 0 to a limit."""
        importance = None if self.importance is None else self.importance[row]
        return Cell(self.images[row], importance, limit)


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
    """Draw a row for each image; the importances of a row have one scale."""
    columns = columns_of(shown)
    limits = limits_of(column.importance for column in columns if column.importance is not None)
    cells = [[column.cell(row, limit) for column in columns] for row, limit in enumerate(limits)]
    rows = [
        f"{name}\n{scale_named(limit, signed=False)}"
        for name, limit in zip(shown.classes, limits, strict=True)
    ]
    return grid(cells, rows, [column.title for column in columns])
