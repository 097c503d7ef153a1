"""The pictures of a defence study."""

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from evaluation.figures import bars, heat_table
from evaluation.network_heatmaps import network_heatmaps
from evaluation.results import words

if TYPE_CHECKING:
    from evaluation.defense import Defense


def defense_pictures(study: "Defense") -> dict[str, Figure]:
    """Accuracies, success rates, and every network's heatmaps of the same images."""
    networks, interpreters = [*study.networks], [*study.interpreters]
    found = {(n.name, n.network, n.interpreter): n for n in study.figures}
    accuracies = {
        title: [found[name, network, None] for network in networks]
        for title, name in (
            ("as they are", "accuracy_top1"),
            ("under attack", "robust_accuracy_top1"),
        )
    }
    rates = [
        [found["fooling_success_rate", network, name].value for name in interpreters]
        for network in networks
    ]
    pictures = {
        "accuracies": bars(accuracies, networks, "accuracy"),
        "rates": heat_table(rates, networks, interpreters),
    }
    shown = {words(name): network for name, network in study.networks.items()}
    return pictures | {
        f"{name}_heatmaps": network_heatmaps(study, name, shown) for name in interpreters
    }
