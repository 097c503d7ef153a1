"""Regions that attacks are after."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from attacks import Box, MaskFile, ObjectMask, Region

IMAGES = torch.rand(2, 3, 8, 12)
PIXELS, PLACES = torch.rand(2, 1, 8, 12), torch.rand(2, 1, 4, 6)


@pytest.fixture
def picture(tmp_path: Path) -> str:
    """Bright in the left third, grey in the row below the top."""
    values = np.zeros((8, 12), np.uint8)
    values[:, :4], values[1, 4:] = 255, 51
    Image.fromarray(values).save(tmp_path / "mask.png")
    return str(tmp_path / "mask.png")


def test_a_box_has_the_places_whose_middle_is_in_it() -> None:
    found = Box(0.0, 0.5, 0.25, 1.0).weights(IMAGES, PIXELS)
    expected = torch.zeros(1, 1, 8, 12)
    expected[..., :2, 6:] = 1
    assert found.equal(expected)


def test_a_picture_is_averaged_over_places(picture: str) -> None:
    region = MaskFile(picture)
    expected = torch.zeros(1, 1, 8, 12)
    expected[..., :4], expected[:, :, 1, 4:] = 1, 0.2
    torch.testing.assert_close(region.weights(IMAGES, PIXELS), expected)
    coarse = torch.zeros(1, 1, 4, 6)
    coarse[..., :2], coarse[:, :, 0, 2:] = 1, 0.1
    torch.testing.assert_close(region.weights(IMAGES, PLACES), coarse)


def test_each_image_has_its_object() -> None:
    masks = torch.rand(2, 1, 8, 12)
    assert ObjectMask(masks=masks).weights(IMAGES, PIXELS).equal(masks)
    outside = ObjectMask(inside=False, masks=masks).weights(IMAGES, PLACES)
    torch.testing.assert_close(outside, 1 - torch.nn.functional.avg_pool2d(masks, 2))


def black(folder: Path) -> Region:
    Image.new("L", (12, 8)).save(folder / "black.png")
    return MaskFile(str(folder / "black.png"))


def turned(folder: Path) -> Tensor:
    Image.new("L", (8, 12), 255).save(folder / "turned.png")
    return MaskFile(str(folder / "turned.png")).weights(IMAGES, PLACES)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (black, "black.png is black everywhere"),
        (turned, "turned.png has 12x8 pixels and the images have 8x12"),
        (lambda folder: MaskFile(str(folder / "none.png")), "cannot read the mask `path`"),
        (lambda _: Box(0.5, 0.0, 0.5, 1.0), "a box needs top < bottom"),
        (lambda _: Box(0.0, 0.0, 0.01, 1.0).weights(IMAGES, PIXELS), "no position of the heatmaps"),
        (
            lambda _: ObjectMask(masks=torch.zeros(2, 1, 8, 12)).weights(IMAGES, PIXELS),
            "an image has no position in its object",
        ),
        (lambda _: ObjectMask().weights(IMAGES, PIXELS), "`masks` is null; give the masks"),
    ],
)
def test_bad_input(make: Callable[[Path], object], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        make(tmp_path)
