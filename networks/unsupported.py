"""The error of a network that cannot be explained."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


class UnsupportedError(ValueError):
    """An interpreter cannot explain this network, at this layer, on these images."""


@contextmanager
def differentiated() -> Iterator[None]:
    """Raise UnsupportedError where autograd cannot differentiate a network.

    Errors of the device, such as too little memory, pass as they are.
    """
    try:
        yield
    except (torch.OutOfMemoryError, torch.AcceleratorError):
        raise
    except RuntimeError as error:
        raise UnsupportedError(
            f"autograd cannot differentiate the network: {error}. Replace the operation that has "
            "no derivative, or choose an interpreter without gradients, such as captum's Occlusion"
        ) from error


@contextmanager
def inference_parts_named() -> Iterator[None]:
    """Raise UnsupportedError where a network runs a part in inference mode before its weights."""
    try:
        yield
    except RuntimeError as error:
        if "Inference tensors" not in str(error):
            raise
        raise UnsupportedError(
            "the network runs a part in inference mode, whose outputs have no gradient in the "
            "weights behind it; use torch.no_grad() there"
        ) from error
