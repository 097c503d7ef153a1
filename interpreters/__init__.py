"""From a network, images and labels to heatmaps, differentiable in the weights."""

from interpreters.base import Explanation, Interpreter
from interpreters.grad_cam import GradCam
from interpreters.input_x_gradient import InputXGradient
from interpreters.simple_gradient import SimpleGradient

__all__ = ["Explanation", "GradCam", "InputXGradient", "Interpreter", "SimpleGradient"]
