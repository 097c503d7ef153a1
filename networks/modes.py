"""Evaluation mode: for a while, and refusal of networks in training mode."""

from collections.abc import Iterator
from contextlib import contextmanager

from timm.layers import DropPath
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torchvision.ops import StochasticDepth

from networks.unsupported import UnsupportedError

# modules that drop activations by chance in training mode
DROPPING = (nn.modules.dropout._DropoutNd, StochasticDepth, DropPath)


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Put every module in evaluation mode inside the `with` block, then restore each one's mode.

    Example:
        >>> network = nn.Dropout()
        >>> with evaluating(network):
        ...     network.training
        False
    """
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def check_evaluating(network: nn.Module) -> None:
    """Raise UnsupportedError if a pass would change the network's statistics, or drop units.

    Example:
        >>> check_evaluating(nn.BatchNorm2d(3).eval())
    """
    for name, module in network.named_modules():
        if not module.training:
            continue
        if isinstance(module, DROPPING) and (
            getattr(module, "p", None) or getattr(module, "drop_prob", None)
        ):
            raise UnsupportedError(
                f"{type(module).__name__} `{name}` is in training mode, which drops units by "
                "chance: call network.eval() before explaining or attacking it"
            )
        if isinstance(module, _BatchNorm) or (
            isinstance(module, _NormBase) and module.track_running_stats
        ):
            kind = "BatchNorm" if isinstance(module, _BatchNorm) else type(module).__name__
            raise UnsupportedError(
                f"{kind} `{name}` is in training mode, which mixes the images of a batch and "
                "changes the network: call network.eval() before explaining or attacking it"
            )
