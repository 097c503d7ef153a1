"""Zero-shot classifiers: similarities of an image's embedding to embeddings of texts."""

from collections.abc import Sequence
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor, nn

from files import read_stored
from networks.checkpoints import load_weights
from networks.normalized import NormalizedNetwork
from networks.sound import is_array
from networks.unsupported import UnsupportedError


def zero_shot_network(
    encoder: NormalizedNetwork,
    texts: str,
    scale: float = 100.0,
    classes: list[str] | None = None,
    weights: str | None = None,
) -> NormalizedNetwork:
    """Build a zero-shot classifier of an image encoder and the embeddings of a text per class.

    Args:
        encoder: From images to embeddings (N, D), such as a network of timm with `num_classes: 0`,
            or `networks.huggingface_encoder`.
        texts: A file (.safetensors, .pt) with one tensor (K, D), an embedding for each class, in
            the order of the data's classes.
        scale: Factor of the cosine similarities, as the encoder was trained with.
        classes: Names of the classes; if given, training and studies check the data's order by it.
        weights: A weight file of a run of this project, loaded last.

    Raises: ValueError: the file holds something else.
    """
    if not 0 < scale < float("inf"):
        raise ValueError(f"`scale` must be finite and above 0, got {scale}")
    embeddings = read_texts(Path(texts))
    if classes is not None and len(classes) != len(embeddings):
        raise ValueError(
            f"`classes` has {len(classes)} names and {texts} {len(embeddings)} embeddings; give "
            "one name for each"
        )
    network = ZeroShot(encoder.network, scale * F.normalize(embeddings), classes)
    if weights is not None:
        load_weights(network, weights)
    return NormalizedNetwork(network, encoder.preprocessing, classes or ())


class ZeroShot(nn.Module):
    """A linear layer of fixed weights on an image's embedding of length 1.

    Args:
        encoder: from normalised images to embeddings, as `read_embedding` reads them.
        texts: the weights, shape (K, D).
        classes: names of the K classes, if they are known.

    Example:
        >>> import torch
        >>> ZeroShot(nn.Flatten(), 10 * torch.eye(3), None)(torch.tensor([[[0.0, 3.0, 4.0]]]))
        tensor([[0., 6., 8.]])
    """

    def __init__(self, encoder: nn.Module, texts: Tensor, classes: Sequence[str] | None) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.utils.skip_init(nn.Linear, texts.shape[1], len(texts), bias=False)
        self.head.weight = nn.Parameter(texts, requires_grad=False)
        self.classes = None if classes is None else tuple(classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, K) of normalised images (N, C, H, W)."""
        embedding = read_embedding(self.encoder(images))
        if embedding.shape[1] != self.head.in_features:
            raise UnsupportedError(
                f"the encoder returns embeddings of {embedding.shape[1]} values and those of the "
                f"texts have {self.head.in_features}; give texts embedded by the same model"
            )
        logits: Tensor = self.head(F.normalize(embedding))
        return logits


def read_embedding(output: object) -> Tensor:
    """Return the embeddings (N, D) in the output of an image encoder.

    Args:
        output: a tensor (N, D), or an object with `image_embeds` or `pooler_output`, as models of
            transformers return.

    Raises: UnsupportedError: the output is something else.
    """
    found = output
    for name in ("image_embeds", "pooler_output"):
        found = getattr(found, name, found)
    if not isinstance(found, Tensor) or found.ndim != 2:
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(output).__name__
        raise UnsupportedError(
            f"the encoder returns {shape}, expected embeddings (N, D), or an object with "
            "`image_embeds`; give a timm network with `num_classes: 0`, or a model with projection"
        )
    return found


def read_texts(path: Path) -> Tensor:
    """Return the embeddings (K, D) of texts in a file, in single precision.

    Raises: StoredFileError, ValueError: no such file, or another tensor in it.
    """
    content = read_stored(path)
    tensors = list(content.values()) if isinstance(content, dict) else [content]
    expected = "expected one tensor (K, D), finite numbers with an embedding for each class"
    if len(tensors) != 1 or not isinstance(tensors[0], Tensor):
        raise ValueError(f"{path} holds {len(tensors)} values, {expected}; save it alone")
    (found,) = tensors
    matrix = found.ndim == 2 and found.is_floating_point() and found.numel()
    if not (is_array(found) and matrix):
        raise ValueError(
            f"{path} holds a tensor of shape {tuple(found.shape)}, {found.dtype} and "
            f"{found.layout}, {expected}; save texts.to_dense().float().contiguous()"
        )
    found = found.float()
    if not found.isfinite().all() or not found.any(1).all():
        wrong = int((~found.isfinite().all(1) | ~found.any(1)).nonzero()[0])
        raise ValueError(
            f"{path}: the embedding of class {wrong} is NaN, infinite or 0, {expected}; embed its "
            "text again"
        )
    return found
