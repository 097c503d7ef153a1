"""The plain convolutional network for CIFAR-10 of Ghorbani et al. (2019)."""

from torch import Tensor, nn

from networks.checkpoints import load_weights
from networks.heads import Head
from networks.normalized import NormalizedNetwork, Preprocessing

# only the mean colour of CIFAR-10's training images is subtracted
PREPROCESSING = Preprocessing(
    size=32,
    resize=32,
    interpolation="bilinear",
    mean=(0.4914, 0.4822, 0.4465),
    std=(1.0, 1.0, 1.0),
)


class CifarCNN(nn.Module):
    """Six 3x3 convolutions, the third and sixth with stride 2, and a hidden layer of 1024 units."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        features: list[nn.Module] = []
        in_channels = 3
        for channels, stride in ((96, 1), (96, 1), (96, 2), (192, 1), (192, 1), (192, 2)):
            features += [nn.Conv2d(in_channels, channels, 3, stride, 1), nn.ReLU()]
            in_channels = channels
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(192 * 8 * 8, 1024), nn.ReLU(), nn.Linear(1024, num_classes)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, num_classes) of mean-free images (N, 3, 32, 32)."""
        logits: Tensor = self.classifier(self.features(images))
        return logits


def cifar_cnn(
    weights: str | None = None, num_classes: int = 10, head: Head = "loaded"
) -> NormalizedNetwork:
    """Build the network that Ghorbani et al. (2019) attack on CIFAR-10.

    It takes images of 32 x 32 pixels in [0, 1]. The paper does not state padding and
    initialisation; they are PyTorch's defaults.

    Args:
        weights: A local weight file (.safetensors, .pt, .pth, .th, .ckpt).
        num_classes: Number of logits.
        head: "new" keeps a random last layer where `weights` have other classes than
            `num_classes`, for transfer learning; "loaded" raises WeightFileError there.

    Example:
        >>> import torch
        >>> cifar_cnn(num_classes=3)(torch.rand(2, 3, 32, 32)).shape
        torch.Size([2, 3])
    """
    network = CifarCNN(num_classes)
    if weights is not None:
        load_weights(network, weights, head)
    return NormalizedNetwork(network, PREPROCESSING)
