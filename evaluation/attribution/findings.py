"""The findings of an attribution study, in words, as a table, and drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from evaluation.attribution.areas import AREAS
from evaluation.findings import Findings, Picture, Stored
from evaluation.measurements import Measurement
from evaluation.plots.areas import areas
from evaluation.plots.forest import forest
from evaluation.plots.panels import Panel, draw
from lightning_modules.names import humanize


@dataclass(frozen=True)
class Score:
    """Areas, gains and curves of an interpreter's order of the pixels on a network.

    Each has means, half widths of their intervals, and counts of images, shape (3, points).
    """

    network: str
    interpreter: str
    order: str
    areas: Stored
    gains: Stored
    insertion_curve: Stored
    deletion_curve: Stored


@dataclass(frozen=True)
class AttributionFindings(Findings):
    """Scores on each network in each order, and images with every interpreter's heatmap.

    `first` has the interpreter of each order that the others are compared with.
    """

    study = "attribution"
    explained: str
    networks: tuple[str, ...]
    interpreters: tuple[str, ...]
    orders: tuple[str, ...]
    first: Mapping[str, str]
    fill: str
    kinds: tuple[str, ...]
    scores: tuple[Score, ...]
    heatmaps: Panel

    def ranked(self, network: str, order: str) -> dict[str, Score]:
        """Return the scores of a network in an order, the highest area under insertion first."""
        found = [score for score in self.scores if (score.network, score.order) == (network, order)]
        found.sort(key=lambda score: self.interpreters.index(score.interpreter))
        found.sort(key=lambda score: float(score.areas[0, 0]), reverse=True)
        return {score.interpreter: score for score in found}

    def sentences(self) -> list[str]:
        """Return the best and the worst interpreter of each order, and those with constant maps."""
        said = []
        for order in self.orders:
            if ranked := self.ranked(self.explained, order):
                (best, highest), *_ = ranked.items()
                *_, (worst, lowest) = ranked.items()
                said.append(
                    f"Inserted on a {self.fill} baseline in the order of {humanize(best)}, pixels "
                    f"bring back {highest.areas[0, 0]:.3f} of the probability on average, in that "
                    f"of {humanize(worst)} {lowest.areas[0, 0]:.3f} (order: {humanize(order)})."
                )
        for name in self.interpreters:
            flat = self.results.find("constant_attributions", interpreter=name)
            if flat.value > 0:
                said.append(
                    f"{humanize(name).capitalize()} is constant on "
                    f"{100 * flat.value:.1f} % of the images, whose pixels are ranked by position."
                )
        return said

    def summary(self) -> list[list[str]]:
        """Return a line for each order, interpreter, the best first, and network.

        Areas have 95 % margins; gains are over the first interpreter of the order, in the
        insertion of the same images.
        """
        firsts = " or ".join(humanize(name) for name in dict.fromkeys(self.first.values()))
        titles = [*map(humanize, AREAS), f"insertion over {firsts}", *map(humanize, self.kinds)]
        several = len(self.networks) > 1
        scored = ["scored on"] if several else []
        rows = [["", f"order, {self.fill}", *scored, *titles, "seconds", "passes"]]
        for order in self.orders:
            for name, network in product(self.ranked(self.explained, order), self.networks):
                cells = [humanize(name), humanize(order), *([humanize(network)] if several else [])]
                rows.append([*cells, *self._areas(network, name, order), *self._own(name)])
        return rows

    def _areas(self, network: str, name: str, order: str) -> list[str]:
        labels = {"network": network, "interpreter": name, "part": order}
        cells = [with_margin(self.results.find(kind, **labels)) for kind in AREAS]
        if name == self.first[order]:
            return [*cells, ""]
        return [*cells, with_margin(self.results.find("insertion_gain", **labels), "+")]

    def _own(self, name: str) -> list[str]:
        labels = {"network": self.explained, "interpreter": name}
        values = [f"{self.results.find(kind, **labels).value:.4f}" for kind in self.kinds]
        seconds, passes = (self.results.find(k, **labels).value for k in ("seconds", "passes"))
        return [*values, f"{seconds:.3g}", f"{passes:g}"]

    def pictures(self) -> Iterator[Picture]:
        """Draw areas and curves on each network in each order, and images with their heatmaps."""
        for network, order in product(self.networks, self.orders):
            best = self.ranked(network, order)
            if not best:
                continue
            panels = {
                kind: {name: score.areas[:, column] for name, score in best.items()}
                for column, kind in enumerate(AREAS)
            }
            panels[f"insertion over {humanize(self.first[order])}"] = {
                name: score.gains[:, 0] for name, score in best.items()
            }
            yield Picture((network, order, "areas"), forest(panels))
            shown = {name: best[name] for name in self.interpreters if name in best}
            panels = {
                "insertion": {name: score.insertion_curve for name, score in shown.items()},
                "deletion": {name: score.deletion_curve for name, score in shown.items()},
            }
            yield Picture((network, order, "curves"), areas(panels, "share of the pixels"))
        yield Picture(("heatmaps",), draw(self.heatmaps))


def with_margin(found: Measurement, sign: str = "") -> str:
    """Return a mean, with a plus too where `sign` is one, and half the width of its interval."""
    margin = found.interval[1] - found.value if found.interval else float("nan")
    return f"{found.value:{sign}.3f} ± {margin:.3f}"
