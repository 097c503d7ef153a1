"""New last layers, for other classes, on weights that were trained for some."""

from collections.abc import Mapping
from typing import Literal, get_args

from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor, nn

Head = Literal["loaded", "new"]


def check_head(head: Head) -> None:
    """Raise ValueError unless `head` is "loaded" or "new"."""
    if head not in get_args(Head):
        raise ValueError(f"`head` must be one of {get_args(Head)}, got {head!r}")


def head_names(state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[str]:
    """Return the names of the weights that differ in their number of classes alone.

    Args:
        state: weights of a file, by name.
        expected: weights of the network, under the same names.

    Returns: no names where other weights differ too, or where none does.
    """
    differing = [name for name in expected if state[name].shape != expected[name].shape]
    # scalars, such as counters, have no classes
    if any(not min(state[name].ndim, expected[name].ndim) for name in differing):
        return []
    classes = {(len(state[name]), len(expected[name])) for name in differing}
    inputs_fit = all(state[name].shape[1:] == expected[name].shape[1:] for name in differing)
    return differing if len(classes) == 1 and inputs_fit else []


def replace_heads(network: nn.Module, trained: int, classes: int, source: str) -> None:
    """Replace every linear layer or convolution with `trained` outputs by one with `classes`.

    Args:
        network: a network whose hidden layers have no such number of outputs.
        trained: the number of classes of the weights.
        classes: the number of logits of the new, random layers.
        source: name of the weights, for the log.
    """
    replaced = []
    for name, module in list(network.named_modules()):
        new: nn.Module
        if isinstance(module, nn.Linear) and module.out_features == trained:
            new = nn.Linear(module.in_features, classes)
        elif isinstance(module, nn.Conv2d) and module.out_channels == trained:
            new = nn.Conv2d(module.in_channels, classes, 1)
        else:
            continue
        network.set_submodule(name, new)
        replaced.append(name)
    log_new(replaced, trained, classes, source)


def log_new(names: list[str], trained: int, classes: int, source: str) -> None:
    """Log which weights are random, in place of which number of trained classes."""
    rank_zero_info(
        f"new head: {', '.join(f'`{name}`' for name in names)} starts at random with {classes} "
        f"classes; {source} has {trained}"
    )
