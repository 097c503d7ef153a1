"""Studies of what a manipulation did, their figures and their report."""

from evaluation.active_fooling import ActiveFooling
from evaluation.fooling import Fooling
from evaluation.study import Study

__all__ = ["ActiveFooling", "Fooling", "Study"]
