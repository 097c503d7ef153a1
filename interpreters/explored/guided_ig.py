"""Guided integrated gradients (Kapishnikov et al. 2021)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from interpreters.baseline import Baseline, baseline_image, check_baseline
from interpreters.explored.base import Explored
from interpreters.passes import one_hot
from networks.goals import gradient
from networks.logits import read_logits


@dataclass(frozen=True)
class GuidedIG(Explored):
    """Integrated gradients on a path of low gradients (Kapishnikov et al. 2021).

    Args:
        steps: Number of steps of equal L1 length along the path.
        fraction: Share of the values that move together.
        max_distance: Maximum distance from the straight line, as a share of its length.
        baseline: Pixel value of the first image, or one for each channel.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> GuidedIG(steps=2)(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    steps: int = 15
    fraction: float = 0.25
    max_distance: float = 0.02
    baseline: Baseline = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.steps < 1:
            raise ValueError(f"`steps` must be at least 1, got {self.steps}")
        for name in ("fraction", "max_distance"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"`{name}` must be in (0, 1], got {getattr(self, name)}")
        check_baseline(self.baseline)

    @torch.no_grad()
    def explore(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Return the sum over steps of step times the logit's gradient, shape (N, 3, H, W)."""
        images = images.detach()
        start = baseline_image(self.baseline, images).expand_as(images)
        here, total = start, torch.zeros_like(images)

        def logit(pixels: Tensor) -> Tensor:
            logits = read_logits(network(pixels))
            return (logits * one_hot(logits, labels)).sum(1)

        for step in range(1, self.steps + 1):
            before, slope = here, gradient(logit, here)
            flat = (each.flatten(1) for each in (here, start, images, slope))
            here = self._moved(step / self.steps, *flat).view_as(images)
            total += (here - before) * slope
        return total

    def _moved(
        self, share: float, here: Tensor, start: Tensor, end: Tensor, slope: Tensor
    ) -> Tensor:
        """Return the next points of the paths, (N, V), at this share of their L1 length."""
        way = end - start
        least, most = max(share - self.max_distance, 0), min(share + self.max_distance, 1)
        done = torch.where(way == 0, most, (here - start) / way)
        # no value stays further behind the straight line than `max_distance`
        here = torch.where(done < least, start + least * way, here)
        length = way.abs().sum(1, keepdim=True)
        limit, left = start + most * way, (1 - share) * length
        size, rank = slope.abs(), int(self.fraction * (way.shape[1] - 1))
        under_way = torch.ones_like(length, dtype=torch.bool)
        while True:
            excess = (end - here).abs().sum(1, keepdim=True) - left
            movable = here != limit
            under_way &= (excess > 1e-9 * length) & movable.any(1, keepdim=True)
            if not under_way.any():
                return here
            # `fraction` is a share of all values; those at their limit sort last
            sizes = torch.where(movable, size, torch.inf).sort(1).values
            chosen = under_way & movable & (size <= sizes[:, rank, None])
            gain = torch.where(chosen, (limit - here).abs(), 0).sum(1, keepdim=True)
            part = (excess / gain).clamp(max=1)
            here = torch.where(chosen, here + part * (limit - here), here)
            # nothing is chosen where gradients are NaN
            under_way &= (part == 1) & chosen.any(1, keepdim=True)
