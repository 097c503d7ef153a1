"""The gradients that a backward pass needs, so that no other is computed."""

from typing import Any

import torch


def wanted_by(ctx: Any) -> list[bool]:
    """Return for each input whether the running backward pass needs its gradient.

    The engine does not answer for leaves, so that inputs must be views.
    """
    nodes = (node for node, _ in ctx.next_functions)
    return [node is not None and torch._C._will_engine_execute_node(node) for node in nodes]
