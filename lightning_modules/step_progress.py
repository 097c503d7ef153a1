"""Progress of nested loops within one test step."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


class StepProgress:
    """Progress of nested loops within one test step, reported after every iteration."""

    def __init__(self) -> None:
        self.loops: list[tuple[int, int]] = []
        self.report: Callable[[float], None] = lambda fraction: None

    def __call__(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items of a loop, and count its iterations."""
        known, depth = list(items), len(self.loops)
        try:
            for done, item in enumerate(known):
                self.loops[depth:] = [(done, len(known))]
                yield item
                self.loops[depth:] = [(done + 1, len(known))]
                self.report(self.fraction)
        finally:
            del self.loops[depth:]

    @property
    def fraction(self) -> float:
        """Fraction of the step that is done, in [0, 1]; the iterations of a loop count alike."""
        fraction = 0.0
        for done, iterations in reversed(self.loops):
            fraction = (done + fraction) / iterations
        return fraction
