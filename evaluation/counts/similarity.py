"""Similarity of a network's heatmaps to the original's."""

import math
from collections.abc import Callable, Iterable, Mapping
from itertools import product

import torch
from torch import Tensor, nn

from evaluation.measurements import Measurement, means
from losses import center_shift, cosine, pearson, spearman, ssim, unchanged
from losses.similarity import SMALLEST_SIDE
from metrics import MeanCurve, Metrics, top_k_intersection

SIMILARITIES: Mapping[str, tuple[Callable[[Tensor, Tensor], Tensor], str]] = {
    "rank_correlation": (spearman, "higher"),
    "correlation": (pearson, "higher"),
    "cosine": (cosine, "higher"),
    "top_k_intersection": (top_k_intersection, "higher"),
    "mean_square_distance": (unchanged, "lower"),
    "center_shift": (center_shift, "lower"),
    "structural_similarity": (ssim, "higher"),
}


def similarities(heatmap: Tensor, reference: Tensor) -> Tensor:
    """Return every similarity of each image, in the order of SIMILARITIES.

    Args:
        heatmap: shape (N, L, h, w).
        reference: the original's, likewise.

    Returns: means over the labels, (N, similarities); NaN for SSIM of maps below its window.
    """
    first, second = (maps.flatten(0, 1)[:, None] for maps in (heatmap, reference))
    small = min(heatmap.shape[2:]) < SMALLEST_SIDE
    values = [
        torch.full_like(first[:, 0, 0, 0], torch.nan)
        if small and measure is ssim
        else measure(first, second)
        for measure, _ in SIMILARITIES.values()
    ]
    return torch.stack(values, 1).view(*heatmap.shape[:2], -1).mean(1)


class Similarities(nn.Module):
    """The mean of every similarity for each pair of a network and an interpreter.

    Args:
        networks: Names of the networks that are compared with the original.
        interpreters: Names of the interpreters.
    """

    def __init__(self, networks: Iterable[str], interpreters: Iterable[str]) -> None:
        super().__init__()
        pairs = product(networks, interpreters)
        self.values = Metrics({pair: MeanCurve(len(SIMILARITIES)) for pair in pairs})

    def add(self, network: str, interpreter: str, values: Tensor) -> None:
        """Add the `similarities` of a batch, (N, similarities)."""
        self.values[network, interpreter].update(values)

    def measurements(self) -> list[Measurement]:
        """Return every mean with its interval, for all processes to compute."""
        found = []
        names = {name: better for name, (_, better) in SIMILARITIES.items()}
        for (network, interpreter), values in self.values.items():
            found += means(names, values.compute(), network, interpreter=interpreter)
        return defined(found)


def defined(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Return all but the SSIM of no heatmap, as where all are below its window."""
    return [
        found
        for found in measurements
        if not (found.name.startswith("structural_similarity") and math.isnan(found.value))
    ]
