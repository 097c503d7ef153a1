"""Integrated gradients (Sundararajan et al. 2017)."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from binary import two_logits
from interpreters.base import Explanation, Interpreter
from interpreters.baseline import Baseline, baseline_image, check_baseline
from interpreters.copies import weighted_sum
from interpreters.passes import (
    class_gradient,
    explanation,
    for_each,
    forward_keeping,
    in_map,
    summed_map,
)
from networks.chunks import check_chunk

Score = Literal["logit", "probability"]


@dataclass(frozen=True)
class IntegratedGradients(Interpreter):
    """Mean gradient on the line from a baseline, times the line (Sundararajan et al. 2017, eq. 1).

    Args:
        steps: Points on the line, by the Gauss-Legendre rule.
        baseline: Pixel value of the plain image to compare with, or one for each channel.
        layer: Dotted name of the layer at whose output the line lies, or "last"; the pixels if
            not given.
        chunk: Number of images in one forward pass, at least the batch; if not given, that of
            32 images of 224 x 224 pixels on a GPU, and the batch on a CPU.
        score: The explained value: the label's logit, or its probability (Ghorbani et al. 2019).
        absolute: Sum absolute values over channels (Ghorbani et al. 2019).

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> IntegratedGradients(steps=4)(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    steps: int = 32
    baseline: Baseline = 0.0
    layer: str | None = None
    chunk: int | None = None
    score: Score = "logit"
    absolute: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.steps < 1:
            raise ValueError(f"`steps` must be at least 1, got {self.steps}")
        if self.score not in get_args(Score):
            raise ValueError(f"`score` must be one of {get_args(Score)}, got {self.score!r}")
        check_chunk(self.chunk)
        check_baseline(self.baseline)

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Return the sum over channels of (a - a0) * mean gradient, or of |.|, (N, L, h, w)."""
        logits, end = forward_keeping(network, images, self.layer)
        start = baseline_image(self.baseline, images)
        if self.layer is not None:
            _, start = forward_keeping(network, start, self.layer)
        line, classes = end - start, self.explained(logits, labels)
        nodes, weights = np.polynomial.legendre.leggauss(self.steps)
        fractions = torch.from_numpy((nodes + 1) / 2).to(end).view(-1, *[1] * end.ndim)

        # absolute values are taken at the end of the path, so that channels are kept until then
        spread = in_map if self.absolute else summed_map

        def explain(copies: Tensor) -> Tensor:
            points = (start + fractions[copies] * line).flatten(0, 1)
            lines = line.repeat(len(copies), *[1] * (line.ndim - 1))
            repeated = images.repeat(len(copies), 1, 1, 1)
            logits, kept = forward_keeping(network, repeated, self.layer, points)
            with torch.enable_grad():
                scores = logits if self.score == "logit" else two_logits(logits).softmax(1)
            return for_each(
                classes.repeat(len(copies), 1),
                lambda label: spread(
                    lines * class_gradient(scores, label, kept), network, repeated
                ),
            )

        shares = torch.from_numpy(weights / 2)
        values = weighted_sum(explain, shares, images, self.chunk)
        if self.absolute:
            values = values.abs().unflatten(1, (classes.shape[1], -1)).sum(2)
        return explanation(logits, values)
