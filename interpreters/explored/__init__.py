"""Attribution along paths of other images, for evaluation: AttEXplore and related methods."""

from interpreters.explored.agi import AGI
from interpreters.explored.attexplore import AttEXplore
from interpreters.explored.base import Explored
from interpreters.explored.boundary import BoundaryIG
from interpreters.explored.expected import ExpectedGradients
from interpreters.explored.fast_ig import FastIG
from interpreters.explored.guided_ig import GuidedIG
from interpreters.explored.local import LocalAttribution
from interpreters.explored.mfaba import MFABA

__all__ = [
    "AGI",
    "MFABA",
    "AttEXplore",
    "BoundaryIG",
    "ExpectedGradients",
    "Explored",
    "FastIG",
    "GuidedIG",
    "LocalAttribution",
]
