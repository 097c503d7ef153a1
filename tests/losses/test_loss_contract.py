"""The contract of every loss, on every kind of heatmap."""

from inspect import isabstract

import pytest
import torch
from loss_cases import CASES, Case, both, every_loss, heatmaps
from torch.autograd import gradcheck

import losses
from losses import SSIM, Cosine, Entropy, Loss, Pearson


def test_every_loss_is_here() -> None:
    classes = {each for each in vars(losses).values() if isinstance(each, type)}
    made = {each for each in classes if issubclass(each, Loss) and not isabstract(each)}
    assert made - {losses.Similarity} == {type(case.loss) for case in CASES.values()}


@every_loss
def test_capabilities(case: Case) -> None:
    loss = case.loss
    assert loss.needs_reference == case.needs_reference
    assert loss.higher_is_better == case.higher_is_better
    assert loss.bounds == case.bounds
    low, high = loss.success
    assert case.bounds[0] <= low < high <= case.bounds[1]
    # the measure enters the interval at one end, and stays in it to the other bound
    assert (high if case.higher_is_better else low) == case.bounds[case.higher_is_better]


@every_loss
@pytest.mark.parametrize(("height", "width"), [(7, 7), (14, 9), (6, 11)])
def test_one_value_for_each_image(case: Case, height: int, width: int) -> None:
    heatmap, reference = (heatmaps(case, seed, height, width) for seed in (0, 1))
    for values in both(case, heatmap, reference):
        assert values.shape == (3,)
        assert values.dtype == heatmap.dtype
        assert values.unique().numel() == 3
    for values in both(case, heatmap.float(), reference.float()):
        assert values.dtype == torch.float32


@every_loss
def test_images_do_not_mix(case: Case) -> None:
    heatmap, reference = heatmaps(case, 0), heatmaps(case, 1)
    order = torch.tensor([2, 0, 1])
    whole = both(case, heatmap, reference)
    alone = [both(case, heatmap[i : i + 1], reference[i : i + 1]) for i in range(3)]
    for values, shuffled, *singles in zip(
        whole, both(case, heatmap[order], reference[order]), *alone, strict=True
    ):
        torch.testing.assert_close(shuffled, values[order])
        torch.testing.assert_close(torch.cat(singles), values)
    leaf = heatmap.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(case.loss(leaf, reference)[1], leaf)
    assert gradient[1].any()
    assert not gradient[[0, 2]].any()


@every_loss
def test_gradient_is_exact(case: Case) -> None:
    reference = heatmaps(case, 1, 7, 6)
    # without its many small values, whose order the differences would change
    leaf = heatmaps(case, 0, 7, 6).pow(0.25).requires_grad_()
    assert gradcheck(lambda heatmap: case.loss(heatmap, reference), leaf)


@pytest.mark.slow
@every_loss
def test_descent_ends_in_success(case: Case) -> None:
    """The loss is differentiable all the way, and its measure says the same as it does."""
    reference, noise = heatmaps(case, 0), heatmaps(case, 1)
    heatmap = noise if case.succeeds_unchanged else reference + 0.1 * noise
    heatmap.requires_grad_()
    before = case.loss.measure(heatmap, reference).detach()
    optimizer = torch.optim.Adam([heatmap], lr=0.03)
    for _ in range(150):
        optimizer.zero_grad()
        case.loss(heatmap, reference).sum().backward()
        optimizer.step()
    after = case.loss.measure(heatmap, reference).detach()
    low, high = case.loss.success
    assert not ((low <= before) & (before <= high)).any()
    assert ((low <= after) & (after <= high)).all()
    assert ((after > before) == case.higher_is_better).all()


@every_loss
def test_the_measure_lies_in_its_bounds(case: Case) -> None:
    reference = heatmaps(case, 0)
    low, high = case.bounds
    constant = torch.full_like(reference, 0.3)
    peak = torch.zeros_like(reference)
    peak[:, :, -1, -1] = 1
    spread = torch.randn(50, 3, *reference.shape[1:], dtype=torch.float64)
    found = [reference, -reference, reference.flip(1), reference.flip(2, 3), constant, peak]
    for heatmap in (*found, *(each - peak for each in found), *spread):
        values = case.loss.measure(heatmap, reference)
        assert ((low <= values) & (values <= high)).all()


@every_loss
def test_the_reference_is_used_where_it_is_needed(case: Case) -> None:
    heatmap, reference = heatmaps(case, 0), heatmaps(case, 1)
    pairs = zip(
        both(case, heatmap, reference),
        both(case, heatmap, heatmaps(case, 2)),
        both(case, heatmap, torch.full_like(reference, torch.nan)),
        strict=True,
    )
    for values, other, without in pairs:
        if case.needs_reference:
            assert (values != other).all()
        else:
            torch.testing.assert_close(other, values)
            torch.testing.assert_close(without, values)


@every_loss
def test_scale_and_shift_do_not_matter(case: Case) -> None:
    heatmap, reference = heatmaps(case, 0), heatmaps(case, 1)
    expected = both(case, heatmap, reference)
    torch.testing.assert_close(both(case, 12 * heatmap, 7 * reference), expected)
    moved = case.loss(heatmap + 3, reference - 2)
    if case.shift_invariant:
        torch.testing.assert_close(moved, expected[0])
    else:
        assert (moved != expected[0]).all()


@every_loss
def test_constant_heatmaps_have_finite_gradients(case: Case) -> None:
    reference = heatmaps(case, 0)
    for value in (0.0, 5.0):
        leaf = torch.full_like(reference, value, requires_grad=True)
        found = case.loss(leaf, reference)
        (gradient,) = torch.autograd.grad(found.sum(), leaf)
        assert found.isfinite().all()
        assert gradient.isfinite().all()
        assert case.loss.measure(leaf, reference).isfinite().all()


@every_loss
@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_a_broken_heatmap_never_counts_as_fooled(case: Case, value: float) -> None:
    heatmap, reference = heatmaps(case, 0), heatmaps(case, 1)
    clean = both(case, heatmap, reference)
    bad = heatmap.clone()
    bad[0, 0, 2, 3] = value
    low, high = case.loss.success
    for values, expected in zip(both(case, bad, reference), clean, strict=True):
        assert values[0].isnan()
        assert not low <= values[0] <= high
        torch.testing.assert_close(values[1:], expected[1:])
    reference = reference.clone()
    reference[0] = value
    for values in both(case, heatmap, reference):
        assert values[0].isnan() == case.needs_reference


@every_loss
@pytest.mark.parametrize("size", [1e-4, 1e4])
def test_half_precision_is_close_to_single(case: Case, size: float) -> None:
    """The heatmaps are rounded to 11 bits; the losses compute in single precision."""
    pair = [(size * heatmaps(case, seed)).half() for seed in (0, 1)]
    for found, expected in zip(
        both(case, *pair), both(case, *(each.float() for each in pair)), strict=True
    ):
        torch.testing.assert_close(found, expected)
    constant = torch.full_like(pair[0], 3.0)
    for values in both(case, constant, pair[1]):
        assert values.isfinite().all()


@every_loss
@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_tiny_and_huge_heatmaps_count_as_their_shape(case: Case, size: float) -> None:
    heatmap, reference = heatmaps(case, 0).float(), heatmaps(case, 1).float()
    expected = both(case, heatmap, reference)
    torch.testing.assert_close(both(case, size * heatmap, size * reference), expected)


@every_loss
def test_ties_are_the_same_for_every_precision(case: Case) -> None:
    heatmap, reference = ((4 * heatmaps(case, seed)).round() for seed in (0, 1))
    single = both(case, heatmap.float(), reference.float())
    torch.testing.assert_close(
        single, [each.float() for each in both(case, heatmap, reference)], rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("side", [11, 12, 14, 28, 56, 224])
def test_rounding_moves_no_measure_past_the_end_of_its_interval(side: int) -> None:
    random = torch.Generator().manual_seed(side)
    heatmap = torch.rand(20, 1, side, side, generator=random)
    constant = torch.ones_like(heatmap)
    low, high = Entropy().success
    found = Entropy().measure(constant, heatmap)
    assert ((low <= found) & (found <= high)).all()
    for loss in (Pearson(), Cosine()):
        measure = loss.measure(-heatmap, heatmap)
        assert ((measure >= -1) & (measure <= loss.success[1])).all()
    assert (SSIM().measure(heatmap, heatmap) <= 1).all()
