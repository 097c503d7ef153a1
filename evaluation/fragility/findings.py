"""The findings of a fragility study, in words, as a table, and drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from evaluation.findings import Picture
from evaluation.fragility.attacked import AttackFindings
from evaluation.fragility.movement import MEASURES
from evaluation.fragility.pictures import AttackedImages, attacked_images

PLOTTED = {
    "top_k_intersection": "highest positions kept",
    "rank_correlation": "rank correlation",
    "center_distance_share": "shift of the centre, in shares of the sides",
}


@dataclass(frozen=True)
class FragilityFindings(AttackFindings):
    """Measures of heatmaps under attacks; images before and after, by network and interpreter."""

    study = "fragility"
    column = "interpreter"
    shown = tuple(MEASURES)[:3]
    plotted = PLOTTED

    examples: Mapping[str, Mapping[str, AttackedImages]]

    @property
    def compared(self) -> str:
        """The heatmap after, with that before."""
        return "with the heatmap"

    def pictures(self) -> Iterator[Picture]:
        """Draw the curves, and some images with their heatmaps before and after."""
        for pair in product(self.networks, self.explainers):
            network, name = pair
            yield Picture((*self.name_of(*pair), "curves"), self.drawn_curves(*pair))
            shown = self.examples[network][name]
            yield Picture((*self.name_of(*pair), "images"), attacked_images(shown))
