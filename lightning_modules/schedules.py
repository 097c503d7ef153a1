"""Schedules of the learning rate."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR


@dataclass(frozen=True)
class Schedule(ABC):
    """Schedule of the learning rate over a run of any length."""

    @abstractmethod
    def __call__(self, optimizer: Optimizer, steps: int) -> LRScheduler:
        """Return a scheduler that advances after each of `steps` optimiser steps."""


@dataclass(frozen=True)
class OneCycle(Schedule):
    """One cycle: up to the optimiser's rate, and down to 0, as a cosine (Smith and Topin 2018).

    Args:
        warmup: Share of the steps before the peak, in (0, 1).
    """

    warmup: float = 0.3

    def __post_init__(self) -> None:
        if not 0 < self.warmup < 1:
            raise ValueError(f"`warmup` must be in (0, 1), got {self.warmup}")

    def __call__(self, optimizer: Optimizer, steps: int) -> LRScheduler:
        """Return one cycle over all steps, with its peak at the optimiser's rate."""
        peak = [group["lr"] for group in optimizer.param_groups]
        return OneCycleLR(optimizer, peak, total_steps=steps, pct_start=self.warmup)
