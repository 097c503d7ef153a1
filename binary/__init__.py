"""Networks with one logit z for two classes, whose second class has the probability sigmoid(z)."""

import torch
from torch import Tensor


def two_logits(logits: Tensor) -> Tensor:
    """Return the logits -z/2 and z/2, (N, 2), of one logit z, (N, 1); more logits as they are.

    Their softmax is the sigmoid of z.

    Example:
        >>> two_logits(torch.tensor([[2.0]]))
        tensor([[-1.,  1.]])
    """
    return torch.cat([-logits / 2, logits / 2], 1) if logits.shape[1] == 1 else logits
