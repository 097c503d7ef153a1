"""What share of a batch is done."""

from lightning_modules.parts import Parts


def test_loops_inside_one_another() -> None:
    parts, told = Parts(), list[float]()
    parts.tell = told.append
    for turn in parts("abcd"):
        for _ in parts(range(2) if turn == "b" else []):
            pass
    assert told == [0.25, 0.375, 0.5, 0.5, 0.75, 1.0]


def test_a_loop_that_was_left_is_forgotten() -> None:
    parts = Parts()
    for _ in parts(range(3)):
        break
    assert parts.loops == []
    assert parts.share == 0.0
