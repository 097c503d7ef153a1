"""The plain convolutional network for CIFAR-10 of Ghorbani et al. (2019)."""

from torch import Tensor, nn

from networks.checkpoints import load_weights
from networks.normalized import NormalizedNetwork, Preprocessing

# the mean colour of CIFAR-10's training images is taken away, and nothing else
PREPROCESSING = Preprocessing(
    size=32,
    resize=32,
    interpolation="bilinear",
    mean=(0.4914, 0.4822, 0.4465),
    std=(1.0, 1.0, 1.0),
)


class CifarCNN(nn.Module):
    """Six 3x3 convolutions, the third and the sixth of stride 2, and a hidden layer of 1024."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        features: list[nn.Module] = []
        before = 3
        for channels, stride in ((96, 1), (96, 1), (96, 2), (192, 1), (192, 1), (192, 2)):
            features += [nn.Conv2d(before, channels, 3, stride, 1), nn.ReLU()]
            before = channels
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(192 * 8 * 8, 1024), nn.ReLU(), nn.Linear(1024, num_classes)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Classify images (N, 3, 32, 32) whose mean was taken away; logits (N, num_classes)."""
        logits: Tensor = self.classifier(self.features(images))
        return logits


def cifar_cnn(weights: str | None = None, num_classes: int = 10) -> NormalizedNetwork:
    """Build the network that Ghorbani et al. (2019) attack on CIFAR-10; [0, 1] images of 32 pixels.

    The paper says little of its layers; padding and initialisation here are PyTorch's.

    Args:
        weights: A local weight file (.safetensors, .pt, .pth, .th, .ckpt).
        num_classes: Number of logits.
    """
    network = CifarCNN(num_classes)
    if weights is not None:
        load_weights(network, weights)
    return NormalizedNetwork(network, PREPROCESSING)
