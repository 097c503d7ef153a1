"""Refusal of networks that mix the images of a batch, tried out once for each network."""

from collections.abc import Container, Hashable
from contextlib import AbstractContextManager
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from interpreters.activation import no_map
from networks.last_map import LayerError
from networks.layers import find_layer
from networks.logits import read_logits
from networks.normalized import bare
from networks.plain import plain
from networks.token_grids import token_grids
from networks.unsupported import UnsupportedError

Seen = WeakKeyDictionary[nn.Module, set[Hashable]]
_separate: Seen = WeakKeyDictionary()
_first: Seen = WeakKeyDictionary()


@torch.no_grad()
def check_separate(network: nn.Module, images: Tensor) -> None:
    """Raise UnsupportedError if a network's output for an image depends on the rest of the batch.

    The first time that a network is seen in these modes, it sees an image beside two others.
    """
    if _known(_separate, network) or not len(images):
        return
    first, last = images[:1].detach(), images[-1:].detach()
    with random_numbers_kept(images):
        outputs = [_output(network, torch.cat([first, other])) for other in (last, 1 - last)]
    one, two = (output[:1].double() for output in outputs)
    # the same sizes are rounded alike, so that hardly a digit differs
    allowed = 1e3 * torch.finfo(outputs[0].dtype).eps * one.abs().max()
    if one.shape != two.shape or not ((one - two).abs() <= allowed).logical_or(one.isnan()).all():
        raise UnsupportedError(
            "the network's output for an image changes with the other images of the batch, or by "
            "chance: call network.eval(), and give BatchNorm running statistics"
        )
    _keep(_separate, network)


@torch.no_grad()
def check_images_first(network: nn.Module, images: Tensor, moving: Container[str]) -> None:
    """Raise UnsupportedError unless the first dimension of all activations holds the images.

    Args:
        network: any classifier.
        images: shape (N, C, H, W); the first is shown to it two and three times.
        moving: names of functions that may work on activations in another order.
    """
    if _known(_first, network) or not len(images):
        return
    seen = []
    for count in (2, 3):
        with random_numbers_kept(images), _Shapes() as shapes:
            _output(network, images[:1].detach().expand(count, -1, -1, -1).clone())
        seen.append(shapes.seen)
    for (name, two), (_, three) in zip(*seen, strict=False):
        if two[1:] != three[1:] and name not in moving:
            raise UnsupportedError(
                f"`{name}` works on {two}, whose first dimension does not hold the images: give "
                "layers of sequences batch_first=True, or choose another interpreter"
            )
    _keep(_first, network)


def check_layer(network: nn.Module, layer: str, output: Tensor, images: Tensor) -> None:
    """Raise LayerError unless the tokens that a layer returns are those of a grid of patches.

    It raises it too if their first dimension holds the tokens, not the images.
    """
    if output.ndim != 3:
        return
    if token_grids(network, images).grid(output.shape[1]) is None:
        raise no_map(layer, tuple(output.shape))
    # where there are as many tokens as images, one image shows which is which
    if len(output) != output.shape[1]:
        return
    counts: list[int] = []
    module = find_layer(network, layer, images)
    handle = module.register_forward_hook(lambda _, __, output: counts.append(len(output)))
    try:
        with torch.no_grad(), random_numbers_kept(images):
            _output(network, images[:1].detach())
    finally:
        handle.remove()
    if counts != [1]:
        raise LayerError(
            f"the layer `{layer}` returns tokens of shape {tuple(output.shape)} whose first "
            "dimension does not hold the images; choose another layer, or give layers of sequences "
            "batch_first=True"
        )


class _Shapes(TorchFunctionMode):
    """Mode that keeps the name of each function that is called, and the shape of its result."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[int, ...]]] = []

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        output = function(*args, **(kwargs or {}))
        if isinstance(output, Tensor) and output.is_floating_point():
            self.seen.append((getattr(function, "__name__", ""), tuple(output.shape)))
        return output


def random_numbers_kept(images: Tensor) -> AbstractContextManager[None]:
    """Return a context after which the random numbers go on as if nothing had been drawn."""
    return torch.random.fork_rng([images.device] if images.is_cuda else [])


def _output(network: nn.Module, images: Tensor) -> Tensor:
    """Return the logits, without the hooks that count a network's passes."""
    with plain(network):
        try:
            logits = read_logits(network.forward(images))
        except RuntimeError as error:
            raise UnsupportedError(
                f"the network does not take a batch of {len(images)} images ({error}); heatmaps "
                "need one that takes any number"
            ) from error
    if len(logits) != len(images):
        raise UnsupportedError(
            f"the network returns logits of shape {tuple(logits.shape)} for {len(images)} images "
            "(N, C, H, W), which a layer such as Conv3d takes for one volume; give it "
            "(N, C, D, H, W) by images[:, :, None]"
        )
    return logits


def state(network: nn.Module) -> Hashable:
    """Return the classes and modes of a network's modules, with which its checks hold."""
    return tuple((type(module), module.training) for module in network.modules())


def _known(seen: Seen, network: nn.Module) -> bool:
    return state(network) in seen.get(bare(network), ())


def _keep(seen: Seen, network: nn.Module) -> None:
    # an attack smooths the same network anew at every step
    seen.setdefault(bare(network), set()).add(state(network))
