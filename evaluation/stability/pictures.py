"""The pictures of a stability study."""

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from torch import nn

from evaluation.figures import lines
from evaluation.network_heatmaps import network_heatmaps

if TYPE_CHECKING:
    from evaluation.stability import Stability


def stability_pictures(study: "Stability") -> dict[str, Figure]:
    """Success rates and accuracies over the levels, and heatmaps of the same images."""
    units = [disturbance.unit for disturbance in study.disturbances.values()]
    rates = {
        kind: {name: study.curve(kind, "manipulated", name) for name in study.interpreters}
        for kind in study.disturbances
    }
    accuracies = {
        kind: {role: study.curve(kind, role) for role in study.pair} for kind in study.disturbances
    }
    pictures = {
        "fooling_success_rate": lines(rates, units, (0, 1)),
        "accuracy": lines(accuracies, units, (0, 1)),
    }
    networks = shown(study)
    return pictures | {
        f"{name}_heatmaps": network_heatmaps(study, name, networks) for name in study.interpreters
    }


def shown(study: "Stability") -> dict[str, nn.Module]:
    """Both networks, and what the manipulated one became at every level."""
    networks = dict(study.pair)
    for kind, (_, *conditions) in study.conditions.items():
        for level, changed in conditions:
            if changed["manipulated"] is not study.pair["manipulated"]:
                networks[f"{kind} {level:g}"] = changed["manipulated"]
    return networks
