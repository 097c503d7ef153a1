"""Integrated gradients (Sundararajan et al. 2017)."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

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
    """Gradient along the line from a baseline, times the way (Sundararajan et al. 2017, eq. 1).

    Args:
        steps: Points on the line, by the Gauss-Legendre rule.
        baseline: Pixel value of the plain image to compare with, or one for each channel.
        layer: Dotted name of the layer at whose output the line is drawn and explained, or
            "last"; the pixels if not given.
        chunk: How many images the network sees at once, at least the batch; if not given, as many
            as have the pixels of 32 of 224 x 224 on a GPU, and the batch elsewhere.
        score: What is explained: the label's logit, or its probability (Ghorbani et al. 2019).
        absolute: Sum the sizes of the channels' values, not the values (Ghorbani et al. 2019).
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
        """Sum over channels of (a - a0) * mean gradient, or of its size, shape (N, L, h, w)."""
        logits, end = forward_keeping(network, images, self.layer)
        start = baseline_image(self.baseline, images)
        if self.layer is not None:
            _, start = forward_keeping(network, start, self.layer)
        way, classes = end - start, self.explained(logits, labels)
        nodes, weights = np.polynomial.legendre.leggauss(self.steps)
        places = torch.from_numpy((nodes + 1) / 2).to(end).view(-1, *[1] * end.ndim)

        # sizes are those of whole paths; signed, channels need not be kept apart until their end
        spread = in_map if self.absolute else summed_map

        def explain(copies: Tensor) -> Tensor:
            points = (start + places[copies] * way).flatten(0, 1)
            ways = way.repeat(len(copies), *[1] * (way.ndim - 1))
            repeated = images.repeat(len(copies), 1, 1, 1)
            logits, kept = forward_keeping(network, repeated, self.layer, points)
            with torch.enable_grad():
                scores = logits if self.score == "logit" else logits.softmax(1)
            return for_each(
                classes.repeat(len(copies), 1),
                lambda label: spread(ways * class_gradient(scores, label, kept), repeated),
            )

        shares = torch.from_numpy(weights / 2)
        values = weighted_sum(explain, shares, images, self.chunk)
        if self.absolute:
            values = values.abs().unflatten(1, (classes.shape[1], -1)).sum(2)
        return explanation(logits, values)
