"""Forward passes without torch.compile and without gradient checkpointing."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import nn

# timm's name, and that of transformers
CHECKPOINTING = ("grad_checkpointing", "gradient_checkpointing")


@contextmanager
def plain(network: nn.Module) -> Iterator[None]:
    """Run a network's own code, module by module, inside the `with` block.

    Compiled code skips hooks and has no second derivative; checkpointing runs modules again in the
    backward pass, without the hooks that the first run had.

    Example:
        >>> network = torch.compile(nn.Flatten(), backend="eager")
        >>> with plain(network):
        ...     network(torch.rand(1, 3, 2, 2)).shape
        torch.Size([1, 12])
    """
    modules = list(network.modules())
    compiled = any(_is_compiled(module) for module in modules)
    checkpointed = [
        (module, name)
        for module in modules
        for name in CHECKPOINTING
        if getattr(module, name, False) is True
    ]
    for module, name in checkpointed:
        setattr(module, name, False)
    try:
        with torch.compiler.set_stance("force_eager") if compiled else nullcontext():
            yield
    finally:
        for module, name in checkpointed:
            setattr(module, name, True)


def _is_compiled(module: nn.Module) -> bool:
    """True after torch.compile(module) and after module.compile()."""
    return "_orig_mod" in module._modules or module._compiled_call_impl is not None
