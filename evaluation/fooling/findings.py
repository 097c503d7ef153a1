"""The findings of a fooling study, in words, as a table, and drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from evaluation.counts.classes import RATE
from evaluation.findings import Findings, Picture, Stored
from evaluation.fooling.pictures import Example, examples, rates
from evaluation.measurements import select
from evaluation.plots.class_bars import class_bars
from evaluation.plots.histogram import histogram
from lightning_modules.names import humanize

TRIGGERED = "triggered"
SHOWN = {"heatmaps": ("median", "random"), "best_and_worst": ("best", "worst")}


@dataclass(frozen=True)
class Part:
    """Range and success interval of a part's success measure.

    `headline` is True where it is the study's own loss that judges, which sentences report.
    """

    bounds: tuple[float, float]
    success: tuple[float, float]
    headline: bool


@dataclass(frozen=True)
class FoolingFindings(Findings):
    """Measurements, histograms of the success measure, and images worth showing.

    Histograms are by interpreter, network and part; examples by interpreter, network and kind.
    """

    study = "fooling"
    original: str
    manipulated: tuple[str, ...]
    networks: tuple[str, ...]
    interpreters: tuple[str, ...]
    parts: Mapping[str, Part]
    trained_on: Mapping[str, tuple[str, ...]]
    histograms: Mapping[str, Mapping[str, Mapping[str, Stored]]]
    examples: Mapping[str, Mapping[str, Mapping[str, Example]]]

    def sentences(self) -> list[str]:
        """Return accuracy before and after, and on how many images each interpreter lies."""
        found = []
        before = 100 * self.results.find("accuracy_top1", network=self.original).value
        for network in self.manipulated:
            after = 100 * self.results.find("accuracy_top1", network=network).value
            lies = "; ".join(self._lies(network, name) for name in self.interpreters)
            title = humanize(network).capitalize()
            found.append(f"{title}: accuracy {before:.1f} → {after:.1f} %; {lies} of the images.")
        return found

    def _lies(self, network: str, name: str) -> str:
        shares = []
        for part in (part for part, judge in self.parts.items() if judge.headline):
            share = 100 * self._rate(network, name, part)
            shares.append(f"{share:.0f} % ({humanize(part)})" if part else f"{share:.0f} %")
        trained = self.trained_on.get(network)
        aside = ", never trained on," if trained and name not in trained else ""
        return f"{humanize(name)}{aside} lies on {' and '.join(shares)}"

    def _rate(self, network: str, name: str, part: str) -> float:
        labels: dict[str, Any] = {"network": network, "interpreter": name, "part": part or None}
        return self.results.find("fooling_success_rate", **labels).value

    def summary(self) -> list[list[str]]:
        """Return accuracies and success rates, a column for each network."""
        rows = [["", *map(humanize, self.networks)]]
        for k, part in product((1, 5), (None, TRIGGERED)):
            found = select(self.results.measurements, name=f"accuracy_top{k}", part=part)
            if found and (k == 1 or part is None):
                title = f"accuracy top-{k}" + (" with the trigger" if part else "")
                values = {each.network: each.value for each in found}
                rows.append([title, *(f"{100 * values[net]:.2f} %" for net in self.networks)])
        for name, part in product(self.interpreters, self.parts):
            title = f"FSR {humanize(name)} {humanize(part)}".strip()
            values = {network: self._rate(network, name, part) for network in self.networks}
            rows.append([title, *(f"{100 * values[net]:.2f} %" for net in self.networks)])
        return rows

    def pictures(self) -> Iterator[Picture]:
        """Draw every success rate, histograms of t, and images fooled best, worst and at random."""
        for part in self.parts:
            named = (part,) if part else ()
            drawn = rates(self._rate, self.manipulated, self.interpreters, part, self.trained_on)
            yield Picture((*named, "rates"), drawn)
        measured = self.results.measurements
        for name, network in product(self.interpreters, self.manipulated):
            key = (network, name) if len(self.manipulated) > 1 else (name,)
            for part, judge in self.parts.items():
                counts = self.histograms[name]
                before, after = counts[self.original][part], counts[network][part]
                drawn = histogram(before, after, judge.bounds, judge.success)
                yield Picture((*key, *([part] if part else []), "measure"), drawn)
            # composites are all of the same two classes
            if select(measured, name=RATE):
                yield Picture((*key, "classes"), class_bars(measured, network, name))
            found = self.examples[name][network]
            for title, kinds in SHOWN.items():
                if shown := {kind: found[kind] for kind in kinds if kind in found}:
                    yield Picture((*key, title), examples(shown))
