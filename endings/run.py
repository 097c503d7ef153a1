"""A command from its start to its end."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from endings.errors import chain, in_short
from endings.output import open_ended
from endings.stops import stop

TRACEBACK = "TROMPE_TRACEBACK"


@contextmanager
def in_brief() -> Iterator[None]:
    """Run a command, which ends in a few lines on an error, and in one on Ctrl-C and SIGTERM.

    The exit code is 1 after an error and 128 + n after signal n. Errors that nobody expects keep
    their traceback, and with the environment variable TROMPE_TRACEBACK all do.
    """
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(open_ended, streams)
    terminated = signal.signal(signal.SIGTERM, stop)
    before, threading.excepthook = threading.excepthook, in_thread
    try:
        yield
    except BaseException as error:
        numbers = [
            getattr(each, "number", signal.SIGINT)
            for each in chain(error)
            if isinstance(each, KeyboardInterrupt)
        ]
        if numbers:
            # Lightning has said so itself, and exits with 1
            if not isinstance(error, SystemExit):
                sys.stderr.write("interrupted; the files in the run's folder are whole\n")
            raise SystemExit(128 + numbers[0]) from None
        short = None if isinstance(error, SystemExit) else in_short(error)
        if short is None or os.environ.get(TRACEBACK):
            raise
        lines = [f"error: {short}", *getattr(error, "__notes__", ())]
        raise SystemExit("\n".join(lines)) from None
    finally:
        threading.excepthook = before
        signal.signal(signal.SIGTERM, terminated)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = streams


def in_thread(failed: threading.ExceptHookArgs) -> None:
    """Show the traceback of a thread's error, unless it can be told in short.

    TensorBoard raises the error of its writing thread again in the main one.
    """
    if failed.exc_value is None or in_short(failed.exc_value) is None:
        threading.__excepthook__(failed)
