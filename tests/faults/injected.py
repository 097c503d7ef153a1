"""Faults of the machine, brought about on purpose."""

import errno
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from endings import in_brief


@contextmanager
def full_disk(after: int) -> Iterator[None]:
    """Let files be written whole so often, and then no longer."""
    written = iter(range(after))
    sync = os.fsync

    def fsync(file: int) -> None:
        if next(written, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        yield


def ended(command: Callable[[], object], largest: int | None = None) -> tuple[int, str]:
    """Run a command in a forked process, as a shell would; return its exit code and its words.

    Args:
        command: the command.
        largest: number of bytes of the largest file that it can write.
    """
    # a pipe has no size
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os._exit(_run(command, largest, writer))
    os.close(writer)
    with os.fdopen(reader) as output:
        words = output.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), words


def _run(command: Callable[[], object], largest: int | None, output: int) -> int:
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    if largest is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    code: object = 0
    try:
        with in_brief():
            command()
    except SystemExit as error:
        code = error.code
    except BaseException:
        code = traceback.format_exc()
    if not isinstance(code, int):
        sys.stderr.write(f"{code}\n")
        code = 1
    for each in (sys.stdout, sys.stderr):
        each.flush()
    return code


def killed_at_random(command: Callable[[], object], seconds: float) -> None:
    """Run a command again and again in a forked process, and kill it within some seconds."""
    child = os.fork()
    if child == 0:
        while True:
            command()
    time.sleep(random.uniform(0, seconds))  # noqa: S311  # no secret
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
