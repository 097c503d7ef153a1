"""Losses between a heatmap and its reference that a manipulation minimises, one value per image."""

from losses.base import Loss
from losses.center_mass import CenterMass, center_mass, center_shift
from losses.correlation import pearson, sign_agreement, spearman
from losses.entropy import Entropy, entropy
from losses.location import Location, location
from losses.normalize import normalize
from losses.similarity import SSIM, Cosine, Pearson, Similarity, cosine, ssim
from losses.swap import Swap, swap, swapped
from losses.target_map import TargetMap, target_map
from losses.top_k import TopK, top_k
from losses.unchanged import Unchanged, unchanged

__all__ = [
    "SSIM",
    "CenterMass",
    "Cosine",
    "Entropy",
    "Location",
    "Loss",
    "Pearson",
    "Similarity",
    "Swap",
    "TargetMap",
    "TopK",
    "Unchanged",
    "center_mass",
    "center_shift",
    "cosine",
    "entropy",
    "location",
    "normalize",
    "pearson",
    "sign_agreement",
    "spearman",
    "ssim",
    "swap",
    "swapped",
    "target_map",
    "top_k",
    "unchanged",
]
