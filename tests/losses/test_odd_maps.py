"""Every loss on odd heatmaps: right by its slow formula, or refused with a reason."""

import pytest
import torch
from loss_cases import Case, both, every_loss
from torch import Tensor

SIZES = [(1, 1), (1, 8), (3, 5), (5, 3), (6, 7), (21, 9)]
KINDS = ("random", "ties", "constant", "zeros", "peak")
# every kind with itself, and with a random map
PAIRS = [(kind, kind) for kind in KINDS] + [(kind, "random") for kind in KINDS[1:]]
PAIRS += [("random", kind) for kind in KINDS[1:]]
every_size = pytest.mark.parametrize("size", SIZES)
every_precision = pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16]
)


def maps(kind: str, shape: tuple[int, ...], seed: int) -> Tensor:
    """Heatmaps of a kind, (N, L, h, w)."""
    random = torch.Generator().manual_seed(seed)
    values = torch.randn(shape, generator=random, dtype=torch.float64)
    made = {
        "random": values,
        "ties": (2 * values).round(),
        "constant": torch.full_like(values, 0.3),
        "zeros": torch.zeros_like(values),
        "peak": (values == values.amax((2, 3), keepdim=True)).double(),
    }
    return made[kind]


def slowly(case: Case, heatmap: Tensor, reference: Tensor) -> list[list[float]] | None:
    """The loss and the measure of each image by the slow formula; None if it takes no such map."""
    pairs = zip(heatmap.double().numpy(), reference.double().numpy(), strict=True)
    try:
        found = [case.slow(*pair) for pair in pairs]
    except ValueError:
        return None
    return [[values[column] for values in found] for column in (0, 1)]


@every_loss
@every_precision
@every_size
@pytest.mark.slow
def test_is_its_slow_formula_or_refused(
    case: Case, dtype: torch.dtype, size: tuple[int, int]
) -> None:
    shape = (2, case.maps, *size)
    heatmap, reference = (
        torch.cat([maps(kind, shape, seed) for kind in kinds]).to(dtype)
        for seed, kinds in enumerate(zip(*PAIRS, strict=True))
    )
    expected = slowly(case, heatmap, reference)
    # all images at once, and one alone
    for count in (len(heatmap), 1):
        pair = heatmap[:count], reference[:count]
        if expected is None:
            with pytest.raises(ValueError, match=f"{size[0]}x{size[1]}.*; choose a layer"):
                both(case, *pair)
            continue
        low, high = case.bounds
        for found, slow in zip(both(case, *pair), expected, strict=True):
            assert found.dtype == torch.promote_types(dtype, torch.float32)
            like = torch.tensor(slow[:count], dtype=found.dtype)
            torch.testing.assert_close(found, like, atol=1e-5, rtol=1e-5)
        measure = case.loss.measure(*pair)
        assert ((low <= measure) & (measure <= high)).all()


@every_loss
@every_precision
@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_a_map_that_is_not_finite_has_no_value(
    case: Case, dtype: torch.dtype, value: float
) -> None:
    for size in SIZES:
        shape = (2, case.maps, *size)
        heatmap, reference = (maps("random", shape, seed).to(dtype) for seed in (1, 2))
        if slowly(case, heatmap, reference) is None:
            continue
        broken = (heatmap.clone(), reference.clone())
        for each in broken:
            each[1, 0, 0, -1] = value
        for values in both(case, broken[0], reference):
            assert values.isnan().tolist() == [False, True]
        for values in both(case, heatmap, broken[1]):
            assert values.isnan().tolist() == [False, case.needs_reference]


@every_loss
@every_precision
def test_no_image_has_no_value(case: Case, dtype: torch.dtype) -> None:
    heatmap = maps("random", (0, case.maps, 9, 7), 1).to(dtype)
    for values in both(case, heatmap, heatmap):
        assert values.shape == (0,)
