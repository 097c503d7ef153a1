"""The kinds of input, each with what it takes to run one."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from benchmarks.fuzz import images, weights
from benchmarks.fuzz.judging import Case


class Kind(NamedTuple):
    """Cases by their number, the seconds that one may take, and how many share a child."""

    case_of: Callable[[Random, Path], Case]
    seconds: float
    batch: int


KINDS: dict[str, Kind] = {
    "images": Kind(images.case_of, 10, 100),
    "weights": Kind(weights.case_of, 10, 1),
}
