"""Ctrl-C and SIGTERM, which end a command in one line."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from lightning.pytorch.utilities import rank_zero_info

# what a shell reports of a program that Ctrl-C ended
INTERRUPTED = 128 + signal.SIGINT


@contextmanager
def stopped_in_one_line() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does, and end the command without a traceback."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        rank_zero_info("interrupted; the files in the run's folder are whole")
        raise SystemExit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)
