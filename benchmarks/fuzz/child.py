"""Cases run in forked children, of which each may crash, hang or take all memory."""

import os
import resource
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.fuzz.judging import CRASHED, HUNG, Outcome

MEMORY = 1 << 30
# of the address space, of which allocators keep more than they use
SPACE = 6 * MEMORY


def outcomes(
    run: Callable[[int], Outcome], numbers: Sequence[int], seconds: float, batch: int
) -> Iterator[tuple[int, Outcome]]:
    """Yield the outcome of each number, in order.

    Args:
        run: of one number, called in a child.
        numbers: of the cases.
        seconds: after which a case is hung.
        batch: cases for each child, which is cheaper than one child for each.
    """
    waiting = deque(numbers)
    while waiting:
        reader, writer = Pipe(duplex=False)
        child = os.fork()
        if not child:
            _run_all(run, [*waiting][:batch], writer)
        writer.close()
        try:
            for _ in range(min(batch, len(waiting))):
                outcome = _received(reader, seconds)
                yield waiting.popleft(), outcome or Outcome(CRASHED, "the process ended")
                if outcome is None or outcome.verdict == HUNG:
                    break
        finally:
            reader.close()
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _received(reader: Connection, seconds: float) -> Outcome | None:
    """Return what the child sends within the time, or None if it ends before."""
    if not reader.poll(seconds):
        return Outcome(HUNG, f"no end after {seconds:g} seconds")
    try:
        return Outcome(*reader.recv())
    except EOFError:
        return None


def _run_all(run: Callable[[int], Outcome], numbers: list[int], writer: Connection) -> None:
    """Send the outcome of each case; never returns."""
    try:
        space = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (space + SPACE, space + SPACE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # what libraries write there would cover the progress
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        for number in numbers:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            outcome = run(number)
            taken = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
            if taken > MEMORY:
                outcome = Outcome(CRASHED, f"{taken >> 20} MB of memory; {outcome.reason}")
            writer.send(tuple(outcome))
    finally:
        os._exit(0)
