"""In evaluation a network sees what its library would show it, to two levels of brightness."""

from types import SimpleNamespace

import pytest
import torch
from PIL import Image
from timm.data import create_transform, resolve_data_config
from timm.models import get_pretrained_cfg
from torch import Tensor
from torchvision import models
from torchvision.transforms import functional as F

from datamodules import ImageNet
from networks import Preprocessing
from networks.timm_network import preprocessing_of as preprocessing_of_timm
from networks.torchvision_network import preprocessing_of as preprocessing_of_torchvision


@pytest.fixture(params=[(300, 420), (500, 375), (180, 190)], ids=str)
def picture(request: pytest.FixtureRequest) -> Image.Image:
    """Smooth colours with grain, of a height and width; what overshoots is not cut off."""
    coarse = torch.rand(1, 3, 8, 8)
    pixels = torch.nn.functional.interpolate(coarse, request.param, mode="bicubic")[0]
    pixels += 0.1 * torch.randn(3, *request.param)
    return F.to_pil_image(0.25 + pixels.clamp(0, 1) / 2)


def shown(preprocessing: Preprocessing, picture: Image.Image) -> Tensor:
    """The picture as ImageNet's test split has it for a network."""
    data = ImageNet("")
    network = SimpleNamespace(preprocessing=preprocessing)
    data.trainer = SimpleNamespace(  # type: ignore[assignment]  # as much of it as is needed
        lightning_module=SimpleNamespace(network=network)
    )
    data._read_network_preprocessing()
    image: Tensor = data.transform("test")(picture)
    return image.as_subclass(Tensor)


def check(preprocessing: Preprocessing, picture: Image.Image, normalized: Tensor) -> None:
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (preprocessing.mean, preprocessing.std))
    expected, image = normalized * std + mean, shown(preprocessing, picture)
    # Pillow and torchvision round to bytes in another order
    torch.testing.assert_close(image, expected, rtol=0, atol=2.5 / 255)
    assert (image - expected).abs().mean() < 0.5 / 255


@pytest.mark.parametrize(
    ("tag", "resize", "squash"),
    [
        ("resnet18.tv_in1k", 256, False),
        ("levit_128s.fb_dist_in1k", 248, False),
        ("resnet101.a1_in1k", 235, False),
        ("dm_nfnet_f0.dm_in1k", 213, True),
        ("tf_efficientnetv2_b3.in21k_ft_in1k", 266, True),
        ("convnext_tiny.fb_in22k_ft_in1k_384", 384, True),
    ],
)
def test_timm(tag: str, resize: int, squash: bool, picture: Image.Image) -> None:
    config = resolve_data_config(pretrained_cfg=get_pretrained_cfg(tag).to_dict())
    preprocessing = preprocessing_of_timm(config)
    assert (preprocessing.resize, preprocessing.squash) == (resize, squash)
    check(preprocessing, picture, create_transform(**config)(picture))


def test_timm_with_a_border() -> None:
    config = resolve_data_config({"crop_mode": "border"}, {"input_size": (3, 224, 224)})
    assert not preprocessing_of_timm(config).squash


@pytest.mark.parametrize(
    "entry",
    [
        models.ResNet50_Weights.IMAGENET1K_V1,
        models.ResNet50_Weights.IMAGENET1K_V2,
        models.EfficientNet_B0_Weights.IMAGENET1K_V1,
        models.ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1,
    ],
    ids=str,
)
def test_torchvision(entry: models.WeightsEnum, picture: Image.Image) -> None:
    check(preprocessing_of_torchvision(entry), picture, entry.transforms()(picture))
