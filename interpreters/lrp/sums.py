"""Sharing the relevance of a sum or an average, which have no weights."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from interpreters.lrp.ratio import ratio
from interpreters.tape import Call, vector_jacobian_product


@dataclass(frozen=True)
class Proportional:
    """Shares in proportion to what each input contributes.

    Args:
        positive: Count positive inputs alone.
        epsilon: What the sums are moved away from 0 by, as in the rule Epsilon.
    """

    positive: bool = False
    epsilon: float = 1e-6

    def __call__(self, call: Call, relevance: Tensor) -> Sequence[Tensor]:
        """Shares a * J^T (R / z), J the Jacobian of the sum or average."""
        inputs, z = call.inputs, call.outputs[0]
        if self.positive:
            inputs = tuple(value.clamp(min=0) for value in inputs)
            (z,) = call.on(inputs)
        shared = ratio(relevance, z, self.epsilon)
        shares = vector_jacobian_product(call, (shared,), inputs)
        return [value * share for value, share in zip(inputs, shares, strict=True)]
