"""The forward pass, by functions that have a second derivative."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode

from networks.logits import read_logits
from networks.plain import plain
from networks.unsupported import inference_parts_named


class _PlainHardSigmoid(TorchFunctionMode):
    """Hard sigmoid by functions that have a second derivative, which PyTorch's has not."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if function is F.hardsigmoid:
            return F.relu6(args[0] + 3) / 6
        return function(*args, **(kwargs or {}))


def logits_of(network: nn.Module, images: Tensor) -> Tensor:
    """Return the logits (N, K), by functions that have a second derivative."""
    with derivable(network):
        return read_logits(network(images))


@contextmanager
def derivable(network: nn.Module) -> Iterator[None]:
    """Run a network by functions that have a second derivative, inside the `with` block."""
    hard = any(isinstance(module, nn.Hardsigmoid) for module in network.modules())
    plainly = _PlainHardSigmoid() if hard else nullcontext()
    with plain(network), sdpa_kernel(SDPBackend.MATH), plainly, inference_parts_named():
        yield
