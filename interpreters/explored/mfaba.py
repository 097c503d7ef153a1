"""MFABA: attribution up to the decision boundary (Zhu et al. 2024)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from interpreters.explored.base import Explored
from networks.goals import probability
from networks.logits import class_logits
from networks.unsupported import differentiated


@dataclass(frozen=True)
class MFABA(Explored):
    """Sum over steps, until the label changes, of step times gradient (Zhu et al. 2024).

    Args:
        steps: Maximum number of steps.
        step_size: Length of a step, in units of pixels in [0, 1].
        epsilon: Maximum change of a value.
        signed: Step by the gradient's sign ("smooth"), not along the gradient ("sharp").

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> MFABA(steps=2)(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    steps: int = 50
    step_size: float = 0.001
    epsilon: float = 0.3
    signed: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.steps < 1:
            raise ValueError(f"`steps` must be at least 1, got {self.steps}")
        for name in ("step_size", "epsilon"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"`{name}` must be in (0, 1], got {getattr(self, name)}")

    @torch.no_grad()
    def explore(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Return the sum over the path, shape (N, 3, H, W)."""
        images = images.detach()
        changed, total = images.clone(), torch.zeros_like(images)
        rows = torch.arange(len(images), device=images.device)
        for _ in range(self.steps):
            with torch.enable_grad():
                leaf = changed[rows].requires_grad_()
                logits = class_logits(network(leaf))
                own = probability(logits, labels[rows]).sum()
                with differentiated():
                    (slope,) = torch.autograd.grad(own, leaf)
            held = logits.argmax(1) == labels[rows]
            rows, slope = rows[held], slope[held]
            if not len(rows):
                break
            before = changed[rows]
            change = (before - self.step_size * self._direction(slope) - images[rows]).clamp(
                -self.epsilon, self.epsilon
            )
            changed[rows] = after = (images[rows] + change).clamp(0, 1)
            total[rows] -= (after - before) * slope
        return total

    def _direction(self, slope: Tensor) -> Tensor:
        if self.signed:
            return slope.sign()
        length = slope.flatten(1).norm(dim=1)[:, None, None, None]
        return slope / length.clamp_min(torch.finfo(slope.dtype).tiny)
