"""Errors as people read them: what is wrong and how to mend it, without a traceback."""

import errno
import os
import sys
from pathlib import Path
from traceback import FrameSummary, extract_tb

HOME = Path(__file__).parents[1]
# what no code can mend, and what the user can do
DISK = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some of your quota",
    errno.EFBIG: "raise the limit of a file's size (ulimit -f)",
    errno.EROFS: "choose a folder that can be written to",
    errno.EIO: "check the disk",
}
WORKER = (
    "a process that loads images was killed, for lack of memory or of shared memory (/dev/shm); "
    "load them in the run itself (--data.init_args.workers 0), or allow more (docker run "
    "--shm-size 8g)"
)


def in_short(error: BaseException) -> str | None:
    """Return an error in a few lines, or None for one whose traceback is needed.

    Those are told in short that trompe raises for what it was given, and those of the machine.
    """
    for each in chain(error):
        if isinstance(each, OSError) and each.errno in DISK:
            return f"{told(each)}; {DISK[each.errno]}. What was there before is kept"
        if isinstance(each, RuntimeError) and lost_worker(str(each)):
            return WORKER
    if isinstance(error, OSError) and error.filename is not None:
        return f"{told(error)}; check the path and its permissions{place(error)}"
    kind = type(error)
    if is_ours(kind.__module__):
        # a process that loads images puts its traceback before the text
        return str(error).rpartition(f"{kind.__module__}.{kind.__qualname__}: ")[2]
    if kind.__name__ == "MisconfigurationException":
        return str(error)
    if kind in (ValueError, TypeError) and raised_by_us(error):
        return f"{error}{place(error)}"
    return None


def told(error: OSError) -> str:
    """Return what is wrong and where."""
    where = "" if error.filename is None else f": {os.fsdecode(error.filename)}"
    return f"{error.strerror}{where}"


def place(error: BaseException) -> str:
    """Return a line that says where an error was raised, and how to see more."""
    last = last_frame(error)
    where = f"{last.filename}, line {last.lineno}; " if last else ""
    return f"\n({where}TROMPE_TRACEBACK=1 shows the whole traceback)"


def chain(error: BaseException | None) -> list[BaseException]:
    """Return an error and those that it was raised for, each once."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def lost_worker(message: str) -> bool:
    """Return True for what torch says of a loading process that was killed."""
    killed = "is killed by signal" in message or "exited unexpectedly" in message
    return ("DataLoader worker" in message and killed) or "allocate shared memory" in message


def raised_by_us(error: BaseException) -> bool:
    """Return True if a statement of trompe's raised the error, and not a function that it calls."""
    last = last_frame(error)
    if last is None or not (last.line or "").startswith("raise "):
        return False
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and is_ours(traceback.tb_frame.f_globals["__name__"])


def last_frame(error: BaseException) -> FrameSummary | None:
    """Return where an error was raised."""
    frames = extract_tb(error.__traceback__)
    return frames[-1] if frames else None


def is_ours(module: str) -> bool:
    """Return True for a module of trompe's, under either name."""
    # a module that is run as a command calls itself __main__
    spec = getattr(sys.modules.get(module), "__spec__", None)
    top = getattr(spec, "name", module).partition(".")[0]
    return top == "trompe" or (HOME / top / "__init__.py").is_file()
