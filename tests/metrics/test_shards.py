"""Every metric over several processes, of which each has other images than the others."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed
from processes import START
from torch import Tensor
from torch.multiprocessing.spawn import start_processes
from torchmetrics import Metric

import metrics
from metrics import (
    CalibrationError,
    ClassMeans,
    Examples,
    FoolingSuccessRate,
    Histogram,
    MeanCurve,
    Sample,
)

# shared out unequally to two processes and to three
IMAGES, CLASSES = 23, 5
COUNTS = (1, 2, 3)


def cases() -> dict[str, tuple[Metric, tuple[Tensor, ...]]]:
    """A metric of each class, and what it is given of all images."""
    source = torch.Generator().manual_seed(0)
    logits = torch.randn(IMAGES, CLASSES, generator=source, dtype=torch.float64)
    values = torch.randn(IMAGES, 3, generator=source, dtype=torch.float64)
    # one class has no images
    labels = torch.randint(CLASSES - 1, (IMAGES,), generator=source)
    return {
        "CalibrationError": (CalibrationError(), (logits, labels)),
        "ClassMeans": (ClassMeans(CLASSES, 3), (values, labels)),
        "Examples": (Examples(IMAGES, 3), (torch.arange(IMAGES), values[:, 0], values)),
        "FoolingSuccessRate": (FoolingSuccessRate(-0.5, 0.5), (values[:, 0],)),
        "Histogram": (Histogram(-1, 1), (values[:, 0],)),
        "MeanCurve": (MeanCurve(3), (values,)),
        "Sample": (Sample(IMAGES, 3), (torch.arange(IMAGES), values)),
    }


def computed(rank: int, processes: int, batch: int) -> dict[str, Any]:
    """What every metric gives after this process's share, by its name."""
    found = {}
    for name, (metric, given) in cases().items():
        for part in torch.arange(rank, IMAGES, processes).split(batch):
            metric.update(*(each[part] for each in given))
        found[name] = metric.compute()
    return found


def one_process(rank: int, folder: Path) -> None:
    for processes in COUNTS:
        if rank >= processes:
            continue
        store = f"file://{folder / f'store_of_{processes}'}"
        torch.distributed.init_process_group("gloo", store, rank=rank, world_size=processes)
        torch.save(computed(rank, processes, 3), folder / f"{rank}_of_{processes}.pt")
        torch.distributed.destroy_process_group()


def test_no_metric_is_left_out() -> None:
    public = {name: getattr(metrics, name) for name in metrics.__all__}
    classes = {
        name
        for name, value in public.items()
        if isinstance(value, type) and issubclass(value, Metric)
    }
    assert cases().keys() == classes


@pytest.mark.slow
def test_processes_together_give_what_one_pass_gives(tmp_path: Path) -> None:
    # the same processes for all counts, as they take long to start
    start_processes(one_process, (tmp_path,), max(COUNTS), start_method=START)
    whole = computed(0, 1, IMAGES)
    for processes in COUNTS:
        for rank in range(processes):
            found = torch.load(tmp_path / f"{rank}_of_{processes}.pt")
            torch.testing.assert_close(found, whole, atol=1e-6, rtol=0, equal_nan=True)
