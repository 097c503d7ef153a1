"""The base of findings about attacks of several sizes: sentences, table and curves."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

from matplotlib.figure import Figure

from evaluation.findings import Findings
from evaluation.measurements import Measurement, select
from evaluation.plots.lines import lines
from lightning_modules.names import humanize


@dataclass(frozen=True)
class AttackFindings(Findings):
    """Measures of explanations under attacks of several sizes.

    The largest size is the last point of every curve, and the one of sentences and table.
    """

    column: ClassVar[str]
    """Title of the explainers' column in the table."""
    shown: ClassVar[tuple[str, ...]]
    """Measures in the table."""
    plotted: ClassVar[Mapping[str, str]]
    """Titles of the measures in the plots."""
    limits: ClassVar[tuple[float, float] | None] = None
    """Least and greatest value of the plots; their own if not given."""

    networks: tuple[str, ...]
    explainers: tuple[str, ...]
    attacks: tuple[str, ...]

    @property
    @abstractmethod
    def compared(self) -> str:
        """The two sides of the rank correlation, as part of a sentence."""

    def curve(self, measure: str, network: str, explainer: str, attack: str) -> list[Measurement]:
        """Return the points of a measure, one for each size of the attack."""
        labels = {"network": network, "interpreter": explainer, "part": attack}
        return select(self.results.measurements, name=measure, **labels)

    def sentences(self) -> list[str]:
        """Return the rank correlation that each attack of the largest size leaves."""
        said = []
        for pair in product(self.networks, self.explainers):
            last = {
                attack: self.curve("rank_correlation", *pair, attack)[-1] for attack in self.attacks
            }
            size = next(iter(last.values())).x
            texts = (f"{humanize(attack)} {point.value:.2f}" for attack, point in last.items())
            network, explainer = map(humanize, pair)
            said.append(
                f"{explainer.capitalize()} on the network {network}: rank correlation "
                f"{self.compared} before a change of at most {size:g}/255: "
                f"{', '.join(texts)}."
            )
        return said

    def summary(self) -> list[list[str]]:
        """Return some measures at the largest size, a row for each attack."""
        rows = [["network", self.column, "attack", *map(humanize, self.shown)]]
        for key in product(self.networks, self.explainers, self.attacks):
            values = (self.curve(measure, *key)[-1].value for measure in self.shown)
            rows.append([*map(humanize, key), *(f"{value:.3f}" for value in values)])
        return rows

    def name_of(self, network: str, explainer: str) -> tuple[str, ...]:
        """Return how the names of a pair's pictures begin."""
        return (network, explainer) if len(self.networks) > 1 else (explainer,)

    def drawn_curves(self, network: str, explainer: str) -> Figure:
        """Draw the curves of a network and an explainer, a panel for each measure."""
        panels = {
            title: {
                attack: self.curve(measure, network, explainer, attack) for attack in self.attacks
            }
            for measure, title in self.plotted.items()
        }
        return lines(panels, ["largest change, in 255ths"] * len(panels), self.limits)
