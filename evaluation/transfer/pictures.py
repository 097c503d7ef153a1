"""Images, and what attacks add to them."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from torch import Tensor

from lightning_modules.names import humanize
from lightning_modules.pictures import show_image


def image_rows(rows: Mapping[str, Tensor]) -> Figure:
    """Draw a row for each name, of images (N, 3, H, W)."""
    count = len(next(iter(rows.values())))
    size = (1.5 * count + 0.6, 1.55 * len(rows))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(rows), count, squeeze=False)
    for line, (title, shown) in zip(axes, rows.items(), strict=True):
        line[0].set_ylabel(humanize(title), fontsize=8)
        for panel, image in zip(line, shown, strict=True):
            show_image(panel, image)
    return figure
