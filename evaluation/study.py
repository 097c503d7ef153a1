"""What a study is."""

import platform
from abc import ABC, abstractmethod
from importlib.metadata import version
from typing import Any

from lightning import LightningModule
from matplotlib.figure import Figure

from evaluation.results import Results

PACKAGES = ("torch", "torchvision", "timm", "lightning", "torchmetrics", "numpy")


class Study(LightningModule, ABC):
    """An evaluation: `Trainer.test` fills it on any number of devices, then it has results."""

    @abstractmethod
    def results(self, settings: dict[str, Any]) -> Results:
        """The figures, after the test; equal on every process."""

    @abstractmethod
    def pictures(self) -> dict[str, Figure]:
        """The pictures of the report by name, after the test."""

    @abstractmethod
    def summary(self, results: Results) -> list[list[str]]:
        """A short table of the results, its header first."""


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that figures depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
