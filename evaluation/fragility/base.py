"""What studies of small changes of the image have in common."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from matplotlib.figure import Figure

from evaluation.attack_curves import AttackCurves
from evaluation.figures import lines
from evaluation.results import Number, Results, words
from evaluation.study import Study


class AttackStudy(Study):
    """What explains a prediction before and after attacks of several sizes."""

    explainer: ClassVar[str]
    """What the tables call that which explains."""
    shown: ClassVar[tuple[str, ...]]
    """The measures of the summary."""
    curves: AttackCurves
    figures: list[Number]

    @property
    @abstractmethod
    def compared(self) -> str:
        """What the rank correlation is between, as the sentences have it."""

    def numbers(self) -> list[Number]:
        """Every accuracy, and every point of every curve."""
        return self.figures

    def curve(self, measure: str, *key: str) -> list[Number]:
        """The points of a measure for a network, what explains it and an attack."""
        wanted = (measure, *key)
        return [n for n in self.figures if (n.name, n.network, n.interpreter, n.part) == wanted]

    def sentences(self, results: Results) -> list[str]:
        """What each attack of the largest size leaves."""
        left: dict[tuple[str, str], list[str]] = {}
        for network, name, attack in self.curves.keys:
            value = self.curve("rank_correlation", network, name, attack)[-1].value
            text = f"{attack.replace('_', ' ')} {value:.2f}"
            left.setdefault((network, name), []).append(text)
        return [
            f"{name.replace('_', ' ').capitalize()} on the network {network}: rank correlation "
            f"{self.compared} before a change of at most {self.curves.epsilons[-1]:g}/255: "
            f"{', '.join(texts)}."
            for (network, name), texts in left.items()
        ]

    def summary(self, results: Results) -> list[list[str]]:
        """Some measures at the largest size, a row for each attack."""
        titles = [words(measure) for measure in self.shown]
        rows = [["network", self.explainer, "attack", *titles]]
        for key in self.curves.keys:
            last = (self.curve(measure, *key)[-1].value for measure in self.shown)
            names = (words(part) for part in key)
            rows.append([*names, *(f"{value:.3f}" for value in last)])
        return rows

    def drawn_curves(
        self,
        network: str,
        name: str,
        titles: Mapping[str, str],
        limits: tuple[float, float] | None = None,
    ) -> Figure:
        """The curves of some measures, each with its title."""
        attacks = [key[2] for key in self.curves.keys if key[:2] == (network, name)]
        panels = {
            title: {attack: self.curve(measure, network, name, attack) for attack in attacks}
            for measure, title in titles.items()
        }
        return lines(panels, ["largest change, in 255ths"] * len(panels), limits)

    def key_of(self, network: str, name: str) -> str:
        """What pictures are called by: the network too, where there are several."""
        return f"{network}_{name}" if len(self.networks) > 1 else name
