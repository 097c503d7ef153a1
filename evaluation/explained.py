"""The same images as several networks explain them, to be shown in a report."""

from collections.abc import Mapping

import torch
from torch import nn

from evaluation.plots.panels import Panel
from evaluation.study import Study
from lightning_modules.data import data_of, names_of
from lightning_modules.pictures import rows_of

IMAGES = 6


@torch.no_grad()
def panel_of(study: Study, interpreter: str, networks: Mapping[str, nn.Module]) -> Panel:
    """Return a random sample of test images with the heatmaps of each network.

    Args:
        study: after its test.
        interpreter: its name.
        networks: by the name of their row.
    """
    data, (images, labels, _) = data_of(study.trainer), study.sample(IMAGES)
    explain = study.interpreters[interpreter]
    maps = {row: explain(net, images, labels).heatmap.cpu() for row, net in networks.items()}
    return Panel(images.cpu(), tuple(names_of(data, label) for label in labels), rows_of(maps))
