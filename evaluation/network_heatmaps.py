"""The same images as every network of a study shows them."""

from collections.abc import Mapping

import torch
from matplotlib.figure import Figure
from torch import nn

from evaluation.study import Study
from lightning_modules.data import data_of, names_of
from lightning_modules.pictures import panel, rows_of

IMAGES = 6


@torch.no_grad()
def network_heatmaps(study: Study, name: str, networks: Mapping[str, nn.Module]) -> Figure:
    """Some random images of the test split, and below them the heatmaps of each network.

    Args:
        study: after its test.
        name: of the interpreter.
        networks: by the name of their row.
    """
    data, (images, labels, _) = data_of(study.trainer), study.some(IMAGES)
    interpreter = study.interpreters[name]
    maps = {row: interpreter(module, images, labels).heatmap for row, module in networks.items()}
    return panel(images, rows_of(maps), [names_of(data, label) for label in labels])
