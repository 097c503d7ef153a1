"""Perturbation baselines: the values that replace removed pixels."""

from evaluation.fills.base import BlackFill, BlurFill, Fill, MeanFill, PictureFill, UniformFill
from evaluation.fills.imputation import LinearImputation

__all__ = [
    "BlackFill",
    "BlurFill",
    "Fill",
    "LinearImputation",
    "MeanFill",
    "PictureFill",
    "UniformFill",
]
