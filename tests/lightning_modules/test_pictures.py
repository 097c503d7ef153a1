"""Heatmaps that are compared have the same colours for the same values."""

import pytest
import torch
from helpers import heatmaps_of, labels_of
from matplotlib import rc_context
from matplotlib.figure import Figure
from torch import Tensor

from lightning_modules.pictures import STYLE, panel, pixels


def drawn(figure: Figure, row: int, columns: int = 2) -> list[tuple[Tensor, tuple[float, float]]]:
    """The values of each heatmap of a row, and those that its colours reach between."""
    shown = heatmaps_of(figure)[(row - 1) * columns : row * columns]
    return [(torch.as_tensor(image.get_array()), image.get_clim()) for image in shown]


@pytest.mark.parametrize("signed", [False, True])
def test_a_column_has_one_scale(signed: bool) -> None:
    strong = torch.rand(2, 1, 4, 4) - (0.5 if signed else 0.0)
    strong[1] *= 20
    weak = strong / 1000
    with rc_context(STYLE):
        maps = {"original": strong, "manipulated": weak}
        figure = panel(torch.rand(2, 3, 8, 8), maps, ["a", "b"])
    for column, (before, after) in enumerate(zip(drawn(figure, 1), drawn(figure, 2), strict=True)):
        limit = strong[column].abs().max().item()
        assert before[1] == after[1] == (-limit if signed else 0, limit)
        torch.testing.assert_close(before[0], strong[column, 0].double())
        torch.testing.assert_close(after[0], weak[column, 0].double())
        _, _, below = labels_of(figure)
        assert below[column] == f"{-limit if signed else 0:.2g} to {limit:.2g}"
    colours = {image.get_cmap().name for image in heatmaps_of(figure)}
    assert colours == {"RdBu_r" if signed else "inferno"}


def test_heatmaps_without_a_scale_are_drawn_all_the_same() -> None:
    maps = torch.zeros(2, 1, 4, 4)
    maps[1, 0, 0, :2] = torch.tensor([torch.nan, torch.inf])
    figure = panel(torch.rand(2, 3, 8, 8), {"original": maps}, ["a", "b"])
    assert [limits for _, limits in drawn(figure, 1)] == [(0, 1), (0, 1)]
    figure.canvas.draw()


@pytest.mark.parametrize(("channels", "shown"), [(1, [0, 0, 0]), (2, [0, 0, 0]), (5, [0, 1, 2])])
def test_images_of_any_channels(channels: int, shown: list[int]) -> None:
    image = torch.rand(channels, 4, 6)
    torch.testing.assert_close(torch.from_numpy(pixels(image)), image[shown].permute(1, 2, 0))
    with rc_context(STYLE):
        figure = panel(image[None], {"original": torch.rand(1, 1, 4, 6)}, ["a"])
    drawn = [each for each in figure.axes[0].images if each.get_alpha() is None]
    assert torch.as_tensor(drawn[0].get_array()).shape == (4, 6, 3)
