"""The LRP rule of sums and averages."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from interpreters.lrp.ratio import ratio
from interpreters.tape import Call, vector_jacobian_product


@dataclass(frozen=True)
class Proportional:
    """Relevance in proportion to what each input contributes to a sum.

    Args:
        positive: Count positive inputs only.
        epsilon: Stabiliser of the denominators, as in the rule Epsilon.
    """

    positive: bool = False
    epsilon: float = 1e-6

    def __call__(self, call: Call, relevance: Tensor) -> Sequence[Tensor]:
        """Return a * J^T (R / z), J the Jacobian of the sum or average."""
        inputs, z = call.inputs, call.outputs[0]
        if self.positive:
            inputs = tuple(value.clamp(min=0) for value in inputs)
            (z,) = call.on(inputs)
        shared = ratio(relevance, z, self.epsilon)
        shares = vector_jacobian_product(call, (shared,), inputs)
        return [value * share for value, share in zip(inputs, shares, strict=True)]
