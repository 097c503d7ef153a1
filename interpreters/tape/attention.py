"""Attention as functions that have rules and second derivatives."""

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from interpreters.tape.calls import TapeError


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    scale: float | None = None,
    **options: Any,
) -> Tensor:
    """Return softmax(query key^T scale + mask) value, over the last two dimensions."""
    _refuse(options)
    scores = (query * (scale or query.shape[-1] ** -0.5)) @ key.transpose(-2, -1)
    if attn_mask is not None:
        scores = scores + attn_mask
    return F.dropout(scores.softmax(-1), dropout_p, dropout_p > 0) @ value


def multi_head_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim: int,
    heads: int,
    in_weight: Tensor,
    in_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout: float,
    out_weight: Tensor,
    out_bias: Tensor | None,
    **options: Any,
) -> tuple[Tensor, None]:
    """Return the attention of sequences (length, N, embed_dim), without masks."""
    training = options.pop("training", True)
    # without weights to return, neither changes the output
    options.pop("need_weights", None), options.pop("average_attn_weights", None)
    _refuse({**options, "bias_k": bias_k, "bias_v": bias_v, "add_zero_attn": add_zero_attn})
    biases = (None,) * 3 if in_bias is None else in_bias.chunk(3)
    # images first, as rules need them
    q, k, v = (
        F.linear(tokens.transpose(0, 1), weight, bias).unflatten(-1, (heads, -1)).transpose(1, 2)
        for tokens, weight, bias in zip(
            (query, key, value), in_weight.chunk(3), biases, strict=True
        )
    )
    mixed = scaled_dot_product_attention(q, k, v, dropout_p=dropout if training else 0.0)
    joined = mixed.transpose(1, 2).flatten(2)
    return F.linear(joined, out_weight, out_bias).transpose(0, 1), None


def _refuse(options: dict[str, Any]) -> None:
    given = [name for name, value in options.items() if value is not None and value is not False]
    if given:
        raise TapeError(f"no rule for attention with {', '.join(given)}")


ATTENTION: dict[str, Callable[..., Any]] = {
    "scaled_dot_product_attention": scaled_dot_product_attention,
    "multi_head_attention_forward": multi_head_attention,
}
