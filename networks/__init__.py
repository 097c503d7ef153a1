"""Image classifiers that take images in [0, 1], normalise them inside and return logits."""

from networks.checkpoints import fingerprint, load_weights, save_weights
from networks.cifar_cnn import cifar_cnn
from networks.cifar_resnet import cifar_resnet
from networks.features import Refitted, features
from networks.huggingface_network import huggingface_encoder, huggingface_network
from networks.layers import find_layer
from networks.logits import class_logits, read_logits
from networks.modes import check_evaluating, evaluating
from networks.normalized import NormalizedNetwork, Preprocessing
from networks.outputs import outputs_of
from networks.pixels import check_pixels
from networks.shapes_network import shapes_network
from networks.smoothed import SmoothedNetwork, calls_relu, smoothed
from networks.timm_network import timm_network
from networks.torchvision_network import torchvision_network
from networks.unsupported import UnsupportedError
from networks.zero_shot import zero_shot_network

__all__ = [
    "NormalizedNetwork",
    "Preprocessing",
    "Refitted",
    "SmoothedNetwork",
    "UnsupportedError",
    "calls_relu",
    "check_evaluating",
    "check_pixels",
    "cifar_cnn",
    "cifar_resnet",
    "class_logits",
    "evaluating",
    "features",
    "find_layer",
    "fingerprint",
    "huggingface_encoder",
    "huggingface_network",
    "load_weights",
    "outputs_of",
    "read_logits",
    "save_weights",
    "shapes_network",
    "smoothed",
    "timm_network",
    "torchvision_network",
    "zero_shot_network",
]
