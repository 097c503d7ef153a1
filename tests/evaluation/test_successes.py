"""Success rates of heatmaps that are not finite."""

import math

import torch

from evaluation.counts.successes import Successes
from evaluation.measurements import find
from losses import Location


def test_images_without_a_finite_heatmap_count_in_no_rate() -> None:
    networks = ["clean", "some", "none"]
    successes = Successes(networks, ["gradient"], {"": Location()}, images=4)
    nan = torch.nan
    measures = {"clean": [0.1, 0.1, 0.9, 0.9], "some": [0.1, nan, 0.9, nan], "none": [nan] * 4}
    for network, values in measures.items():
        measure = torch.tensor(values)
        successes.add(network, "gradient", torch.arange(4), measure, [measure])
    found = successes.measurements()
    for network, images in zip(networks, (4, 2, 0), strict=True):
        rate = find(found, name="fooling_success_rate", network=network)
        mean = find(found, name="test_loss", network=network)
        assert (rate.n, mean.n) == (images, images)
        if images:
            assert rate.value == 0.5
            torch.testing.assert_close(mean.value, 0.5)
        else:
            assert rate.interval is not None
            assert all(map(math.isnan, (rate.value, mean.value, *rate.interval)))
