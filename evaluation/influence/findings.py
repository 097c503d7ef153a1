"""The findings of an influence study, in words, as a table, and drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from evaluation.findings import Picture
from evaluation.fragility.attacked import AttackFindings
from evaluation.influence.movement import MEASURES
from evaluation.influence.pictures import AttackedPredictions, attacked_predictions

PLOTTED = {
    "top_k_intersection": "most influential kept",
    "rank_correlation": "rank correlation",
    "label_unchanged": "label unchanged",
}


@dataclass(frozen=True)
class InfluenceFindings(AttackFindings):
    """Measures of influences under attacks; predictions by network and kind of influences."""

    study = "influence"
    explanations = "influences"
    column = "influences"
    shown = tuple(MEASURES)
    plotted = PLOTTED
    limits = (-0.2, 1)

    training_images: int
    examples: Mapping[str, Mapping[str, AttackedPredictions]]

    @property
    def compared(self) -> str:
        """The influences after, with those before."""
        return f"of {self.training_images} training images' influences with those"

    def pictures(self) -> Iterator[Picture]:
        """Draw the curves, and the most influential images of some before and after."""
        for pair in product(self.networks, self.explainers):
            network, name = pair
            yield Picture((*self.name_of(*pair), "curves"), self.drawn_curves(*pair))
            shown = self.examples[network][name]
            for attack in self.attacks:
                figure = attacked_predictions(shown, attack)
                yield Picture((*self.name_of(*pair), attack), figure)
