"""Ctrl-C and SIGTERM, which wait until the work in hand is done."""

import signal
import threading
from typing import Any

from endings import Stopped


class Signals:
    """Note of the first Ctrl-C or SIGTERM; the second one acts at once.

    Python hands signals to the main thread alone, so that elsewhere none is noted.
    """

    def __init__(self) -> None:
        self.noted: int | None = None
        self._before: dict[int, Any] = {}

    def hold(self) -> None:
        """Note signals from now on, instead of what they did before."""
        self.noted = None
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)

    def act(self) -> None:
        """Raise Stopped if a signal was noted."""
        if self.noted is not None:
            raise Stopped(self.noted)

    def release(self) -> None:
        """Let signals do what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _note(self, number: int, _frame: object) -> None:
        self.noted = number
        self.release()
