"""Reading of the logits from what a network returns."""

from collections.abc import Mapping

from torch import Tensor

from binary import two_logits
from networks.unsupported import UnsupportedError


def read_logits(output: object) -> Tensor:
    """Return the logits (N, K) in a network's output.

    Args:
        output: a tensor (N, K) or (N, K, 1, 1); a mapping or an object with `logits`, such as
            Hugging Face's ImageClassifierOutput; or a tuple whose first entry is one of these,
            before the outputs of auxiliary heads.

    Raises: UnsupportedError: the output is something else.

    Example:
        >>> import torch
        >>> read_logits({"logits": torch.rand(2, 4, 1, 1)}).shape
        torch.Size([2, 4])
    """
    found = output
    if isinstance(found, Mapping) and "logits" in found:
        found = found["logits"]
    elif not isinstance(found, Tensor) and hasattr(found, "logits"):
        found = found.logits
    elif isinstance(found, tuple | list) and found:
        return read_logits(found[0])
    if isinstance(found, Tensor) and found.ndim == 4 and found.shape[2:] == (1, 1):
        found = found.flatten(1)
    if not isinstance(found, Tensor) or found.ndim != 2:
        raise UnsupportedError(
            f"the network returns {_described(output)}, expected logits: a tensor (N, K) or "
            "(N, K, 1, 1), an object with `logits`, or a tuple whose first entry is one of these; "
            "wrap the network in a module that returns its logits"
        )
    return found


def class_logits(output: object) -> Tensor:
    """Return the logits (N, K) of at least two classes in a network's output.

    Example:
        >>> import torch
        >>> class_logits({"logits": torch.tensor([[2.0]])})
        tensor([[-1.,  1.]])
    """
    return two_logits(read_logits(output))


def _described(output: object) -> str:
    kind = type(output).__name__
    if isinstance(output, Tensor):
        return f"a tensor of shape {tuple(output.shape)}"
    if isinstance(output, Mapping):
        return f"{kind} with the keys {', '.join(map(str, output)) or 'none'}"
    return kind
