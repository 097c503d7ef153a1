"""Images with several rows of heatmaps: as a study keeps them, and drawn."""

from dataclasses import dataclass

from matplotlib.figure import Figure

from evaluation.findings import Stored
from lightning_modules.pictures import panel


@dataclass(frozen=True)
class Panel:
    """Images (N, 3, H, W), their captions, and heatmaps (N, 1, h, w) by the name of their row."""

    images: Stored
    captions: tuple[str, ...]
    heatmaps: dict[str, Stored]


def draw(shown: Panel) -> Figure:
    """Draw a column for each image, and below it a row for each kind of heatmap."""
    return panel(shown.images, shown.heatmaps, shown.captions)
