"""What a backward pass is after, so that nothing else is computed."""

from typing import Any

import torch


def wanted_by(ctx: Any) -> list[bool]:
    """Which tensors' gradients the running backward pass is after: that of a weight often not.

    The engine does not answer for leaves: functions that ask are given views.
    """
    nodes = (node for node, _ in ctx.next_functions)
    return [node is not None and torch._C._will_engine_execute_node(node) for node in nodes]
