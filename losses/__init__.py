"""Discrepancies between heatmaps: what a manipulation minimises, one value per image."""

from losses.base import Loss
from losses.center_mass import CenterMass, center_mass, center_shift
from losses.correlation import pearson, sign_agreement, spearman
from losses.location import Location, location
from losses.normalize import normalize
from losses.swap import Swap, swap, swapped
from losses.top_k import TopK, top_k

__all__ = [
    "CenterMass",
    "Location",
    "Loss",
    "Swap",
    "TopK",
    "center_mass",
    "center_shift",
    "location",
    "normalize",
    "pearson",
    "sign_agreement",
    "spearman",
    "swap",
    "swapped",
    "top_k",
]
