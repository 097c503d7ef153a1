"""Top-k accuracy, image by image."""

from torch import Tensor


def correct(logits: Tensor, labels: Tensor, k: int) -> Tensor:
    """Whether the label is among the k largest logits, at most as many as there are.

    Args:
        logits: shape (N, K).
        labels: shape (N,).
        k: how many classes may be named.

    Returns: booleans, shape (N,).
    """
    best = logits.topk(min(k, logits.shape[1]), dim=1).indices
    return (best == labels[:, None]).any(1)
