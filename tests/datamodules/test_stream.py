"""Streams: shuffled without repetition, shared out among processes, resumed anywhere."""

from itertools import product, zip_longest

import pytest

from datamodules.stream import EvaluationStream, Key, TrainStream

Batches = list[list[Key]]


def stream(
    images: int = 23, batch: int = 4, seed: int = 0, rank: int = 0, world: int = 1, done: int = 0
) -> TrainStream:
    return TrainStream(images, batch, seed, rank, world, lambda: done)


def flat(batches: Batches) -> list[Key]:
    return [key for batch in batches for key in batch]


@pytest.mark.parametrize(("images", "batch"), [(23, 4), (24, 4), (5, 1), (3, 8)])
def test_every_image_at_most_once_in_an_epoch(images: int, batch: int) -> None:
    batches = list(stream(images, batch))
    size = min(batch, images)
    assert len(batches) == len(stream(images, batch)) == images // size
    assert {len(one) for one in batches} == {size}
    drawn = [image for _, image in flat(batches)]
    assert len(set(drawn)) == len(drawn)
    assert set(drawn) <= set(range(images))
    assert {epoch for epoch, _ in flat(batches)} == {0}


def test_images_left_over_come_in_other_epochs() -> None:
    drawn = {image for epoch in range(20) for _, image in flat(list(stream(done=5 * epoch)))}
    assert drawn == set(range(23))


def test_epochs_and_seeds_differ() -> None:
    orders = [
        tuple(image for _, image in flat(list(stream(seed=seed, done=5 * epoch))))
        for seed, epoch in product(range(3), repeat=2)
    ]
    assert len(set(orders)) == 9
    assert all(order != tuple(sorted(order)) for order in orders)


def test_same_seed_same_order() -> None:
    assert list(stream(seed=5)) == list(stream(seed=5))


def test_resuming_gives_the_tail() -> None:
    length = len(stream())
    whole = [batch for epoch in range(5) for batch in stream(done=epoch * length)]
    assert [{epoch for epoch, _ in batch} for batch in whole] == [{b // length} for b in range(25)]
    for done in range(4 * length):
        assert list(stream(done=done)) == whole[done : done + length]


def test_done_is_asked_at_every_epoch() -> None:
    done = iter((0, 5))
    asked = TrainStream(23, 4, 0, 0, 1, lambda: next(done))
    assert (list(asked), list(asked)) == (list(stream()), list(stream(done=5)))


@pytest.mark.parametrize(
    ("images", "batch", "world"), [(23, 3, 2), (24, 2, 4), (5, 4, 2), (9, 1, 3)]
)
@pytest.mark.parametrize("done", [0, 2])
def test_processes_share_out_the_batches_of_one(
    images: int, batch: int, world: int, done: int
) -> None:
    ranks = [list(stream(images, batch, 0, rank, world, done)) for rank in range(world)]
    merged = [
        [key for row in zip_longest(*parts) for key in row if key is not None]
        for parts in zip(*ranks, strict=True)
    ]
    assert merged == list(stream(images, batch * world, done=done))


@pytest.mark.parametrize(
    ("images", "batch", "world"),
    [case for case in product((7, 8, 9, 30), (1, 2, 3, 8, 50), (1, 2, 3, 7))],
)
def test_evaluation_covers_each_image_once(images: int, batch: int, world: int) -> None:
    streams = [EvaluationStream(images, batch, rank, world) for rank in range(world)]
    ranks = [list(one) for one in streams]
    assert sorted(key for batches in ranks for key in flat(batches)) == [
        (0, image) for image in range(images)
    ]
    assert {len(batches) for batches in ranks} == {len(streams[0])}
    for sizes in ([len(one) for one in batches] for batches in ranks):
        assert max(sizes) - min(sizes) <= 1
        # in batches of 1 a process with one image more than others must take two at once
        assert 1 <= min(sizes) <= max(sizes) <= (batch if batch > 1 else 2)


def test_evaluation_needs_no_more_batches_than_it_must() -> None:
    assert len(EvaluationStream(30, 8, 0, 1)) == 4
    assert len(EvaluationStream(30, 8, 1, 2)) == 2


def test_too_few_images_to_evaluate() -> None:
    with pytest.raises(ValueError, match="2 images cannot be divided among 3 processes"):
        EvaluationStream(2, 4, 0, 3)


def test_too_few_images_to_train() -> None:
    with pytest.raises(ValueError, match="2 images cannot be divided among 3 processes"):
        list(stream(2, 4, rank=0, world=3))
