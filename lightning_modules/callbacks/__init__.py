"""Callbacks: pictures, progress, safety, and exported weights."""

from lightning_modules.callbacks.export import ExportWeights
from lightning_modules.callbacks.finite import NonFiniteLossError, StopOnNonFinite
from lightning_modules.callbacks.interrupt import SaveOnInterrupt
from lightning_modules.callbacks.overview import Overview
from lightning_modules.callbacks.panel import HeatmapPanel
from lightning_modules.callbacks.progress import ProgressLines

__all__ = [
    "ExportWeights",
    "HeatmapPanel",
    "NonFiniteLossError",
    "Overview",
    "ProgressLines",
    "SaveOnInterrupt",
    "StopOnNonFinite",
]
