"""Refusal of networks and images of which no heatmap can be made."""

from itertools import chain

import torch
from torch import Tensor, nn

from interpreters.separate import check_separate
from networks import check_evaluating
from networks.unsupported import UnsupportedError


def check_explainable(network: nn.Module, images: Tensor) -> None:
    """Raise ValueError in inference mode, for images made in it, and for videos and volumes.

    Raises: UnsupportedError: the network mixes images, drops units, or was made in inference mode.
    """
    if images.ndim != 4:
        raise ValueError(
            f"`images` have the shape {tuple(images.shape)}, expected (N, C, H, W), one image "
            "for each sample; wrap a network of videos or volumes in a module that takes images"
        )
    _check_gradients(network, images)
    check_evaluating(network)
    check_separate(network, images)


def _check_gradients(network: nn.Module, images: Tensor) -> None:
    if torch.is_inference_mode_enabled():
        raise ValueError(
            "heatmaps need gradients, which inference mode forbids: use torch.no_grad(), and "
            "Trainer(inference_mode=False)"
        )
    if images.is_inference():
        raise ValueError(
            "`images` were made in inference mode, so they have no gradient: use torch.no_grad() "
            "there, or give images.clone()"
        )
    for name, weight in chain(network.named_parameters(), network.named_buffers()):
        if weight.is_inference():
            raise UnsupportedError(
                f"`{name}` was made in inference mode, so the network has no gradient: build and "
                "load the network outside of it"
            )
