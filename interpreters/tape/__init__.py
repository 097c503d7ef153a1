"""The tape: the function calls of a forward pass, and propagation back through them."""

from interpreters.tape.attention import ATTENTION
from interpreters.tape.backward import propagate_back, vector_jacobian_product
from interpreters.tape.calls import Call, TapeError, dimension_of, only_input, read, tensors
from interpreters.tape.recording import Recording, record

__all__ = [
    "ATTENTION",
    "Call",
    "Recording",
    "TapeError",
    "dimension_of",
    "only_input",
    "propagate_back",
    "read",
    "record",
    "tensors",
    "vector_jacobian_product",
]
