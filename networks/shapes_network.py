"""The embedded classifier of `datamodules.Shapes`, whose weights come with the package."""

from pathlib import Path

from networks.normalized import NormalizedNetwork
from networks.timm_network import timm_network

EMBEDDED = Path(__file__).parent / "weights" / "shapes_resnet10t.safetensors"


def shapes_network(pretrained: bool = True, weights: str | None = None) -> NormalizedNetwork:
    """Build the embedded classifier of Shapes, which takes [0, 1] images of 64 pixels.

    It is timm's resnet10t with narrower stages: 0.34 M parameters, 12 classes, a last map of 8x8.

    Args:
        pretrained: Load the embedded weights.
        weights: A local weight file (.safetensors, .pt, .pth, .th, .ckpt), loaded instead.

    >>> sum(weights.numel() for weights in shapes_network().parameters())
    342820
    """
    if weights is None and pretrained:
        weights = str(EMBEDDED)
    options = {"channels": [16, 32, 64, 128], "output_stride": 8}
    return timm_network("resnet10t", weights=weights, num_classes=12, options=options)
