"""Residual networks for CIFAR-10 (He et al. 2016, "Deep Residual Learning", section 4.2)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from networks.checkpoints import load_weights
from networks.heads import Head
from networks.normalized import NormalizedNetwork, Preprocessing

DEPTHS = (20, 32, 44, 56, 110)
PREPROCESSING = Preprocessing(
    size=32,
    resize=32,
    interpolation="bilinear",
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)


class ShortcutA(nn.Module):
    """Shortcut of option A: take every second position and pad the channels with zeros."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.padding = channels // 4

    def forward(self, features: Tensor) -> Tensor:
        """Map features (N, C, h, w) to (N, 2C, h / 2, w / 2), without parameters."""
        return F.pad(features[:, :, ::2, ::2], (0, 0, 0, 0, self.padding, self.padding))


class Block(nn.Module):
    """Residual block of two 3x3 convolutions and a shortcut."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        grows = channels != in_channels
        self.conv1 = nn.Conv2d(in_channels, channels, 3, 2 if grows else 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = ShortcutA(channels) if grows else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """Map features (N, C, h, w) to the block's output, half the size if channels double."""
        residual = F.relu(self.bn1(self.conv1(features)))
        return F.relu(self.bn2(self.conv2(residual)) + self.shortcut(features))


class CifarResNet(nn.Module):
    """CIFAR ResNet of three stages with 16, 32 and 64 channels, (depth - 2) / 6 blocks each."""

    def __init__(self, depth: int, num_classes: int) -> None:
        super().__init__()
        blocks = (depth - 2) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(*(Block(16, 16) for _ in range(blocks)))
        self.layer2 = nn.Sequential(*(Block(32 if i else 16, 32) for i in range(blocks)))
        self.layer3 = nn.Sequential(*(Block(64 if i else 32, 64) for i in range(blocks)))
        self.linear = nn.Linear(64, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, num_classes) of normalised images (N, 3, 32, 32)."""
        features = F.relu(self.bn1(self.conv1(images)))
        features = self.layer3(self.layer2(self.layer1(features)))
        logits: Tensor = self.linear(features.mean((2, 3)))
        return logits


def cifar_resnet(
    depth: int = 20, weights: str | None = None, num_classes: int = 10, head: Head = "loaded"
) -> NormalizedNetwork:
    """Build a CIFAR ResNet with option A shortcuts for images of 32 x 32 pixels in [0, 1].

    Args:
        depth: Number of layers: 20, 32, 44, 56 or 110; ValueError otherwise.
        weights: A local weight file (.safetensors, .pt, .pth, .th, .ckpt).
        num_classes: Number of logits.
        head: "new" keeps a random last layer where `weights` have other classes than
            `num_classes`, for transfer learning; "loaded" raises WeightFileError there.

    Example:
        >>> cifar_resnet(20)(torch.rand(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """
    if depth not in DEPTHS:
        raise ValueError(f"`depth` must be one of {', '.join(map(str, DEPTHS))}, got {depth}")
    network = CifarResNet(depth, num_classes)
    if weights is not None:
        load_weights(network, weights, head)
    # channels_last makes convolutions this small about a sixth faster on a CPU
    return NormalizedNetwork(network, PREPROCESSING).to(memory_format=torch.channels_last)
