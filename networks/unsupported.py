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
