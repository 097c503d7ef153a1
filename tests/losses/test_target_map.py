"""Pictures as targets, and similarities, against slow formulas."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.autograd import gradcheck

from losses import (
    SSIM,
    Cosine,
    Location,
    Pearson,
    TargetMap,
    cosine,
    normalize,
    pearson,
    ssim,
    target_map,
)
from losses.target_map import SHAPES


def heatmaps(seed: int, side: int = 8) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(3, 1, side, side, generator=random, dtype=torch.float64)


@pytest.fixture
def picture(tmp_path: Path) -> str:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    pixels[:, :30] //= 4
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return str(tmp_path / "picture.png")


def test_formula() -> None:
    heatmap, target = heatmaps(0), torch.rand(1, 1, 8, 8, dtype=torch.float64)
    expected = ((normalize(heatmap) - target) ** 2).flatten(1).sum(1) / 64
    torch.testing.assert_close(target_map(heatmap, target), expected)


def test_zero_when_the_map_is_the_picture(picture: str) -> None:
    for loss in (TargetMap(picture), TargetMap(shape="disk"), TargetMap(picture, likeness=SSIM())):
        target = loss.target(9, 7)
        assert target.shape == (1, 1, 9, 7)
        assert target.amin() == 0
        assert target.amax() == 1
        torch.testing.assert_close(loss(3 * target - 1, target), torch.zeros(1))
        assert loss(1 - target, target) > 0.3


def test_a_picture_is_bright_where_it_is_bright(picture: str) -> None:
    target = TargetMap(picture).target(6, 8)[0, 0]
    assert target[:, 4:].mean() > target[:, :4].mean() + 0.3


def test_shapes() -> None:
    shown = {
        name: "".join("#" if v else "." for v in TargetMap(shape=name).target(5, 5).flatten())
        for name in ("disk", "cross", "corner")
    }
    assert shown["disk"] == ".......#...###...#......."
    assert shown["cross"] == "..#....#..#####..#....#.."
    assert shown["corner"] == "##...##.................."


@pytest.mark.parametrize(
    ("shape", "side"), [("cross", 4), ("cross", 2), ("disk", 2), *((s, 1) for s in SHAPES)]
)
def test_shapes_lost_in_small_maps(shape: Any, side: int) -> None:
    heatmap = torch.rand(1, 1, side, side)
    message = f"the shape {shape} is the same everywhere in a heatmap of {side}x{side}; choose a"
    with pytest.raises(ValueError, match=message):
        TargetMap(shape=shape)(heatmap, heatmap)


@pytest.mark.parametrize("squares", [14, 28, 64, 100])
def test_pictures_lost_in_small_maps(tmp_path: Path, squares: int) -> None:
    chequered = (np.indices((squares, squares)).sum(0) % 2 * 255).astype(np.uint8)
    Image.fromarray(chequered).save(tmp_path / "chequered.png")
    loss = TargetMap(str(tmp_path / "chequered.png"))
    with pytest.raises(ValueError, match=r"chequered.png is the same everywhere .* 7x7; choose a"):
        loss.target(7, 7)
    assert loss.target(squares, squares).equal(
        torch.from_numpy(chequered / 255).float()[None, None]
    )


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_is_dark(tmp_path: Path, mode: str) -> None:
    grey = np.array([[255, 255, 102], [51, 0, 255]], np.uint8)
    opacity = np.array([[0, 255, 255], [255, 255, 51]], np.uint8)
    picture = Image.fromarray(np.stack([grey, opacity], 2), "LA")
    picture.convert(mode).save(tmp_path / "picture.png")
    target = TargetMap(str(tmp_path / "picture.png")).target(2, 3)[0, 0]
    torch.testing.assert_close(target, torch.from_numpy(grey / 255 * (opacity / 255)).float())


def test_a_transparent_colour_is_dark(tmp_path: Path) -> None:
    grey = np.array([[255, 51], [102, 0]], np.uint8)
    Image.fromarray(grey).convert("P").save(tmp_path / "picture.png", transparency=51)
    target = TargetMap(str(tmp_path / "picture.png")).target(2, 2)[0, 0]
    torch.testing.assert_close(target, torch.tensor([[1.0, 0.0], [0.4, 0.0]]))


@pytest.mark.parametrize("likeness", [SSIM(), Cosine(), Pearson()])
def test_bounds_of_a_likeness(likeness: Any) -> None:
    loss = TargetMap(shape="cross", likeness=likeness)
    target = loss.target(9, 9)
    low, high = loss.bounds
    assert (low, high) == (0, 2)
    torch.testing.assert_close(loss(target, target), torch.zeros(1))
    assert 1 < loss(-target, target) <= high
    assert TargetMap(shape="cross").bounds == (0, 1)


@pytest.mark.parametrize("likeness", [None, SSIM(), Cosine(), Pearson()])
def test_gradient(likeness: Any) -> None:
    loss = TargetMap(shape="cross", likeness=likeness)
    assert gradcheck(lambda h: loss(h, h), heatmaps(1).requires_grad_())


def test_similarities() -> None:
    first, second = heatmaps(2, 16), heatmaps(3, 16)
    pairs = list(zip(first.flatten(1), second.flatten(1), strict=True))
    angles = torch.stack([a @ b / (a.norm() * b.norm()) for a, b in pairs])
    torch.testing.assert_close(Cosine()(first, second), angles)
    torch.testing.assert_close(Pearson()(first, second), pearson(first, second))
    for function in (cosine, pearson, ssim):
        torch.testing.assert_close(function(first, 4 * first), torch.ones(3).double())


def slow_ssim(x: Any, y: Any) -> float:
    """Wang et al. (2004), eq. 13: means and covariances under a Gaussian window of 11 pixels."""

    def mean(values: Any) -> Any:
        return gaussian_filter(values, 1.5, mode="mirror", radius=5)

    variances = [mean(values**2) - mean(values) ** 2 for values in (x, y)]
    covariance = mean(x * y) - mean(x) * mean(y)
    c1, c2 = 0.01**2, 0.03**2
    above = (2 * mean(x) * mean(y) + c1) * (2 * covariance + c2)
    below = (mean(x) ** 2 + mean(y) ** 2 + c1) * (sum(variances) + c2)
    return float((above / below).mean())


@pytest.mark.parametrize("side", [6, 8, 24])
def test_ssim(side: int) -> None:
    first, second = heatmaps(4, side), heatmaps(5, side)
    pairs = zip(normalize(first), normalize(second), strict=True)
    expected = [slow_ssim(a[0].numpy(), b[0].numpy()) for a, b in pairs]
    torch.testing.assert_close(SSIM()(first, second), torch.tensor(expected).double())


def test_refusals(tmp_path: Path, picture: str) -> None:
    (tmp_path / "text.png").write_text("no picture")
    Image.new("L", (4, 4), 9).save(tmp_path / "grey.png")
    Image.new("RGBA", (4, 4), (200, 30, 0, 0)).save(tmp_path / "clear.png")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"image": picture, "shape": "disk"}, "give either `image` or `shape`"),
        ({"image": str(tmp_path / "none.png")}, "cannot read the picture"),
        ({"image": str(tmp_path / "text.png")}, "cannot read the picture"),
        ({"image": str(tmp_path / "grey.png")}, "the same everywhere"),
        ({"image": str(tmp_path / "clear.png")}, "the same everywhere"),
        ({"shape": "star"}, "`shape` must be one of disk, cross, corner, got star"),
        ({"shape": "disk", "likeness": Location()}, "must be a similarity.* got Location"),
    ]
    for options, message in cases:
        with pytest.raises(ValueError, match=message):
            TargetMap(**options)
    with pytest.raises(ValueError, match="heatmaps of at least 6x6, got 4x4"):
        ssim(heatmaps(6, 4), heatmaps(7, 4))
