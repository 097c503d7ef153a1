"""Composites: two classes in one frame, no pair twice, splits apart, the same everywhere."""

from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from lightning import Trainer
from torch import Tensor

from datamodules import Composites, ImageFolder, Shapes
from datamodules.base import Split
from datamodules.image_files import ImageFiles
from datamodules.joined import CompositeImages, Layout, joined
from datamodules.outlines import OUTLINES

FIRST, SECOND = list(OUTLINES)[2], list(OUTLINES)[7]


def data(**options: object) -> Composites:
    shapes = Shapes(train=60, validation=36, test=24, batch_size=7)
    settings = {"train": 20, "test": 4, "batch_size": 3, **options}
    composites = Composites(shapes, (FIRST, SECOND), **settings)  # type: ignore[arg-type]
    composites.setup("fit")
    return composites


def images(height: int = 8, width: int = 6) -> tuple[Tensor, Tensor]:
    return torch.zeros(3, height, width), torch.ones(3, height, width)


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("horizontal", [[0, 0, 1, 1], [0, 0, 1, 1]]),
        ("vertical", [[0, 0, 0, 0], [1, 1, 1, 1]]),
        ("grid", [[0, 0, 1, 1], [1, 1, 0, 0]]),
    ],
)
def test_layouts(layout: Layout, expected: list[list[int]]) -> None:
    frame = joined(*images(2, 4), layout)
    torch.testing.assert_close(frame, torch.tensor(expected).float().expand(3, 2, 4))


@pytest.mark.parametrize("layout", ["horizontal", "vertical", "grid"])
@pytest.mark.parametrize("side", [5, 8])
def test_a_part_is_the_whole_image(layout: Layout, side: int) -> None:
    """What is on the left of an image is on the left of its part."""
    ramp = torch.linspace(0, 1, side).expand(3, side, side)
    frame = joined(ramp, ramp, layout)
    assert frame.shape == ramp.shape
    part = frame[:, : side // 2, : side // 2] if layout == "grid" else frame
    if layout == "horizontal":
        part = frame[:, :, : side // 2]
    assert (part.diff(dim=2) > 0).all()
    assert frame.min() >= 0
    assert frame.max() <= 1


def test_every_image_before_one_comes_again_and_no_pair_twice() -> None:
    composites = data(train=25).composites("train")
    labels = Shapes(train=60, validation=36, test=24).images("train").labels
    first, second = composites.pairs.T
    assert (labels[first] == 2).all()
    assert (labels[second] == 7).all()
    assert len(set(map(tuple, composites.pairs.tolist()))) == 25
    for members in (first, second):
        for start in range(0, 25, 5):
            assert len(set(members[start : start + 5].tolist())) == 5


def test_both_orders_come_equally_often() -> None:
    composites = data().composites("train")
    assert int(composites.in_order.sum()) == 10
    assert composites.in_order.tolist() != sorted(composites.in_order.tolist())
    for index in range(20):
        frame, classes, number = composites[0, index]
        assert classes.tolist() == [2, 7]
        assert number == index
        single = [composites.images[0, i].images for i in composites.pairs[index].tolist()]
        pair = single if composites.in_order[index] else single[::-1]
        torch.testing.assert_close(frame, joined(pair[0], pair[1], "horizontal"))


@pytest.mark.slow
def test_the_same_every_time() -> None:
    for split in ("train", "validation", "test"):
        first, second = data().composites(split), data().composites(split)
        assert first.pairs.equal(second.pairs)
        assert first[3, 1].images.equal(second[3, 1].images)
    assert not data(seed=1).composites("train").pairs.equal(data().composites("train").pairs)
    assert data(seed=1).fingerprint("test") != data().fingerprint("test")
    assert data(layout="grid").fingerprint("test") != data().fingerprint("test")


def test_an_epoch_has_as_many_composites_as_single_batches() -> None:
    composites = data()
    batches = list(composites.train_dataloader())
    assert len(batches) == 60 // 7
    drawn: list[int] = []
    for batch, _, _ in batches:
        assert batch["images"].images.shape == (7, 3, 64, 64)
        assert batch["composites"].labels.tolist() == [[2, 7]] * 3
        drawn += batch["composites"].indices.tolist()
    # six batches of three are one pass over the twenty
    assert len(set(drawn[:18])) == 18


def test_validation_has_single_images_then_composites() -> None:
    for loaders, count in (
        (data().val_dataloader(), 36),
        (data().test_dataloader(), 24),
    ):
        single, composites = ([batch.indices for batch in loader] for loader in loaders)
        assert torch.cat(single).tolist() == list(range(count))
        assert torch.cat(composites).tolist() == list(range(4))


def test_what_the_images_fetch_is_fetched() -> None:
    fetched: list[bool] = []
    composites = data()
    composites.data.prepare_data = lambda: fetched.append(True)  # type: ignore[method-assign]
    composites.prepare_data()
    assert fetched


def test_processes_share_the_composites() -> None:
    shares = []
    for rank in range(2):
        composites = data()
        composites.trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
        composites.setup("fit")
        place = (rank, 2)
        for module in (composites, composites.data):
            module._rank_and_world_size = lambda place=place: place  # type: ignore[method-assign,misc]
        loaders = composites.val_dataloader()
        shares.append([torch.cat([b.indices for b in loader]).tolist() for loader in loaders])
    for (one, two), count in zip(zip(*shares, strict=True), (36, 4), strict=True):
        assert sorted(one + two) == list(range(count))


@pytest.mark.parametrize(
    ("pair", "options", "message"),
    [
        ((FIRST, FIRST), {}, f"`pair` must be two different classes, got {FIRST}, {FIRST}"),
        ((FIRST, "hexagram"), {}, "the class `hexagram`, which is not in the data"),
        ((FIRST, SECOND), {"train": 26}, "26 composites need as many pairs.* make 25"),
        ((FIRST, SECOND), {"test": 0}, "`test` must be at least 1 composite"),
    ],
)
def test_refusals(pair: tuple[str, str], options: dict[str, int], message: str) -> None:
    shapes = Shapes(train=60, validation=36, test=24)
    with pytest.raises(ValueError, match=message):  # noqa: PT012  # wherever it shows first
        composites = Composites(shapes, pair, **options)  # type: ignore[arg-type]
        composites.setup("fit")
        composites.composites("train")


@pytest.mark.parametrize(
    ("pair", "layout", "message"),
    [
        ((FIRST,), "grid", f"`pair` must be two different classes, got {FIRST}"),
        ((), "grid", "`pair` must be two different classes, got "),
        (
            (FIRST, SECOND, "ring"),
            "grid",
            f"two different classes, got {FIRST}, {SECOND}, ring",
        ),
        ((FIRST, SECOND), "diagonal", "one of horizontal, vertical, grid, got diagonal"),
    ],
)
def test_what_is_wrong_at_once(pair: Any, layout: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Composites(Shapes(train=12), pair, layout)


@pytest.mark.slow
def test_as_many_as_the_paper() -> None:
    composites = Composites(Shapes(train=420, validation=180, test=180), (FIRST, SECOND))
    composites.setup("fit")
    sizes = {split: len(composites.composites(split)) for split in get_args(Split)}
    assert sizes == {"train": 1100, "validation": 200, "test": 200}


def test_no_image_is_in_composites_of_two_splits(image_folder: Path) -> None:
    folder = ImageFolder(str(image_folder), size=8, workers=0)
    composites = Composites(folder, ("ant", "cat"), train=36, test=4)
    composites.setup("fit")
    used: dict[Split, set[Path]] = {}
    for split in get_args(Split):
        images = folder.images(split)
        assert isinstance(images.pictures, ImageFiles)
        numbers = composites.composites(split).pairs.flatten().tolist()
        used[split] = {images.pictures.samples[images.numbers[n]].path for n in numbers}
    # all of both classes: six each to train on, five each for the rest
    assert len(used["train"]) == 12
    assert len(used["validation"]) + len(used["test"]) == 10
    assert len(set.union(*used.values())) == 22


def test_a_class_without_images() -> None:
    shapes = Shapes(train=60, validation=36, test=7)
    with pytest.raises(ValueError, match="1 images of one class and 0 of the other make 0"):
        CompositeImages(shapes.images("test"), (2, 7), 1, "grid", 0)


def test_pairs_are_distinct_whatever_the_sizes() -> None:
    shapes = Shapes(train=30, validation=36, test=24).images("train")
    for first, second in product((0, 11), repeat=2):
        if first != second:
            count = int((shapes.labels == first).sum() * (shapes.labels == second).sum())
            pairs = CompositeImages(shapes, (first, second), count, "grid", 0).pairs
            assert len(set(map(tuple, pairs.tolist()))) == count
