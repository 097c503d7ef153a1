"""Success rates of heatmaps that are not finite."""

import torch

from evaluation.counts.successes import Successes
from evaluation.measurements import find, select
from losses import Location


def test_images_without_a_finite_heatmap_are_counted() -> None:
    successes = Successes(["clean", "broken"], ["gradient"], {"": Location()}, images=4)
    measures = {"clean": [0.1, 0.1, 0.9, 0.9], "broken": [0.1, torch.nan, 0.9, torch.nan]}
    for network, values in measures.items():
        measure = torch.tensor(values)
        successes.add(network, "gradient", torch.arange(4), measure, [measure])
    found = successes.measurements()
    (undefined,) = select(found, name="not_finite")
    assert (undefined.network, undefined.value, undefined.n) == ("broken", 0.5, 4)
    assert find(found, name="fooling_success_rate", network="broken").value == 0.25
    assert find(found, name="fooling_success_rate", network="clean").value == 0.5
