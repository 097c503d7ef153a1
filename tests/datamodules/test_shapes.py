"""Shapes: drawings pinned, keyed by seed, split and index, and too hard for a linear classifier."""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from datamodules import Batch, Shapes
from datamodules.base import Split
from datamodules.outlines import OUTLINES, Array, Patch, coverage, placed
from datamodules.shapes import SIZE, SPLITS, Drawing, draw

# sha256 of the drawings `PINNED` below, to be pinned anew whenever the drawing changes
DIGEST = "96b20736dac0c76d8c050ad6b6ca476309a822e976944e4be4d133f05aa8b6ae"
PINNED: list[tuple[int, Split, int]] = [(0, "train", 0), (0, "validation", 5), (7, "test", 11)]


@pytest.fixture(scope="module")
def drawings() -> list[Drawing]:
    return [draw(0, "train", index) for index in range(120)]


@pytest.fixture(scope="module")
def data() -> Shapes:
    return Shapes(train=25, validation=6, test=13, batch_size=4)


def assert_same_batches(first: DataLoader[Batch], second: DataLoader[Batch]) -> None:
    batches: list[tuple[Batch, Batch]] = list(zip(first, second, strict=True))
    assert len(batches) > 1
    for a, b in batches:
        torch.testing.assert_close(tuple(a), tuple(b), rtol=0, atol=0)


def test_pinned() -> None:
    assert sha256(b"".join(draw(*key).image.tobytes() for key in PINNED)).hexdigest() == DIGEST


def test_item_depends_on_seed_split_and_index() -> None:
    keys: list[tuple[int, Split, int]] = [
        (seed, split, index) for seed in range(2) for split in SPLITS for index in (0, 1, 12)
    ]
    images = {key: draw(*key).image.tobytes() for key in keys}
    assert len(set(images.values())) == len(keys)
    np.random.default_rng(0).shuffle(keys)
    assert all(draw(*key).image.tobytes() == images[key] for key in keys)


def test_item_does_not_depend_on_the_length_of_the_split() -> None:
    short, long = Shapes(test=3).images("test"), Shapes(test=9).images("test")
    for index in range(3):
        torch.testing.assert_close(long[0, index], short[0, index], rtol=0, atol=0)


def test_items_are_the_drawings(data: Shapes) -> None:
    for split in SPLITS:
        for index in (0, 5):
            drawing = draw(0, split, index)
            image, label, position = data.images(split)[0, index]
            pixels = torch.from_numpy(drawing.image).permute(2, 0, 1).float() / 255
            if split != "train":
                torch.testing.assert_close(image, pixels, rtol=0, atol=0)
            assert image.shape == (3, SIZE, SIZE)
            assert (int(label), int(position)) == (drawing.label, index)
            expected = torch.from_numpy(drawing.mask).float()[None, None]
            mask = data.masks(position[None], split)
            torch.testing.assert_close(mask, expected, rtol=0, atol=0.5 / 255 + 1e-6)  # bytes


def test_labels_are_balanced(drawings: list[Drawing]) -> None:
    assert Counter(drawing.label for drawing in drawings) == dict.fromkeys(range(12), 10)
    assert Shapes.classes == tuple(OUTLINES)
    assert len(Shapes.classes) == 12


def test_mask_covers_the_object(drawings: list[Drawing]) -> None:
    alike_around = []
    for image, _, mask in drawings:
        assert mask.min() == 0
        assert mask.max() == 1
        pixels = image / 255
        colour = np.median(pixels[mask == 1], axis=0)
        alike = np.abs(pixels - colour).max(2) < 0.15  # noise of 0.03
        assert alike[mask == 1].mean() > 0.99
        rows, columns = np.nonzero(mask)
        near = np.zeros_like(mask, dtype=bool)
        for row, column in zip(rows, columns, strict=True):
            near[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3] = True
        alike_around.append(alike[near & (mask == 0)].mean())
    assert np.mean(alike_around) < 0.02


@pytest.fixture
def outlines(monkeypatch: pytest.MonkeyPatch) -> list[list[Array]]:
    """The outlines that were drawn, in this order; an image's object comes last."""
    drawn: list[list[Array]] = []

    def spy(outlines: list[Array], size: int) -> Patch:
        drawn.append(outlines)
        return coverage(outlines, size)

    monkeypatch.setattr("datamodules.shapes.coverage", spy)
    return drawn


def test_object_is_inside_the_frame(outlines: list[list[Array]]) -> None:
    cut = []
    for index in range(120):
        draw(0, "train", index)
        corners = np.concatenate(outlines[-1])
        if corners.min() < 0 or corners.max() > SIZE:
            cut.append(index)
    assert cut == []


def test_object_is_off_centre(drawings: list[Drawing]) -> None:
    places = np.arange(SIZE) + 0.5 - SIZE / 2
    for drawing in drawings:
        row = (drawing.mask.sum(1) @ places) / drawing.mask.sum()
        column = (drawing.mask.sum(0) @ places) / drawing.mask.sum()
        assert max(abs(row), abs(column)) > 7  # drawn at more than 9; some figures are lopsided


def test_outlines_lie_in_the_unit_circle() -> None:
    reach = {
        name: max(float(np.linalg.norm(outline, axis=1).max()) for outline in outlines)
        for name, outlines in OUTLINES.items()
    }
    assert {name: far for name, far in reach.items() if far > 1 + 1e-9} == {}


def test_coverage_of_a_rectangle() -> None:
    rectangle = np.array([[1.0, 2.0], [4.0, 2.0], [4.0, 3 + 1 / 3], [1.0, 3 + 1 / 3]])
    rows, columns, cover = coverage([rectangle], 8)
    assert (rows, columns) == (slice(2, 4), slice(1, 4))
    np.testing.assert_allclose(cover, np.array([[1.0] * 3, [1 / 3] * 3]))


def test_coverage_leaves_holes_and_cuts_at_the_frame() -> None:
    square = np.array([[-3.0, -3.0], [3.0, -3.0], [3.0, 3.0], [-3.0, 3.0]])
    rows, columns, cover = coverage([square, square / 3], 8)
    assert (rows, columns) == (slice(0, 3), slice(0, 3))
    np.testing.assert_allclose(cover, [[0, 1, 1], [1, 1, 1], [1, 1, 1]])


def test_placed() -> None:
    (result,) = placed([np.array([[1.0, 0.0], [0.0, 1.0]])], np.array([10.0, 20.0]), 2.0, np.pi / 2)
    np.testing.assert_allclose(result, [[10, 22], [8, 20]])


def test_augmentation_flips_by_epoch_and_index(data: Shapes) -> None:
    images = data.images("train")
    ways = torch.zeros(12, 5, dtype=torch.int64)
    for epoch in range(12):
        for index in range(5):
            pixels = images.pixels[index].float() / 255
            flips = [pixels.flip(sides) for sides in ([], [1], [2], [1, 2])]
            image = images[epoch, index].images
            ways[epoch, index] = [torch.equal(image, flip) for flip in flips].index(True)
            torch.testing.assert_close(images[epoch, index].images, image, rtol=0, atol=0)
    assert set(ways.flatten().tolist()) == {0, 1, 2, 3}
    assert (ways != ways[0]).any(0).all()  # an image changes with the epoch
    assert (ways != ways[:, :1]).any(1).all()  # images of an epoch differ


@pytest.mark.parametrize("split", ["validation", "test"])
def test_no_augmentation_in_evaluation(data: Shapes, split: Split) -> None:
    images = data.images(split)
    for epoch in range(8):
        torch.testing.assert_close(images[epoch, 3], images[0, 3], rtol=0, atol=0)


def test_global_generator_is_untouched() -> None:
    state = torch.random.get_rng_state()
    first = Shapes(train=2).images("train")[3, 1]
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.rand(5)
    torch.testing.assert_close(Shapes(train=2).images("train")[3, 1], first, rtol=0, atol=0)


def test_loaders(data: Shapes) -> None:
    train: list[Batch] = list(data.train_dataloader())
    assert [len(batch.labels) for batch in train] == [4] * 6
    assert train[0].images.shape == (4, 3, SIZE, SIZE)
    assert train[0].images.dtype == torch.float32
    assert 0 <= train[0].images.min() < train[0].images.max() <= 1
    for loader, length in ((data.val_dataloader(), 6), (data.test_dataloader(), 13)):
        batches: list[Batch] = list(loader)
        indices = torch.cat([batch.indices for batch in batches])
        assert sorted(indices.tolist()) == list(range(length))
        assert torch.equal(torch.cat([batch.labels for batch in batches]), indices % 12)


def test_a_worker_changes_nothing(data: Shapes) -> None:
    other = Shapes(train=25, validation=6, test=13, batch_size=4, workers=1)
    assert_same_batches(other.train_dataloader(), data.train_dataloader())
    assert_same_batches(other.test_dataloader(), data.test_dataloader())


def test_fingerprint() -> None:
    def prints(**lengths: Any) -> Iterator[str]:
        for split in SPLITS:
            yield Shapes(**{"train": 2, "validation": 2, "test": 2, **lengths}).fingerprint(split)

    first = list(prints())
    assert first == list(prints())
    assert len({*first, *prints(seed=1), Shapes(test=3).fingerprint("test")}) == 7


@pytest.mark.slow
def test_a_linear_classifier_fails() -> None:
    """Ridge regression on the pixels fits 1000 training images, and guesses on the test split."""
    train = [draw(0, "train", index) for index in range(1000)]
    test = [draw(0, "test", index) for index in range(300)]
    x, z = (np.stack([d.image for d in ds]).reshape(len(ds), -1) / 255 for ds in (train, test))
    labels, truth = (np.array([d.label for d in ds]) for ds in (train, test))
    x, z = x - x.mean(0), z - x.mean(0)  # both by the training mean
    for penalty in (1.0, 100.0):
        weights = np.linalg.solve(x @ x.T + penalty * np.eye(1000), np.eye(12)[labels] - 1 / 12)
        assert ((x @ x.T @ weights).argmax(1) == labels).mean() > 0.9
        assert ((z @ x.T @ weights).argmax(1) == truth).mean() < 0.4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("train", 0),
        ("validation", -1),
        ("test", 0),
        ("batch_size", 0),
        ("workers", -1),
        ("seed", -1),
    ],
)
def test_invalid_arguments(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=rf"`{name}` must be at least .*, got {value}"):
        Shapes(**{name: value})
