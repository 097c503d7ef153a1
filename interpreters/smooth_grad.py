"""SmoothGrad (Smilkov et al. 2017)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from interpreters.base import Explanation, Interpreter
from interpreters.copies import weighted_sum
from interpreters.explainable import check_explainable
from interpreters.forward import logits_of
from interpreters.passes import explanation
from interpreters.simple_gradient import SimpleGradient
from networks.chunks import check_chunk


@dataclass(frozen=True)
class SmoothGrad(Interpreter):
    """Mean heatmap of noisy copies of the image (Smilkov et al. 2017, eq. 3).

    The noise is the same for every image, batch and network.

    Args:
        base: Interpreter of the copies.
        samples: Number of copies.
        noise: Standard deviation of the Gaussian noise, in units of pixels in [0, 1].
        chunk: Number of images in one forward pass, at least the batch; if not given, that of
            32 images of 224 x 224 pixels on a GPU, and the batch on a CPU.
        seed: Seed of the noise.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> SmoothGrad(samples=4)(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    base: Interpreter = SimpleGradient()
    samples: int = 16
    noise: float = 0.1
    chunk: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.samples < 1:
            raise ValueError(f"`samples` must be at least 1, got {self.samples}")
        check_chunk(self.chunk)
        if not 0 <= self.noise < float("inf"):
            raise ValueError(f"`noise` must be finite and not negative, got {self.noise}")

    @property
    def differentiable(self) -> bool:
        """True if `base` is differentiable."""
        return self.base.differentiable

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Return the mean over samples of `base`'s heatmap of image + noise, (N, L, h, w)."""
        check_explainable(network, images)
        logits = logits_of(network, images)
        classes = self.explained(logits, labels)
        generator = torch.Generator().manual_seed(self.seed)
        draws = torch.randn(self.samples, 1, *images.shape[1:], generator=generator)
        noise = self.noise * draws.to(images)

        def explain(copies: Tensor) -> Tensor:
            noisy = (images + noise[copies]).flatten(0, 1)
            return self.base(network, noisy, classes.repeat(len(copies), 1)).heatmap

        weights = torch.full((self.samples,), 1 / self.samples)
        return explanation(logits, weighted_sum(explain, weights, images, self.chunk))
