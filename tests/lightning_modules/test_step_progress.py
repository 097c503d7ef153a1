"""What share of a batch is done."""

from lightning_modules.step_progress import StepProgress


def test_loops_inside_one_another() -> None:
    progress, told = StepProgress(), list[float]()
    progress.report = told.append
    for turn in progress("abcd"):
        for _ in progress(range(2) if turn == "b" else []):
            pass
    assert told == [0.25, 0.375, 0.5, 0.5, 0.75, 1.0]


def test_a_loop_that_was_left_is_forgotten() -> None:
    progress = StepProgress()
    for _ in progress(range(3)):
        break
    assert progress.loops == []
    assert progress.fraction == 0.0
