"""Labelled images in three splits, the same on any machine and any number of processes."""

from datamodules.base import Batch, DataModule, Images
from datamodules.cifar10 import CIFAR10
from datamodules.composites import Composites
from datamodules.image_folder import ImageFolder
from datamodules.imagenet import ImageNet
from datamodules.shapes import Shapes

__all__ = [
    "CIFAR10",
    "Batch",
    "Composites",
    "DataModule",
    "ImageFolder",
    "ImageNet",
    "Images",
    "Shapes",
]
