"""When an image counts as fooled: the intervals of Heo et al. (2019), section 5."""

import pytest

from losses import CenterMass, Location, Loss, Swap, TopK


@pytest.mark.parametrize(
    ("loss", "interval"),
    [
        (Location(), (0.0, 0.2)),
        (TopK(), (0.0, 0.3)),
        (CenterMass(), (0.1, 1.0)),
        (Swap(), (0.5, 2.0)),
    ],
    ids=["Location", "TopK", "CenterMass", "Swap"],
)
def test_intervals_of_the_paper(loss: Loss, interval: tuple[float, float]) -> None:
    assert loss.success == interval
