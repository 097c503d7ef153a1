"""The findings of a defence study, in words, as a table, and drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evaluation.findings import Findings, Picture
from evaluation.plots.bars import bars
from evaluation.plots.heat_table import heat_table
from evaluation.plots.panels import Panel, draw
from lightning_modules.names import humanize


@dataclass(frozen=True)
class DefenseFindings(Findings):
    """Accuracies, success rates, and heatmaps of all networks on the same images.

    `manipulated` has the name of every manipulated network, by its defence and then by its name
    there; the original network of a defence has the name of the defence.
    """

    study = "defense"
    manipulated: Mapping[str, Mapping[str, str]]
    networks: tuple[str, ...]
    interpreters: tuple[str, ...]
    heatmaps: Mapping[str, Panel]

    def sentences(self) -> list[str]:
        """Return accuracy with each defence, under attack too, and success rates afterwards."""
        found = []
        for original, manipulated in self.manipulated.items():
            clean, robust = (
                100 * self.results.find(kind, network=original).value
                for kind in ("accuracy_top1", "robust_accuracy_top1")
            )
            said = (
                f"{humanize(original).capitalize()}: accuracy {clean:.1f} %, under attack "
                f"{robust:.1f} %"
            )
            for role, network in manipulated.items():
                lies = [
                    f"{humanize(name)} lies on {100 * self.rate(network, name):.1f} %"
                    for name in self.interpreters
                ]
                said += f"; {humanize(role)}, {', '.join(lies)} of the images"
            found.append(f"{said}.")
        return found

    def rate(self, network: str, name: str) -> float:
        """Return the success rate of a network by an interpreter, in [0, 1]."""
        labels = {"network": network, "interpreter": name}
        return self.results.find("fooling_success_rate", **labels).value

    def summary(self) -> list[list[str]]:
        """Return accuracies, success rates and rank correlations, a row for each network."""
        found = {(m.network, m.name, m.interpreter): m.value for m in self.results.measurements}
        columns: list[tuple[str, str, str | None]] = [
            ("accuracy top-1", "accuracy_top1", None),
            ("accuracy top-1 under attack", "robust_accuracy_top1", None),
        ]
        for title, name in (
            ("FSR", "fooling_success_rate"),
            ("rank correlation", "rank_correlation"),
        ):
            columns += [(f"{title} {humanize(key)}", name, key) for key in self.interpreters]
        rows = [["", *(title for title, _, _ in columns)]]
        for network in self.networks:
            cells = [cell(name, found.get((network, name, key))) for _, name, key in columns]
            rows.append([humanize(network), *cells])
        return rows

    def pictures(self) -> Iterator[Picture]:
        """Draw accuracies, success rates, and every network's heatmaps of the same images."""
        accuracies = {
            title: [self.results.find(name, network=network) for network in self.networks]
            for title, name in (
                ("as they are", "accuracy_top1"),
                ("under attack", "robust_accuracy_top1"),
            )
        }
        rates = [[self.rate(net, name) for name in self.interpreters] for net in self.networks]
        yield Picture(("accuracies",), bars(accuracies, self.networks, "accuracy"))
        yield Picture(("rates",), heat_table(rates, self.networks, self.interpreters))
        for name in self.interpreters:
            yield Picture((name, "heatmaps"), draw(self.heatmaps[name]))


def cell(name: str, value: float | None) -> str:
    """Return a value as text, or nothing where there is none: an original has no reference."""
    if value is None:
        return ""
    return f"{value:.3f}" if name == "rank_correlation" else f"{100 * value:.2f} %"
