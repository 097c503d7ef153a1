"""The findings of a stability study, in words, as a table, and drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evaluation.findings import Findings, Picture
from evaluation.measurements import Measurement, select
from evaluation.percent import percent
from evaluation.plots.lines import lines
from evaluation.plots.panels import Panel, draw
from lightning_modules.names import humanize


@dataclass(frozen=True)
class StabilityFindings(Findings):
    """Curves over the levels of each disturbance, and heatmaps of some images.

    `units` has what the levels of each disturbance are.
    """

    study = "stability"
    original: str
    manipulated: str
    interpreters: tuple[str, ...]
    units: Mapping[str, str]
    heatmaps: Mapping[str, Panel]

    def curve(self, kind: str, network: str, interpreter: str | None = None) -> list[Measurement]:
        """Return success rates by an interpreter, or accuracies, from level 0 up."""
        labels = {"part": kind, "network": network, "interpreter": interpreter}
        return select(self.results.measurements, **labels)

    def sentences(self) -> list[str]:
        """Return success rates and accuracy before and at the strongest level of a disturbance."""
        found = []
        for kind, unit in self.units.items():
            before, *_, after = self.curve(kind, self.manipulated)
            lies = []
            for name in self.interpreters:
                first, *_, last = self.curve(kind, self.manipulated, name)
                rates = f"{percent(first.value)} → {percent(last.value)}"
                lies.append(f"{humanize(name)} lies on {rates} of the images")
            accuracy = f"{percent(before.value)} → {percent(after.value)}"
            found.append(
                f"{unit.capitalize()}, {after.x:g}: {'; '.join(lies)}; accuracy {accuracy}."
            )
        return found

    def summary(self) -> list[list[str]]:
        """Return accuracies and the manipulated network's success rates, a row for each level."""
        pair = (self.original, self.manipulated)
        names = [f"FSR {humanize(name)}" for name in self.interpreters]
        rows = [["", "level", *(f"accuracy, {humanize(each)}" for each in pair), *names]]
        for kind in self.units:
            columns = [self.curve(kind, network) for network in pair]
            columns += [self.curve(kind, self.manipulated, name) for name in self.interpreters]
            for points in zip(*columns, strict=True):
                cells = (f"{100 * point.value:.2f} %" for point in points)
                rows.append([humanize(kind), f"{points[0].x:g}", *cells])
        return rows

    def pictures(self) -> Iterator[Picture]:
        """Draw success rates and accuracies over the levels, and heatmaps of the same images."""
        units = [*self.units.values()]
        rates = {
            kind: {name: self.curve(kind, self.manipulated, name) for name in self.interpreters}
            for kind in self.units
        }
        accuracies = {
            kind: {each: self.curve(kind, each) for each in (self.original, self.manipulated)}
            for kind in self.units
        }
        yield Picture(("fooling_success_rate",), lines(rates, units, (0, 1)))
        yield Picture(("accuracy",), lines(accuracies, units, (0, 1)))
        for name in self.interpreters:
            yield Picture((name, "heatmaps"), draw(self.heatmaps[name]))
