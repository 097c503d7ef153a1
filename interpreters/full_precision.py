"""Single precision for interpreters whose quotients leave the range of float16."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def full_precision(images: Tensor) -> AbstractContextManager[object]:
    """Return a context that switches float16 autocast off; bfloat16 has float32's range."""
    kind = images.device.type
    # images in half precision need autocast to meet weights in single precision
    if images.dtype == torch.float16 or not torch.is_autocast_enabled(kind):
        return nullcontext()
    if torch.get_autocast_dtype(kind) != torch.float16:
        return nullcontext()
    return torch.autocast(kind, enabled=False)
