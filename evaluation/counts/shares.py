"""Shares of the images, from the means of outcomes that are 0 or 1."""

from collections.abc import Mapping
from math import nan
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from evaluation.measurements import Measurement
from losses import Loss
from metrics import fooled, wilson_interval


def succeeded(loss: Loss, measure: Tensor) -> Tensor:
    """Return 1 for each success measure (N,) in the success interval, else 0; NaN stays NaN."""
    return torch.where(measure.isnan(), measure, fooled(measure, *loss.success).to(measure))


def counts_of(metric: Metric) -> tuple[list[int], list[int]]:
    """Return how many images had each outcome of a MeanCurve, and of how many it is known."""
    mean, _, images = metric.compute()
    counts = torch.where(images > 0, mean * images, 0.0).round()
    return counts.long().tolist(), images.long().tolist()


def share(
    name: str, count: int, images: int, better: str, network: str, **labels: Any
) -> Measurement:
    """Return the share of the images with an outcome, with Wilson's interval; NaN of none."""
    value = count / images if images else nan
    interval = wilson_interval(count, images)
    return Measurement(name, value, interval, better, network, images, **labels)


def shares(
    names: Mapping[str, str], metric: Metric, network: str, **labels: Any
) -> list[Measurement]:
    """Return the share of the images with each outcome, with Wilson's interval.

    Args:
        names: of the outcomes, with the end of the scale that is better.
        metric: a MeanCurve of outcomes that are 0 or 1, for all processes to compute.
        network: the network measured.
        **labels: further fields of every measurement.
    """
    return [
        share(name, count, images, better, network, **labels)
        for (name, better), count, images in zip(names.items(), *counts_of(metric), strict=True)
    ]
