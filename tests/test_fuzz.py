"""The fuzz sees every way to fail, and a few cases of each kind do not."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.fuzz import child
from benchmarks.fuzz.__main__ import main
from benchmarks.fuzz.child import outcomes
from benchmarks.fuzz.judging import CRASHED, HUNG, RAN, REFUSED, RIGHT, WRONG, Case, Outcome, judge
from datamodules.image_files import decode


def test_a_case_may_end_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "MEMORY", 1 << 26)
    ends: list[Callable[[], object]] = [
        lambda: None,
        lambda: os.kill(os.getpid(), signal.SIGKILL),
        lambda: time.sleep(60),
        lambda: len(b"x" * (1 << 27)),
        lambda: os._exit(0),
        lambda: None,
    ]

    def run(number: int) -> Outcome:
        ends[number]()
        return Outcome(RIGHT)

    found = [outcome.verdict for _, outcome in outcomes(run, range(6), seconds=0.5, batch=4)]
    assert found == [RIGHT, CRASHED, HUNG, CRASHED, CRASHED, RIGHT]


def fail(error: BaseException) -> Callable[[], None]:
    def load() -> None:
        raise error

    return load


def missing(path: str) -> Callable[[], object]:
    return lambda: decode(Path(path), path)


NAMES = ("mine.png",)
CASES: dict[str, tuple[Case, str]] = {
    "read": (Case("", lambda: 1), RIGHT),
    "read as another": (Case("", lambda: 1, lambda _: "other"), WRONG),
    "named": (Case("", missing("mine.png"), names=NAMES), REFUSED),
    "named, but sound": (Case("", missing("mine.png"), names=NAMES, sound=True), WRONG),
    "not named": (Case("", missing("yours.png"), names=NAMES), CRASHED),
    "raw": (Case("", fail(KeyError("mine.png")), names=NAMES), CRASHED),
    "not our own": (Case("", lambda: int("mine.png"), names=NAMES), CRASHED),
    "another exit code": (Case("", fail(SystemExit(1)), names=NAMES), CRASHED),
    "its code was run": (Case("", lambda: 1, trace=Path(__file__)), RAN),
}


@pytest.mark.parametrize("name", CASES)
def test_verdicts(name: str) -> None:
    case, verdict = CASES[name]
    assert judge(case).verdict == verdict


def test_a_command_says_what_is_wrong_in_few_lines() -> None:
    for lines, verdict in ((15, REFUSED), (16, CRASHED)):
        error = SystemExit(2)
        error.add_note("mine.png\n" * lines)
        assert judge(Case("", fail(error), names=NAMES)).verdict == verdict


@pytest.mark.parametrize(
    "counts",
    [
        {"images": 60, "weights": 6},
        pytest.param({"configs": 2, "results": 2}, marks=pytest.mark.slow),
    ],
    ids="-".join,
)
def test_a_few_cases_of_each_kind(
    counts: dict[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert not main([*(f"--{name}={count}" for name, count in counts.items()), "--seed=3"])
    rows = [line.split("│") for line in capsys.readouterr().out.splitlines() if "│" in line]
    assert {row[1].strip(): sum(map(int, row[2:8])) for row in rows} == counts


def test_one_case_is_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--only", "images:17", "--seed", "3"])
    first = capsys.readouterr().out
    assert "images:17" in first
    main(["--only", "images:17", "--seed", "3"])
    assert capsys.readouterr().out == first
