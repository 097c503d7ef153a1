"""How like the original's heatmaps another network's are."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from evaluation.results import Number, means
from lightning_modules.classifier import Metrics
from losses import center_shift, cosine, pearson, spearman, ssim, unchanged
from losses.similarity import SMALLEST_SIDE
from metrics import MeanCurve, top_k_intersection

SIMILARITIES: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], str]] = {
    "rank_correlation": (spearman, "higher"),
    "correlation": (pearson, "higher"),
    "cosine": (cosine, "higher"),
    "top_k_intersection": (top_k_intersection, "higher"),
    "mean_square_distance": (unchanged, "lower"),
    "center_shift": (center_shift, "lower"),
    "structural_similarity": (ssim, "higher"),
}


class Similarities(Metrics):
    """The mean of every similarity for each pair of a network and an interpreter."""

    def __init__(self, networks: Iterable[str], interpreters: Iterable[str]) -> None:
        names = list(interpreters)
        super().__init__(
            {f"{net}/{name}": MeanCurve(len(SIMILARITIES)) for net in networks for name in names}
        )

    def add(
        self, network: str, interpreter: str, heatmap: Tensor, reference: Tensor
    ) -> dict[str, Tensor]:
        """Add a batch of heatmaps (N, L, h, w) and the original's, the mean over its labels.

        Returns: every similarity of each image, shape (N,) each.
        """
        first, second = (maps.flatten(0, 1)[:, None] for maps in (heatmap, reference))
        # NaN where maps are too small for the window
        small = min(heatmap.shape[2:]) < SMALLEST_SIDE
        values = [
            torch.full_like(first[:, 0, 0, 0], torch.nan)
            if small and measure is ssim
            else measure(first, second)
            for measure, _ in SIMILARITIES.values()
        ]
        of_labels = torch.stack(values, 1).view(*heatmap.shape[:2], -1)
        means = of_labels.mean(1)
        self[f"{network}/{interpreter}"].update(means)
        return dict(zip(SIMILARITIES, means.unbind(1), strict=True))

    def numbers(self) -> list[Number]:
        """Every mean with its interval, for all processes to ask for."""
        numbers = []
        names = {name: better for name, (_, better) in SIMILARITIES.items()}
        for pair in self:
            network, interpreter = pair.split("/", 1)
            numbers += means(names, self[pair].compute(), network, interpreter=interpreter)
        return defined(numbers)


def defined(numbers: Iterable[Number]) -> list[Number]:
    """The figures but for SSIM of heatmaps that are too small for its window.

    Any other NaN is a heatmap's, and is shown.
    """
    return [
        number
        for number in numbers
        if not (number.name.startswith("structural_similarity") and math.isnan(number.value))
    ]
