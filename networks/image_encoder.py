"""The part of a CLIP-like model of transformers that images run through."""

from typing import Any

import torch
from torch import Tensor, nn

from networks.zero_shot import read_embedding


class ImageEncoder(nn.Module):
    """The part of a CLIP-like model that images run through.

    Args:
        model: from normalised images to their embeddings by `get_image_features`.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings (N, D) of normalised images (N, C, H, W)."""
        return read_embedding(self.model.get_image_features(pixel_values=images))

    @torch.no_grad()
    def remove_unused(self, images: Tensor) -> None:
        """Remove the modules and weights of the model that these images do not run through."""
        ran: set[nn.Module] = set()
        handles = [
            child.register_forward_hook(lambda child, *_: ran.add(child))
            for child in self.model.children()
        ]
        self(images)
        for handle in handles:
            handle.remove()
        unused = [name for name, child in self.model.named_children() if child not in ran]
        # such as the scale of similarities
        own = [name for name, _ in self.model.named_parameters(recurse=False)]
        for name in unused + own:
            delattr(self.model, name)
