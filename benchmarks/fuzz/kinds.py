"""The kinds of input, each with what it takes to run one."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from benchmarks.fuzz import commands, configurations, images, results, small_study, weights
from benchmarks.fuzz.judging import Case


class Kind(NamedTuple):
    """Cases by number, the seconds that one may take, how many share a child, preparations."""

    case_of: Callable[[Random, Path], Case]
    seconds: float
    batch: int
    prepare: Callable[[], None] = lambda: None


KINDS: dict[str, Kind] = {
    "images": Kind(images.case_of, 10, 100),
    "weights": Kind(weights.case_of, 10, 1),
    "configs": Kind(configurations.case_of, 60, 1, commands.make_parsers),
    "results": Kind(results.case_of, 60, 1, small_study.make_report),
}
