"""Timing things against each other, so that the machine's drift meets all alike."""

import ctypes
import gc
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from rich.progress import track

Task = Callable[[], object]


def alternated(tasks: dict[str, Task], rounds: int, title: str) -> dict[str, list[float]]:
    """Seconds of each task in each round; every round begins with another one."""
    names = list(tasks)
    for name in names:
        seconds(tasks[name])
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in track(range(rounds), title):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            found[name].append(seconds(tasks[name]))
    return found


def seconds(task: Task) -> float:
    """Return the seconds that a task takes, with what it starts on a GPU."""
    _synchronize()
    start = time.perf_counter()
    task()
    _synchronize()
    return time.perf_counter() - start


def peak_megabytes(task: Task) -> float:
    """The most memory that a task adds, on the GPU if there is one."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        before = float(torch.cuda.memory_allocated())
        task()
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    # memory freed goes back, and Linux begins its count of the largest resident size anew
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    task()
    return _status("VmHWM") - before


def summary(above: list[float], below: list[float]) -> str:
    """Median and quartiles of the ratio of two tasks in the same rounds."""
    ratios = [a / b for a, b in zip(above, below, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def _status(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise OSError(f"/proc/self/status has no {field}")


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
