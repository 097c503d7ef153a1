"""Interpreters: heatmaps of a network, differentiable in its weights."""

from interpreters.base import Explanation, Interpreter
from interpreters.captum import Captum
from interpreters.deep_lift import DeepLift
from interpreters.explored import (
    AGI,
    MFABA,
    AttEXplore,
    BoundaryIG,
    ExpectedGradients,
    Explored,
    FastIG,
    GuidedIG,
    LocalAttribution,
)
from interpreters.grad_cam import GradCam
from interpreters.input_x_gradient import InputXGradient
from interpreters.integrated_gradients import IntegratedGradients
from interpreters.lrp import LRP
from interpreters.simple_gradient import SimpleGradient
from interpreters.smooth_grad import SmoothGrad
from networks import UnsupportedError

__all__ = [
    "AGI",
    "LRP",
    "MFABA",
    "AttEXplore",
    "BoundaryIG",
    "Captum",
    "DeepLift",
    "ExpectedGradients",
    "Explanation",
    "Explored",
    "FastIG",
    "GradCam",
    "GuidedIG",
    "InputXGradient",
    "IntegratedGradients",
    "Interpreter",
    "LocalAttribution",
    "SimpleGradient",
    "SmoothGrad",
    "UnsupportedError",
]
