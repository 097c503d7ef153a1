"""A folder that one process at a time writes to."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from files.reading import read_bytes, shown
from files.writing import replace


class FolderInUseError(ValueError):
    """Another process writes to the folder."""


@contextmanager
def sole_writer(folder: Path, task: str) -> Iterator[None]:
    """Keep other processes with the same task from writing to a folder until the block ends.

    The operating system lets go of the lock when a process ends, however it ends.

    Raises: FolderInUseError: another process holds it, on this or another computer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock, holder = FileLock(folder / f".{task}.lock"), folder / f".{task}.holder"
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        who = shown(read_bytes(holder).decode(errors="replace")) if holder.is_file() else "unknown"
        raise FolderInUseError(
            f"another run writes to {folder} ({who}); wait until it ends, stop it, or choose "
            "another folder (--run)"
        ) from error
    try:
        now = datetime.now().astimezone().isoformat(" ", "minutes")
        replace(holder, f"process {os.getpid()} on {socket.gethostname()}, since {now}")
        yield
    except OSError as error:
        # a writer of events does not say which file the disk has no room for
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) and error.filename is None:
            error.filename = str(folder)
        raise
    finally:
        holder.unlink(missing_ok=True)
        lock.release()
