"""Images, and what attacks add to them."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from torch import Tensor

from lightning_modules.pictures import Cell, grid

AMPLIFIED = 10


def changed_images(images: Tensor, changes: Mapping[str, Tensor]) -> Figure:
    """Draw a row of images, and below it a row of amplified changes for each attack.

    Args:
        images: shape (N, 3, H, W), values in [0, 1].
        changes: what each attack adds to the images, likewise.
    """
    rows = {"image": images} | {
        f"{name}\n{AMPLIFIED} times": 0.5 + AMPLIFIED * change for name, change in changes.items()
    }
    cells = [[*map(Cell, shown)] for shown in rows.values()]
    return grid(cells, [*rows], [""] * len(images))
