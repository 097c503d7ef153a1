"""Shares of the images, from the means of outcomes that are 0 or 1."""

from collections.abc import Mapping
from typing import Any

from torchmetrics import Metric

from evaluation.measurements import Measurement
from metrics import wilson_interval


def counts_of(metric: Metric) -> tuple[list[int], int]:
    """Return how many images had each outcome of a MeanCurve, and how many images there were."""
    mean, _, images = metric.compute()
    return (mean * images).round().long().tolist(), int(images[0])


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
    counts, images = counts_of(metric)
    return [
        Measurement(
            name, count / images, wilson_interval(count, images), better, network, images, **labels
        )
        for (name, better), count in zip(names.items(), counts, strict=True)
    ]
