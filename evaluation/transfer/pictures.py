"""Images, and what attacks add to them."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from torch import Tensor

from lightning_modules.names import humanize
from lightning_modules.pictures import show_image

AMPLIFIED = 10


def changed_images(images: Tensor, changes: Mapping[str, Tensor]) -> Figure:
    """Draw a row of images, and below it a row of amplified changes for each attack.

    Args:
        images: shape (N, 3, H, W), values in [0, 1].
        changes: what each attack adds to the images, likewise.
    """
    rows = {"image": images} | {
        f"{humanize(name)}, {AMPLIFIED} times": 0.5 + AMPLIFIED * change
        for name, change in changes.items()
    }
    size = (1.5 * len(images) + 0.6, 1.55 * len(rows))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(rows), len(images), squeeze=False)
    for line, (title, shown) in zip(axes, rows.items(), strict=True):
        line[0].set_ylabel(title, fontsize=8)
        for panel, image in zip(line, shown, strict=True):
            show_image(panel, image)
    return figure
