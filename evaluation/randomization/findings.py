"""The findings of a randomisation study, in words, as a table, and drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evaluation.findings import Findings, Picture
from evaluation.measurements import Measurement, select
from evaluation.plots.lines import lines
from evaluation.plots.panels import Panel, draw
from lightning_modules.names import humanize

ABSOLUTE = "absolute_rank_correlation"
SHOWN = {
    "rank_correlation": "rank correlation",
    ABSOLUTE: "rank correlation, without sign",
    "structural_similarity": "SSIM",
}


@dataclass(frozen=True)
class RandomizationFindings(Findings):
    """Curves over the number of random layers, and the heatmaps of some images.

    `first_layers` has the name of the first random layer, by the number of random layers.
    """

    study = "randomization"
    interpreters: tuple[str, ...]
    first_layers: Mapping[int, str]
    heatmaps: Mapping[str, Panel]

    def curve(self, name: str, interpreter: str | None = None) -> list[Measurement]:
        """Return the points of a curve, from few random layers to all."""
        return select(self.results.measurements, name=name, interpreter=interpreter)

    def sentences(self) -> list[str]:
        """Return the similarity of an all-random network's heatmaps to the network's own."""
        found = []
        for name in self.interpreters:
            curve = self.curve(ABSOLUTE, name)
            first, last = curve[0], curve[-1]
            found.append(
                f"{humanize(name).capitalize()}: without their signs, heatmaps have a rank "
                f"correlation of {first.value:.2f} with the network's own when the last "
                f"{first.x:g} layers are random, and of {last.value:.2f} when all {last.x:g} are."
            )
        return found

    def summary(self) -> list[list[str]]:
        """Return accuracy and rank correlations, a row for each network."""
        names = [humanize(name) for name in self.interpreters]
        rows = [["random layers", "down to", "accuracy top-1", *names]]
        original, *accuracies = self.curve("accuracy_top1")
        rows.append(["0", "", f"{100 * original.value:.2f} %", *("" for _ in names)])
        curves = [self.curve("rank_correlation", name) for name in self.interpreters]
        stages = zip(self.first_layers.items(), accuracies, *curves, strict=True)
        for (count, layer), accuracy, *cells in stages:
            values = (f"{cell.value:.3f}" for cell in cells)
            rows.append([str(count), layer, f"{100 * accuracy.value:.2f} %", *values])
        return rows

    def pictures(self) -> Iterator[Picture]:
        """Draw accuracy and similarity over the random layers, and heatmaps of some images."""
        panels: dict[str, dict[str, list[Measurement]]] = {
            "accuracy top-1": {"": self.curve("accuracy_top1")}
        }
        for kind, title in SHOWN.items():
            curves = {name: self.curve(kind, name) for name in self.interpreters}
            # a window may be larger than the heatmaps
            if found := {name: curve for name, curve in curves.items() if curve}:
                panels[title] = found
        yield Picture(("curves",), lines(panels, ["random layers"] * len(panels)))
        for name in self.interpreters:
            yield Picture((name, "heatmaps"), draw(self.heatmaps[name]))
