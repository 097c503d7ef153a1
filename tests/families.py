"""Small members of the families of networks that people explain."""

import timm
import torch
from helpers import PREPROCESSING
from torch import Tensor, nn
from torchvision.models import SqueezeNet
from torchvision.models.densenet import DenseNet
from torchvision.models.googlenet import BasicConv2d, Inception
from torchvision.models.maxvit import MaxVit
from torchvision.models.mobilenetv3 import InvertedResidualConfig, MobileNetV3
from torchvision.models.vgg import make_layers
from torchvision.models.vision_transformer import VisionTransformer

from networks import NormalizedNetwork
from networks.cifar_resnet import CifarResNet


def vgg() -> nn.Module:
    return _plain(make_layers([4, "M", 5, "M", 6], batch_norm=False), 6)


def vgg_bn() -> nn.Module:
    return _plain(make_layers([4, "M", 5, "M", 6], batch_norm=True), 6)


def resnet_basic() -> nn.Module:
    return _small_resnet("resnet18")


def resnet_bottleneck() -> nn.Module:
    return _small_resnet("resnet50")


def densenet() -> nn.Module:
    return DenseNet(2, (1, 1, 1, 1), 2, num_classes=3)


def squeezenet() -> nn.Module:
    return SqueezeNet("1_1", num_classes=3)


def inception() -> nn.Module:
    block = Inception(4, 2, 2, 3, 2, 2, 2)
    return _plain(nn.Sequential(BasicConv2d(3, 4, kernel_size=3, stride=2), block), 9)


def mobilenet() -> nn.Module:
    """With squeeze-excitation, hard sigmoid and hard swish."""
    blocks = [
        InvertedResidualConfig(8, 3, 8, 8, True, "HS", 2, 1, 1.0),
        InvertedResidualConfig(8, 5, 16, 8, True, "RE", 1, 1, 1.0),
    ]
    return MobileNetV3(blocks, last_channel=8, num_classes=3)


def efficientnet() -> nn.Module:
    """With squeeze-excitation and SiLU."""
    return timm.create_model("test_efficientnet", num_classes=3)


def convnext() -> nn.Module:
    options = {"depths": (1, 1, 1, 1), "dims": (8, 8, 16, 16)}
    return timm.create_model("test_convnext", num_classes=3, **options)


def vit() -> nn.Module:
    return timm.create_model("test_vit", num_classes=3, img_size=32, patch_size=8, depth=2)


def vit_torchvision() -> nn.Module:
    network = VisionTransformer(32, 8, 2, 2, 8, 16, num_classes=3)
    nn.init.normal_(network.heads.head.weight)  # zeros, as it comes, explain nothing
    return network


def swin() -> nn.Module:
    options = {"embed_dim": 8, "depths": (2, 1), "num_heads": (1, 2), "window_size": 4}
    return timm.create_model("swin_tiny_patch4_window7_224", num_classes=3, img_size=32, **options)


def maxvit() -> nn.Module:
    return MaxVit((32, 32), 4, 2, [4, 8], [1, 1], 4, 0.0, num_classes=3)


def cifar() -> nn.Module:
    """The shallowest: a block at each size."""
    return CifarResNet(8, 3).to(memory_format=torch.channels_last)


FAMILIES = {
    "VGG": vgg,
    "VGG-BN": vgg_bn,
    "ResNet, basic": resnet_basic,
    "ResNet, bottleneck": resnet_bottleneck,
    "DenseNet": densenet,
    "SqueezeNet": squeezenet,
    "Inception": inception,
    "MobileNetV3": mobilenet,
    "EfficientNet": efficientnet,
    "ConvNeXt": convnext,
    "ViT": vit,
    "ViT (torchvision)": vit_torchvision,
    "Swin": swin,
    "MaxViT": maxvit,
    "CIFAR ResNet": cifar,
}


# where 32 pixels would leave a last map of 1
SIZES = dict.fromkeys(("ConvNeXt", "DenseNet", "EfficientNet", "SqueezeNet"), 64)


def images_for(family: str) -> Tensor:
    """Two random images, in float64."""
    size = SIZES.get(family, 32)
    return torch.rand(2, 3, size, size, dtype=torch.float64)


def member(family: str) -> NormalizedNetwork:
    """A member in float64 with statistics and scales as after training."""
    torch.manual_seed(1)
    return as_trained(FAMILIES[family]())


def as_trained(bare: nn.Module) -> NormalizedNetwork:
    """The network in float64, with weights and statistics that are nowhere 0 or 1."""
    network = NormalizedNetwork(bare, PREPROCESSING).double().eval()
    with torch.no_grad():
        for weight in network.parameters():
            # biases and scales that begin at 0 put units exactly on the kinks of ReLU and |x|
            weight.add_(torch.randn_like(weight), alpha=0.05)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.uniform_(module.get_buffer("running_mean"), -0.5, 0.5)
                nn.init.uniform_(module.get_buffer("running_var"), 0.5, 1.5)
    return network


def _small_resnet(name: str) -> nn.Module:
    options = {"channels": (4, 4, 4, 4), "layers": (1, 1, 1, 1), "stem_width": 2}
    return timm.create_model(name, num_classes=3, output_stride=8, **options)


def _plain(features: nn.Module, channels: int) -> nn.Module:
    head = nn.Linear(channels, 3)
    return nn.Sequential(features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)
