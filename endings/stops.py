"""Ctrl-C and SIGTERM as one exception, which knows its signal."""

import signal
from typing import NoReturn


class Stopped(KeyboardInterrupt):
    """A signal ends the command.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__()
        self.number = number


def stop(number: int, _frame: object = None) -> NoReturn:
    """Raise Stopped: a handler of signals."""
    raise Stopped(number)
