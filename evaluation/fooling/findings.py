"""The findings of a fooling study, in words, as a table, and drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from evaluation.counts.classes import RATE
from evaluation.findings import Findings, Picture, Stored
from evaluation.fooling.pictures import Example, examples, rates
from evaluation.measurements import select
from evaluation.percent import percent
from evaluation.plots.class_bars import class_bars
from evaluation.plots.histogram import histogram
from lightning_modules.names import humanize

TRIGGERED = "triggered"
SHOWN = {"heatmaps": ("median", "random"), "best_and_worst": ("best", "worst")}
MAPS = (
    "Each column is a test image, with its heatmaps by the original and the manipulated network "
    "for its label, or both its labels. Brighter is more relevant; the scale, which both share, is "
    "printed below. t is the success measure: in the success interval, the image counts as fooled. "
    "Look whether the object still lights up in the last row."
)
RATES = (
    "The fooling success rate (FSR): the share of test images whose success measure t lies in the "
    "success interval. A frame marks the interpreters that a network was trained on. An "
    "interpreter that stays at 0 % still shows what it showed before."
)
MEASURE = (
    "How many test images have which success measure t, before and after the manipulation. The "
    "shaded range is the success interval: whoever lies there counts as fooled."
)
CLASSES = (
    "Accuracy and fooling success rate of each class. Look for classes that were fooled less "
    "often, or that lost accuracy."
)


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
        before = self.results.find("accuracy_top1", network=self.original).value
        for network in self.manipulated:
            after = self.results.find("accuracy_top1", network=network).value
            lies = "; ".join(self._lies(network, name) for name in self.interpreters)
            title = humanize(network).capitalize()
            accuracy = f"accuracy {percent(before)} → {percent(after)}"
            found.append(f"{title}: {accuracy}; {lies} of the images.")
        return found

    def _lies(self, network: str, name: str) -> str:
        shares = []
        for part in (part for part, judge in self.parts.items() if judge.headline):
            share = percent(self._rate(network, name, part))
            shares.append(f"{share} ({humanize(part)})" if part else share)
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
        """Draw images with their heatmaps, then success rates, measures and classes."""
        for title in SHOWN:
            for name, network in product(self.interpreters, self.manipulated):
                found = self.examples[name][network]
                if shown := {kind: found[kind] for kind in SHOWN[title] if kind in found}:
                    yield Picture((*self._key(name, network), title), examples(shown), MAPS)
        for part in self.parts:
            named = (part,) if part else ()
            drawn = rates(self._rate, self.manipulated, self.interpreters, part, self.trained_on)
            yield Picture((*named, "rates"), drawn, RATES)
        for name, network in product(self.interpreters, self.manipulated):
            yield from self._measures(name, network)

    def _key(self, name: str, network: str) -> tuple[str, ...]:
        """Return the beginning of a picture's name; one manipulated network needs no name."""
        return (network, name) if len(self.manipulated) > 1 else (name,)

    def _measures(self, name: str, network: str) -> Iterator[Picture]:
        """Draw histograms of t, and accuracy and success rate of each class."""
        key, counts = self._key(name, network), self.histograms[name]
        for part, judge in self.parts.items():
            before, after = counts[self.original][part], counts[network][part]
            drawn = histogram(before, after, judge.bounds, judge.success)
            yield Picture((*key, *([part] if part else []), "measure"), drawn, MEASURE)
        # composites are all of the same two classes
        if select(self.results.measurements, name=RATE):
            drawn = class_bars(self.results.measurements, network, name)
            yield Picture((*key, "classes"), drawn, CLASSES)
