"""How far a batch is that is asked for many things, one after another."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Turn = TypeVar("Turn")


class StepProgress:
    """Loops, some inside others, that tell after every turn what share of the batch is done."""

    def __init__(self) -> None:
        self.loops: list[tuple[int, int]] = []
        self.report: Callable[[float], None] = lambda share: None

    def __call__(self, turns: Iterable[Turn]) -> Iterator[Turn]:
        """The turns of a loop in which a batch does its work."""
        known, depth = list(turns), len(self.loops)
        try:
            for done, turn in enumerate(known):
                self.loops[depth:] = [(done, len(known))]
                yield turn
                self.loops[depth:] = [(done + 1, len(known))]
                self.report(self.fraction)
        finally:
            del self.loops[depth:]

    @property
    def fraction(self) -> float:
        """What is done of the batch, from 0 to 1, every turn of a loop counted alike."""
        share = 0.0
        for done, turns in reversed(self.loops):
            share = (done + share) / turns
        return share
