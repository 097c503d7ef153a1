"""Ctrl-C and SIGTERM, which wait until the work in hand is done."""

import signal
import threading
from typing import Any


class Signals:
    """Note of the first Ctrl-C or SIGTERM; the second one acts at once.

    Python hands signals to the main thread alone, so that elsewhere none is noted.
    """

    def __init__(self) -> None:
        self.noted = False
        self._before: dict[int, Any] = {}

    def hold(self) -> None:
        """Note signals from now on, instead of what they did before."""
        self.noted = False
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)

    def release(self) -> None:
        """Let signals do what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _note(self, _number: int, _frame: object) -> None:
        self.noted = True
        self.release()
